//! What one thread has counted for one variant.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::buckets::{CELL, CELLS};

/// The parts of a request's time that are told apart.
pub(super) const PHASES: [&str; 4] = ["parse", "queue", "compute", "encode"];

/// A request that was answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    pub(super) rows: u64,
    pub(super) request_bytes: u64,
    pub(super) reply_bytes: u64,
    /// In nanoseconds.
    pub(super) total: u64,
    /// In nanoseconds, in the order of [`PHASES`], where they were timed.
    pub(super) phases: Option<[u64; PHASES.len()]>,
}

/// Counters that one thread writes and others read: to add is a load and a store, of memory that
/// no other thread writes.
///
/// Aligned to two cache lines, since processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard {
    begun: AtomicU64,
    ended: AtomicU64,
    answered: AtomicU64,
    rows: AtomicU64,
    request_bytes: AtomicU64,
    reply_bytes: AtomicU64,
    /// What the phases leave of the totals, in nanoseconds.
    overhead: AtomicU64,
    total: Times,
    phases: [Times; PHASES.len()],
}

#[derive(Debug)]
struct Times {
    cells: [AtomicU64; CELLS],
    sum: AtomicU64,
}

/// Sums over shards at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Requests that came to a model, ended or not.
    pub(super) begun: u64,
    pub(super) ended: u64,
    pub(super) answered: u64,
    pub(super) rows: u64,
    pub(super) request_bytes: u64,
    pub(super) reply_bytes: u64,
    /// What the phases leave of the totals, in nanoseconds.
    pub(super) overhead: u64,
    pub(super) total: Spread,
    /// In the order of [`PHASES`].
    pub(super) phases: [Spread; PHASES.len()],
}

/// How times are spread over the cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) counts: [u64; CELLS],
    /// In nanoseconds.
    pub(super) sum: u64,
}

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            request_bytes: AtomicU64::new(0),
            reply_bytes: AtomicU64::new(0),
            overhead: AtomicU64::new(0),
            total: Times::new(),
            phases: [const { Times::new() }; PHASES.len()],
        }
    }

    pub(super) fn begin(&self) {
        add(&self.begun, 1);
    }

    /// Counts the end of what was [begun](Self::begin).
    pub(super) fn end(&self) {
        add(&self.ended, 1);
    }

    /// Counts an answer.
    pub(super) fn count(&self, answered: &Answered) {
        add(&self.answered, 1);
        add(&self.rows, answered.rows);
        add(&self.request_bytes, answered.request_bytes);
        add(&self.reply_bytes, answered.reply_bytes);
        self.total.count(answered.total);
        let Some(phases) = answered.phases else { return };
        self.phases.iter().zip(phases).for_each(|(times, nanos)| times.count(nanos));
        add(&self.overhead, answered.total.saturating_sub(phases.iter().sum()));
    }

    /// Counts the time of a request that failed.
    pub(super) fn count_failed(&self, total: u64) {
        self.total.count(total);
    }

    pub(super) fn add_to(&self, sums: &mut Sums) {
        // Ends before beginnings: what is read later is never less, so that no request is in flight
        // less than none.
        sums.ended += self.ended.load(Relaxed);
        sums.begun += self.begun.load(Relaxed);
        sums.answered += self.answered.load(Relaxed);
        sums.rows += self.rows.load(Relaxed);
        sums.request_bytes += self.request_bytes.load(Relaxed);
        sums.reply_bytes += self.reply_bytes.load(Relaxed);
        sums.overhead += self.overhead.load(Relaxed);
        self.total.add_to(&mut sums.total);
        for (times, spread) in self.phases.iter().zip(&mut sums.phases) {
            times.add_to(spread);
        }
    }
}

impl Times {
    const fn new() -> Self {
        Self { cells: [const { AtomicU64::new(0) }; CELLS], sum: AtomicU64::new(0) }
    }

    fn count(&self, nanos: u64) {
        add(&self.cells[CELL.of(nanos)], 1);
        add(&self.sum, nanos);
    }

    fn add_to(&self, spread: &mut Spread) {
        for (count, cell) in spread.counts.iter_mut().zip(&self.cells) {
            *count += cell.load(Relaxed);
        }
        spread.sum += self.sum.load(Relaxed);
    }
}

/// Adds to a counter that nobody else writes.
fn add(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(by), Relaxed);
}

impl Sums {
    /// Adds what a shard that is gone had counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.begun += other.begun;
        self.ended += other.ended;
        self.answered += other.answered;
        self.rows += other.rows;
        self.request_bytes += other.request_bytes;
        self.reply_bytes += other.reply_bytes;
        self.overhead += other.overhead;
        self.total.add(&other.total);
        self.phases.iter_mut().zip(&other.phases).for_each(|(sum, other)| sum.add(other));
    }
}

impl Spread {
    fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
        self.sum += other.sum;
    }

    /// What came since `earlier`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        since.counts.iter_mut().zip(&earlier.counts).for_each(|(count, other)| {
            *count = count.saturating_sub(*other);
        });
        since.sum = since.sum.saturating_sub(earlier.sum);
        since
    }

    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a hundred days are exact")]
    pub(super) fn seconds(&self) -> f64 {
        self.sum as f64 / 1e9
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self { counts: [0; CELLS], sum: 0 }
    }
}
