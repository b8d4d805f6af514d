//! The two loops, on closures.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use hotplate_load::{
    Arrivals, Caller, ClosedLoop, Error, ErrorKind, OpenLoop, Outcome, Target, closed_loop,
    open_loop,
};

const MS: Duration = Duration::from_millis(1);

#[test]
fn every_request_is_asked_once_and_none_before_it_is_due() {
    let asked = Mutex::new(Vec::new());
    let arrivals = Arrivals::poisson(2000.0, 200 * MS, 11).unwrap();
    let begun = Instant::now();
    let target = || {
        |request: usize| {
            asked.lock().unwrap().push((request, begun.elapsed()));
            Outcome::Answered
        }
    };
    let settings = OpenLoop { callers: 3, ..OpenLoop::default() };
    let measured = open_loop(&target, &arrivals, &settings, |_| {}).unwrap();
    assert_eq!(measured.requests(), arrivals.len() as u64);

    let mut asked = asked.into_inner().unwrap();
    asked.sort_unstable();
    // All but what a busy machine could not send before the end.
    assert!(asked.iter().map(|(request, _)| *request).eq(0..asked.len()));
    assert_eq!(measured.answered, asked.len() as u64);
    for ((request, at), due) in asked.iter().zip(arrivals.due()) {
        assert!(*at >= due, "{request}");
    }
}

#[test]
fn overload_is_booked_as_waiting_and_ends_with_the_arrivals() {
    let arrivals = Arrivals::constant(1000.0, 300 * MS).unwrap();
    let target = || {
        |_: usize| {
            thread::sleep(10 * MS);
            Outcome::Answered
        }
    };
    let settings = OpenLoop { callers: 1, ..OpenLoop::default() };
    let measured = open_loop(&target, &arrivals, &settings, |_| {}).unwrap();
    assert!(measured.answered <= 31 && measured.answered + measured.unsent == 300, "{measured:?}");
    assert_eq!(measured.latency.count(), 300);
    assert!(measured.latency.quantile(0.5) >= 100 * MS, "{measured:?}");
    assert!(measured.rate() <= 110.0);
}

#[test]
fn warm_up_is_asked_and_not_counted() {
    let arrivals = Arrivals::constant(1000.0, 200 * MS).unwrap();
    let asked = Mutex::new(0_u64);
    let target = || {
        |_: usize| {
            *asked.lock().unwrap() += 1;
            Outcome::Answered
        }
    };
    let settings = OpenLoop { callers: 2, spinners: 1, warm_up: 150 * MS };
    let measured = open_loop(&target, &arrivals, &settings, |_| {}).unwrap();
    assert_eq!((measured.requests(), measured.window), (50, 50 * MS));
    assert_eq!(*asked.lock().unwrap(), 200 - measured.unsent);
    let settings = OpenLoop { warm_up: 200 * MS, ..settings };
    let error = open_loop(&target, &arrivals, &settings, |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
}

#[test]
fn closed_loop_keeps_its_concurrency_and_its_time() {
    let most = Mutex::new((0_usize, 0_usize));
    let target = || {
        |_: usize| {
            let mut running = most.lock().unwrap();
            running.0 += 1;
            running.1 = running.1.max(running.0);
            drop(running);
            thread::sleep(2 * MS);
            most.lock().unwrap().0 -= 1;
            Outcome::Answered
        }
    };
    let settings = ClosedLoop { callers: 5, warm_up: 20 * MS, duration: 100 * MS };
    let mut ticks = Vec::new();
    let measured = closed_loop(&target, &settings, |elapsed| ticks.push(elapsed)).unwrap();
    assert_eq!(most.lock().unwrap().1, 5);
    assert!(measured.latency.min() >= 2 * MS);
    assert!((5..=250).contains(&measured.answered), "{measured:?}");
    assert!(!ticks.is_empty() && ticks.is_sorted());
}

#[test]
fn caller_that_cannot_be_made_ends_the_run_before_it_began() {
    struct Second(Mutex<usize>);
    impl Target for Second {
        type Caller = fn(usize) -> Outcome;

        fn caller(&self) -> Result<Self::Caller, Error> {
            let mut made = self.0.lock().unwrap();
            *made += 1;
            if *made == 2 { Err(Error::unreachable("full")) } else { Ok(|_| unreachable!()) }
        }
    }
    fn is_caller<C: Caller>() {}
    is_caller::<fn(usize) -> Outcome>();
    let settings = ClosedLoop { callers: 3, warm_up: Duration::ZERO, duration: 100 * MS };
    let error = closed_loop(&Second(Mutex::new(0)), &settings, |_| {}).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Unreachable, "full".to_owned()));
    for callers in [0, 100_000] {
        let settings = ClosedLoop { callers, ..settings };
        let error = closed_loop(&Second(Mutex::new(0)), &settings, |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Settings);
    }
}

#[test]
#[should_panic(expected = "model gone")]
fn panic_of_the_target_is_passed_on() {
    let target = || |_: usize| -> Outcome { panic!("model gone") };
    let settings = ClosedLoop { callers: 2, warm_up: Duration::ZERO, duration: 50 * MS };
    let _ = closed_loop(&target, &settings, |_| {});
}
