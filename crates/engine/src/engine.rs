pub(crate) mod behind;
mod infer;
mod open;
mod split;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use hotplate_backend::{DeviceChoice, Part, Placement, Plan, UnknownCategories};
use hotplate_codec::{Field, Sparse};
use hotplate_model::{Format, Labels, Signature, Task};
use hotplate_scheduler::{Lane, LaneFigures, Terms, Tier};
use hotplate_tensor::{Column, Columns, DType, Inputs, Schema, Tensor};

pub use self::{
    infer::{Inference, Unanswered},
    open::OpenOptions,
};
use crate::{Answer, Binding, Input, error::Error, explain::Explaining};

/// The rows that a request runs before others get the slot: some milliseconds of a large forest.
pub(crate) const TURN_ROWS: usize = 1024;

/// One version of a model: immutable, warm, and right.
#[derive(Debug)]
pub struct Engine {
    name: String,
    format: Format,
    sha256: String,
    opened_in: Duration,
    backend: &'static str,
    placement: Placement,
    requested_device: DeviceChoice,
    lane: Lane,
    signature: Arc<Signature>,
    threshold: Option<f64>,
    pub(crate) unknown_categories: UnknownCategories,
    /// What golden rows had counted before the first request.
    unknown_when_opened: Vec<(usize, u64)>,
    sparse: Sparse,
    output: Option<Vec<Field>>,
    golden_rows: usize,
    /// The rows that contributions are relative to where the model's file says none.
    pub(crate) background: Option<Columns>,
    /// What explains the model, once that was asked for.
    pub(crate) explaining: OnceLock<Explaining>,
}

