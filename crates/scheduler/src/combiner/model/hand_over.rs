//! A thread that has helped enough leaves the rest to others.
//!
//! Some model here fails
//! - without the second fence in `look_for_free_slots`, behind the gate that it shut itself;
//! - where the thread leaves without `look_for_free_slots`, or though that found nobody;
//! - where a thread that is woken does not look for a slot;
//! - where `backlog_len` is not stored after what came was taken in for a look.

use super::*;

/// Longer than anybody helps.
const LONG: u64 = 1_000_000;

#[test]
fn thread_that_waits_takes_over() {
    check(3, || {
        let adder = adder_at(1, 1, LONG);
        let other = run_elsewhere(&adder, turns(0, 4));
        run_here(&adder, number(5));
        other.join().unwrap();
        assert_eq!((adder.added(), adder.waiting_rows()), (5, 0));
    });
}

#[test]
fn one_of_two_threads_that_wait_takes_over() {
    check(2, || {
        let adder = adder_at(1, 1, LONG);
        let others = [1, 2].map(|value| run_elsewhere(&adder, turns(value, 2)));
        run_here(&adder, number(0));
        for other in others {
            other.join().unwrap();
        }
        assert_eq!((adder.added(), adder.waiting_rows()), (5, 0));
    });
}

/// Nobody waits for a task in person, so whoever helps goes on.
#[test]
fn task_is_not_left_to_nobody() {
    check(2, || {
        let adder = adder_at(1, 1, LONG);
        let other = run_elsewhere(&adder, turns(0, 2));
        match adder.submit(turns(5, 4).into(), ASK).ok().unwrap() {
            Submitted::Ended(ended) => assert_eq!(ended.outcome.ok(), Some(9)),
            Submitted::Waits(ticket) => {
                assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(9));
            }
        }
        other.join().unwrap();
        assert_eq!((adder.added(), adder.waiting_rows()), (6, 0));
    });
}
