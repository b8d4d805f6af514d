//! What a graph does that its file does not say, learned from rows that are made up.
//!
//! A file may declare anything of its outputs, and says nowhere whether they have the rows of a
//! batch on axis 0. Two batches of different sizes tell: one whose size happens to be an output's
//! width would not.

use std::sync::Arc;

use hotplate_backend::{BackendError, Part, made_up};
use hotplate_model::{Batching, OutputSpec, Signature, Task};
use hotplate_tensor::{Columns, Shape, Tensor};
use ort::session::Session;

use crate::runner::{Habits, Runner};

/// The sizes of the batches that are tried behind a single row.
const BATCHES: [usize; 2] = [5, 7];

/// What was learned.
pub(crate) struct Learned {
    /// The model's, without a task that its answers do not fit.
    pub(crate) signature: Signature,
    pub(crate) habits: Habits,
}

/// Asks a graph for rows that are made up. One that refuses them is believed, as far as each run
/// bears it out.
pub(crate) fn learn(signature: Signature, session: &mut Session) -> Learned {
    let open = Habits { by_row: false, as_declared: true };
    // Without a task there is nothing to promise.
    let plain = signature.clone().without_task();
    let mut runner = Runner::new(session, &plain, open, BATCHES[1]);
    let alone = match rows_of_answers(1, &mut runner, session, &plain) {
        Ok(rows) => rows,
        Err(_) => return Learned { signature, habits: Habits { as_declared: false, ..open } },
    };
    let has_rows = matches!(signature.batching(), Batching::Rows);
    let by_row = has_rows
        && BATCHES.iter().any(|&size| {
            let rows = rows_of_answers(size, &mut runner, session, &plain);
            runner.is_by_row() || rows.is_ok_and(|rows| rows != alone)
        });
    let habits = Habits { by_row, as_declared: runner.is_as_declared() };
    let signature = if fits(signature.task(), &alone) { signature } else { plain };
    Learned { signature, habits }
}

/// The shape of a row of each output, for a batch of this size.
fn rows_of_answers(
    rows: usize,
    runner: &mut Runner,
    session: &mut Session,
    signature: &Signature,
) -> Result<Vec<Shape>, BackendError> {
    let mut columns = Columns::new(Arc::clone(signature.schema()));
    made_up::rows(rows, &mut columns);
    let empty = |output: &OutputSpec| Tensor::empty(output.dtype);
    let mut outputs: Vec<Tensor> = signature.outputs().iter().map(empty).collect();
    let mut parts = [Part::new(columns.inputs(), &mut outputs)];
    runner.run(session, signature, &mut parts);
    let [part] = parts;
    part.outcome?;
    Ok(outputs.iter().map(|output| output.shape().of_one_row()).collect())
}

/// Whether rows of these shapes are what the task makes of them.
fn fits(task: &Task, rows: &[Shape]) -> bool {
    match *task {
        Task::Classifier { label, probabilities, ref classes } => {
            rows[label].elements() == 1 && rows[probabilities].elements() == classes.len()
        }
        Task::Regressor { value } => rows[value].elements() == 1,
        _ => true,
    }
}
