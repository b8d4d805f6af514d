//! Running the parts of a batch on a plan's workers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use hotplate_backend::{BackendError, Limits, Part, Plan, UnknownCategories, Worker};
use hotplate_tensor::{Columns, Tensor};

use crate::{
    combiner::Runner,
    record::{Neighbours, Record},
};

/// Of the runs of single requests, one in so many is timed.
const TIMED: u32 = 16;

/// What a task gives a lane to work with, and gets back.
#[derive(Debug)]
pub struct Buffers {
    /// The rows, in the signature's types.
    pub inputs: Columns,
    /// One tensor per output of the signature.
    pub outputs: Vec<Tensor>,
    /// What becomes of texts that training never saw.
    pub unknown_categories: UnknownCategories,
    /// When the first turn began, where it had to wait for that; written by the lane.
    pub began: Option<Instant>,
}

/// How a part went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) began: Option<Instant>,
    pub(crate) outcome: Result<(), BackendError>,
}

/// Runs parts on a plan's workers.
#[derive(Debug)]
pub(crate) struct PlanRunner {
    plan: Arc<dyn Plan>,
    limits: Limits,
    max_batch_rows: Option<usize>,
    pub(crate) record: Arc<Record>,
    neighbours: Neighbours,
    epoch: Instant,
}

/// A worker, and what it is in.
#[derive(Debug)]
pub(crate) struct Seat {
    /// None after a panic, until it is next used.
    worker: Option<Box<dyn Worker>>,
    slot: usize,
    runs: u32,
}

impl PlanRunner {
    /// A runner, and the content of its slots.
    ///
    /// # Errors
    ///
    /// When the plan cannot make a worker.
    pub(crate) fn new(
        plan: Arc<dyn Plan>,
        instances: usize,
        limits: Limits,
        max_batch_rows: Option<usize>,
    ) -> Result<(Self, Vec<Seat>), BackendError> {
        let seat =
            |slot| plan.worker(&limits).map(|worker| Seat { worker: Some(worker), slot, runs: 0 });
        let seats = (0..instances).map(seat).collect::<Result<Vec<_>, _>>()?;
        let (record, epoch) = (Record::begin(instances), Instant::now());
        let neighbours = Neighbours::of(&record);
        Ok((Self { plan, limits, max_batch_rows, record, neighbours, epoch }, seats))
    }

    pub(crate) const fn plan(&self) -> &Arc<dyn Plan> {
        &self.plan
    }

    /// The most rows of one turn.
    pub(crate) const fn turn_rows(&self) -> usize {
        self.limits.max_rows
    }

    /// A point in time by this runner's clock.
    pub(crate) fn nanos_of(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Runs parts together. Where that panics, each is run on its own, so that only those fail
    /// which are to blame.
    pub(crate) fn run_parts(&self, seat: &mut Seat, parts: &mut [Part<'_>]) {
        if self.try_run(seat, parts) {
            return;
        }
        if parts.len() > 1 {
            for part in parts {
                part.outcome = Ok(());
                self.run_parts(seat, std::slice::from_mut(part));
            }
        }
    }

    /// Whether the worker came through; if not, the parts' outcomes say so.
    fn try_run(&self, seat: &mut Seat, parts: &mut [Part<'_>]) -> bool {
        // A worker that panicked is never used again, and a part's outputs count for nothing
        // unless its outcome is good, so no broken invariant is ever seen.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let worker = match &mut seat.worker {
                Some(worker) => worker,
                none => none.insert(self.plan.worker(&self.limits)?),
            };
            worker.run(parts);
            Ok::<_, BackendError>(())
        }));
        if matches!(ran, Ok(Ok(()))) {
            return true;
        }
        for part in parts {
            part.outcome = Err(BackendError::worker_panicked());
        }
        let broken = seat.worker.take();
        // Whatever was broken may break once more while it is taken down, and so may what it
        // panicked with.
        let _ = catch_unwind(AssertUnwindSafe(|| drop((ran, broken))));
        false
    }
}

impl Runner for PlanRunner {
    type Slot = Seat;
    type Job = Part<'static>;
    type Kept = Buffers;
    type Outcome = Ran;

    fn job(&self, kept: &mut Buffers) -> Part<'static> {
        let unknown_categories = kept.unknown_categories;
        let part = Part::new(kept.inputs.inputs(), &mut kept.outputs);
        #[expect(unsafe_code, reason = "a request that waits is borrowed across threads")]
        // SAFETY: the combiner keeps what a task brought where it is until the job is gone.
        unsafe {
            self.first_turn(Part { unknown_categories, ..part })
        }
    }

    fn rows(&self, part: &Part<'static>) -> usize {
        part.rows.len()
    }

    fn bytes(&self, part: &Part<'static>) -> usize {
        part.inputs.bytes()
    }

    fn begin(&self, parts: &mut [Part<'static>]) {
        let now = Instant::now();
        for part in parts {
            part.began.get_or_insert(now);
        }
    }

    fn run(&self, seat: &mut Seat, parts: &mut [Part<'static>]) {
        seat.runs = seat.runs.wrapping_add(1);
        if parts.len() > 1 || seat.runs.is_multiple_of(TIMED) {
            let rows = parts.iter().map(|part| part.rows.len()).sum();
            let start = Instant::now();
            self.run_parts(seat, parts);
            let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.record.cost.observe(rows, took);
        } else {
            self.run_parts(seat, parts);
        }
        self.record.count(seat.slot, parts.len());
    }

    fn next_turn(&self, part: &mut Part<'static>) -> bool {
        let (end, rows) = (part.rows.end, part.inputs.rows());
        if part.outcome.is_err() || end >= rows {
            return false;
        }
        part.rows = end..rows.min(end + self.turn_rows());
        true
    }

    fn outcome(&self, part: Part<'static>) -> Ran {
        Ran { began: part.began, outcome: part.outcome }
    }

    fn now(&self) -> u64 {
        self.nanos_of(Instant::now())
    }

    fn time_of(&self, rows: usize) -> u64 {
        self.record.cost.time_of(rows)
    }

    fn is_long(&self) -> bool {
        self.record.is_long()
    }

    fn has_busy_neighbours(&self) -> bool {
        self.neighbours.are_busy(self.now())
    }

    fn batch_rows(&self) -> usize {
        let most = self.max_batch_rows.unwrap_or_else(|| self.record.cost.batch_rows());
        most.clamp(1, self.limits.max_rows)
    }
}

impl PlanRunner {
    /// The part with its first turn to come, as a job.
    ///
    /// # Safety
    ///
    /// What the part borrows from stays where it is, and is not touched, until the job is gone.
    #[expect(unsafe_code, reason = "a request that waits is borrowed across threads")]
    pub(crate) unsafe fn first_turn(&self, part: Part<'_>) -> Part<'static> {
        let rows = 0..part.inputs.rows().min(self.turn_rows());
        let part = Part { rows, ..part };
        // SAFETY: the caller's promise; only the lifetime differs.
        unsafe { std::mem::transmute::<Part<'_>, Part<'static>>(part) }
    }
}
