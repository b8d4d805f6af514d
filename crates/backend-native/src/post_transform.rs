//! What ai.onnx.ml's models make of the scores of a row at the end, in ONNX Runtime's forms: they
//! round differently from the textbook's.

use hotplate_model::onnx::Node;

use crate::operator::NotTaken;

/// The attribute `post_transform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostTransform {
    /// The scores as they are.
    None,
    /// Each through the logistic function.
    Logistic,
    /// The softmax of the row.
    Softmax,
    /// The softmax of the row's scores that are not zero.
    SoftmaxZero,
}

/// A score this close to zero is zero to [`PostTransform::SoftmaxZero`].
const ZERO: f32 = 1e-7;

impl PostTransform {
    /// Reads a node's attribute.
    ///
    /// # Errors
    ///
    /// When it is none of ONNX's, or is PROBIT.
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, NotTaken> {
        Ok(match node.string("post_transform")?.unwrap_or("NONE") {
            "NONE" => Self::None,
            "LOGISTIC" => Self::Logistic,
            "SOFTMAX" => Self::Softmax,
            "SOFTMAX_ZERO" => Self::SoftmaxZero,
            // An approximation of its own that no other arithmetic reproduces.
            "PROBIT" => return Err(NotTaken::unsupported("PROBIT")),
            other => {
                return Err(NotTaken::invalid(node, format!("post_transform is {other:?}")));
            }
        })
    }

    /// Transforms the scores of one row.
    pub(crate) fn apply(self, scores: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Logistic => scores.iter_mut().for_each(|score| *score = logistic(*score)),
            Self::Softmax => softmax(scores),
            Self::SoftmaxZero => softmax_zero(scores),
        }
    }
}

/// 1 / (1 + e⁻ˢ).
pub(crate) fn logistic(s: f32) -> f32 {
    let v = 1.0 / (1.0 + (-s.abs()).exp());
    if s < 0.0 { 1.0 - v } else { v }
}

fn softmax(scores: &mut [f32]) {
    let greatest = greatest(scores);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - greatest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

fn softmax_zero(scores: &mut [f32]) {
    let greatest = greatest(scores);
    let of_zero = (-greatest).exp();
    let mut sum = 0.0;
    for score in &mut *scores {
        if *score > ZERO || *score < -ZERO {
            *score = (*score - greatest).exp();
            sum += *score;
        } else {
            *score *= of_zero;
        }
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

fn greatest(scores: &[f32]) -> f32 {
    scores.iter().fold(f32::MIN, |greatest, &score| if score > greatest { score } else { greatest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(transform: PostTransform, scores: &[f32], expected: &[f32]) {
        let mut got = scores.to_vec();
        transform.apply(&mut got);
        for (got, expected) in got.iter().zip(expected) {
            let close = (got - expected).abs() <= 1e-6 + 1e-5 * expected.abs();
            assert!(close || got == expected, "{got} for {expected}");
        }
    }

    #[test]
    fn scores_become_probabilities() {
        check(PostTransform::None, &[2.0, -3.0], &[2.0, -3.0]);
        check(PostTransform::Logistic, &[0.0, 2.0, -2.0], &[0.5, 0.880_797, 0.119_203]);
        check(PostTransform::Softmax, &[1.0, 1.0, 1000.0], &[0.0, 0.0, 1.0]);
        check(PostTransform::SoftmaxZero, &[0.3, 0.0, 0.6], &[0.425_557, 0.0, 0.574_443]);
    }
}
