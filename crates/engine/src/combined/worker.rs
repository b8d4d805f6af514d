use std::{mem, ops::Range};

use hotplate_backend::{BackendError, BackendErrorKind, Part, Worker};
use hotplate_model::{Labels, Signature, Task};
use hotplate_tensor::{DType, DataView, Inputs, Shape, Tensor, TensorView};

use super::{
    Combine,
    votes::Votes,
    xgboost::{self, Predictions},
};

/// One thread's workers, one for each model, and what their answers add up to.
#[derive(Debug)]
pub(super) struct CombinedWorker {
    how: Combine,
    signature: Signature,
    workers: Vec<Box<dyn Worker>>,
    /// One model's answers to the rows of a turn.
    answers: Vec<Tensor>,
    sums: Vec<Sums>,
    votes: Votes,
}

/// What the numbers of one output add up to, in the shape that the first model gives them.
#[derive(Debug)]
struct Sums {
    shape: Shape,
    /// None of the output that holds labels.
    elements: Vec<f64>,
    /// The models' own numbers of float32, one model behind the other, where
    /// [`Combine::Xgboost`] rounds their sum in its own way.
    given: Vec<f32>,
}

impl CombinedWorker {
    pub(super) fn new(how: Combine, signature: Signature, workers: Vec<Box<dyn Worker>>) -> Self {
        let outputs = signature.outputs().iter();
        let empty = || Sums { shape: Shape::of_rows(0), elements: Vec::new(), given: Vec::new() };
        Self {
            how,
            workers,
            answers: outputs.clone().map(|output| Tensor::empty(output.dtype)).collect(),
            sums: outputs.map(|_| empty()).collect(),
            votes: Votes::default(),
            signature,
        }
    }

    fn answer(&mut self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let turn;
        // A turn of a longer request is given to the models as rows of its own, so that what one
        // worker keeps is bounded, and nothing of a turn that another worker had is needed.
        let inputs = if part.rows.len() == part.inputs.rows() {
            part.inputs
        } else {
            turn = rows_of(part.inputs, part.rows.clone())?;
            Inputs::from(&turn[..])
        };
        for member in 0..self.workers.len() {
            let mut asked = [Part {
                unknown_categories: part.unknown_categories,
                ..Part::new(inputs, &mut self.answers)
            }];
            self.workers[member].run(&mut asked);
            mem::replace(&mut asked[0].outcome, Ok(()))
                .map_err(|error| error.behind(part.rows.start))?;
            self.add(member == 0, inputs.rows())?;
        }
        self.write(part)
    }

    /// Adds one model's answers to those of the models before it.
    fn add(&mut self, is_first: bool, rows: usize) -> Result<(), BackendError> {
        for (answer, sums) in self.answers.iter().zip(&mut self.sums) {
            let shape = *answer.shape();
            if shape.rank() == 0 || shape.rows() != rows || !is_first && shape != sums.shape {
                return Err(failed("models that are combined answer in different shapes"));
            }
            sums.shape = shape;
            if is_first {
                sums.given.clear();
            }
            match answer.data() {
                DataView::F32(numbers) => {
                    if self.how == Combine::Xgboost {
                        sums.given.extend_from_slice(numbers);
                    }
                    sums.add(is_first, numbers.iter().copied().map(f64::from));
                }
                DataView::F64(numbers) => sums.add(is_first, numbers.iter().copied()),
                _ => {}
            }
        }
        let Task::Classifier { label, probabilities, classes } = self.signature.task() else {
            return Ok(());
        };
        let count = classes.len();
        if self.sums[*probabilities].elements.len() != rows * count
            || self.answers[*label].shape().elements() != rows
        {
            return Err(failed("a model gives another number of labels or of probabilities"));
        }
        if self.how != Combine::Average {
            let added = self.votes.add(is_first, &self.answers[*label], rows, classes);
            added.ok_or_else(|| failed("a model gives a label of no class"))?;
        }
        Ok(())
    }

