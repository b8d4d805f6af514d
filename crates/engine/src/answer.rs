use std::{fmt, sync::Arc, time::Instant};

use hotplate_codec::Predictions;
use hotplate_model::{Labels, Signature, Task};
use hotplate_tensor::{Columns, DType, DataView, Tensor, TensorView};

use crate::{engine::Ran, error::Error};

/// The answers to the rows of one call, and the memory to get them with.
///
/// Reused from call to call, it allocates nothing once it has grown to a caller's largest request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) signature: Arc<Signature>,
    /// One per output of the signature.
    pub(crate) outputs: Vec<Tensor>,
    /// Where rows are put that a caller has in another form than the model's.
    pub(crate) staging: Columns,
    pub(crate) rows: usize,
    pub(crate) began: Option<Instant>,
}

/// A predicted class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'a> {
    /// A class with a name.
    Text(&'a str),
    /// A class with a number.
    Integer(i64),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(integer) => integer.fmt(f),
        }
    }
}

impl Answer {
    pub(crate) fn new(signature: Arc<Signature>) -> Self {
        let outputs =
            signature.outputs().iter().map(|output| Tensor::empty(output.dtype)).collect();
        let staging = Columns::new(Arc::clone(signature.schema()));
        Self { signature, outputs, staging, rows: 0, began: None }
    }

    /// Keeps what is known of the run that wrote the outputs.
    pub(crate) fn note(&mut self, ran: Result<Ran, Error>) -> Result<(), Error> {
        let ran = ran.inspect_err(|_| self.rows = 0)?;
        (self.rows, self.began) = (ran.rows, ran.began);
        Ok(())
    }

    /// The number of rows answered.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// When the model began with the rows, where they had to wait for a slot; of rows that were
    /// parted among several slots, with the first of them.
    pub const fn began(&self) -> Option<Instant> {
        self.began
    }

    /// What the model answers in general.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The model's outputs, in its order, rows on axis 0; the [margins](Signature::margins) behind
    /// them where replies hold those.
    pub fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// The predicted class of a row; `None` unless the model is a classifier.
    ///
    /// # Panics
    ///
    /// This and the accessors below panic when there is no such row.
    pub fn label(&self, row: usize) -> Option<Label<'_>> {
        self.check(row);
        let &Task::Classifier { label, .. } = self.signature.task() else { return None };
        match self.outputs[label].data() {
            DataView::Str(texts) => Some(Label::Text(texts.get(row))),
            DataView::I64(integers) => Some(Label::Integer(integers[row])),
            _ => None,
        }
    }

    /// The one number of a row: a regressor's value; of two classes, the second's probability; of
    /// more, the greatest; else the first element of the model's first numeric output, NaN where
    /// it has none.
    pub fn score(&self, row: usize) -> f64 {
        self.check(row);
        match *self.signature.task() {
            Task::Classifier { probabilities, .. } => {
                let scores = self.row_of(probabilities, row);
                if scores.len() == 2 { scores.at(1) } else { scores.greatest() }
            }
            Task::Regressor { value } => self.row_of(value, row).at(0),
            _ => (0..self.outputs.len())
                .find(|&output| self.outputs[output].dtype() != DType::Str)
                .map_or(f64::NAN, |output| self.row_of(output, row).at(0)),
        }
    }

    /// The probability of every class of a row, in the order of the classes; empty unless the
    /// model is a classifier with float32 probabilities.
    pub fn probabilities(&self, row: usize) -> &[f32] {
        self.check(row);
        let &Task::Classifier { probabilities, .. } = self.signature.task() else { return &[] };
        match self.row_of(probabilities, row) {
            Numbers::F32(scores) => scores,
            _ => &[],
        }
    }

    /// What a reply is written from.
    ///
    /// `tensors` is memory for the outputs of a model that neither classifies nor regresses; it is
    /// overwritten.
    pub fn predictions<'a>(
        &'a self,
        tensors: &'a mut Vec<(&'a str, TensorView<'a>)>,
    ) -> Predictions<'a> {
        let outputs = &self.outputs;
        match *self.signature.task() {
            Task::Classifier { label, probabilities, ref classes } => Predictions::Classifier {
                labels: outputs[label].data(),
                probabilities: outputs[probabilities].data(),
                classes: classes.len(),
                names: Some(match classes {
                    Labels::Text(classes) => DataView::Str((&classes[..]).into()),
                    Labels::Integers(classes) => DataView::I64(classes),
                }),
                margins: self.signature.margins().map(|margins| outputs[margins].data()),
            },
            Task::Regressor { value } => Predictions::Regressor { values: outputs[value].data() },
            _ => {
                let names = self.signature.outputs().iter().map(|output| output.name.as_str());
                tensors.clear();
                tensors.extend(names.zip(outputs.iter().map(Tensor::view)));
                Predictions::Tensors { rows: self.rows, outputs: tensors }
            }
        }
    }

    fn check(&self, row: usize) {
        assert!(row < self.rows, "row {row} of {}", self.rows);
    }

    fn row_of(&self, output: usize, row: usize) -> Numbers<'_> {
        let data = self.outputs[output].data();
        let width = data.len() / self.rows;
        let range = row * width..(row + 1) * width;
        match data {
            DataView::F32(elements) => Numbers::F32(&elements[range]),
            DataView::F64(elements) => Numbers::F64(&elements[range]),
            _ => Numbers::F32(&[]),
        }
    }
}

/// The second class's probability in a row of a two-class classifier's probabilities.
pub(crate) fn second_of_two(probabilities: &Tensor, row: usize) -> f64 {
    match probabilities.data() {
        DataView::F32(elements) => elements[2 * row + 1].into(),
        DataView::F64(elements) => elements[2 * row + 1],
        _ => f64::NAN,
    }
}

/// The numbers of one row of an output.
enum Numbers<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl Numbers<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::F32(numbers) => numbers.len(),
            Self::F64(numbers) => numbers.len(),
        }
    }

    fn at(&self, index: usize) -> f64 {
        match self {
            Self::F32(numbers) => numbers.get(index).map_or(f64::NAN, |&number| number.into()),
            Self::F64(numbers) => numbers.get(index).copied().unwrap_or(f64::NAN),
        }
    }

    fn greatest(&self) -> f64 {
        (0..self.len()).map(|index| self.at(index)).fold(f64::NAN, f64::max)
    }
}
