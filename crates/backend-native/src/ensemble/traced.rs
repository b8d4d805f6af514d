//! Which way each tree of an ensemble went, and what it added.

use hotplate_backend::{TracedAggregate, TracedTree};

use super::{Aggregate, Ensemble};
use crate::{
    explain::Addend,
    real::Real,
    trees::{Node, Tree},
};

impl<X: Real> Ensemble<X> {
    /// What each tree says of a feature vector.
    pub(crate) fn trace(&self, features: &[X]) -> Vec<TracedTree> {
        let divisor = match self.aggregate {
            Aggregate::Average(of) => f64::of_count(of),
            Aggregate::Sum | Aggregate::Min | Aggregate::Max => 1.0,
        };
        let traced = |(number, tree): (usize, &Tree<X>)| {
            let path = tree.path(features);
            let Node::Leaf(leaf) = tree.node(path.leaf) else {
                unreachable!("a path ends at a leaf")
            };
            let addends = self.weights.of_leaf(number, leaf).into_iter();
            let adds = addends.map(|Addend { score, value }| (score as usize, value / divisor));
            TracedTree {
                depth: tree.depth(),
                path: path.branches,
                leaf: path.leaf,
                adds: adds.collect(),
            }
        };
        self.trees.iter().enumerate().map(traced).collect()
    }
}

impl Aggregate {
    pub(crate) const fn traced(self) -> TracedAggregate {
        match self {
            Self::Sum => TracedAggregate::Sum,
            Self::Average(_) => TracedAggregate::Average,
            Self::Min => TracedAggregate::Least,
            Self::Max => TracedAggregate::Greatest,
        }
    }
}
