//! QuickScorer with merged intervals: no tree is walked, the leaves that cannot be reached are
//! struck out.
//!
//! In QuickScorer (Lucchese et al., SIGIR 2015) a tree is a word with a bit for each leaf, from
//! left to right, the true side of a branch left. A branch that is false strikes out the leaves on
//! its true side, and when all false branches have done so, the lowest bit left is the leaf that a
//! walk would reach.
//!
//! What a feature strikes out depends on nothing but how many of its thresholds lie below its
//! value. So the masks of all its false branches, in all trees, are merged at load into one row for
//! each interval between thresholds, and one more for a missing value. An answer then costs a
//! search in each feature's thresholds, the conjunction of one row a feature, and for each tree the
//! position of a bit and the load of a leaf. A branch that holds for a set, as categories have, is
//! one more that is false in some of the intervals.
//!
//! A tree has a slot of 8, 16, 32 or 64 bits, whichever holds its leaves ([`slots`]), or of one bit
//! a level where the tree is symmetric ([`levels`]). Slots of one width lie together in words of 64
//! bits, low bits first, and words in chunks.

mod levels;
mod search;
mod slots;
mod strike;
mod table;

use std::array;

use self::{
    levels::Levels,
    search::Search,
    slots::Slots,
    table::{CHUNK_WORDS, Chunk, Row, Table},
};
use super::{payload::Payload, tree::Tree};
use crate::{real::Real, simd::Level};

/// Rows whose leaves are added in turns.
const ROWS: usize = 4;

/// An ensemble, laid out to be struck out.
pub(crate) struct QuickScorer<X, V> {
    level: Level,
    search: Search<X>,
    table: Table,
    exits: Exits<V>,
}

/// What is left in the slots stands for which leaf.
#[derive(Debug)]
enum Exits<V> {
    Slots(Slots<V>),
    Levels(Levels<V>),
}

/// What one thread needs to strike out.
#[derive(Clone, Debug)]
pub(crate) struct QuickScratch {
    /// The leaves that are left, [`ROWS`] times the chunks of one row.
    states: Vec<Chunk>,
    /// The rows that the features select: those of all chunks, those of some.
    dense: Vec<Row>,
    sparse: Vec<Row>,
}

impl<X: Real, V: Payload<X>> QuickScorer<X, V> {
    /// Lays out these trees with a bit for each leaf, or `None` when one has more than 64 or the
    /// rows take too much memory.
    pub(crate) fn of_leaves(trees: &[Tree<X>]) -> Option<Self> {
        let slots = Slots::new(trees)?;
        let (search, table) = Table::new(slots.strikes(trees), slots.words())?;
        Some(Self { level: Level::best(), search, table, exits: Exits::Slots(slots) })
    }

    /// Lays out these trees with a bit for each level, or `None` when one is not symmetric or the
    /// tables take too much memory.
    pub(crate) fn of_levels(trees: &[Tree<X>]) -> Option<Self> {
        let levels = Levels::new(trees)?;
        let (search, table) = Table::new(levels.strikes(trees), levels.words())?;
        Some(Self { level: Level::best(), search, table, exits: Exits::Levels(levels) })
    }

    pub(crate) fn scratch(&self) -> QuickScratch {
        let features = self.search.features();
        QuickScratch {
            states: vec![[0; CHUNK_WORDS]; self.table.chunks() * ROWS],
            dense: vec![Row::default(); features],
            sparse: vec![Row::default(); features],
        }
    }

    /// Writes what each tree says of this feature vector, by tree.
    pub(crate) fn visit(&self, features: &[X], said: &mut [V], scratch: &mut QuickScratch) {
        let QuickScratch { states, dense, sparse } = scratch;
        let state = &mut states[..self.table.chunks()];
        self.strike(features, state, dense, sparse);
        match &self.exits {
            Exits::Slots(slots) => slots.visit(state.as_flattened(), said),
            Exits::Levels(levels) => levels.visit(state.as_flattened(), said),
        }
    }

    /// Makes `state` the leaves that this feature vector leaves.
    #[inline(always)]
    fn strike(&self, features: &[X], state: &mut [Chunk], dense: &mut [Row], sparse: &mut [Row]) {
        let (mut dense_rows, mut sparse_rows) = (0, 0);
        // Which rows do something is as hard to foresee as the data, so nothing branches on it.
        self.search.each(features, |row| {
            let row = self.table.row(row);
            dense[dense_rows] = row;
            dense_rows += usize::from(row.is_dense());
            sparse[sparse_rows] = row;
            sparse_rows += usize::from(row.is_sparse());
        });
        self.table.keep_dense(&dense[..dense_rows], state);
        for row in &sparse[..sparse_rows] {
            self.table.strike_sparse(*row, state);
        }
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let masks = super::size(self.search.bytes() + self.table.bytes());
        match &self.exits {
            Exits::Slots(slots) => {
                let (leaves, bytes) = (slots.leaves(), super::size(slots.bytes()));
                format!("QuickScorer, {leaves} leaves in {bytes} and their masks in {masks}")
            }
            Exits::Levels(levels) => {
                let (count, bytes) = (levels.levels(), super::size(levels.bytes()));
                format!(
                    "symmetric, {count} levels or fewer, leaves in {bytes} and masks in {masks}"
                )
            }
        }
    }
}

impl<X: Real> QuickScorer<X, X> {
    /// Adds to each sum what every tree says of its feature vector in `rows`, `[sums.len(), width]`
    /// row-major, in the order of the model's file.
    pub(crate) fn add_to(
        &self,
        sums: &mut [X],
        rows: &[X],
        width: usize,
        scratch: &mut QuickScratch,
    ) {
        let (blocks, rest) = sums.as_chunks_mut::<ROWS>();
        let row = |at: usize| &rows[at * width..][..width];
        for (at, sums) in blocks.iter_mut().enumerate() {
            self.add(sums, array::from_fn(|nth| row(at * ROWS + nth)), scratch);
        }
        for (at, sum) in (blocks.len() * ROWS..).zip(rest) {
            self.add(array::from_mut(sum), [row(at)], scratch);
        }
    }

    fn add<const N: usize>(&self, sums: &mut [X; N], rows: [&[X]; N], scratch: &mut QuickScratch) {
        match &self.exits {
            Exits::Slots(slots) if slots.are_of_one_width() => self.level.call(
                #[inline(always)]
                || self.add_inlined(sums, rows, scratch),
            ),
            // Vectors would gather what lies apart, which is slower than to load it.
            _ => self.add_plainly(sums, rows, scratch),
        }
    }

    #[inline(never)]
    fn add_plainly<const N: usize>(
        &self,
        sums: &mut [X; N],
        rows: [&[X]; N],
        scratch: &mut QuickScratch,
    ) {
        self.add_inlined(sums, rows, scratch);
    }

    #[inline(always)]
    fn add_inlined<const N: usize>(
        &self,
        sums: &mut [X; N],
        rows: [&[X]; N],
        scratch: &mut QuickScratch,
    ) {
        let QuickScratch { states, dense, sparse } = scratch;
        let chunks = self.table.chunks();
        for (nth, features) in rows.iter().enumerate() {
            self.strike(features, &mut states[nth * chunks..][..chunks], dense, sparse);
        }
        let states = array::from_fn(
            #[inline(always)]
            |nth| states[nth * chunks..][..chunks].as_flattened(),
        );
        match &self.exits {
            Exits::Slots(slots) => slots.add_to(sums, states),
            Exits::Levels(levels) => levels.add_to(sums, states),
        }
    }
}
