//! What the leaves of an ensemble add to its scores.

use crate::{
    explain::Addend,
    real::Real,
    trees::{Leaf, Node, Tree},
};

/// What a leaf adds to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weight<X> {
    pub(crate) score: u32,
    pub(crate) value: X,
}

/// What all leaves add.
#[derive(Debug)]
pub(super) enum Weights<X> {
    /// Each its [value](Leaf::value), to the score of its tree.
    ByTree { score_of_tree: Vec<u32> },
    /// Each its [value](Leaf::value) to the second of two scores, and its negation to the first, as
    /// CatBoost's exporter writes two classes. So the sums are each other's negation too: rounding
    /// has no side.
    Mirrored,
    /// Each one number to every score: `values[id·scores..]` are those of leaf `id`.
    Dense { values: Vec<X>, scores: usize },
    /// Each any number.
    ByLeaf(LeafWeights<X>),
}

/// The weights of leaves by their [ids](Leaf::id).
#[derive(Clone, Debug)]
pub(super) struct LeafWeights<X> {
    /// The weights of leaf `id` are those from `starts[id]` to `starts[id + 1]`.
    starts: Vec<u32>,
    weights: Vec<Weight<X>>,
}

impl<X: Real> LeafWeights<X> {
    /// Puts the weights of leaves, each with the id of its leaf, which is below `ids`, in order.
    pub(super) fn new(mut weights: Vec<(u32, Weight<X>)>, ids: u32) -> Self {
        // Stable: the order of the weights of one leaf is that in which they are added.
        if !weights.is_sorted_by_key(|&(id, _)| id) {
            weights.sort_by_key(|&(id, _)| id);
        }
        let mut starts = Vec::with_capacity(ids as usize + 1);
        let mut rest = (0_u32..).zip(&weights).peekable();
        for id in 0..=ids {
            while rest.next_if(|(_, (leaf, _))| *leaf < id).is_some() {}
            let at = rest.peek().map(|&(at, _)| at);
            starts.push(at.unwrap_or_else(|| u32::try_from(weights.len()).unwrap_or(u32::MAX)));
        }
        Self { starts, weights: weights.into_iter().map(|(_, weight)| weight).collect() }
    }

