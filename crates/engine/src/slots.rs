//! How many threads a model runs on: several that each run one request, or one that all work for.

use std::{
    num::NonZero,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use hotplate_backend::{BackendError, Device, Limits, Part, Plan, made_up};
use hotplate_scheduler::{Lane, LaneSettings, Terms};
use hotplate_tensor::{Columns, Tensor};

use crate::engine::TURN_ROWS;

/// From this time for a row on, several threads answer it sooner; below, handing work to them costs
/// what it saves.
const PARALLEL_FROM: Duration = Duration::from_millis(1);

/// The runs of which the fastest counts, behind a first that does not.
const RUNS: usize = 3;

/// A GPU copies the rows of one run while it computes another.
const SLOTS_OF_A_GPU: usize = 2;

/// The threads of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    /// The workers, each of which one thread runs at a time.
    pub(crate) instances: usize,
    /// The threads that work for each run.
    pub(crate) threads: usize,
}

impl Slots {
    /// What is said, and for the rest what suits the plan: a row is timed where that decides.
    ///
    /// # Errors
    ///
    /// When the plan has no room for a worker.
    pub(crate) fn of(
        plan: &Arc<dyn Plan>,
        instances: Option<usize>,
        threads: Option<usize>,
    ) -> Result<Self, BackendError> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let (instances, threads) = (instances.map(|n| n.max(1)), threads.map(|n| n.max(1)));
        if plan.placement().device != Device::Cpu {
            let instances = instances.unwrap_or(SLOTS_OF_A_GPU);
            return Ok(Self { instances, threads: threads.unwrap_or(1) });
        }
        Ok(match (instances, threads) {
            (Some(instances), Some(threads)) => Self { instances, threads },
            (Some(instances), None) if plan.is_parallel() => {
                Self { instances, threads: (cores / instances).max(1) }
            }
            (Some(instances), None) => Self { instances, threads: 1 },
            (None, Some(threads)) => Self { instances: (cores / threads).max(1), threads },
            (None, None) if plan.is_parallel() && cores > 1 && is_slow(plan)? => {
                Self { instances: 1, threads: cores }
            }
            (None, None) => Self { instances: cores, threads: 1 },
        })
    }
}

/// Whether a row keeps one thread busy for long.
fn is_slow(plan: &Arc<dyn Plan>) -> Result<bool, BackendError> {
    let limits = Limits { max_rows: TURN_ROWS, threads: 1 };
    // A lane, because a model that panics is an error like another.
    let settings = LaneSettings { instances: 1, limits, ..LaneSettings::default() };
    let lane = Lane::start(Arc::clone(plan), settings)?;
    let signature = plan.signature();
    let mut rows = Columns::new(Arc::clone(signature.schema()));
    made_up::rows(1, &mut rows);
    let empty = |output: &hotplate_model::OutputSpec| Tensor::empty(output.dtype);
    let mut outputs: Vec<Tensor> = signature.outputs().iter().map(empty).collect();
    let mut fastest = Duration::MAX;
    for run in 0..=RUNS {
        let start = Instant::now();
        let part = lane.run(Part::new(rows.inputs(), &mut outputs), &Terms::default());
        let part = part.unwrap_or_else(|_| unreachable!("nobody else uses the lane"));
        if part.outcome.is_err() {
            return made_up::outcome(part.outcome).map(|()| false);
        }
        if run > 0 {
            fastest = fastest.min(start.elapsed());
        }
    }
    Ok(fastest >= PARALLEL_FROM)
}