    /// Writes what all models say into the part's own outputs.
    fn write(&self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let Part { inputs, rows, outputs, .. } = part;
        for ((tensor, sums), spec) in
            outputs.iter_mut().zip(&self.sums).zip(self.signature.outputs())
        {
            let row = sums.shape.of_one_row();
            if rows.start == 0 {
                let all = row.with_rows(inputs.rows());
                let all = all.map_err(|error| failed(error.to_string()))?;
                match spec.dtype {
                    DType::F32 => drop(tensor.reset::<f32>(all)),
                    DType::F64 => drop(tensor.reset::<f64>(all)),
                    DType::I64 => drop(tensor.reset::<i64>(all)),
                    _ => drop(tensor.reset_strings(all)),
                }
            } else if tensor.shape().of_one_row() != row {
                return Err(failed("rows of one request are answered in different shapes"));
            }
            let first = rows.start * row.elements();
            match spec.dtype {
                DType::F32 if self.how == Combine::Xgboost => {
                    self.write_as_xgboost(sums, inputs.rows(), &mut tensor.elements_mut()[first..]);
                }
                DType::F32 => write_means(self.means(sums), &mut tensor.elements_mut()[first..]),
                DType::F64 => {
                    let elements: &mut [f64] = &mut tensor.elements_mut()[first..];
                    elements.iter_mut().zip(self.means(sums)).for_each(|(to, mean)| *to = mean);
                }
                _ => self.write_labels(rows.start, tensor),
            }
        }
        Ok(())
    }

    /// Writes the numbers of the rows of a turn; `rows` are those of the request.
    fn write_as_xgboost(&self, sums: &Sums, rows: usize, elements: &mut [f32]) {
        let models = self.workers.len();
        let elements = &mut elements[..sums.given.len() / models];
        let is_label = matches!(self.signature.task(), Task::Regressor { .. });
        match Predictions::of(&self.signature) {
            Predictions::Votes if is_label => xgboost::write_modes(&sums.given, models, elements),
            Predictions::Votes => xgboost::write_means(&sums.given, models, false, elements),
            Predictions::Means(width) => {
                let alone = rows == 1 && width == 1;
                xgboost::write_means(&sums.given, models, alone, elements);
            }
        }
    }

    fn means<'s>(&self, sums: &'s Sums) -> impl Iterator<Item = f64> + use<'s> {
        let count = self.count();
        sums.elements.iter().map(move |sum| sum / count)
    }

    #[expect(clippy::cast_precision_loss, reason = "a folder holds fewer than 2^53 files")]
    const fn count(&self) -> f64 {
        self.workers.len() as f64
    }

    fn write_labels(&self, first: usize, tensor: &mut Tensor) {
        let Task::Classifier { probabilities, classes, .. } = self.signature.task() else { return };
        let sums = self.sums[*probabilities].elements.chunks_exact(classes.len()).enumerate();
        let is_vote =
            self.how == Combine::Xgboost && Predictions::of(&self.signature) == Predictions::Votes;
        let given = sums.map(|(row, sums)| match self.how {
            Combine::Xgboost if is_vote => self.votes.first_of_most(row, sums.len()),
            Combine::Average | Combine::Xgboost if sums.len() == 2 => {
                usize::from(sums[1] / self.count() > 0.5)
            }
            Combine::Average | Combine::Xgboost => greatest(sums, |_| 0),
            Combine::Vote => {
                let votes = self.votes.of_row(row, sums.len());
                greatest(sums, |class| votes[class])
            }
        });
        match classes {
            Labels::Text(names) => {
                given.enumerate().for_each(|(row, class)| {
                    tensor.set_string(first + row, &names[class]);
                });
            }
            Labels::Integers(integers) => {
                let labels: &mut [i64] = &mut tensor.elements_mut()[first..];
                labels.iter_mut().zip(given).for_each(|(label, class)| *label = integers[class]);
            }
        }
    }
}

impl Worker for CombinedWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.answer(part);
        }
    }
}

impl Sums {
    fn add(&mut self, is_first: bool, numbers: impl Iterator<Item = f64>) {
        if is_first {
            self.elements.clear();
            self.elements.extend(numbers);
        } else {
            self.elements.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
    }
}

/// The class of most votes, and of those the first of the greatest sum.
fn greatest(sums: &[f64], votes: impl Fn(usize) -> u32) -> usize {
    (1..sums.len()).fold(0, |best, class| {
        let more = votes(class) > votes(best);
        if more || votes(class) == votes(best) && sums[class] > sums[best] { class } else { best }
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a mean of float32 is within their range")]
fn write_means(means: impl Iterator<Item = f64>, elements: &mut [f32]) {
    elements.iter_mut().zip(means).for_each(|(to, mean)| *to = mean as f32);
}

/// Some of the rows as a request of their own.
fn rows_of(inputs: Inputs<'_>, rows: Range<usize>) -> Result<Vec<TensorView<'_>>, BackendError> {
    let view = |input: usize| {
        let row = inputs.row_shape(input);
        let elements = rows.start * row.elements()..rows.end * row.elements();
        TensorView::new(row.with_rows(rows.len())?, inputs.data(input).slice(elements))
    };
    (0..inputs.len()).map(view).collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))
}

fn failed(problem: impl Into<String>) -> BackendError {
    BackendError::told(BackendErrorKind::Failed, problem)
}
