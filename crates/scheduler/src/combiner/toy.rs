//! A runner that adds one, for models and tests.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::{Ask, Combiner, Limits, Runner};

/// Adds one to each number, once per turn.
pub(super) struct AddOne {
    pub(super) batch_rows: usize,
    /// Nanoseconds by which the clock moves on when somebody looks at it.
    pub(super) tick: u64,
    // Not loom's: a model has as many states as it has without them.
    pub(super) clock: AtomicU64,
    /// Whether its runs count as long.
    pub(super) long: AtomicBool,
    /// Whether others have short runs.
    pub(super) beside: AtomicBool,
    /// Whether nothing may run any more.
    pub(super) over: AtomicBool,
    /// What [`LONG_RUN`] does meanwhile.
    pub(super) long_run: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// The number whose run takes as long as the test says.
pub(super) const LONG_RUN: usize = 1_000_000;

/// A number, and the turns that it has left after the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: usize,
    pub(super) more_turns: usize,
}

/// What a task brings. One that is lost is one that is never dropped.
#[derive(Debug)]
pub(super) struct Brought {
    number: Number,
    #[cfg(loom)]
    _leak: loom::sync::Arc<()>,
}

impl From<Number> for Brought {
    fn from(number: Number) -> Self {
        Self {
            number,
            #[cfg(loom)]
            _leak: loom::sync::Arc::new(()),
        }
    }
}

impl Runner for AddOne {
    /// The numbers that were added to.
    type Slot = usize;
    type Job = Number;
    type Kept = Brought;
    type Outcome = usize;

    fn job(&self, kept: &mut Brought) -> Number {
        kept.number
    }

    fn rows(&self, _: &Number) -> usize {
        1
    }

    fn bytes(&self, _: &Number) -> usize {
        1
    }

    fn run(&self, slot: &mut usize, jobs: &mut [Number]) {
        assert!(!self.over.load(Relaxed), "it runs though all is over");
        for job in jobs {
            if job.value == LONG_RUN
                && let Some(long_run) = self.long_run.get()
            {
                long_run();
            }
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
        self.clock.fetch_add(self.tick, Relaxed)
    }

    fn time_of(&self, _: usize) -> u64 {
        0
    }

    fn is_long(&self) -> bool {
        self.long.load(Relaxed)
    }

    fn has_busy_neighbours(&self) -> bool {
        self.beside.load(Relaxed)
    }

    fn batch_rows(&self) -> usize {
        self.batch_rows
    }
}

pub(super) const ASK: Ask = Ask::of_rows(1);

pub(super) const fn number(value: usize) -> Number {
    turns(value, 1)
}

/// A number that is added to so many times.
pub(super) const fn turns(value: usize, turns: usize) -> Number {
    Number { value, more_turns: turns - 1 }
}

pub(super) fn adder(slots: usize, batch_rows: usize) -> Arc<Combiner<AddOne>> {
    adder_at(slots, batch_rows, 0)
}

/// An adder whose clock moves on by `tick` nanoseconds when somebody looks at it.
pub(super) fn adder_at(slots: usize, batch_rows: usize, tick: u64) -> Arc<Combiner<AddOne>> {
    let limits = Limits { rows: usize::MAX / 2, bytes: usize::MAX / 2 };
    let [long, beside, over] = [(); 3].map(|()| AtomicBool::new(false));
    let (clock, long_run) = (AtomicU64::new(0), OnceLock::new());
    let runner = AddOne { batch_rows, tick, clock, long, beside, over, long_run };
    Arc::new(Combiner::new(runner, vec![0; slots], limits, 0))
}

impl Combiner<AddOne> {
    /// The numbers that all slots added to.
    pub(super) fn added(&self) -> usize {
        (0..self.slots()).map(|slot| self.in_slot(slot, |added| *added)).sum()
    }
}
