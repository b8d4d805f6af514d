//! Trees as they are explained.

use super::{
    compare::{Comparer, Comparison},
    cover,
};
use crate::{
    real::Real,
    trees::{Branch, Leaf, Node, Tree},
};

/// The branches of some trees, and what a walk through them needs.
///
/// A branch that has two leaves is a *twig*; other branches are *forks*. Both are in the order of
/// levels, so that parents come first, and all forks stand in front of all twigs.
///
/// Roots have the first *slots*. Behind them, at an even place, each fork has a pair of slots for its
/// children. Leaves of twigs have none.
///
/// Leaves are numbered: first those of the twigs, two and two, then those of the forks.
#[derive(Debug)]
pub(super) struct Splits<X> {
    /// What each branch asks.
    pub(super) comparisons: Vec<Comparison<X>>,
    pub(super) splits: Vec<Split>,
    trees: usize,
    /// The first slot that is no root's.
    pub(super) first_pair: usize,
    pub(super) forks: usize,
    /// The branches that ask for a feature which one above asks for, parents first.
    pub(super) repeats: Vec<Repeat>,
    /// The slots of the leaves of forks.
    pub(super) leaf_slots: Vec<u32>,
}

/// A branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// `o - z`, where the row goes to the false side, and where it does not.
    pub(super) beyond: [f64; 2],
    pub(super) slot: u32,
    /// One more than its place among the repeats, or zero.
    pub(super) pull: u32,
}

/// What a branch needs to know whose feature is asked for above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    /// The product of the shares of all branches above that ask for the same feature, each of the
    /// side where this one is.
    pub(super) share: f64,
    /// The last of those, and the side of it where this one is: `2 * branch + side`.
    above: u32,
    /// What that branch's [`Split::pull`] is.
    pub(super) pull: u32,
}

impl Split {
    /// The share of the rows that goes to the false side.
    pub(super) const fn share(&self) -> f64 {
        -self.beyond[1]
    }
}

impl Repeat {
    /// The last branch above that asks for the same feature.
    pub(super) const fn branch(&self) -> usize {
        self.above as usize / 2
    }

    /// Whether this branch is on the true side of that one.
    pub(super) const fn is_below_true(&self) -> bool {
        self.above % 2 == 1
    }
}

impl<X: Real> Splits<X> {
    /// The splits of trees by the covers of their nodes, and their leaves by their numbers, each
    /// with the place of its tree.
    ///
    /// A branch's rows are those that its children have, and below a branch that has none every leaf
    /// has the same share. No tree is a leaf. `last_of_feature` has an entry for each feature, and
    /// keeps what it holds.
    pub(super) fn new(
        trees: &[(&Tree<X>, Vec<f64>)],
        comparer: &mut Comparer<X>,
        last_of_feature: &mut [Option<Repeat>],
    ) -> (Self, Vec<(usize, Leaf<X>)>) {
        let mut branches: Vec<_> =
            (0..).zip(trees).flat_map(|(nth, (tree, _))| grown(nth, tree)).collect();
        // Level by level, so that there is always much that need not wait for what was just done.
        branches.sort_by_key(|branch| branch.level);
        let (twigs, forks): (Vec<_>, Vec<_>) = branches.into_iter().partition(Grown::is_twig);
        let mut slots: Vec<_> = trees.iter().map(|(tree, _)| vec![0; tree.len()]).collect();
        for (slot, slots) in (0..).zip(&mut slots) {
            slots[0] = slot;
        }
        let first_pair = trees.len().next_multiple_of(2);
        let mut leaves = Vec::new();
        for Grown { tree, leaves: [on_false, on_true], .. } in &twigs {
            leaves.extend([on_false, on_true].into_iter().flatten().map(|&leaf| (*tree, leaf)));
        }
        let mut leaf_slots = Vec::new();
        for (pair, fork) in (0..).zip(&forks) {
            for (side, leaf) in [0, 1].into_iter().zip(fork.leaves) {
                let slot = index(first_pair + 2 * pair + side);
                slots[fork.tree][fork.children()[side] as usize] = slot;
                if let Some(leaf) = leaf {
                    leaf_slots.push(slot);
                    leaves.push((fork.tree, leaf));
                }
            }
        }
        let leaf_counts: Vec<_> = trees.iter().map(|(tree, _)| cover::leaves(tree)).collect();
        let branches = || forks.iter().chain(&twigs);
        let split = |grown: &Grown<X>| {
            let covers_of = |covers: &[f64]| grown.children().map(|child| covers[child as usize]);
            let covers = covers_of(&trees[grown.tree].1);
            let has_cover = covers[0] + covers[1] > 0.0;
            let covers = if has_cover { covers } else { covers_of(&leaf_counts[grown.tree]) };
            let [on_false, on_true] = covers.map(|cover| cover / (covers[0] + covers[1]));
            Split {
                beyond: [on_true, -on_false],
                slot: slots[grown.tree][grown.at as usize],
                pull: 0,
            }
        };
        let comparison = |grown: &Grown<X>| comparer.comparison(trees[grown.tree].0, &grown.branch);
        let mut this = Self {
            comparisons: branches().map(comparison).collect(),
            splits: branches().map(split).collect(),
            trees: trees.len(),
            first_pair,
            forks: forks.len(),
            repeats: Vec::new(),
            leaf_slots,
        };
        this.link(last_of_feature);
        (this, leaves)
    }

