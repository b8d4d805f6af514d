//! Slots of a bit for each leaf of a tree: where they lie in the state, and what the leaves say.

use std::ops::Range;

use super::{strike::Strike, table::WORD_BITS};
use crate::{
    real::Real,
    trees::{payload::Payload, tree::Tree},
};

/// The slots of all trees.
#[derive(Debug)]
pub(super) struct Slots<V> {
    groups: Vec<Group>,
    /// By tree, its slot.
    places: Vec<Place>,
    /// What the leaf of each bit of each word says; the default where no leaf is.
    said: Vec<[V; WORD_BITS]>,
    leaves: usize,
}

/// The words whose slots have one width; their trees are in the order of the file.
#[derive(Debug)]
struct Group {
    /// 8, 16, 32 or 64 bits.
    width: usize,
    words: Range<usize>,
}

/// A tree's bits.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    word: u32,
    /// Ones where the tree's leaves are.
    lane: u64,
}

impl<V> Slots<V> {
    /// A slot for each tree, or `None` when one has more leaves than a word has bits.
    pub(super) fn new<X: Real>(trees: &[Tree<X>]) -> Option<Self>
    where
        V: Payload<X>,
    {
        let widths = trees
            .iter()
            .map(|tree| tree.leaves().next_power_of_two().max(8))
            .map(|width| (width <= WORD_BITS).then_some(width))
            .collect::<Option<Vec<usize>>>()?;
        let leaves = trees.iter().map(Tree::leaves).sum();
        let places = vec![Place::default(); trees.len()];
        let mut slots = Self { groups: Vec::new(), places, said: Vec::new(), leaves };
        for width in [8, 16, 32, 64] {
            let members = (0..trees.len()).filter(|&tree| widths[tree] == width);
            slots.push_group(width, members, trees)?;
        }
        Some(slots)
    }

    fn push_group<X: Real>(
        &mut self,
        width: usize,
        members: impl Iterator<Item = usize>,
        trees: &[Tree<X>],
    ) -> Option<()>
    where
        V: Payload<X>,
    {
        let first_word = self.said.len();
        let mut group = Group { width, words: first_word..first_word };
        for (slot, tree) in members.enumerate() {
            let bit = first_word * WORD_BITS + slot * width;
            if bit.is_multiple_of(WORD_BITS) {
                self.said.push([V::default(); WORD_BITS]);
            }
            let word = &mut self.said[bit / WORD_BITS][bit % WORD_BITS..];
            for (said, leaf) in word.iter_mut().zip(trees[tree].leaves_in_order()) {
                *said = V::of(leaf);
            }
            let word = u32::try_from(bit / WORD_BITS).ok()?;
            let lane = lane_of(width) << (bit % WORD_BITS);
            self.places[tree] = Place { word, lane };
        }
        group.words.end = self.said.len();
        if !group.words.is_empty() {
            self.groups.push(group);
        }
        Some(())
    }

    /// What each branch strikes out when it is false: the leaves on its true side.
    pub(super) fn strikes<'t, X: Real>(&self, trees: &'t [Tree<X>]) -> Vec<Strike<'t, X>> {
        let branches = trees.iter().map(|tree| tree.leaves() - 1).sum();
        let mut strikes = Vec::with_capacity(branches);
        for (tree, place) in trees.iter().zip(&self.places) {
            let first_bit = place.lane.trailing_zeros() as usize;
            let ranges = tree.leaf_ranges();
            for branch in tree.branches() {
                let struck = ranges[branch.on_true as usize].clone();
                let ones = u64::MAX >> (WORD_BITS - struck.len());
                let mask = !(ones << (first_bit + struck.start));
                strikes.push(Strike::of(tree, branch, place.word, mask));
            }
        }
        strikes
    }

    /// Whether all slots have one width, and so are in the order of the file.
    pub(super) const fn are_of_one_width(&self) -> bool {
        self.groups.len() == 1
    }

    /// The leaves of all trees.
    pub(super) const fn leaves(&self) -> usize {
        self.leaves
    }

    /// The words that the slots take.
    pub(super) const fn words(&self) -> usize {
        self.said.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.said[..]) + size_of_val(&self.places[..])
    }
}

impl<V: Copy> Slots<V> {
    /// Writes what the leaf says that is the lowest left in each slot, by tree.
    pub(super) fn visit(&self, state: &[u64], said: &mut [V]) {
        let state = &state[..self.said.len()];
        for (place, to) in self.places.iter().zip(said) {
            let word = place.word as usize;
            *to = lowest(state[word] & place.lane, &self.said[word]);
        }
    }
}

impl<X: Real> Slots<X> {
    /// Adds to the sum of each of some rows what the leaves say that are the lowest left in each
    /// slot, tree by tree in the order of the file. The additions of one row wait for each other, those
    /// of several rows do not.
    #[inline(always)]
    pub(super) fn add_to<const ROWS: usize>(&self, sums: &mut [X; ROWS], states: [&[u64]; ROWS]) {
        let states = states.map(|state| &state[..self.said.len()]);
        if let [group] = &self.groups[..] {
            return match group.width {
                8 => self.add_width::<8, ROWS>(sums, states),
                16 => self.add_width::<16, ROWS>(sums, states),
                32 => self.add_width::<32, ROWS>(sums, states),
                _ => self.add_width::<64, ROWS>(sums, states),
            };
        }
        for place in &self.places {
            let word = place.word as usize;
            for (sum, state) in sums.iter_mut().zip(states) {
                *sum += lowest(state[word] & place.lane, &self.said[word]);
            }
        }
    }

    /// As [`add_to`](Self::add_to), where all slots have this width and so are in the file's order.
    #[inline(always)]
    fn add_width<const WIDTH: usize, const ROWS: usize>(
        &self,
        sums: &mut [X; ROWS],
        states: [&[u64]; ROWS],
    ) {
        let lane = lane_of(WIDTH);
        for (at, said) in self.said.iter().enumerate() {
            let words = states.map(|state| state[at]);
            for first in (0..WORD_BITS).step_by(WIDTH) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    // An idle slot adds zero, which changes no sum but minus zero.
                    *sum += lowest(word & lane << first, said);
                }
            }
        }
    }
}

/// Ones for the bits of the first slot of this width.
const fn lane_of(width: usize) -> u64 {
    u64::MAX >> (WORD_BITS - width)
}

/// What the leaf of the lowest of these bits says. A slot never loses all its leaves, so there is
/// one.
#[inline(always)]
fn lowest<V: Copy>(left: u64, said: &[V; WORD_BITS]) -> V {
    said[left.trailing_zeros() as usize % WORD_BITS]
}
