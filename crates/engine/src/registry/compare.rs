//! How far one version's answers are from another's.

use hotplate_model::Task;
use hotplate_tensor::{DataView, Tensor};

use crate::{Answer, Engine, tolerance::Tolerance};

/// What a comparison of the answers to the same rows found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    pub(super) rows: u64,
    /// The rows of which some number is out of tolerance, or some text or integer another.
    pub(super) beyond_tolerance: u64,
    /// The rows whose predicted class is another.
    pub(super) label_flips: u64,
    pub(super) largest_difference: f64,
}

impl Agreement {
    /// Compares the answers `got` from `engine` with those that were given to the client.
    ///
    /// Of a classifier, the probabilities and the label are compared; of a regressor, the value; of
    /// other models, every output. Answers of different widths disagree.
    pub(super) fn of(
        engine: &Engine,
        got: &Answer,
        given: &Answer,
        tolerance: Option<f64>,
    ) -> Self {
        let mut agreement = Self::default();
        let rows = got.rows().min(given.rows());
        let pairs = numbers(got, given);
        for row in 0..rows {
            let mut agrees = got.rows() == given.rows();
            for (got, given) in &pairs {
                let tolerance = match tolerance {
                    Some(absolute) => Tolerance { absolute, relative: 0.0 },
                    None => Tolerance::of_engine(engine, got.dtype()),
                };
                agrees &=
                    agreement.compare(row_of(got, row, rows), row_of(given, row, rows), tolerance);
            }
            agreement.label_flips += u64::from(got.label(row) != given.label(row));
            agreement.beyond_tolerance += u64::from(!agrees);
            agreement.rows += 1;
        }
        agreement
    }

    /// Whether a row of one output agrees.
    fn compare(&mut self, got: DataView<'_>, given: DataView<'_>, tolerance: Tolerance) -> bool {
        if got.len() != given.len() {
            return false;
        }
        (0..got.len()).fold(true, |agrees, at| {
            agrees
                & match (number(got, at), number(given, at)) {
                    (Some(got), Some(given)) => {
                        let difference = (got - given).abs();
                        self.largest_difference = self.largest_difference.max(difference);
                        tolerance.accepts(got, given)
                    }
                    _ => got.slice(at..at + 1) == given.slice(at..at + 1),
                }
        })
    }
}

/// The outputs that are compared, beside the label.
fn numbers<'a>(got: &'a Answer, given: &'a Answer) -> Vec<(&'a Tensor, &'a Tensor)> {
    let only = |answer: &Answer| match *answer.signature().task() {
        Task::Classifier { probabilities, .. } => Some(probabilities),
        Task::Regressor { value } => Some(value),
        _ => None,
    };
    match (only(got), only(given)) {
        (Some(got_at), Some(given_at)) => {
            vec![(&got.outputs()[got_at], &given.outputs()[given_at])]
        }
        _ => got.outputs().iter().zip(given.outputs()).collect(),
    }
}

fn row_of(tensor: &Tensor, row: usize, rows: usize) -> DataView<'_> {
    let data = tensor.data();
    let width = data.len() / rows;
    data.slice(row * width..(row + 1) * width)
}

fn number(data: DataView<'_>, at: usize) -> Option<f64> {
    match data {
        DataView::F32(numbers) => Some(numbers[at].into()),
        DataView::F64(numbers) => Some(numbers[at]),
        _ => None,
    }
}
