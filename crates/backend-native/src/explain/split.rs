//! A tree as it is explained.

use super::{cover, output::Output};
use crate::{
    real::Real,
    trees::{Boundaries, Branch, Leaf, Node, Test, Tree},
};

/// The branches of a tree, level by level, and what a walk through them needs.
///
/// Branches and leaves have a *slot* each: first all branches, then all leaves.
#[derive(Debug)]
pub(super) struct Splits<X> {
    pub(super) splits: Vec<Split<X>>,
    /// Of the tests that have several.
    boundaries: Vec<X>,
    pub(super) leaves: usize,
    /// The most features that are asked for on one path.
    pub(super) features_on_path: usize,
}

/// A branch.
#[derive(Clone, Debug)]
pub(super) struct Split<X> {
    test: Test<X>,
    pub(super) feature: u32,
    missing_is_true: bool,
    /// The slots of the children, `on_false` first.
    pub(super) children: [u32; 2],
    /// The share of the branch's rows that goes to each child.
    pub(super) shares: [f64; 2],
    /// The last branch above that asks for the same feature, and the side of it where this one is:
    /// `2 * branch + side`. Where there is none, it is the first side
    /// of a branch behind the last.
    pub(super) above: u32,
    /// The product of the shares of all branches above that ask for the same feature, each of the
    /// side where this one is.
    pub(super) share_above: f64,
}

impl<X: Real> Splits<X> {
    /// The splits of a tree by the covers of its nodes, and its leaves in the order of their
    /// slots.
    ///
    /// Below a branch that nothing comes through every leaf has the same share. `last_of_feature`
    /// has an entry for each feature, and keeps what it holds.
    pub(super) fn new(
        tree: &Tree<X>,
        covers: &[f64],
        last_of_feature: &mut [Option<Above>],
    ) -> (Self, Vec<Leaf<X>>) {
        let mut slots = Vec::with_capacity(tree.len());
        let branches = index(tree.branches().count());
        let (mut next_branch, mut next_leaf) = (0, branches);
        for node in tree.nodes() {
            let next = match node {
                Node::Branch(_) => &mut next_branch,
                Node::Leaf(_) => &mut next_leaf,
            };
            slots.push(*next);
            *next += 1;
        }
        let leaf_counts = cover::leaves(tree);
        let share = |of: u32, at: usize| {
            let covers = if covers[at] > 0.0 { covers } else { &leaf_counts };
            covers[of as usize] / covers[at]
        };
        let mut this = Self {
            splits: Vec::with_capacity(branches as usize),
            boundaries: Vec::new(),
            leaves: tree.leaves(),
            features_on_path: 0,
        };
        let mut leaves = Vec::with_capacity(this.leaves);
        for (at, node) in tree.nodes().enumerate() {
            let branch = match node {
                Node::Branch(branch) => branch,
                Node::Leaf(leaf) => {
                    leaves.push(leaf);
                    continue;
                }
            };
            let Branch { feature, test, missing_is_true, on_true, on_false } = branch;
            let test = match test {
                Test::Even(set) => {
                    let first = index(this.boundaries.len());
                    this.boundaries.extend(tree.set(set));
                    Test::Even(Boundaries { first, ..set })
                }
                at_most @ Test::AtMost(_) => at_most,
            };
            this.splits.push(Split {
                test,
                feature,
                missing_is_true,
                children: [slots[on_false as usize], slots[on_true as usize]],
                shares: [share(on_false, at), share(on_true, at)],
                above: 2 * branches,
                share_above: 1.0,
            });
        }
        this.link(last_of_feature);
        (this, leaves)
    }

    /// Finds for each branch those above it that ask for the same feature.
    fn link(&mut self, last_of_feature: &mut [Option<Above>]) {
        /// What is next on a way through the tree that visits each branch from both its sides.
        enum Visit {
            /// A slot, and the number of different features above it.
            Enter(u32, usize),
            /// The side of a branch is left for the other: its feature's entry is this now.
            Set(u32, Option<Above>),
        }
        let mut visits = vec![Visit::Enter(0, 0)];
        while let Some(visit) = visits.pop() {
            let (slot, features) = match visit {
                Visit::Enter(slot, features) => (slot, features),
                Visit::Set(feature, above) => {
                    last_of_feature[feature as usize] = above;
                    continue;
                }
            };
            self.features_on_path = self.features_on_path.max(features);
            let Some(split) = self.splits.get_mut(slot as usize) else { continue };
            let above = last_of_feature[split.feature as usize];
            let features = features + usize::from(above.is_none());
            if let Some(Above { side, share }) = above {
                (split.above, split.share_above) = (side, share);
            }
            visits.push(Visit::Set(split.feature, above));
            for side in [0, 1] {
                let share = split.share_above * split.shares[side as usize];
                visits.push(Visit::Enter(split.children[side as usize], features));
                visits
                    .push(Visit::Set(split.feature, Some(Above { side: 2 * slot + side, share })));
            }
        }
    }

    /// The side of a branch that a feature vector goes to.
    #[inline(always)]
    pub(super) fn side(&self, split: &Split<X>, features: &[X]) -> usize {
        let x = features[split.feature as usize];
        let set = |Boundaries { first, len }| &self.boundaries[first as usize..][..len as usize];
        usize::from(goes_true(split.test, split.missing_is_true, x, set))
    }

    /// What an output of the tree is on average.
    pub(super) fn expected(&self, output: &Output) -> f64 {
        let branches = self.splits.len();
        let mut expected = vec![0.0; branches + self.leaves];
        output.store(&mut expected[branches..], |value, leaf| *leaf = value);
        for (slot, split) in self.splits.iter().enumerate().rev() {
            let [on_false, on_true] = split.children.map(|child| expected[child as usize]);
            expected[slot] = split.shares[0] * on_false + split.shares[1] * on_true;
        }
        expected[0]
    }
}

/// The side of a branch, as in [`Split::above`], and the product of the shares up to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above {
    side: u32,
    share: f64,
}

/// Whether a branch goes to its true side. `set` gives the boundaries of a test.
#[inline(always)]
pub(super) fn goes_true<'a, X: Real>(
    test: Test<X>,
    missing_is_true: bool,
    x: X,
    set: impl Fn(Boundaries) -> &'a [X],
) -> bool {
    match test {
        Test::AtMost(threshold) => (x <= threshold) | (x.is_nan() & missing_is_true),
        Test::Even(_) if x.is_nan() => missing_is_true,
        Test::Even(boundaries) => set(boundaries).partition_point(|&number| number < x) % 2 == 0,
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or_else(|_| unreachable!("a tree has no more nodes than that"))
}
