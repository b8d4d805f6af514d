//! How a plan came to its answer for one row.

use hotplate_tensor::DType;

/// What one row went through, from its cells to its margins.
///
/// Numbers are those of the plan, whatever its precision, and exact in float64.
#[derive(Clone, Debug, PartialEq)]
pub struct RowTrace {
    /// The precision that trees compare and add in: float32 or float64.
    pub precision: DType,
    /// The feature vector that the trees read.
    pub features: Vec<TracedFeature>,
    /// The texts that were looked up for it.
    pub texts: Vec<TracedText>,
    /// The trees in the order in which they are added up; `None` where there are so many nodes that
    /// they are not kept in a form that can be walked one by one.
    pub trees: Option<Vec<TracedTree>>,
    /// How the trees make a score.
    pub aggregate: TracedAggregate,
    /// The scores that the trees add to. Of two that are each other's negation, the second alone.
    pub scores: Vec<TracedScore>,
    /// What is made of the margins, in a few words; empty where they are the answer.
    pub transform: String,
}

/// An element of the feature vector.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedFeature {
    /// The column of the schema that it is made of.
    pub column: usize,
    /// How it is made of that.
    pub source: FeatureSource,
    /// What the trees read; NaN where it is missing.
    pub value: f64,
}

/// How a feature is made of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureSource {
    /// The number as it is, or with arithmetic done to it.
    Number(Vec<TracedArithmetic>),
    /// By the category of a text.
    Text {
        /// The place of the text among [`RowTrace::texts`].
        text: usize,
        /// The only category that sets the feature, as in one-hot encoding; `None` where several
        /// do.
        category: Option<String>,
    },
}

/// A step from a number to a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracedArithmetic {
    /// What is done.
    pub operation: ArithmeticOperation,
    /// What came of it.
    pub value: f64,
}

/// What is done to a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArithmeticOperation {
    /// It is replaced `with` another if it is `replaced`, which is NaN for a missing value.
    Impute {
        /// What it is if it is.
        with: f64,
        /// What is replaced.
        replaced: f64,
        /// Whether it was.
        is_replaced: bool,
    },
    /// `(x − offset) · scale`.
    Scale {
        /// What is subtracted.
        offset: f64,
        /// What is multiplied by.
        scale: f64,
    },
}

/// A text that was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedText {
    /// The column of the schema that held it.
    pub column: usize,
    /// The text; empty where it is missing.
    pub text: String,
    /// Its place among the categories, from zero; `None` where it is none of them.
    pub category: Option<usize>,
    /// The number of categories.
    pub categories: usize,
}

/// A tree, and where it led.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedTree {
    /// The number of branches on its longest path.
    pub depth: usize,
    /// The branches on the way to the leaf, the root first.
    pub path: Vec<TracedBranch>,
    /// The leaf among the nodes of the tree, which are counted from zero at the root, level by
    /// level, the child for what a branch is false for in front of the other.
    pub leaf: usize,
    /// What the leaf adds, each with the place of the score among [`RowTrace::scores`]; the
    /// weights of an average are divided already.
    pub adds: Vec<(usize, f64)>,
}

/// A branch that a row came through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracedBranch {
    /// The feature that it asks for.
    pub feature: usize,
    /// The value of that feature; NaN where it is missing.
    pub value: f64,
    /// The boundary of the branch that the value is above, if any; none for a missing value.
    pub above: Option<f64>,
    /// The boundary of the branch that the value is at most, if any; none for a missing value.
    pub at_most: Option<f64>,
    /// Which way it went.
    pub is_true: bool,
}

/// How trees make a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracedAggregate {
    /// By their sum.
    Sum,
    /// By their average.
    Average,
    /// By the least of what they say.
    Least,
    /// By the greatest of what they say.
    Greatest,
}

/// A score before it is made a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracedScore {
    /// The place of the score among the model's classes, where scores are of classes.
    pub class: Option<usize>,
    /// What it has beside what the trees add.
    pub base: f64,
    /// What it is before the transform. It is the base and what the trees add, up to rounding,
    /// unless they make a score otherwise than by adding up.
    pub margin: f64,
}
