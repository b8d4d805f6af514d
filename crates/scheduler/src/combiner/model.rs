//! The protocol under every interleaving that loom can think of.
//!
//! Each model was seen to fail without what it names: see the list at each.

use loom::{sync::Arc, thread};

use super::{
    toy::{ASK, AddOne, Number, adder, number, slow_adder},
    *,
};

/// Runs a model with no more preemptions than these: all of them take hours.
fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Threads that each have a request for few slots: all are answered, once.
fn share(threads: usize, adder: Combiner<AddOne>) {
    let adder = Arc::new(adder);
    let run = |adder: &Combiner<AddOne>, value| {
        assert_eq!(adder.run(number(value), ASK).ok(), Some(number(value + 1)));
    };
    let others: Vec<_> = (1..threads)
        .map(|value| {
            let adder = Arc::clone(&adder);
            thread::spawn(move || run(&adder, value))
        })
        .collect();
    run(&adder, 0);
    for other in others {
        other.join().unwrap();
    }
    assert_eq!((adder.added(), adder.waiting_rows()), (threads, 0));
}

#[test]
fn no_request_is_forgotten_at_one_slot() {
    check(3, || share(2, adder(1, 8)));
}

#[test]
fn no_request_is_forgotten_over_another() {
    check(2, || share(3, adder(1, 1)));
}

#[test]
fn no_request_is_forgotten_at_a_shut_gate() {
    check(2, || share(3, adder(2, 1)));
}

/// Whoever has an answer goes, and wakes another who waits.
#[test]
fn no_request_is_forgotten_when_it_is_left_to_another() {
    check(2, || share(3, slow_adder(1, 1)));
}

/// As above, where the one who is woken may find the slot taken, or another free.
#[test]
fn no_request_is_forgotten_when_it_is_left_at_a_shut_gate() {
    check(2, || share(3, slow_adder(2, 1)));
}

/// A request of several turns goes back into the queue.
#[test]
fn turns_are_run_in_between() {
    check(2, || {
        let adder = Arc::new(adder(1, 1));
        let other = {
            let adder = Arc::clone(&adder);
            thread::spawn(move || {
                let job = Number { value: 0, more_turns: 1 };
                assert_eq!(adder.run(job, ASK).ok(), Some(number(2)));
            })
        };
        assert_eq!(adder.run(number(5), ASK).ok(), Some(number(6)));
        other.join().unwrap();
    });
}
