//! What a lane has done and what its runs cost, for itself and for its neighbours: the other lanes of
//! this process, which share its cores.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, TryLockError, Weak},
};

use crossbeam_utils::CachePadded;

use crate::{
    cost::Cost,
    sync::{
        AtomicBool, AtomicUsize,
        Ordering::{AcqRel, Relaxed},
    },
};

/// The nanoseconds of a run that is long: longer than waking a thread.
const LONG: u64 = 15_000;

/// How often a lane looks at its neighbours, in nanoseconds: one that did nothing in between is idle.
const LOOK: u64 = 10_000_000;

/// The records of all lanes.
static ALL: Mutex<Vec<Weak<Record>>> = Mutex::new(Vec::new());

/// The record of one lane.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) cost: Cost,
    slots: Box<[CachePadded<Tally>]>,
}

/// What a slot has done so far.
#[derive(Debug, Default)]
struct Tally {
    requests: AtomicUsize,
    batches: AtomicUsize,
}

impl Record {
    /// Nothing done so far; known to the other lanes from here on.
    pub(crate) fn begin(slots: usize) -> Arc<Self> {
        let slots = (0..slots).map(|_| CachePadded::default()).collect();
        let record = Arc::new(Self { cost: Cost::unknown(), slots });
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&record));
        record
    }

    /// Counts a batch; for the slot's owner.
    pub(crate) fn count(&self, slot: usize, requests: usize) {
        let tally = &self.slots[slot];
        // Nobody else counts here.
        let count = |counter: &AtomicUsize, by| counter.store(counter.load(Relaxed) + by, Relaxed);
        count(&tally.requests, requests);
        count(&tally.batches, 1);
    }

    /// The requests that were run, and the batches that it took.
    pub(crate) fn done(&self) -> (usize, usize) {
        let sum = |of: fn(&Tally) -> &AtomicUsize| {
            self.slots.iter().map(|tally| of(tally).load(Relaxed)).sum()
        };
        (sum(|tally| &tally.requests), sum(|tally| &tally.batches))
    }

    /// Whether a run takes longer than waking a thread.
    pub(crate) fn is_long(&self) -> bool {
        self.cost.time_of(1) >= LONG
    }
}

/// Whether lanes of short runs are in use beside one. They write nothing for it: it is the lane that
/// wants to know which looks, now and then.
pub(crate) struct Neighbours {
    /// Of the lane that wants to know.
    own: Weak<Record>,
    /// The number of the last look, by the clock.
    look: AtomicUsize,
    /// What they had done by then.
    done: AtomicUsize,
    are_busy: AtomicBool,
}

impl Neighbours {
    pub(crate) fn of(own: &Arc<Record>) -> Self {
        Self {
            own: Arc::downgrade(own),
            look: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            are_busy: AtomicBool::new(false),
        }
    }

    /// Whether one of them ran something lately; `now` is in nanoseconds.
    pub(crate) fn are_busy(&self, now: u64) -> bool {
        let look = (now / LOOK) as usize;
        let before = self.look.load(Relaxed);
        // One thread looks. AcqRel: it sees what the one before it saw.
        if look != before && self.look.compare_exchange(before, look, AcqRel, Relaxed).is_ok() {
            self.look();
        }
        self.are_busy.load(Relaxed)
    }

    #[cold]
    fn look(&self) {
        let all = match ALL.try_lock() {
            Ok(all) => all,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // A lane starts just now.
            Err(TryLockError::WouldBlock) => return,
        };
        let others = all.iter().filter(|other| !other.ptr_eq(&self.own)).filter_map(Weak::upgrade);
        let done = others
            .filter(|other| !other.is_long())
            .fold(0, |done: usize, other| done.wrapping_add(other.done().0));
        self.are_busy.store(done != self.done.load(Relaxed), Relaxed);
        self.done.store(done, Relaxed);
    }
}

impl fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neighbours").field("are_busy", &self.are_busy).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn record(nanos: f64) -> Arc<Record> {
        let record = Record::begin(2);
        record.cost.fit(&[(1, nanos), (2, 2.0 * nanos)]);
        record
    }

    /// In one test: the records of all that run at once are in one list.
    #[test]
    fn neighbour_of_short_runs_is_noticed_until_it_is_idle() {
        let (own, short, long) = (record(50_000.0), record(1_000.0), record(50_000.0));
        let neighbours = Neighbours::of(&own);
        // Lanes of other tests may be busy, so each of these looks again until they are not.
        let mut look = 0;
        let mut are_busy = || {
            look += 1;
            neighbours.are_busy(look * LOOK)
        };
        let becomes_idle = |are_busy: &mut dyn FnMut() -> bool| (0..1000).any(|_| !are_busy());
        assert!(becomes_idle(&mut are_busy));
        short.count(1, 3);
        assert!(are_busy());
        assert!(becomes_idle(&mut are_busy));
        long.count(0, 1);
        own.count(0, 1);
        assert!(becomes_idle(&mut are_busy));
        assert_eq!((short.done(), long.done()), ((3, 1), (1, 1)));
    }
}
