//! From the scores of a row to its answer, by ONNX Runtime's rules, which are its code's rather
//! than ONNX's: `tree_ensemble_aggregator.h` and `write_scores` of `ml_common.h`.

use hotplate_model::onnx::Node as OnnxNode;

use super::{
    super::{Class, Finish, Labels},
    Attributes,
};
use crate::{
    operator::NotTaken,
    post_transform::{PostTransform, logistic},
    real::Real,
};

/// From the scores of a row to its answer.
#[derive(Debug)]
pub(crate) struct Head<X> {
    /// The number of classes or targets.
    scores: usize,
    labels: Option<Labels>,
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
        let (base, labels) = (base.clone(), labels.clone());
        Ok(Self { scores: *scores, labels, base, post_transform: *post_transform, rule })
    }

    /// The answer of the only score of a row, which is written with its companion where there are
    /// two classes.
    fn answer_one(&self, score: X, output: &mut [f32]) -> Class {
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

    /// The number of scores that make an answer.
    pub(super) const fn sums(&self) -> usize {
        if self.is_of_one() { 1 } else { self.scores }
    }

    /// The number of scores that an answer has.
    pub(crate) const fn scores(&self) -> usize {
        self.scores
    }

    /// What a classifier calls its classes.
    pub(crate) const fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// The answer of a row, of whose scores some may have got nothing. They are changed on the way.
    #[inline]
    pub(crate) fn answer(&self, scores: &mut [X], got: &mut [bool], output: &mut [f32]) -> Class {
        if self.is_of_one() {
            self.answer_one(scores[0], output)
        } else {
            self.answer_several(scores, got, output)
        }
    }

    fn answer_several(&self, scores: &mut [X], got: &mut [bool], output: &mut [f32]) -> Class {
        let class = self.add_bases(scores, got);
        // A score that got nothing is zero, whatever its base.
        for ((to, score), &got) in output.iter_mut().zip(scores).zip(&*got) {
            *to = if got { score.narrowed() } else { 0.0 };
        }
        self.post_transform.apply(output);
        class
    }

    /// Adds what several scores have beside the trees, and says which class they are of.
    fn add_bases(&self, scores: &mut [X], got: &mut [bool]) -> Class {
        match self.rule {
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
        }
    }

    fn add_base(&self, scores: &mut [X]) {
        for (score, &base) in scores.iter_mut().zip(&self.base) {
            *score += base;
        }
    }

    /// Makes the scores of a row what they are before the transform; see [`Finish::margins`].
    pub(crate) fn margins(&self, scores: &mut [X], got: &mut [bool]) {
        if self.is_of_one() {
            scores[0] += self.base.first().copied().unwrap_or(X::ZERO);
            return;
        }
        self.add_bases(scores, got);
        for (score, &got) in scores.iter_mut().zip(&*got) {
            *score = if got { *score } else { X::ZERO };
        }
    }

    /// Whether all that is made of a row is its first score.
    const fn is_of_one(&self) -> bool {
        self.scores == 1 || matches!(self.rule, Rule::Binary { .. })
    }

    /// Whether anything but their base is made of the scores.
    pub(crate) fn has_transform(&self) -> bool {
        self.post_transform != PostTransform::None
    }

    /// Whether the answers are made of margins by a function.
    pub(crate) const fn has_margins(&self) -> bool {
        !self.transform_in_words().is_empty()
    }

    /// What is made of the scores, in a few words.
    pub(crate) fn description(&self) -> String {
        let base = if self.base.is_empty() { "" } else { ", a base value added" };
        match self.transform_in_words() {
            "" => base.to_owned(),
            transform => format!("{base}, {transform}"),
        }
    }

    const fn transform_in_words(&self) -> &'static str {
        match (self.post_transform, self.rule) {
            (PostTransform::Logistic, _) => "the logistic function of it",
            (PostTransform::None, _) | (_, Rule::Binary { .. } | Rule::Values) => "",
            (PostTransform::Softmax | PostTransform::SoftmaxZero, _) => "the softmax of it",
        }
    }
}

impl Finish<f32> for Head<f32> {
    fn answers(&self) -> usize {
        self.scores
    }

    fn labels(&self) -> Option<&Labels> {
        self.labels()
    }

    fn finish(&self, scores: &mut [f32], got: &mut [bool], answer: &mut [f32]) -> Class {
        self.answer(scores, got, answer)
    }

    fn base(&self, score: usize) -> f64 {
        // One that stands alone is that of the only score, or of the first.
        self.base.get(score).copied().map_or(0.0, f64::from)
    }

    fn margins(&self, scores: &mut [f32], got: &mut [bool]) {
        self.margins(scores, got);
    }

    fn transform(&self) -> String {
        self.transform_in_words().to_owned()
    }

    fn describe(&self) -> String {
        self.description()
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
