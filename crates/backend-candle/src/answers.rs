//! From the numbers of a row to the outputs of the signature.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::{OutputSpec, Signature, pretrained::Scores};
use hotplate_tensor::{DType, Shape, Tensor};

/// What the last numbers of a network are.
#[derive(Clone, Debug)]
pub(crate) enum Finish {
    /// The answer.
    Numbers,
    /// The logits of classes.
    Classes { labels: Vec<String>, scores: Scores },
}

/// How a network's numbers become the outputs of its signature.
#[derive(Debug)]
pub(crate) struct Answers {
    finish: Finish,
    /// What each output is.
    outputs: Vec<Output>,
    /// The dimensions of a row of each.
    row_dims: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Numbers,
    Label,
    Probabilities,
}

impl Answers {
    /// # Errors
    ///
    /// When the signature has outputs that are not those of `width` numbers.
    pub(crate) fn of(
        signature: &Signature,
        finish: Finish,
        width: usize,
    ) -> Result<Self, BackendError> {
        let mut answers = Self { finish, outputs: Vec::new(), row_dims: Vec::new() };
        for spec in signature.outputs() {
            let row: Option<Vec<usize>> = spec.row_dims.iter().flatten().copied().collect();
            let row = row.unwrap_or_default();
            let elements = row.iter().product::<usize>();
            let output = match (&answers.finish, spec.dtype, spec.name.as_str()) {
                (Finish::Classes { .. }, DType::Str, _) if elements == 1 => Output::Label,
                (Finish::Classes { .. }, DType::F32, "probabilities") if elements == width => {
                    Output::Probabilities
                }
                (_, DType::F32, _) if elements == width => Output::Numbers,
                _ => return Err(not_of_network(spec, width)),
            };
            answers.outputs.push(output);
            answers.row_dims.push(row);
        }
        Ok(answers)
    }

    /// Gives every output its type and its shape for `rows`.
    pub(crate) fn reset(&self, rows: usize, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let kinds = self.outputs.iter().zip(&self.row_dims);
        for (tensor, (output, row)) in outputs.iter_mut().zip(kinds) {
            let dims: Vec<usize> = [rows].iter().chain(row).copied().collect();
            let shape = Shape::new(&dims).map_err(|error| {
                BackendError::told(BackendErrorKind::RefusedRows, error.to_string())
            })?;
            match output {
                Output::Label => drop(tensor.reset_strings(shape)),
                Output::Numbers | Output::Probabilities => drop(tensor.reset::<f32>(shape)),
            }
        }
        Ok(())
    }

    /// Writes the answer to one row, which the network gave these numbers for.
    pub(crate) fn write(&self, row: usize, numbers: &[f32], outputs: &mut [Tensor]) {
        for (tensor, output) in outputs.iter_mut().zip(&self.outputs) {
            match (output, &self.finish) {
                (Output::Label, Finish::Classes { labels, .. }) => {
                    tensor.set_string(row, &labels[greatest(numbers)]);
                }
                (Output::Probabilities, Finish::Classes { scores, .. }) => {
                    let to = &mut tensor.elements_mut::<f32>()[row * numbers.len()..];
                    probabilities(*scores, numbers, &mut to[..numbers.len()]);
                }
                _ => {
                    let to = &mut tensor.elements_mut::<f32>()[row * numbers.len()..];
                    to[..numbers.len()].copy_from_slice(numbers);
                }
            }
        }
    }
}

/// The place of the greatest number, the first of several; NaN is never it.
fn greatest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (index, &number) in numbers.iter().enumerate() {
        if number > numbers[best] || numbers[best].is_nan() {
            best = index;
        }
    }
    best
}

fn probabilities(scores: Scores, logits: &[f32], to: &mut [f32]) {
    match scores {
        Scores::Softmax => {
            let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            to.iter_mut().zip(logits).for_each(|(to, logit)| *to = (logit - greatest).exp());
            let sum: f32 = to.iter().sum();
            to.iter_mut().for_each(|to| *to /= sum);
        }
        Scores::Sigmoid => {
            to.iter_mut().zip(logits).for_each(|(to, &logit)| *to = sigmoid(logit));
        }
        _ => to.copy_from_slice(logits),
    }
}

/// `1 / (1 + exp(-x))`.
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn not_of_network(spec: &OutputSpec, width: usize) -> BackendError {
    let OutputSpec { name, dtype, row_dims, .. } = spec;
    let problem = format!(
        "output {name:?}: expected {width} float32 numbers for a row, or its label, got {dtype} of \
         {row_dims:?}"
    );
    BackendError::told(BackendErrorKind::InvalidModel, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greatest_is_the_first_of_equals_and_never_nan() {
        assert_eq!(greatest(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(greatest(&[f32::NAN, -1.0, f32::NAN]), 1);
        assert_eq!(greatest(&[f32::NAN]), 0);
    }

    #[test]
    fn scores_are_what_logits_become() {
        let mut to = [0.0; 3];
        probabilities(Scores::Softmax, &[1000.0, 1000.0, -1000.0], &mut to);
        assert_eq!(to, [0.5, 0.5, 0.0]);
        probabilities(Scores::Sigmoid, &[0.0, 1000.0, -1000.0], &mut to);
        assert_eq!(to, [0.5, 1.0, 0.0]);
    }
}
