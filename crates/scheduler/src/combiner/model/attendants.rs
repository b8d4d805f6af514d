//! Threads of a lane's own: woken for what waits, and let go when nothing does.
//!
//! Some model here fails
//! - without the fence in `attend` or in `push`;
//! - where an attendant parks though it was stopped, because others have what waits;
//! - where a thread that is woken for a slot does not call an attendant when these came meanwhile;
//! - where whoever looks for free slots calls no attendant for a task, or `leave` none at all.

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::*;

/// Threads that attend until they are stopped.
struct Attended {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Attended {
    fn start(adder: &Arc<Combiner<AddOne>>, count: usize, alone: bool) -> Self {
        let attended = Self::spawn(adder, count);
        attended.install(adder, alone);
        attended
    }

    fn spawn(adder: &Arc<Combiner<AddOne>>, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let attend = |seat| {
            let (adder, stop) = (Arc::clone(adder), Arc::clone(&stop));
            thread::spawn(move || adder.attend(seat, || (), || stop.load(Relaxed)))
        };
        let threads = (0..count).map(attend).collect();
        Self { stop, threads }
    }

    fn install(&self, adder: &Combiner<AddOne>, alone: bool) {
        let handles = self.threads.iter().map(|thread| thread.thread().clone());
        adder.install_attendants(handles.collect(), alone);
    }

    /// As `Attendants` does.
    fn stop(self) {
        self.stop.store(true, Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

fn submit(adder: &Arc<Combiner<AddOne>>, job: Number) -> Submitted<AddOne> {
    adder.submit(job.into(), ASK).ok().unwrap()
}

fn wait_for(submitted: Submitted<AddOne>) -> Option<usize> {
    match submitted {
        Submitted::Ended(ended) => ended.outcome.ok(),
        Submitted::Waits(ticket) => loom::future::block_on(ticket).outcome.ok(),
    }
}

#[test]
fn attendant_runs_what_a_thread_brings() {
    check(3, || {
        let adder = adder(1, 1);
        let attended = Attended::start(&adder, 1, true);
        run_here(&adder, number(0));
        run_here(&adder, turns(3, 2));
        attended.stop();
        assert_eq!((adder.added(), adder.waiting_rows()), (3, 0));
    });
}

#[test]
fn attendant_runs_what_a_task_brings() {
    check(2, || {
        let adder = adder(1, 1);
        let attended = Attended::start(&adder, 1, true);
        let tasks = [turns(0, 2), number(5)].map(|job| submit(&adder, job));
        assert_eq!(tasks.map(wait_for), [Some(2), Some(6)]);
        attended.stop();
        assert_eq!((adder.added(), adder.waiting_rows()), (3, 0));
    });
}

/// Stopped while one of them is at the queue.
#[test]
fn attendants_stop_when_nothing_waits() {
    check(2, || {
        let adder = adder(2, 1);
        let attended = Attended::start(&adder, 2, true);
        drop(submit(&adder, number(0)));
        attended.stop();
        assert_eq!(adder.waiting_rows(), 0);
    });
}

/// A thread that has helped enough leaves a task to the attendant.
#[test]
fn attendant_takes_over_from_a_thread() {
    check(2, || {
        let adder = adder_at(1, 1, 1_000_000);
        let attended = Attended::start(&adder, 1, false);
        let other = run_elsewhere(&adder, number(5));
        assert_eq!(wait_for(submit(&adder, turns(0, 3))), Some(3));
        other.join().unwrap();
        attended.stop();
        assert_eq!((adder.added(), adder.waiting_rows()), (4, 0));
    });
}

/// The lane is left to attendants after a slot was left to a thread, which does not know yet.
#[test]
fn no_request_is_forgotten_when_attendants_come() {
    check(2, || {
        let adder = adder_at(1, 1, 1_000_000);
        let attended = Attended::spawn(&adder, 1);
        let other = run_elsewhere(&adder, turns(5, 3));
        run_here(&adder, number(0));
        attended.install(&adder, true);
        other.join().unwrap();
        attended.stop();
        assert_eq!((adder.added(), adder.waiting_rows()), (4, 0));
    });
}

/// Where runs are long, a thread takes a slot while all are free, and else leaves its request to
/// attendants.
#[test]
fn no_long_run_is_forgotten() {
    for slots in [1, 2] {
        check(2, move || {
            let adder = adder(slots, 1);
            adder.runner().long.store(true, Relaxed);
            let attended = Attended::start(&adder, 1, false);
            let other = run_elsewhere(&adder, number(5));
            run_here(&adder, number(0));
            other.join().unwrap();
            attended.stop();
            assert_eq!((adder.added(), adder.waiting_rows()), (2, 0));
        });
    }
}

/// Beside short runs, none takes a slot, whether one is free or not.
#[test]
fn no_long_run_beside_short_ones_is_forgotten() {
    for slots in [1, 2] {
        check(2, move || {
            let adder = adder(slots, 1);
            adder.runner().long.store(true, Relaxed);
            adder.runner().beside.store(true, Relaxed);
            let attended = Attended::start(&adder, 1, false);
            let other = run_elsewhere(&adder, number(5));
            run_here(&adder, number(0));
            other.join().unwrap();
            attended.stop();
            assert_eq!((adder.added(), adder.waiting_rows()), (2, 0));
        });
    }
}

/// A slot that somebody else had comes back.
#[test]
fn attendant_is_called_when_its_slot_comes_back() {
    check(2, || {
        let adder = adder(1, 1);
        let attended = Attended::start(&adder, 1, true);
        let other = {
            let adder = Arc::clone(&adder);
            thread::spawn(move || adder.in_slot(0, |added| *added += 1))
        };
        run_here(&adder, number(0));
        other.join().unwrap();
        attended.stop();
        assert_eq!((adder.added(), adder.waiting_rows()), (2, 0));
    });
}
