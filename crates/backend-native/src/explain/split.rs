//! A tree as it is explained.

use super::cover;
use crate::{
    real::Real,
    trees::{Boundaries, Branch, Leaf, Node, Test, Tree},
};

/// The branches of a tree, and what a walk through them needs.
///
/// A branch that has two leaves is a *twig*; other branches are *forks*. Both are in the order of the
/// tree, so that parents come first. Leaves are numbered: first those of the twigs, two and two, then
/// those of the forks.
///
/// Forks, twigs and the leaves of forks have *slots*, in this order. The leaves of twigs have none.
#[derive(Debug)]
pub(super) struct Splits<X> {
    /// By slot, all forks and twigs.
    pub(super) splits: Vec<Split<X>>,
    pub(super) forks: usize,
    pub(super) leaves: usize,
    /// Of the tests that have several.
    boundaries: Vec<X>,
    /// The most features that are asked for on one path.
    features_on_path: usize,
}

/// A branch.
#[derive(Clone, Debug)]
pub(super) struct Split<X> {
    test: Test<X>,
    pub(super) feature: u32,
    missing_is_true: bool,
    /// The slots of the children, `on_false` first; those of twigs mean nothing.
    pub(super) children: [u32; 2],
    /// The share of the branch's rows that goes to each child.
    pub(super) shares: [f64; 2],
    /// The last branch above that asks for the same feature, and the side of it where this one is:
    /// `2 * slot + side`. Where there is none, it is the first side of a branch behind the last.
    pub(super) above: u32,
    /// The product of the shares of all branches above that ask for the same feature, each of the
    /// side where this one is.
    pub(super) share_above: f64,
}

impl<X: Real> Splits<X> {
    /// The splits of a tree by the covers of its nodes, and its leaves by their numbers.
    ///
    /// Below a branch that nothing comes through every leaf has the same share. `last_of_feature`
    /// has an entry for each feature, and keeps what it holds.
    pub(super) fn new(
        tree: &Tree<X>,
        covers: &[f64],
        last_of_feature: &mut [Option<Above>],
    ) -> (Self, Vec<Leaf<X>>) {
        let children = |at: usize| match tree.node(at) {
            Node::Branch(Branch { on_false, on_true, .. }) => Some([on_false, on_true]),
            Node::Leaf(_) => None,
        };
        let leaf = |at: u32| match tree.node(at as usize) {
            Node::Leaf(leaf) => Some(leaf),
            Node::Branch(_) => None,
        };
        let is_twig = |children: &[u32; 2]| children.iter().all(|&child| leaf(child).is_some());
        let branches = (0..tree.len()).filter_map(|at| Some((at, children(at)?)));
        let (twigs, forks): (Vec<_>, Vec<_>) =
            branches.partition(|(_, children)| is_twig(children));
        let mut slots = vec![u32::MAX; tree.len()];
        for (slot, &(at, _)) in forks.iter().chain(&twigs).enumerate() {
            slots[at] = index(slot);
        }
        let mut leaves = Vec::with_capacity(tree.leaves());
        leaves.extend(twigs.iter().flat_map(|(_, children)| children).copied().filter_map(leaf));
        let mut next = index(forks.len() + twigs.len());
        for &child in forks.iter().flat_map(|(_, children)| children) {
            if let Some(leaf) = leaf(child) {
                slots[child as usize] = next;
                leaves.push(leaf);
                next += 1;
            }
        }
        // A tree that is a leaf.
        leaves.extend((tree.len() == 1).then(|| leaf(0)).flatten());
        let mut this = Self {
            splits: Vec::with_capacity(forks.len() + twigs.len()),
            forks: forks.len(),
            leaves: leaves.len(),
            boundaries: Vec::new(),
            features_on_path: 0,
        };
        let leaf_counts = cover::leaves(tree);
        let none_above = 2 * index(forks.len() + twigs.len());
        for &(at, children) in forks.iter().chain(&twigs) {
            let covers = if covers[at] > 0.0 { covers } else { &leaf_counts };
            let shares = children.map(|child| covers[child as usize] / covers[at]);
            this.push(tree, at, children.map(|child| slots[child as usize]), shares, none_above);
        }
        this.link(last_of_feature);
        (this, leaves)
    }

    /// Takes the branch at this place of a tree.
    fn push(
        &mut self,
        tree: &Tree<X>,
        at: usize,
        children: [u32; 2],
        shares: [f64; 2],
        above: u32,
    ) {
        let Node::Branch(Branch { feature, test, missing_is_true, .. }) = tree.node(at) else {
            unreachable!("it has children");
        };
        let test = match test {
            Test::Even(set) => {
                let first = index(self.boundaries.len());
                self.boundaries.extend(tree.set(set));
                Test::Even(Boundaries { first, ..set })
            }
            at_most @ Test::AtMost(_) => at_most,
        };
        self.splits.push(Split {
            test,
            feature,
            missing_is_true,
            children,
            shares,
            above,
            share_above: 1.0,
        });
    }

    /// The number of twigs.
    pub(super) const fn twigs(&self) -> usize {
        self.splits.len() - self.forks
    }

    /// The number of slots.
    pub(super) const fn slots(&self) -> usize {
        self.splits.len() + self.leaves - 2 * self.twigs()
    }

    /// The most features that are asked for on one path.
    pub(super) const fn features_on_path(&self) -> usize {
        self.features_on_path
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

    /// What the tree says on average, when its leaves say this.
    pub(super) fn expected(&self, leaves: &[f64]) -> f64 {
        let (of_twigs, of_forks) = leaves.split_at(2 * self.twigs());
        let mut expected = vec![0.0; self.splits.len()];
        expected.extend_from_slice(of_forks);
        for (slot, split) in self.splits.iter().enumerate().rev() {
            let [on_false, on_true] = match slot.checked_sub(self.forks) {
                Some(twig) => [of_twigs[2 * twig], of_twigs[2 * twig + 1]],
                None => split.children.map(|child| expected[child as usize]),
            };
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