    /// The number of twigs.
    pub(super) const fn twigs(&self) -> usize {
        self.splits.len() - self.forks
    }

    /// The number of leaves.
    pub(super) const fn leaves(&self) -> usize {
        self.splits.len() + self.trees
    }

    /// The number of slots.
    pub(super) const fn slots(&self) -> usize {
        self.first_pair + 2 * self.forks
    }

    /// Finds the branches that repeat a feature.
    fn link(&mut self, last_of_feature: &mut [Option<Repeat>]) {
        /// What is next on a way through the trees that visits each branch from both its sides.
        enum Visit {
            Enter(u32),
            /// The side of a branch is left for the other: its feature's entry is this now.
            Set(u32, Option<Repeat>),
        }
        let mut branches = vec![None; self.slots()];
        for (branch, split) in (0..).zip(&self.splits) {
            branches[split.slot as usize] = Some(branch);
        }
        let mut visits: Vec<_> =
            branches[..self.trees].iter().flatten().copied().map(Visit::Enter).collect();
        while let Some(visit) = visits.pop() {
            let branch = match visit {
                Visit::Enter(branch) => branch,
                Visit::Set(feature, above) => {
                    last_of_feature[feature as usize] = above;
                    continue;
                }
            };
            let split = &mut self.splits[branch as usize];
            let feature = self.comparisons[branch as usize].feature;
            let above = last_of_feature[feature as usize];
            if let Some(repeat) = above {
                self.repeats.push(repeat);
                split.pull = index(self.repeats.len());
            }
            visits.push(Visit::Set(feature, above));
            let share_above = above.map_or(1.0, |above| above.share);
            let is_fork = (branch as usize) < self.forks;
            for (side, share) in [(0_u32, split.share()), (1, split.beyond[0])] {
                let slot = self.first_pair + (2 * branch + side) as usize;
                let child = if is_fork { branches[slot] } else { None };
                visits.extend(child.map(Visit::Enter));
                let share = share_above * share;
                let below = Repeat { share, above: 2 * branch + side, pull: split.pull };
                visits.push(Visit::Set(feature, Some(below)));
            }
        }
    }

    /// What the trees say together on average, when their leaves say this.
    pub(super) fn expected(&self, leaves: &[f64]) -> f64 {
        let (of_twigs, of_forks) = leaves.split_at(2 * self.twigs());
        let mut expected = vec![0.0; self.slots()];
        for (&slot, &leaf) in self.leaf_slots.iter().zip(of_forks) {
            expected[slot as usize] = leaf;
        }
        for (branch, split) in self.splits.iter().enumerate().rev() {
            let [on_false, on_true] = match branch.checked_sub(self.forks) {
                Some(twig) => [of_twigs[2 * twig], of_twigs[2 * twig + 1]],
                None => [0, 1].map(|side| expected[self.first_pair + 2 * branch + side]),
            };
            expected[split.slot as usize] = split.share() * on_false + split.beyond[0] * on_true;
        }
        expected[..self.trees].iter().sum()
    }
}

/// A branch where it grew.
struct Grown<X> {
    /// The place of its tree.
    tree: usize,
    /// Its own place.
    at: u32,
    level: u32,
    branch: Branch<X>,
    /// Those of its children that are leaves.
    leaves: [Option<Leaf<X>>; 2],
}

impl<X> Grown<X> {
    fn is_twig(&self) -> bool {
        self.leaves.iter().all(Option::is_some)
    }

    const fn children(&self) -> [u32; 2] {
        [self.branch.on_false, self.branch.on_true]
    }
}

/// The branches of the tree at a place.
fn grown<X: Real>(place: usize, tree: &Tree<X>) -> Vec<Grown<X>> {
    let mut levels = vec![0; tree.len()];
    let mut all = Vec::new();
    for (at, node) in (0..).zip(tree.nodes()) {
        let Node::Branch(branch) = node else { continue };
        let level = levels[at as usize];
        let leaves = [branch.on_false, branch.on_true].map(|child| {
            levels[child as usize] = level + 1;
            match tree.node(child as usize) {
                Node::Leaf(leaf) => Some(leaf),
                Node::Branch(_) => None,
            }
        });
        all.push(Grown { tree: place, at, level, branch, leaves });
    }
    all
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or_else(|_| unreachable!("trees have no more nodes than that"))
}
