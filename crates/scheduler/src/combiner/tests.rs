mod simulator;
mod virtual_time;

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use super::{
    toy::{ASK, adder, adder_at, number, turns},
    *,
};

#[test]
fn idle_slot_runs_on_the_callers_thread() {
    let adder = adder(1, 8);
    assert_eq!(adder.run(number(4), ASK).unwrap(), number(5));
    assert_eq!((adder.added(), adder.waiting_rows()), (1, 0));
}

#[test]
fn every_turn_of_a_request_is_run() {
    let adder = adder(1, 8);
    assert_eq!(adder.run(turns(0, 10), ASK).unwrap(), number(10));
}

#[test]
fn many_threads_share_few_slots() {
    let (threads, each) = if cfg!(miri) { (4, 20) } else { (8, 20_000) };
    for slots in [1, 2, 3] {
        let adder = adder(slots, 3);
        thread::scope(|scope| {
            for thread in 0..threads {
                let adder = &adder;
                scope.spawn(move || {
                    for value in 0..each {
                        let more_turns = usize::from(value % 7 == thread);
                        let answer = adder.run(turns(value, 1 + more_turns), ASK).unwrap();
                        assert_eq!(answer, number(value + 1 + more_turns));
                    }
                });
            }
        });
        let second_turns = |thread| (0..each).filter(|value| value % 7 == thread).count();
        let expected = threads * each + (0..threads).map(second_turns).sum::<usize>();
        assert_eq!((adder.added(), adder.waiting_rows()), (expected, 0));
    }
}

#[test]
fn tasks_get_their_answers_from_whoever_has_a_slot() {
    let (threads, each) = if cfg!(miri) { (3, 10) } else { (6, 10_000) };
    let adder = adder(2, 3);
    thread::scope(|scope| {
        for thread in 0..threads {
            let adder = &adder;
            scope.spawn(move || {
                for value in 0..each {
                    if thread % 2 == 0 {
                        assert_eq!(adder.run(number(value), ASK).unwrap(), number(value + 1));
                        continue;
                    }
                    match adder.submit(number(value).into(), ASK).ok().unwrap() {
                        Submitted::Ended(ended) => {
                            assert_eq!(ended.outcome.unwrap(), value + 1);
                        }
                        Submitted::Waits(ticket) if value % 5 == 0 => drop(ticket),
                        Submitted::Waits(ticket) => {
                            assert_eq!(block_on(ticket).outcome.unwrap(), value + 1);
                        }
                    }
                }
            });
        }
    });
    assert_eq!(adder.waiting_rows(), 0);
}

/// Polls on this thread, which sleeps in between.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// It has nothing to run, but somebody waits for its end.
#[test]
fn request_without_rows_has_credit() {
    let adder = adder(1, 8);
    let slot = adder.slots.take_at(0).unwrap();
    let ask = Ask { rows: 0, ..ASK };
    let Submitted::Waits(ticket) = adder.submit(number(3).into(), ask).ok().unwrap() else {
        unreachable!("the slot is taken")
    };
    assert_eq!(adder.waiting_rows(), 1);
    adder.leave(slot);
    assert_eq!(block_on(ticket).outcome.unwrap(), 4);
    assert_eq!(adder.waiting_rows(), 0);
}

#[test]
fn closed_combiner_gives_requests_back() {
    let adder = adder(2, 8);
    adder.close();
    // As often as one likes.
    adder.close();
    let (job, refused) = adder.run(number(7), ASK).unwrap_err();
    assert_eq!((job, refused.reason), (number(7), RefusedReason::Closed));
}

/// Its patience begins with its waiting, and costs no look at the clock where it need not wait.
#[test]
fn request_waits_for_as_long_as_it_has_patience() {
    let adder = adder_at(1, 8, 10);
    let patient = |patience| Ask { patience, ..ASK };
    assert_eq!(adder.run(number(1), patient(0)).ok().unwrap().value, 2);
    assert_eq!(adder.runner.clock.load(Relaxed), 0, "nobody has looked");

    let slot = adder.slots.take_at(0).unwrap();
    let (_, refused) = adder.submit(number(1).into(), patient(5)).err().unwrap();
    assert_eq!(refused.reason, RefusedReason::Late, "it would be over before anybody can look");
    let submit = |patience| match adder.submit(number(1).into(), patient(patience)) {
        Ok(Submitted::Waits(ticket)) => ticket,
        _ => unreachable!("the slot is taken"),
    };
    let (hasty, patient) = (submit(35), submit(1_000));
    adder.leave(slot);
    assert_eq!(block_on(hasty).outcome.unwrap_err().reason, RefusedReason::Late);
    assert_eq!(block_on(patient).outcome.unwrap(), 2);
}
