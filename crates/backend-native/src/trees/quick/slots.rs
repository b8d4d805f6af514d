//! Where each tree's leaves lie in the state, and what they add.

use std::ops::Range;

use crate::trees::Tree;

/// The bits of a word, and so the most leaves that a tree may have.
pub(super) const WORD_BITS: usize = u64::BITS as usize;

/// The slots of all trees.
#[derive(Debug)]
pub(super) struct Slots {
    groups: Vec<Group>,
    /// By tree, its slot.
    places: Vec<Place>,
    /// What the leaf of each bit of each word adds; zero where no leaf is.
    values: Vec<[f32; WORD_BITS]>,
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

impl Slots {
    /// A slot for each tree, or `None` when one has more leaves than a word has bits.
    pub(super) fn new(trees: &[Tree]) -> Option<Self> {
        let widths = trees
            .iter()
            .map(|tree| tree.leaves().next_power_of_two().max(8))
            .map(|width| (width <= WORD_BITS).then_some(width))
            .collect::<Option<Vec<usize>>>()?;
        let leaves = trees.iter().map(Tree::leaves).sum();
        let places = vec![Place::default(); trees.len()];
        let mut slots = Self { groups: Vec::new(), places, values: Vec::new(), leaves };
        for width in [8, 16, 32, 64] {
            let members = (0..trees.len()).filter(|&tree| widths[tree] == width);
            slots.push_group(width, members, trees)?;
        }
        Some(slots)
    }

    fn push_group(
        &mut self,
        width: usize,
        members: impl Iterator<Item = usize>,
        trees: &[Tree],
    ) -> Option<()> {
        let first_word = self.values.len();
        let mut group = Group { width, words: first_word..first_word };
        for (slot, tree) in members.enumerate() {
            let bit = first_word * WORD_BITS + slot * width;
            if bit.is_multiple_of(WORD_BITS) {
                self.values.push([0.0; WORD_BITS]);
            }
            let word = &mut self.values[bit / WORD_BITS][bit % WORD_BITS..];
            for (leaf, value) in word.iter_mut().zip(trees[tree].leaf_values()) {
                *leaf = value;
            }
            let word = u32::try_from(bit / WORD_BITS).ok()?;
            let lane = lane_of(width) << (bit % WORD_BITS);
            self.places[tree] = Place { word, lane };
        }
        group.words.end = self.values.len();
        if !group.words.is_empty() {
            self.groups.push(group);
        }
        Some(())
    }

    /// The leaves of all trees.
    pub(super) const fn leaves(&self) -> usize {
        self.leaves
    }

    /// The words that the slots take.
    pub(super) const fn words(&self) -> usize {
        self.values.len()
    }

    /// The word of a tree's slot, and the slot's first bit in it.
    pub(super) fn slot_of(&self, tree: usize) -> (usize, usize) {
        let Place { word, lane } = self.places[tree];
        (word as usize, lane.trailing_zeros() as usize)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.values[..]) + size_of_val(&self.places[..])
    }

    /// For each of some rows, the sum of the leaf that is the lowest left in each slot, tree by tree
    /// in the order of the file. The additions of one row wait for each other, those of several
    /// rows do not.
    pub(super) fn sums<const ROWS: usize>(&self, states: [&[u64]; ROWS]) -> [f32; ROWS] {
        let states = states.map(|state| &state[..self.values.len()]);
        if let [group] = &self.groups[..] {
            return match group.width {
                8 => self.sums_of_width::<8, ROWS>(states),
                16 => self.sums_of_width::<16, ROWS>(states),
                32 => self.sums_of_width::<32, ROWS>(states),
                _ => self.sums_of_width::<64, ROWS>(states),
            };
        }
        let mut sums = [0.0; ROWS];
        for place in &self.places {
            let word = place.word as usize;
            for (sum, state) in sums.iter_mut().zip(states) {
                *sum += value(state[word] & place.lane, &self.values[word]);
            }
        }
        sums
    }

    /// As [`sums`](Self::sums), where all slots have this width and so are in the file's order.
    fn sums_of_width<const WIDTH: usize, const ROWS: usize>(
        &self,
        states: [&[u64]; ROWS],
    ) -> [f32; ROWS] {
        let lane = lane_of(WIDTH);
        let mut sums = [0.0; ROWS];
        for (at, values) in self.values.iter().enumerate() {
            let words = states.map(|state| state[at]);
            for first in (0..WORD_BITS).step_by(WIDTH) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    // An idle slot adds zero, and the sum is never the minus zero that this changes.
                    *sum += value(word & lane << first, values);
                }
            }
        }
        sums
    }
}

/// Ones for the bits of the first slot of this width.
const fn lane_of(width: usize) -> u64 {
    u64::MAX >> (WORD_BITS - width)
}

/// What the leaf of the lowest of these bits adds. A slot never loses all its leaves, so there is
/// one.
#[inline]
fn value(left: u64, values: &[f32; WORD_BITS]) -> f32 {
    values[left.trailing_zeros() as usize % WORD_BITS]
}