    /// What a leaf adds, in the order in which it does.
    #[inline]
    pub(super) fn of(&self, id: u32) -> &[Weight<X>] {
        let at = id as usize;
        &self.weights[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// What a leaf adds where it adds one number, or one and its negation; else zero.
    pub(super) fn value_of(&self, id: u32) -> X {
        match self.of(id) {
            [weight] => weight.value,
            weights => mirrored(weights).unwrap_or(X::ZERO),
        }
    }
}

impl<X: Real> Weights<X> {
    /// The weights of these trees, which add to so many scores, in the shortest form.
    pub(super) fn of(trees: &[Tree<X>], weights: LeafWeights<X>, scores: usize) -> Self {
        let score = |tree: &Tree<X>| {
            let mut scores = leaves(tree).map(|leaf| match weights.of(leaf.id) {
                [weight] => Some(weight.score),
                _ => None,
            });
            let first = scores.next()??;
            scores.all(|score| score == Some(first)).then_some(first)
        };
        if let Some(score_of_tree) = trees.iter().map(score).collect() {
            return Self::ByTree { score_of_tree };
        }
        let all = |test: &dyn Fn(&[Weight<X>]) -> bool| {
            trees.iter().flat_map(leaves).all(|leaf| test(weights.of(leaf.id)))
        };
        if scores == 2 && all(&|weights| mirrored(weights).is_some()) {
            return Self::Mirrored;
        }
        let is_dense = |weights: &[Weight<X>]| {
            weights.len() == scores && weights.iter().zip(0..).all(|(w, score)| w.score == score)
        };
        if all(&is_dense) {
            return Self::Dense { values: weights.dense(scores), scores };
        }
        Self::ByLeaf(weights)
    }

    /// All that a leaf of a tree adds; of two scores that mirror each other only what the second
    /// gets, as the only one.
    pub(super) fn of_leaf(&self, tree: usize, leaf: Leaf<X>) -> Vec<Addend> {
        let one = |score, value: X| Addend { score, value: value.to_f64() };
        match self {
            Self::ByTree { score_of_tree } => vec![one(score_of_tree[tree], leaf.value)],
            Self::Mirrored => vec![one(0, leaf.value)],
            Self::Dense { values, scores } => {
                let own = &values[leaf.id as usize * scores..][..*scores];
                (0..).zip(own).map(|(score, &value)| one(score, value)).collect()
            }
            Self::ByLeaf(weights) => {
                weights.of(leaf.id).iter().map(|weight| one(weight.score, weight.value)).collect()
            }
        }
    }

    /// Whether every leaf adds one number, no more and no less.
    pub(super) fn has_one_a_leaf(&self, trees: &[Tree<X>]) -> bool {
        match self {
            Self::ByTree { .. } => true,
            // One score alone is never dense, but a number to its tree's.
            Self::Mirrored | Self::Dense { .. } => false,
            Self::ByLeaf(weights) => {
                trees.iter().flat_map(leaves).all(|leaf| weights.of(leaf.id).len() == 1)
            }
        }
    }

    /// Whether there is a leaf that adds to this score.
    pub(super) fn add_to(&self, score: u32) -> bool {
        match self {
            Self::ByTree { score_of_tree } => score_of_tree.contains(&score),
            Self::Mirrored | Self::Dense { .. } => true,
            Self::ByLeaf(weights) => weights.weights.iter().any(|weight| weight.score == score),
        }
    }

    /// Whether there is a tree of which every leaf adds to this score.
    pub(super) fn always_add_to(&self, trees: &[Tree<X>], score: u32) -> bool {
        match self {
            Self::ByTree { score_of_tree } => score_of_tree.contains(&score),
            Self::Mirrored | Self::Dense { .. } => !trees.is_empty(),
            Self::ByLeaf(weights) => {
                let adds = |leaf: Leaf<X>| weights.of(leaf.id).iter().any(|w| w.score == score);
                trees.iter().any(|tree| leaves(tree).all(adds))
            }
        }
    }

    /// Whether no leaf adds less than zero.
    pub(super) fn are_positive(&self, trees: &[Tree<X>]) -> bool {
        match self {
            Self::ByTree { .. } => !trees.iter().flat_map(leaves).any(|leaf| leaf.value < X::ZERO),
            Self::Mirrored => trees.iter().flat_map(leaves).all(|leaf| leaf.value == X::ZERO),
            Self::Dense { values, .. } => !values.iter().any(|&value| value < X::ZERO),
            Self::ByLeaf(weights) => !weights.weights.iter().any(|w| w.value < X::ZERO),
        }
    }
}

impl<X: Real> LeafWeights<X> {
    /// The values of all leaves, each with one for every score.
    fn dense(&self, scores: usize) -> Vec<X> {
        let ids = self.starts.len() - 1;
        let mut values = vec![X::ZERO; ids * scores];
        for (id, values) in (0..).zip(values.chunks_exact_mut(scores)) {
            for (value, weight) in values.iter_mut().zip(self.of(id)) {
                *value = weight.value;
            }
        }
        values
    }
}

/// What two weights add to the second of two scores, where they add the negation to the first.
fn mirrored<X: Real>(weights: &[Weight<X>]) -> Option<X> {
    let (first, second) = match weights {
        [a, b] if (a.score, b.score) == (0, 1) => (a.value, b.value),
        [a, b] if (a.score, b.score) == (1, 0) => (b.value, a.value),
        _ => return None,
    };
    (first == -second).then_some(second)
}

fn leaves<X: Real>(tree: &Tree<X>) -> impl Iterator<Item = Leaf<X>> + '_ {
    tree.nodes().filter_map(|node| match node {
        Node::Leaf(leaf) => Some(leaf),
        Node::Branch(_) => None,
    })
}
