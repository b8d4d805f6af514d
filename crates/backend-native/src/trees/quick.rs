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
//! position of a bit and the load of a leaf.
//!
//! A tree has a slot of 8, 16, 32 or 64 bits, whichever holds its leaves; slots of one width lie
//! together in words of 64 bits, low bits first, and words in chunks.

mod search;
mod slots;
mod table;

use std::{array, fmt};

use self::{
    search::Search,
    slots::Slots,
    table::{CHUNK_WORDS, Chunk, Row, Table},
};
use super::Tree;

/// Rows whose leaves are added in turns.
const ROWS: usize = 4;

/// An ensemble of trees of 64 leaves or fewer, laid out to be struck out.
pub(crate) struct QuickScorer {
    search: Search,
    table: Table,
    slots: Slots,
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

impl QuickScorer {
    /// Lays out these trees, or `None` when one has too many leaves or the rows take too much
    /// memory.
    pub(crate) fn new(trees: &[Tree]) -> Option<Self> {
        let slots = Slots::new(trees)?;
        let (search, table) = Table::new(trees, &slots)?;
        Some(Self { search, table, slots })
    }

    pub(crate) fn scratch(&self) -> QuickScratch {
        let features = self.search.features();
        QuickScratch {
            states: vec![[0; CHUNK_WORDS]; self.table.chunks() * ROWS],
            dense: vec![Row::default(); features],
            sparse: vec![Row::default(); features],
        }
    }

    /// The sum of what every tree says of this feature vector, added in float32 in the order of
    /// the model's file.
    pub(crate) fn sum(&self, features: &[f32], scratch: &mut QuickScratch) -> f32 {
        let [sum] = self.sums_of([features], scratch);
        sum
    }

    /// As [`sum`](Self::sum), of the feature vectors in `rows`, `[sums.len(), width]` row-major.
    pub(crate) fn sums(
        &self,
        rows: &[f32],
        width: usize,
        sums: &mut [f32],
        scratch: &mut QuickScratch,
    ) {
        let (blocks, rest) = sums.as_chunks_mut::<ROWS>();
        let row = |at: usize| &rows[at * width..][..width];
        for (at, sums) in blocks.iter_mut().enumerate() {
            *sums = self.sums_of(array::from_fn::<_, ROWS, _>(|nth| row(at * ROWS + nth)), scratch);
        }
        for (at, sum) in (blocks.len() * ROWS..).zip(rest) {
            *sum = self.sum(row(at), scratch);
        }
    }

    fn sums_of<const N: usize>(&self, rows: [&[f32]; N], scratch: &mut QuickScratch) -> [f32; N] {
        let QuickScratch { states, dense, sparse } = scratch;
        let chunks = self.table.chunks();
        for (nth, features) in rows.iter().enumerate() {
            self.strike(features, &mut states[nth * chunks..][..chunks], dense, sparse);
        }
        self.slots.sums(array::from_fn(|nth| states[nth * chunks..][..chunks].as_flattened()))
    }

    /// Makes `state` the leaves that this feature vector leaves.
    fn strike(&self, features: &[f32], state: &mut [Chunk], dense: &mut [Row], sparse: &mut [Row]) {
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
        let bytes = self.search.bytes() + self.table.bytes();
        format!(
            "QuickScorer, {} leaves in {} and their masks in {}",
            self.slots.leaves(),
            super::size(self.slots.bytes()),
            super::size(bytes)
        )
    }
}

/// The layout, not the masks: there may be megabytes.
impl fmt::Debug for QuickScorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuickScorer({})", self.describe())
    }
}
