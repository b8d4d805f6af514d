//! A runner that adds one, for models and tests.

use super::{Ask, Combiner, Limits, Runner};
use crate::Priority;

/// Adds one to each number, once per turn.
#[derive(Debug)]
pub(super) struct AddOne {
    pub(super) batch_rows: usize,
    /// How long every batch is said to take.
    pub(super) nanos: u64,
}

/// A number, and the turns that it has left after the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: usize,
    pub(super) more_turns: usize,
}

impl Runner for AddOne {
    /// The numbers that were added to.
    type Slot = usize;
    type Job = Number;
    type Kept = Number;
    type Outcome = usize;

    fn job(&self, kept: &mut Number) -> Number {
        *kept
    }

    fn rows(&self, _: &Number) -> usize {
        1
    }

    fn bytes(&self, _: &Number) -> usize {
        1
    }

    fn run(&self, slot: &mut usize, jobs: &mut [Number]) {
        for job in jobs {
            job.value += 1;
            *slot += 1;
        }
    }

    fn next_turn(&self, job: &mut Number) -> bool {
        let more = job.more_turns > 0;
        job.more_turns -= usize::from(more);
        more
    }

    fn outcome(&self, job: Number) -> usize {
        job.value
    }

    fn now(&self) -> u64 {
        0
    }

    fn time_of(&self, _: usize) -> u64 {
        self.nanos
    }

    fn batch_rows(&self) -> usize {
        self.batch_rows
    }
}

pub(super) const ASK: Ask = Ask { priority: Priority::Normal, deadline: u64::MAX, rows: 1 };

pub(super) const fn number(value: usize) -> Number {
    Number { value, more_turns: 0 }
}

pub(super) fn adder(slots: usize, batch_rows: usize) -> Combiner<AddOne> {
    adder_taking(0, slots, batch_rows)
}

/// An adder that is said to take so long that nobody works for others.
pub(super) fn slow_adder(slots: usize, batch_rows: usize) -> Combiner<AddOne> {
    adder_taking(u64::MAX, slots, batch_rows)
}

fn adder_taking(nanos: u64, slots: usize, batch_rows: usize) -> Combiner<AddOne> {
    let limits = Limits { rows: usize::MAX / 2, bytes: usize::MAX / 2 };
    Combiner::new(AddOne { batch_rows, nanos }, vec![0; slots], limits, 0)
}

impl Combiner<AddOne> {
    /// The numbers that all slots added to.
    pub(super) fn added(&self) -> usize {
        (0..self.slots()).map(|slot| self.in_slot(slot, |added| *added)).sum()
    }
}
