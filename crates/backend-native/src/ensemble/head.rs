//! From the scores of a row to its answer, by ONNX Runtime's rules, which are its code's rather
//! than ONNX's: `tree_ensemble_aggregator.h` and `write_scores` of `ml_common.h`.

use hotplate_model::onnx::Node as OnnxNode;

use hotplate_tensor::Tensor;

use super::onnx::Attributes;
use crate::{
    operator::NotTaken,
    post_transform::{PostTransform, logistic},
    real::Real,
};

/// What classes are called.
#[derive(Clone, Debug)]
pub(crate) enum Labels {
    Texts(Vec<String>),
    Integers(Vec<i64>),
}

impl Labels {
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Integers(integers) => integers.len(),
        }
    }

    /// Writes what a class is called as the label of a row.
    pub(crate) fn write(&self, class: Class, row: usize, to: &mut Tensor) {
        match (self, class) {
            (Self::Texts(texts), Class::At(at)) => to.set_string(row, &texts[at]),
            (Self::Texts(texts), Class::Truth(truth)) => {
                to.set_string(row, &texts[usize::from(truth)]);
            }
            (Self::Integers(integers), Class::At(at)) => {
                to.elements_mut::<i64>()[row] = integers[at];
            }
            (Self::Integers(_), Class::Truth(truth)) => {
                to.elements_mut::<i64>()[row] = i64::from(truth);
            }
        }
    }
}

/// From the scores of a row to its answer.
#[derive(Debug)]
pub(super) struct Head<X> {
    base: Vec<X>,
    post_transform: PostTransform,
    rule: Rule,
}

/// Who decides on the class and on the form of the scores.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// No class: values.
    Values,
    /// One class: the label is whether the score is above zero.
    OneClass,
    /// Two classes by one score, that of the second.
    Binary { all_positive: bool },
    /// Two classes, the leaves adding to the first, with a base value for each.
    FirstOfTwo { all_positive: bool },
    /// Two classes, the leaves adding to the second.
    SecondOfTwo { all_positive: bool },
    /// Two classes, the leaves adding to both.
    Two,
    /// More classes: the first of the greatest.
    Many,
}

/// Which class a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The class at this place.
    At(usize),
    /// Zero or one, where classes are numbers, and else the class at that place: so ONNX Runtime
    /// calls two classes that have a score each.
    Truth(bool),
}

impl<X: Real> Head<X> {
    pub(super) fn new(node: &OnnxNode<'_>, of: &Attributes<X>) -> Result<Self, NotTaken> {
        let Attributes { scores, base, post_transform, labels, .. } = of;
        let lengths: &[usize] = match (labels, scores) {
            (Some(_), 2) => &[0, 1, 2],
            _ => &[0, *scores],
        };
        if !lengths.contains(&base.len()) {
            let problem = format!("{} base values for {scores} scores", base.len());
            return Err(NotTaken::invalid(node, problem));
        }
        let rule = match (labels, scores) {
            (None, _) => Rule::Values,
            (Some(Labels::Texts(_)), 1) => {
                return Err(NotTaken::unsupported("one class that is called by name"));
            }
            (Some(_), 1) => Rule::OneClass,
            (Some(_), 2) => two_classes(of)?,
            _ => Rule::Many,
        };
        Ok(Self { base: base.clone(), post_transform: *post_transform, rule })
    }

    /// The answer of the only score of a row, which is written with its companion where there are
    /// two classes.
    pub(super) fn answer_one(&self, score: X, output: &mut [f32]) -> Class {
        let score = self.base.first().map_or(score, |&base| score + base);
        let positive = score > X::ZERO;
        if let (Rule::Binary { all_positive }, [first, second]) = (self.rule, &mut *output) {
            let score_f32 = score.narrowed();
            let is_logistic = self.post_transform == PostTransform::Logistic;
            (*first, *second) = if is_logistic {
                (logistic(-score_f32), logistic(score_f32))
            } else if all_positive {
                (1.0 - score_f32, score_f32)
            } else {
                (-score_f32, score_f32)
            };
            return Class::At(usize::from(is_above(score, all_positive)));
        }
        output[0] = score.narrowed();
        Class::Truth(positive)
    }

