//! Slots of a bit for each level of a symmetric tree, whose branches on a level all ask the same.
//!
//! What is left in a slot is the number of the leaf itself: a bit that is left says that the test of
//! its level holds. So a tree of 64 leaves takes 8 bits of the state and not 64, and no bit is
//! searched for.

use super::{strike::Strike, table::WORD_BITS};
use crate::{
    real::Real,
    trees::{
        payload::Payload,
        tree::{Branch, Leaf, Node, Tree},
    },
};

/// The most levels: a tree of more has more leaves than are worth a table.
const MOST_LEVELS: usize = 12;

/// The most bytes that what leaves say may take.
const MOST_BYTES: usize = 16 << 20;

/// The slots of all trees, in the order of the file, low bits first.
#[derive(Debug)]
pub(super) struct Levels<V> {
    /// 8 or 16 bits.
    width: usize,
    /// The levels of the deepest tree. In a tree of fewer, the bits of the others are never struck
    /// out.
    levels: usize,
    /// `[trees, 2^levels]`, and zeros for the idle slots of the last word.
    said: Vec<V>,
    trees: usize,
}

impl<V> Levels<V> {
    /// A slot for each tree, or `None` when one is not symmetric, or too deep.
    pub(super) fn new<X: Real>(trees: &[Tree<X>]) -> Option<Self>
    where
        V: Payload<X>,
    {
        let levels = trees.iter().map(Tree::depth).max()?;
        if levels == 0 || levels > MOST_LEVELS || trees.iter().any(|tree| !is_symmetric(tree)) {
            return None;
        }
        let width = if levels <= 8 { 8 } else { 16 };
        let slots = trees.len().next_multiple_of(WORD_BITS / width);
        if slots << levels > MOST_BYTES / size_of::<V>() {
            return None;
        }
        let mut said = vec![V::default(); slots << levels];
        for (tree, said) in trees.iter().zip(said.chunks_exact_mut(1 << levels)) {
            // The bits above those of its own levels are ones.
            let leaves = &mut said[(1 << levels) - (1 << tree.depth())..];
            for (to, leaf) in leaves.iter_mut().zip(last_level(tree)) {
                *to = V::of(leaf);
            }
        }
        Some(Self { width, levels, said, trees: trees.len() })
    }

    /// What each level strikes out when its test does not hold: its bit.
    pub(super) fn strikes<'t, X: Real>(&self, trees: &'t [Tree<X>]) -> Vec<Strike<'t, X>> {
        let mut strikes = Vec::with_capacity(trees.iter().map(Tree::depth).sum());
        for (slot, tree) in trees.iter().enumerate() {
            let first_bit = slot * self.width;
            let word = u32::try_from(first_bit / WORD_BITS).unwrap_or(u32::MAX);
            for (level, branch) in levels(tree).enumerate() {
                let bit = first_bit % WORD_BITS + tree.depth() - 1 - level;
                strikes.push(Strike::of(tree, branch, word, !(1 << bit)));
            }
        }
        strikes
    }

    /// The words that the slots take.
    pub(super) const fn words(&self) -> usize {
        self.trees.div_ceil(WORD_BITS / self.width)
    }

    /// The levels of the deepest tree.
    pub(super) const fn levels(&self) -> usize {
        self.levels
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.said[..])
    }
}

impl<V: Copy> Levels<V> {
    /// Writes what the leaf of each tree says, by tree.
    pub(super) fn visit(&self, state: &[u64], said: &mut [V]) {
        let mask = (1 << self.levels) - 1;
        let a_word = WORD_BITS / self.width;
        for (tree, to) in said[..self.trees].iter_mut().enumerate() {
            let word = state[tree / a_word] >> (tree % a_word * self.width);
            *to = self.said[tree << self.levels | bits(word) & mask];
        }
    }
}

impl<X: Real> Levels<X> {
    /// For each of some rows, the sum of what the leaves of all trees say, tree by tree in the order
    /// of the file. The additions of one row wait for each other, those of several rows do not.
    #[inline]
    pub(super) fn sums<const ROWS: usize>(&self, states: [&[u64]; ROWS]) -> [X; ROWS] {
        match self.width {
            8 => self.sums_of_width::<8, ROWS>(states),
            _ => self.sums_of_width::<16, ROWS>(states),
        }
    }

    #[inline]
    fn sums_of_width<const WIDTH: usize, const ROWS: usize>(
        &self,
        states: [&[u64]; ROWS],
    ) -> [X; ROWS] {
        let states = states.map(|state| &state[..self.words()]);
        let mut sums = [X::ZERO; ROWS];
        let words = self.said.chunks_exact((WORD_BITS / WIDTH) << self.levels);
        for (at, word_said) in words.enumerate() {
            let words = states.map(|state| state[at]);
            let trees = word_said.chunks_exact(1 << self.levels);
            for (first_bit, said) in (0..WORD_BITS).step_by(WIDTH).zip(trees) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    // An idle slot adds zero, and the sum is never the minus zero that this changes.
                    *sum += said[bits(word >> first_bit) & (said.len() - 1)];
                }
            }
        }
        sums
    }
}

/// The low bits of a word as an index; the high ones are not asked for.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the bits that are lost are masked away")]
const fn bits(word: u64) -> usize {
    word as usize
}

/// Whether all branches of a level ask the same, and all leaves are on the last one.
fn is_symmetric<X: Real>(tree: &Tree<X>) -> bool {
    let whole = tree.depth() < usize::BITS as usize - 1 && tree.len() == (2 << tree.depth()) - 1;
    whole && !tree.has_sets() && {
        let alike = |one: &Branch<X>, other: &Branch<X>| {
            (one.feature, one.test, one.missing_is_true)
                == (other.feature, other.test, other.missing_is_true)
        };
        (0..tree.depth()).all(|level| {
            let of_level = (1 << level) - 1..(2 << level) - 1;
            let mut branches = of_level.map(|at| match tree.node(at) {
                Node::Branch(branch) => Some(branch),
                Node::Leaf(_) => None,
            });
            let Some(Some(first)) = branches.next() else { return false };
            branches.all(|branch| branch.is_some_and(|branch| alike(&first, &branch)))
        })
    }
}

/// A branch of each level, from the root on.
fn levels<X: Real>(tree: &Tree<X>) -> impl Iterator<Item = Branch<X>> + '_ {
    (0..tree.depth()).map(|level| match tree.node((1 << level) - 1) {
        Node::Branch(branch) => branch,
        Node::Leaf(_) => unreachable!("leaves are on the last level"),
    })
}

/// The leaves of a symmetric tree: which tests hold is their number, the root's the highest bit.
fn last_level<X: Real>(tree: &Tree<X>) -> impl Iterator<Item = Leaf<X>> + '_ {
    tree.nodes().filter_map(|node| match node {
        Node::Leaf(leaf) => Some(leaf),
        Node::Branch(_) => None,
    })
}
