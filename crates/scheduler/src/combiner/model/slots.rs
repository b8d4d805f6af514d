//! Requests and slots: none is forgotten in between.

use super::*;

/// Threads that each have a request for few slots: all are answered, once.
fn share(threads: usize, slots: usize, batch_rows: usize) {
    let adder = adder(slots, batch_rows);
    let others: Vec<_> = (1..threads).map(|value| run_elsewhere(&adder, number(value))).collect();
    run_here(&adder, number(0));
    for other in others {
        other.join().unwrap();
    }
    assert_eq!((adder.added(), adder.waiting_rows()), (threads, 0));
}

#[test]
fn no_request_is_forgotten_at_one_slot() {
    check(3, || share(2, 1, 8));
}

#[test]
fn no_request_is_forgotten_over_another() {
    check(2, || share(3, 1, 1));
}

#[test]
fn no_request_is_forgotten_at_a_shut_gate() {
    check(2, || share(3, 2, 1));
}

/// A request of several turns goes back into the queue.
#[test]
fn turns_are_run_in_between() {
    check(2, || {
        let adder = adder(1, 1);
        let other = run_elsewhere(&adder, turns(0, 2));
        run_here(&adder, number(5));
        other.join().unwrap();
        assert_eq!((adder.added(), adder.waiting_rows()), (3, 0));
    });
}
