use std::fmt;

use crate::{ModelError, ModelErrorKind, fault::Fault, limits};

/// What is wrong with a LightGBM file, and with which of its trees.
#[derive(Debug)]
pub(crate) struct LightGbmFault {
    tree: Option<usize>,
    problem: Problem,
}

/// Every way in which a LightGBM file can be wrong.
#[derive(Debug)]
pub(super) enum Problem {
    Version { got: String },
    Linear,
    UnknownObjective { got: String },

    CutShort { within: &'static str },
    FewerTrees { expected: usize, got: usize },

    NotUtf8,
    Absent { key: &'static str },
    Twice { key: String },
    NotInteger { key: &'static str, got: String },
    NotNumber { key: &'static str, got: String },
    Zero { key: &'static str },
    Count { key: &'static str, expected: usize, got: usize },
    Parameter { name: &'static str },
    Classes { classes: usize, scores: usize },
    Scores { objective: &'static str, got: usize },
    NoTrees,
    PartOfAnIteration { trees: usize, scores: usize },

    Feature { node: usize, got: u32, features: usize },
    DecisionType { node: usize, got: i64 },
    NanThreshold { node: usize },
    Set { node: usize, got: f64, sets: usize },
    Boundaries { words: usize },
    Child { key: &'static str, node: usize, got: i32 },
    ReachedTwice { part: &'static str, index: usize },
    Unreached { node: usize },

    TooManyLines { limit: usize },
    TooManyFeatures { limit: usize },
    LongCategories { bytes: usize },

    CategoriesNotJson,
    MixedCategories { list: usize },
    CategoryTwice { list: usize },
    CategoryLists { lists: usize, features: usize },
    Code { feature: String, got: i64, categories: usize },
}

/// A problem and the byte of the file that it is at.
#[derive(Debug)]
pub(super) struct Wrong {
    problem: Problem,
    offset: usize,
}

impl Problem {
    pub(super) const fn at(self, offset: usize) -> Wrong {
        Wrong { problem: self, offset }
    }

    const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::Version { .. } | Self::Linear | Self::UnknownObjective { .. } => {
                ModelErrorKind::UnsupportedFormat
            }
            Self::CutShort { .. } | Self::FewerTrees { .. } => ModelErrorKind::Truncated,
            Self::TooManyLines { .. }
            | Self::TooManyFeatures { .. }
            | Self::LongCategories { .. } => ModelErrorKind::TooMany,
            Self::MixedCategories { .. } | Self::CategoryLists { .. } | Self::Code { .. } => {
                ModelErrorKind::UnsupportedSignature
            }
            _ => ModelErrorKind::Malformed,
        }
    }
}

impl Wrong {
    pub(super) fn in_tree(self, tree: usize) -> ModelError {
        self.into_error(Some(tree))
    }

    fn into_error(self, tree: Option<usize>) -> ModelError {
        let fault = LightGbmFault { tree, problem: self.problem };
        ModelError::from(Fault::LightGbm(fault)).at(self.offset)
    }
}

impl From<Wrong> for ModelError {
    fn from(wrong: Wrong) -> Self {
        wrong.into_error(None)
    }
}

impl LightGbmFault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        self.problem.kind()
    }
}

impl fmt::Display for LightGbmFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tree {
            Some(tree) => write!(f, "tree {tree}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { got } => {
                write!(f, "LightGBM's format should be v2, v3 or v4, is {got:?}")
            }
            Self::Linear => f.write_str(
                "linear trees (`is_linear=1`) are not read; train with `linear_tree=false`",
            ),
            Self::UnknownObjective { got } => write!(f, "the objective {got:?} is unknown"),
            Self::CutShort { within } => write!(f, "the file is cut short within {within}"),
            Self::FewerTrees { expected, got } => {
                write!(f, "`tree_sizes` has {expected} trees, the file {got}; is it cut short?")
            }
            Self::NotUtf8 => f.write_str("the file is not UTF-8"),
            Self::Absent { key } => write!(f, "`{key}` is missing"),
            Self::Twice { key } => write!(f, "{key:?} is there twice"),
            Self::NotInteger { key, got } => {
                write!(f, "`{key}` should hold integers of its range, holds {got:?}")
            }
            Self::NotNumber { key, got } => write!(f, "`{key}` should hold numbers, holds {got:?}"),
            Self::Zero { key } => write!(f, "`{key}` should be at least 1, is 0"),
            Self::Count { key, expected, got } => {
                write!(f, "`{key}` should have {expected} entries, has {got}")
            }
            Self::Parameter { name } => {
                write!(f, "the objective should have one `{name}` above 0")
            }
            Self::Classes { classes, scores } => {
                write!(f, "`num_class` is {classes}, `num_tree_per_iteration` {scores}")
            }
            Self::Scores { objective, got } => {
                write!(
                    f,
                    "`num_tree_per_iteration` of {got} does not fit the objective {objective}"
                )
            }
            Self::NoTrees => f.write_str("the model has no trees"),
            Self::PartOfAnIteration { trees, scores } => {
                write!(f, "{trees} trees are no whole number of iterations of {scores}")
            }
            Self::Feature { node, got, features } => {
                write!(f, "node {node} splits feature {got} of {features}")
            }
            Self::DecisionType { node, got } => {
                write!(f, "node {node} has the unknown `decision_type` {got}")
            }
            Self::NanThreshold { node } => write!(f, "the threshold of node {node} is NaN"),
            Self::Set { node, got, sets } => {
                write!(f, "node {node} splits by category set {got} of {sets}")
            }
            Self::Boundaries { words } => {
                write!(f, "`cat_boundaries` should rise from 0 to the {words} of `cat_threshold`")
            }
            Self::Child { key, node, got } => {
                write!(f, "`{key}` of node {node} is {got}, which is not in the tree")
            }
            Self::ReachedTwice { part, index } => {
                write!(f, "{part} {index} is reached twice from the root")
            }
            Self::Unreached { node } => write!(f, "node {node} is not reached from the root"),
            Self::TooManyLines { limit } => write!(f, "more than {limit} lines of keys"),
            Self::TooManyFeatures { limit } => write!(f, "more than {limit} features"),
            Self::LongCategories { bytes } => {
                let most = limits::PANDAS_BYTES;
                write!(f, "`pandas_categorical` has {bytes} bytes, at most {most} are allowed")
            }
            Self::CategoriesNotJson => {
                f.write_str("`pandas_categorical` is not a JSON list of lists, or null")
            }
            Self::MixedCategories { list } => write!(
                f,
                "the categories of list {list} of `pandas_categorical` should be all texts, all \
                 numbers or all truth values"
            ),
            Self::CategoryTwice { list } => {
                write!(f, "list {list} of `pandas_categorical` has a category twice")
            }
            Self::CategoryLists { lists, features } => write!(
                f,
                "`pandas_categorical` has {lists} lists and {features} features are categorical, \
                 so which belongs to which is unknown; train with unordered pandas categories \
                 alone, or with codes alone"
            ),
            Self::Code { feature, got, categories } => write!(
                f,
                "feature {feature:?} was trained with category {got}, and \
                 `pandas_categorical` names {categories} for it"
            ),
        }
    }
}
