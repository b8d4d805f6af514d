//! The protocol under every interleaving that loom can think of.
//!
//! Each file names what its models were seen to fail without, taken away one at a time. "Fails" is
//! a deadlock, two threads at one cell, a wrong answer, or a request that is never dropped. Loom's
//! cells stand behind each pointer
//! that changes hands: two threads at one of them with nothing that orders them are an error, even
//! where one comes long after the other.
//!
//! Loom does not know the standard library's `OnceLock`, and its `unpark`
//! publishes more than the language says. Who relies on either says why at the place.

mod attendants;
mod close;
mod hand_over;
mod slots;
mod ticket;

use std::sync::Arc;

use loom::thread;

use super::{
    toy::{ASK, AddOne, LONG_RUN, Number, adder, adder_at, number, turns},
    *,
};

/// Runs a model with no more preemptions than these: all of them take hours.
fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Runs a number on another thread, which must come back with so many turns added to it.
fn run_elsewhere(adder: &Arc<Combiner<AddOne>>, number: Number) -> thread::JoinHandle<()> {
    let adder = Arc::clone(adder);
    thread::spawn(move || run_here(&adder, number))
}

/// Runs a number on this thread.
fn run_here(adder: &Combiner<AddOne>, job: Number) {
    let expected = number(job.value + 1 + job.more_turns);
    assert_eq!(adder.run(job, ASK).ok(), Some(expected));
}
