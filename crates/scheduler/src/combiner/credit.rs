//! How much may wait.

use crossbeam_utils::CachePadded;

use super::Ask;
use crate::sync::{AtomicUsize, Ordering::Relaxed};

/// How much may wait for a slot at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

/// A request's part in that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// The rows of all turns, and one at least: what has none is waited for too.
    pub(crate) rows: usize,
    /// The memory that the request holds while it waits.
    pub(crate) bytes: usize,
}

impl Share {
    pub(super) fn of(ask: &Ask, bytes: usize) -> Self {
        Self { rows: ask.rows.max(1), bytes }
    }
}

/// What is left of it all.
#[derive(Debug)]
pub(super) struct Credit {
    limits: Limits,
    rows: CachePadded<AtomicUsize>,
    bytes: AtomicUsize,
}

impl Credit {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, rows: CachePadded::new(AtomicUsize::new(0)), bytes: AtomicUsize::new(0) }
    }

    /// Takes a request's share, and gives the rows that had theirs before; `None` where it is too
    /// much. A request that finds nobody waiting is never too large.
    pub(super) fn take(&self, share: Share) -> Option<usize> {
        let rows = self.rows.fetch_add(share.rows, Relaxed);
        let bytes = self.bytes.fetch_add(share.bytes, Relaxed);
        let fits = |before: usize, asked: usize, limit: usize| {
            before == 0 || before.saturating_add(asked) <= limit
        };
        if fits(rows, share.rows, self.limits.rows) && fits(bytes, share.bytes, self.limits.bytes) {
            return Some(rows);
        }
        self.give_back(share);
        None
    }

    pub(super) fn give_back(&self, share: Share) {
        self.rows.fetch_sub(share.rows, Relaxed);
        self.bytes.fetch_sub(share.bytes, Relaxed);
    }

    /// The rows that wait or run.
    pub(super) fn rows(&self) -> usize {
        self.rows.load(Relaxed)
    }
}
