use std::fmt;

use super::objective;
use crate::{ModelError, ModelErrorKind, fault::Fault};

/// Every way in which a model of XGBoost can be wrong that other formats cannot.
#[derive(Debug)]
pub(crate) enum XgBoostFault {
    /// A value is not one that the field can have.
    Value {
        what: &'static str,
        got: String,
    },
    Count {
        what: &'static str,
        expected: usize,
        got: usize,
    },
    Booster {
        name: String,
    },
    Objective {
        name: String,
    },
    VectorLeaves {
        width: usize,
        groups: usize,
    },
    Tree {
        tree: usize,
        fault: TreeFault,
    },
}

/// What is wrong with one tree.
#[derive(Debug)]
pub(crate) enum TreeFault {
    Id { id: i64 },
    NoNodes,
    Count { what: &'static str, expected: usize, got: usize },
    Child { node: usize, child: i32 },
    TwiceReached { node: usize },
    Unreached { nodes: usize, deleted: usize, reached: usize },
    Feature { feature: u32, features: usize },
    NanThreshold { node: usize },
    Leaf { node: usize, index: i32 },
    SplitType { node: usize },
    CategoryNodes,
    Categories { node: usize },
    Category { node: usize, category: i32 },
    Group { group: i32, groups: usize },
    Width { width: i64 },
}

impl XgBoostFault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::Value { .. }
            | Self::Count { .. }
            | Self::VectorLeaves { .. }
            | Self::Tree { .. } => ModelErrorKind::Malformed,
            Self::Booster { .. } | Self::Objective { .. } => ModelErrorKind::UnsupportedModel,
        }
    }
}

impl fmt::Display for XgBoostFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { what, got } => write!(f, "{what} is {got}"),
            Self::Count { what, expected, got } => {
                write!(f, "there should be {expected} {what}, there are {got}")
            }
            Self::Booster { name } if name == "gblinear" => f.write_str(
                "the booster is gblinear, a linear model, which is not read; export to ONNX, or \
                 train with booster=\"gbtree\"",
            ),
            Self::Booster { name } => {
                write!(f, "the booster is {name:?}, expected \"gbtree\" or \"dart\"")
            }
            Self::Objective { name } => {
                write!(f, "the objective {name:?} is unknown, expected one of ")?;
                objective::list(f)
            }
            Self::VectorLeaves { width, groups } => {
                write!(f, "leaves hold {width} values, the model has {groups} outputs")
            }
            Self::Tree { tree, fault } => write!(f, "tree {tree}: {fault}"),
        }
    }
}

impl fmt::Display for TreeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { id } => write!(f, "its id is {id}"),
            Self::NoNodes => f.write_str("it has no nodes"),
            Self::Count { what, expected, got } => {
                write!(f, "there should be {expected} {what}, there are {got}")
            }
            Self::Child { node, child } => {
                write!(f, "node {node} has the impossible child {child}")
            }
            Self::TwiceReached { node } => write!(f, "node {node} is reached in two ways"),
            Self::Unreached { nodes, deleted, reached } => write!(
                f,
                "of {nodes} nodes, {deleted} of them deleted, {reached} are reached from the root"
            ),
            Self::Feature { feature, features } => {
                write!(f, "a node splits by feature {feature}, the model has {features}")
            }
            Self::NanThreshold { node } => write!(f, "the threshold of node {node} is NaN"),
            Self::Leaf { node, index } => {
                write!(f, "the values of leaf {node} are those of leaf {index}, which is not there")
            }
            Self::SplitType { node } => write!(f, "the split of node {node} is of no known type"),
            Self::CategoryNodes => {
                f.write_str("the nodes with categories are not those that split by category")
            }
            Self::Categories { node } => {
                write!(f, "the categories of node {node} are not within the tree's")
            }
            Self::Category { node, category } => {
                write!(f, "node {node} splits by the impossible category {category}")
            }
            Self::Group { group, groups } => {
                write!(f, "it is of the output group {group}, there are {groups}")
            }
            Self::Width { width } => write!(f, "its leaves hold {width} values"),
        }
    }
}

impl From<XgBoostFault> for ModelError {
    fn from(fault: XgBoostFault) -> Self {
        Fault::XgBoost(fault).into()
    }
}

impl TreeFault {
    /// The same as a fault of the model whose tree this is.
    pub(crate) const fn of(self, tree: usize) -> XgBoostFault {
        XgBoostFault::Tree { tree, fault: self }
    }
}
