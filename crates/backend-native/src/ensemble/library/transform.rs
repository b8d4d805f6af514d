//! What becomes of the scores of a row, by the rules of the library that trained the model.

use hotplate_model::{lightgbm, xgboost};
use hotplate_tensor::DType;

use crate::{
    ensemble::{Class, Finish, Labels},
    real::Real,
};

/// From the scores of a row to what the library predicts.
#[derive(Debug)]
pub(crate) struct LibraryFinish<X> {
    transform: Transform<X>,
    scores: usize,
    labels: Option<Labels>,
}

/// What becomes of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Transform<X> {
    Identity,
    /// `sign(s)·s²`.
    SignedSquare,
    /// `eˢ`.
    Exponential,
    /// `1 / (1 + e⁻ᵏˢ)` of each.
    Logistic(X),
    /// `eˢ⁻ᵐ` over the sum of those of the row, `m` being its greatest score.
    Softmax,
    /// `log(1 + eˢ)`.
    Softplus,
    /// One above zero, else zero.
    Hinge,
}

/// XGBoost's logistic function does not go further down: the exponential would overflow.
const MOST_EXPONENT: f32 = 88.7;

impl LibraryFinish<f64> {
    pub(super) fn lightgbm(
        transform: lightgbm::Transform,
        scores: usize,
        labels: Option<Labels>,
    ) -> Option<Self> {
        use lightgbm::Transform as From;
        let transform = match transform {
            From::Identity => Transform::Identity,
            From::SignedSquare => Transform::SignedSquare,
            From::Exponential => Transform::Exponential,
            From::Logistic { sigmoid } => Transform::Logistic(sigmoid),
            From::Softmax => Transform::Softmax,
            From::Softplus => Transform::Softplus,
            _ => return None,
        };
        Some(Self { transform, scores, labels })
    }
}

impl LibraryFinish<f32> {
    pub(super) fn xgboost(
        transform: xgboost::Transform,
        scores: usize,
        labels: Option<Labels>,
    ) -> Option<Self> {
        use xgboost::Transform as From;
        let transform = match transform {
            From::Identity => Transform::Identity,
            From::Sigmoid => Transform::Logistic(1.0),
            From::Exp => Transform::Exponential,
            From::Hinge => Transform::Hinge,
            From::Softmax => Transform::Softmax,
            _ => return None,
        };
        Some(Self { transform, scores, labels })
    }
}

impl<X: Real> Transform<X> {
    fn apply(self, scores: &mut [X]) {
        if self == Self::Softmax {
            return softmax(scores);
        }
        for score in scores {
            let s = *score;
            *score = match self {
                Self::Identity | Self::Softmax => s,
                Self::SignedSquare if s < X::ZERO => -(s * s),
                Self::SignedSquare => s * s,
                Self::Exponential => s.exp(),
                Self::Logistic(sigmoid) => {
                    let exponent = -sigmoid * s;
                    // Float64 has room for more, and LightGBM no such bound.
                    let most = X::widened(MOST_EXPONENT);
                    let is_beyond = X::DTYPE == DType::F32 && exponent > most;
                    X::ONE / (X::ONE + if is_beyond { most } else { exponent }.exp())
                }
                Self::Softplus => X::of_f64(s.to_f64().exp().ln_1p()),
                Self::Hinge => {
                    if s > X::ZERO {
                        X::ONE
                    } else {
                        X::ZERO
                    }
                }
            };
        }
    }
}

fn softmax<X: Real>(scores: &mut [X]) {
    let greatest = scores.iter().copied().fold(scores[0], |a, b| if b > a { b } else { a });
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - greatest).exp();
        sum += score.to_f64();
    }
    let sum = X::of_f64(sum);
    scores.iter_mut().for_each(|score| *score = *score / sum);
}

impl<X: Real> Finish<X> for LibraryFinish<X> {
    fn answers(&self) -> usize {
        self.labels.as_ref().map_or(self.scores, Labels::len)
    }

    fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    fn finish(&self, scores: &mut [X], _got: &mut [bool], answer: &mut [X]) -> Class {
        self.transform.apply(scores);
        if let ([second], [of_first, of_second]) = (&*scores, &mut *answer) {
            (*of_first, *of_second) = (X::ONE - *second, *second);
            return Class::At(usize::from(*second > X::ONE_HALF));
        }
        answer.copy_from_slice(scores);
        let first_greatest =
            |best: usize, at: usize| if scores[at] > scores[best] { at } else { best };
        Class::At((0..scores.len()).fold(0, first_greatest))
    }

    fn transform(&self) -> String {
        match self.transform {
            Transform::Identity => String::new(),
            Transform::SignedSquare => "its square with its sign".to_owned(),
            Transform::Exponential => "the exponential of it".to_owned(),
            Transform::Logistic(times) if times == X::ONE => {
                "the logistic function of it".to_owned()
            }
            Transform::Logistic(times) => format!("the logistic function of {times:?} times it"),
            Transform::Softmax => "the softmax of it".to_owned(),
            Transform::Softplus => "the logarithm of one and its exponential".to_owned(),
            Transform::Hinge => "whether it is above zero".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(transform: Transform<f64>, scores: &[f64], expected: &[f64]) {
        let mut got = scores.to_vec();
        transform.apply(&mut got);
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{got} {expected}");
        }
    }

    #[test]
    fn scores_become_predictions() {
        check(Transform::Identity, &[-2.5], &[-2.5]);
        check(Transform::SignedSquare, &[-3.0, 2.0], &[-9.0, 4.0]);
        check(Transform::Exponential, &[0.0, 1.0], &[1.0, std::f64::consts::E]);
        check(Transform::Logistic(2.0), &[0.0, 1.0], &[0.5, 0.880_797_077_977_882_4]);
        check(Transform::Logistic(1.0), &[-1000.0, 1000.0], &[0.0, 1.0]);
        check(Transform::Softmax, &[1000.0, 1000.0, 0.0], &[0.5, 0.5, 0.0]);
        check(Transform::Softplus, &[0.0], &[std::f64::consts::LN_2]);
        check(Transform::Hinge, &[0.0, 0.1], &[0.0, 1.0]);
    }

    #[test]
    fn two_classes_by_one_score_get_a_probability_each() {
        let labels = Some(Labels::Integers(vec![0, 1]));
        let finish = LibraryFinish { transform: Transform::Logistic(1.0), scores: 1, labels };
        let mut answer = [0.0_f32; 2];
        assert_eq!(finish.finish(&mut [0.0], &mut [true], &mut answer), Class::At(0));
        assert_eq!(answer, [0.5, 0.5]);
        assert_eq!(finish.finish(&mut [0.1], &mut [true], &mut answer), Class::At(1));
    }
}
