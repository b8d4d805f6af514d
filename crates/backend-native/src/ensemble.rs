//! Ensembles of trees: what is read from a file, and what is made of it.
//!
//! - [`onnx`]: ONNX's three operators, and what is made of the scores by ONNX Runtime's rules.
//! - [`library`]: the files of LightGBM and XGBoost, and what is made of the scores by theirs.
//! - `laid_out`: from feature vectors to scores.
//! - `traced`: which way each tree went.

mod laid_out;
pub(crate) mod library;
pub(crate) mod onnx;
mod traced;
mod weights;

use std::fmt;

use hotplate_tensor::Tensor;

pub(crate) use laid_out::{EnsembleScratch, LaidOutEnsemble};

use self::weights::Weights;
use crate::{
    explain::Explainer,
    real::Real,
    trees::{Leaf, Tree},
};

/// An ensemble of more nodes is not kept to be explained: that would be a second copy of it.
const MOST_KEPT_NODES: usize = 1 << 20;

/// An ensemble as its file says.
#[derive(Debug)]
pub(crate) struct Ensemble<X> {
    /// In the order in which they are added up.
    trees: Vec<Tree<X>>,
    /// What their leaves add.
    weights: Weights<X>,
    /// What each score begins with.
    start: Vec<X>,
    aggregate: Aggregate,
}

/// What is made of what several trees add to one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    /// The sum, divided by this.
    Average(usize),
    Min,
    Max,
}

impl<X: Real> Ensemble<X> {
    /// The ensemble, to be explained later, unless that would take much memory.
    pub(crate) fn kept(self) -> Option<Self> {
        let nodes: usize = self.trees.iter().map(Tree::len).sum();
        (nodes <= MOST_KEPT_NODES).then_some(self)
    }

    /// What explains the scores of feature vectors of so many features; see
    /// [`Explainer::new`]. `base` is what is added to each score in the end.
    ///
    /// # Errors
    ///
    /// The reason why they cannot be explained.
    pub(crate) fn explainer(
        &self,
        base: impl Fn(usize) -> f64,
        features: usize,
        background: &[X],
    ) -> Result<Explainer<X>, String> {
        let divisor = match self.aggregate {
            Aggregate::Sum => 1.0,
            Aggregate::Average(of) => f64::of_count(of),
            Aggregate::Min | Aggregate::Max => {
                return Err("the least or the greatest of trees cannot be explained".to_owned());
            }
        };
        // Of two scores that mirror each other the second tells all.
        let first = usize::from(matches!(self.weights, Weights::Mirrored));
        let base: Vec<f64> = (first..self.start.len())
            .map(|score| self.start[score].to_f64() / divisor + base(score))
            .collect();
        let addends = |tree: usize, leaf: Leaf<X>| {
            let mut addends = self.weights.of_leaf(tree, leaf);
            addends.iter_mut().for_each(|addend| addend.value /= divisor);
            addends
        };
        Explainer::new(&self.trees, addends, &base, features, background)
    }

    /// The number of features that the trees may ask for.
    pub(crate) fn features(&self) -> usize {
        self.trees.iter().map(Tree::features).max().unwrap_or(0)
    }
}

/// From the scores of a row to its answer.
pub(crate) trait Finish<X>: fmt::Debug + Send + Sync {
    /// The numbers that a row is answered with.
    fn answers(&self) -> usize;

    /// What a classifier calls its classes.
    fn labels(&self) -> Option<&Labels>;

    /// Writes the answer of a row, [`answers`](Self::answers) numbers, and says which class it is
    /// of. The scores are changed on the way; `got` says which of them got anything.
    fn finish(&self, scores: &mut [X], got: &mut [bool], answer: &mut [X]) -> Class;

    /// What is added to a score before anything else is made of it.
    fn base(&self, _score: usize) -> f64 {
        0.0
    }

    /// Makes the scores of a row what they are before the transform; `got` says which of them got
    /// anything, and is still good for [`finish`](Self::finish) afterwards.
    fn margins(&self, _scores: &mut [X], _got: &mut [bool]) {}

    /// The transform that makes an answer of margins, in a few words, or nothing.
    fn transform(&self) -> String;

    /// What is made of the scores, for a person; to follow what they are.
    fn describe(&self) -> String {
        match self.transform() {
            none if none.is_empty() => none,
            transform => format!(", {transform}"),
        }
    }
}

/// What classes are called.
#[derive(Clone, Debug)]
pub(crate) enum Labels {
    Texts(Vec<String>),
    Integers(Vec<i64>),
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