impl Engine {
    /// Opens the model at `path`, a file or a folder, and returns when it is warm.
    ///
    /// # Errors
    ///
    /// When there is no model, no backend takes it, or it does not reproduce its golden rows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        OpenOptions::new().open(path)
    }

    /// What the model is called: its folder's name, or its file's without the ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format of the model's file; of several files, of the last.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether bodies in Hugging Face's form are for this model: it is one of its libraries'.
    pub fn takes_text_requests(&self) -> bool {
        self.format == Format::Safetensors
    }

    /// The SHA-256 of the model's file in lower-case hexadecimal; of several files, that of their
    /// digests, 32 bytes each, in the order in which they are combined.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// How long it took to open the model: to read, compile, warm and verify it.
    pub const fn opened_in(&self) -> Duration {
        self.opened_in
    }

    /// The backend that runs the model.
    pub const fn backend(&self) -> &'static str {
        self.backend
    }

    /// Where the model runs, and why there.
    pub const fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Where the model's owner wants it to run.
    pub const fn requested_device(&self) -> DeviceChoice {
        self.requested_device
    }

    /// What the model reads and answers.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(crate) const fn shared_signature(&self) -> &Arc<Signature> {
        &self.signature
    }

    /// The cells of a row, in the order of a row without names.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.signature.schema().columns().iter()
    }

    /// The compiled model.
    pub fn plan(&self) -> &Arc<dyn Plan> {
        self.lane.plan()
    }

    /// The number of threads that can run the model at once.
    pub fn instances(&self) -> usize {
        self.lane.instances()
    }

    /// Who runs the requests: the threads that bring them, or threads of the model's own.
    pub fn tier(&self) -> Tier {
        self.lane.tier()
    }

    /// How long a batch of so many requests of a row each is expected to take, as timed when the
    /// model was opened and ever since.
    pub fn time_of(&self, rows: usize) -> Duration {
        self.lane.time_of(rows)
    }

    /// What has been asked of the model since it was opened.
    pub fn figures(&self) -> LaneFigures {
        self.lane.figures()
    }

    /// Takes no more requests, and returns when those that were taken are answered.
    pub fn drain(&self) {
        self.lane.drain();
    }

    /// The golden rows that the model reproduced when it was opened; zero where it has none.
    pub const fn golden_rows(&self) -> usize {
        self.golden_rows
    }

    /// The second class's probability from which on it is predicted, where configuration says.
    pub const fn threshold(&self) -> Option<f64> {
        self.threshold
    }

    /// How sparse rows of requests and files are to be read.
    pub const fn sparse(&self) -> Sparse {
        self.sparse
    }

    /// What replies should hold, where the model's configuration says.
    pub fn output(&self) -> Option<&[Field]> {
        self.output.as_deref()
    }

    /// How often each text column held a text that training never saw, since the model was opened.
    pub fn unknown_categories(&self) -> impl Iterator<Item = (&str, u64)> {
        let columns = self.signature.schema().columns();
        let counts = self.plan().unknown_categories().into_iter().zip(&self.unknown_when_opened);
        counts.map(|((column, count), (_, before))| (columns[column].name.as_str(), count - before))
    }

    /// Memory for answers, to be reused from call to call.
    pub fn answer(&self) -> Answer {
        Answer::new(Arc::clone(&self.signature))
    }

    /// Memory for rows that are filled cell by cell.
    pub fn rows(&self) -> Columns {
        Columns::new(Arc::clone(self.signature.schema()))
    }

    /// Resolves column names, which must be all of the model's, in any order.
    ///
    /// # Errors
    ///
    /// When a name is no column's, stands twice, or a column is not named.
    pub fn bind(&self, names: &[&str]) -> Result<Binding<'_>, Error> {
        Binding::new(self, names)
    }

    /// Answers rows, in any form that is an [`Input`].
    ///
    /// ```
    /// # fn main() -> Result<(), hotplate::Error> {
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/housing");
    /// let housing = hotplate::Engine::open(path)?;
    /// let rows = [[8.3, 41.0, 7.0, 1.0, 322.0, 2.6, 37.9, -122.2]; 3];
    /// assert_eq!(housing.predict(&rows[..])?.rows(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the rows are not the model's.
    pub fn predict<I: Input + ?Sized>(&self, rows: &I) -> Result<Answer, Error> {
        let mut answer = self.answer();
        self.predict_into(rows, &mut answer)?;
        Ok(answer)
    }

    /// Answers rows into memory that the caller keeps. Allocates nothing once that has grown.
    ///
    /// # Errors
    ///
    /// When the rows are not the model's, or so many requests wait that no more may.
    pub fn predict_into<I: Input + ?Sized>(
        &self,
        rows: &I,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        self.predict_with(&Terms::default(), rows, answer)
    }

    /// As [`predict_into`](Self::predict_into), with a priority and a deadline of the caller's.
    ///
    /// # Errors
    ///
    /// When the rows are not the model's, so many requests wait that no more may, or there can be
    /// no answer before the deadline.
    pub fn predict_with<I: Input + ?Sized>(
        &self,
        terms: &Terms,
        rows: &I,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        self.claim(answer);
        let Answer { outputs, staging, .. } = answer;
        let ran = rows.with_inputs(staging, |inputs| self.run(terms, inputs, outputs));
        answer.note(ran.flatten())
    }

    /// Answers the rows that were put into the answer's own columns.
    pub(crate) fn predict_staged(&self, answer: &mut Answer) -> Result<(), Error> {
        let Answer { outputs, staging, .. } = answer;
        let ran = self.run(&Terms::default(), staging.inputs(), outputs);
        answer.note(ran)
    }

    /// Makes sure that the memory fits this engine's outputs.
    pub(crate) fn claim(&self, answer: &mut Answer) {
        if !Arc::ptr_eq(&answer.signature, &self.signature) {
            *answer = self.answer();
        }
    }

    /// The model's own answers: golden rows know nothing of configuration.
    pub(crate) fn run_model(
        &self,
        inputs: Inputs<'_>,
        outputs: &mut [Tensor],
    ) -> Result<usize, Error> {
        self.run_part(&Terms::default(), Part::new(inputs, outputs)).map(|ran| ran.rows)
    }

    /// The answers as configured.
    fn run(&self, terms: &Terms, inputs: Inputs<'_>, outputs: &mut [Tensor]) -> Result<Ran, Error> {
        let unknown_categories = self.unknown_categories;
        let part = Part { unknown_categories, ..Part::new(inputs, outputs) };
        let ran = self.run_part(terms, part)?;
        self.decide(ran.rows, outputs);
        Ok(ran)
    }

    fn run_part(&self, terms: &Terms, part: Part<'_>) -> Result<Ran, Error> {
        let slots = split::slots_for(&self.lane, part.inputs.rows());
        if slots > 1 {
            return split::run(&self.lane, terms, part, slots);
        }
        run_part(&self.lane, terms, part, self.signature.schema())
    }

    /// Where there is a threshold, predicts the second class from it on, and the first below it.
    fn decide(&self, rows: usize, outputs: &mut [Tensor]) {
        let Some(threshold) = self.threshold else { return };
        let Task::Classifier { label, probabilities, classes } = self.signature.task() else {
            return;
        };
        // The two outputs are never the same one: the first has labels, the second numbers.
        let mut labels = std::mem::replace(&mut outputs[*label], Tensor::empty(DType::Bool));
        let shape = *labels.shape();
        let class = |row: usize| {
            let score = crate::answer::second_of_two(&outputs[*probabilities], row);
            usize::from(score >= threshold)
        };
        match classes {
            Labels::Text(names) => {
                labels.reset_strings(shape);
                (0..rows).for_each(|row| labels.set_string(row, &names[class(row)]));
            }
            Labels::Integers(integers) => {
                let elements = labels.reset::<i64>(shape);
                (0..rows).for_each(|row| elements[row] = integers[class(row)]);
            }
        }
        outputs[*label] = labels;
    }
}

/// What is known of a request that was run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) rows: usize,
    /// When that began, where it had to wait.
    pub(crate) began: Option<Instant>,
}

/// Runs a request, whose columns `schema` names.
pub(crate) fn run_part(
    lane: &Lane,
    terms: &Terms,
    part: Part<'_>,
    schema: &Schema,
) -> Result<Ran, Error> {
    let part = lane.run(part, terms).map_err(|rejected| Error::from(rejected.refused))?;
    let (rows, began) = (part.inputs.rows(), part.began);
    part.outcome.map_err(|error| Error::of_rows(error, schema))?;
    Ok(Ran { rows, began })
}
