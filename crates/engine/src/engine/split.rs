//! A request of many rows, over several slots.

use std::{
    ops::Range,
    panic::resume_unwind,
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use hotplate_backend::{BackendError, BackendErrorKind, Part};
use hotplate_model::{Batching, OutputSpec, Signature};
use hotplate_scheduler::{Lane, Terms, Tier};
use hotplate_tensor::{Inputs, Tensor};

use super::{Ran, TURN_ROWS, run_part};
use crate::error::{Cause, Error};

/// The work of a slot that is worth starting a thread for.
const WORTH_A_THREAD: Duration = Duration::from_millis(1);

/// The slots that so many rows are split over: all where each gets enough of them.
pub(super) fn slots_for(lane: &Lane, rows: usize) -> usize {
    let turn = TURN_ROWS.min(lane.plan().turn_rows());
    let enough = rows >= 2 * turn && lane.time_of(rows) >= 2 * WORTH_A_THREAD;
    let signature = lane.plan().signature();
    if !enough || lane.tier() == Tier::Attended || !is_splittable(signature) {
        return 1;
    }
    lane.instances().min(rows / turn)
}

/// Whether rows stand for themselves, and answers to some can be put behind those to others.
fn is_splittable(signature: &Signature) -> bool {
    let is_fixed = |output: &OutputSpec| {
        let dims = output.row_dims.as_ref();
        dims.is_some_and(|dims| dims.iter().all(Option::is_some)) && !output.optional
    };
    signature.batching() == Batching::Rows && signature.outputs().iter().all(is_fixed)
}

/// Runs a request in as many slots at once, each of which gets a stretch of its rows. The first
/// stretch runs on the caller's thread, the others on threads that end with it.
pub(super) fn run(lane: &Lane, terms: &Terms, part: Part<'_>, slots: usize) -> Result<Ran, Error> {
    let (inputs, rows) = (part.inputs, part.inputs.rows());
    let unknown_categories = part.unknown_categories;
    let schema = lane.plan().signature().schema();
    let run = |stretch: Range<usize>, outputs: &mut [Tensor]| {
        let first = stretch.start;
        let views = inputs.slice(stretch);
        let part = Part { unknown_categories, ..Part::new(Inputs::from(&views[..]), outputs) };
        run_part(lane, terms, part, schema).map_err(|error| error.behind(first))
    };
    let stretch = |slot: usize| rows * slot / slots..rows * (slot + 1) / slots;
    let outputs = part.outputs;
    let (first, others) = thread::scope(|scope| {
        let others: Vec<ScopedJoinHandle<'_, _>> = (1..slots)
            .map(|slot| {
                let mut outputs: Vec<Tensor> =
                    outputs.iter().map(|output| Tensor::empty(output.dtype())).collect();
                let run = &run;
                scope.spawn(move || run(stretch(slot), &mut outputs).map(|_| outputs))
            })
            .collect();
        // All have ended before any of them is judged; the first that fails counts.
        let first = run(stretch(0), outputs);
        let others: Vec<_> = others.into_iter().map(ScopedJoinHandle::join).collect();
        let first = first?;
        let others: Result<Vec<Vec<Tensor>>, Error> = others
            .into_iter()
            .map(|other| other.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        others.map(|others| (first, others))
    })?;
    for other in others {
        for (output, more) in outputs.iter_mut().zip(&other) {
            output.append(more).map_err(|_| {
                let problem =
                    "the model's outputs for some rows are of another shape than for others";
                Error::new(Cause::Backend(BackendError::told(BackendErrorKind::Failed, problem)))
            })?;
        }
    }
    Ok(Ran { rows, ..first })
}