    /// The answer of a row of several scores, of which some may have got nothing; the scores are
    /// changed on the way.
    #[inline]
    pub(super) fn answer(&self, scores: &mut [X], got: &mut [bool], output: &mut [f32]) -> Class {
        let class = match self.rule {
            Rule::Many => {
                if !self.base.is_empty() {
                    self.add_base(scores);
                    got.fill(true);
                }
                first_greatest(scores, got)
            }
            Rule::FirstOfTwo { all_positive } => {
                scores[0] += self.base[0];
                Class::At(usize::from(is_above(scores[0], all_positive)))
            }
            Rule::SecondOfTwo { all_positive } => {
                if let [_, base] = self.base[..] {
                    scores[1] = base + scores[0];
                }
                Class::At(usize::from(is_above(scores[1], all_positive)))
            }
            Rule::Two => {
                match self.base[..] {
                    [base] => scores[0] += base,
                    [_, base] => {
                        scores[1] = base + scores[0];
                        scores[0] = -scores[1];
                    }
                    _ => {}
                }
                Class::Truth(scores[1] > X::ZERO)
            }
            Rule::Values | Rule::OneClass | Rule::Binary { .. } => {
                self.add_base(scores);
                Class::At(0)
            }
        };
        // A score that got nothing is zero, whatever its base.
        for ((to, score), &got) in output.iter_mut().zip(scores).zip(&*got) {
            *to = if got { score.narrowed() } else { 0.0 };
        }
        self.post_transform.apply(output);
        class
    }

    fn add_base(&self, scores: &mut [X]) {
        for (score, &base) in scores.iter_mut().zip(&self.base) {
            *score += base;
        }
    }

    /// Whether all that is made of a row is its first score.
    pub(super) const fn is_of_one(&self, scores: usize) -> bool {
        scores == 1 || matches!(self.rule, Rule::Binary { .. })
    }

    /// The function of the scores.
    pub(super) const fn post_transform(&self) -> PostTransform {
        self.post_transform
    }

    /// What is made of the scores, in a few words.
    pub(super) fn describe(&self) -> String {
        let base = if self.base.is_empty() { "" } else { ", a base value added" };
        let transform = match (self.post_transform, self.rule) {
            (PostTransform::Logistic, _) => ", the logistic function of it",
            (PostTransform::None, _) | (_, Rule::Binary { .. } | Rule::Values) => "",
            (PostTransform::Softmax | PostTransform::SoftmaxZero, _) => ", the softmax of it",
        };
        format!("{base}{transform}")
    }
}

fn two_classes<X: Real>(of: &Attributes<X>) -> Result<Rule, NotTaken> {
    let Attributes { trees, weights, base, .. } = of;
    let bases = base.len();
    let adds = |score| weights.add_to(score);
    let always = |score| weights.always_add_to(trees, score);
    let all_positive = weights.are_positive(trees);
    match (adds(0), adds(1)) {
        (true, false) if bases == 2 && always(0) => Ok(Rule::FirstOfTwo { all_positive }),
        (true, false) if always(0) => Ok(Rule::Binary { all_positive }),
        (false, true) if always(1) => Ok(Rule::SecondOfTwo { all_positive }),
        (true, true) if always(0) && always(1) => Ok(Rule::Two),
        _ => Err(NotTaken::unsupported("two classes that only some leaves add to")),
    }
}

/// Probabilities are cut at one half, margins at zero.
fn is_above<X: Real>(score: X, all_positive: bool) -> bool {
    score > if all_positive { X::ONE_HALF } else { X::ZERO }
}

/// The first of the greatest scores that got anything.
fn first_greatest<X: Real>(scores: &[X], got: &[bool]) -> Class {
    let mut greatest = None;
    for (at, &score) in scores.iter().enumerate().filter(|&(at, _)| got[at]) {
        if greatest.is_none_or(|(_, other)| score > other) {
            greatest = Some((at, score));
        }
    }
    Class::At(greatest.map_or(0, |(at, _)| at))
}
