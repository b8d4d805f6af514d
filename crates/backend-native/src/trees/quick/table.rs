//! The rows of masks: what is left of all trees' leaves in each interval of a feature.

use std::array;

use super::{
    search::Search,
    strike::{self, Strike, sets_and_singles},
};
use crate::real::Real;

/// The bits of a word, and so the most leaves that a tree may have.
pub(super) const WORD_BITS: usize = u64::BITS as usize;

/// The words of a chunk, which is what rows hold or leave out.
pub(super) const CHUNK_WORDS: usize = 2;

/// Words that are struck out together.
pub(super) type Chunk = [u64; CHUNK_WORDS];

/// The most bytes that rows may take: beyond it they come from memory, and walking is faster.
const MOST_BYTES: usize = 16 << 20;

/// The most masks that are touched to make the rows: some tenths of a second.
const MOST_WORK: usize = 1 << 28;

/// Of the chunks of a row, the quarters that must say something for it to hold all of them, which
/// is faster for each chunk than naming them.
const DENSE_QUARTERS: usize = 2;

/// All rows.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// Of dense rows all chunks.
    dense: Vec<Chunk>,
    /// Of sparse rows the chunks that strike out something.
    sparse: Vec<Chunk>,
    /// The chunk of the state that each chunk of `sparse` is for.
    places: Vec<u16>,
    /// The chunks of the state.
    chunks: usize,
}

/// Where a row's masks are. A row that strikes out nothing has none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// In `dense` or in `sparse`.
    first: u32,
    /// The chunks of a sparse row, or [`DENSE`].
    chunks: u32,
}

/// What a dense row has for its number of chunks.
const DENSE: u32 = u32::MAX;

impl Row {
    pub(super) const fn is_dense(self) -> bool {
        self.chunks == DENSE
    }

    pub(super) const fn is_sparse(self) -> bool {
        self.chunks.wrapping_sub(1) < DENSE - 1
    }
}

impl Table {
    /// The rows of these branches on a state of so many words, and the search that selects among
    /// them, or `None` when they take too much memory, or too long to make.
    pub(super) fn new<X: Real>(
        mut strikes: Vec<Strike<'_, X>>,
        words: usize,
    ) -> Option<(Search<X>, Self)> {
        let chunks = words.div_ceil(CHUNK_WORDS);
        u16::try_from(chunks).ok()?;
        let mut table = Self {
            rows: Vec::new(),
            dense: Vec::new(),
            sparse: Vec::new(),
            places: Vec::new(),
            chunks,
        };
        let mut search = Search::new();
        strike::sort(&mut strikes);
        let mut work = 0;
        for of_feature in strikes.chunk_by(|a, b| a.feature == b.feature) {
            let first_row = table.rows.len();
            let (sets, singles) = sets_and_singles(of_feature);
            let boundaries = all_boundaries(of_feature);
            work += (boundaries.len() + 2) * (chunks + sets.len());
            if work > MOST_WORK {
                return None;
            }
            // The branches of one boundary that are false stay so to the last row.
            let mut left = vec![[u64::MAX; CHUNK_WORDS]; chunks];
            let mut singles = singles.iter().peekable();
            // No boundary lies below the least values, and none is an even number.
            table.push_row(&left)?;
            for boundary in &boundaries {
                while let Some(single) = singles.next_if(|single| single.is_false_above(*boundary))
                {
                    single.apply(&mut left);
                }
                let false_sets = sets.iter().filter(|set| set.is_false_above(*boundary));
                table.push_row_without(&left, false_sets)?;
            }
            left.as_flattened_mut().fill(u64::MAX);
            let missing = of_feature.iter().filter(|strike| strike.missing_is_false);
            missing.for_each(|strike| strike.apply(&mut left));
            table.push_row(&left)?;
            search.push(of_feature[0].feature, &boundaries, first_row)?;
        }
        table.dense.shrink_to_fit();
        table.sparse.shrink_to_fit();
        table.places.shrink_to_fit();
        Some((search, table))
    }

    /// Adds a row of what is left when these have struck out too.
    fn push_row_without<'s, 't: 's, X: Real>(
        &mut self,
        left: &[Chunk],
        strikes: impl Iterator<Item = &'s Strike<'t, X>>,
    ) -> Option<()> {
        let mut strikes = strikes.peekable();
        if strikes.peek().is_none() {
            return self.push_row(left);
        }
        let mut left = left.to_vec();
        strikes.for_each(|strike| strike.apply(&mut left));
        self.push_row(&left)
    }

    fn push_row(&mut self, left: &[Chunk]) -> Option<()> {
        let says_something = |chunk: &Chunk| *chunk != [u64::MAX; CHUNK_WORDS];
        let count = left.iter().filter(|chunk| says_something(chunk)).count();
        let is_dense = count * 4 > left.len() * DENSE_QUARTERS;
        if is_dense {
            let first = u32::try_from(self.dense.len()).ok()?;
            self.rows.push(Row { first, chunks: DENSE });
            self.dense.extend_from_slice(left);
        } else {
            let first = u32::try_from(self.sparse.len()).ok()?;
            self.rows.push(Row { first, chunks: u32::try_from(count).ok()? });
            for (place, chunk) in (0..).zip(left).filter(|(_, chunk)| says_something(chunk)) {
                self.sparse.push(*chunk);
                self.places.push(place);
            }
        }
        (self.bytes() <= MOST_BYTES).then_some(())
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.rows[..])
            + size_of_val(&self.dense[..])
            + size_of_val(&self.sparse[..])
            + size_of_val(&self.places[..])
    }

    /// The chunks of the state.
    pub(super) const fn chunks(&self) -> usize {
        self.chunks
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> Row {
        self.rows[row]
    }

    /// Makes `state` what all of these dense rows leave.
    #[inline(always)]
    pub(super) fn keep_dense(&self, rows: &[Row], state: &mut [Chunk]) {
        let masks = |row: &Row| self.dense[row.first as usize..][..self.chunks].as_flattened();
        let state = state.as_flattened_mut();
        let mut rest = match rows {
            [] => {
                state.fill(u64::MAX);
                return;
            }
            [a] => {
                state.copy_from_slice(masks(a));
                return;
            }
            [a, b, rest @ ..] => {
                for ((state, a), b) in state.iter_mut().zip(masks(a)).zip(masks(b)) {
                    *state = a & b;
                }
                rest
            }
        };
        // The more rows at once, the less often the state is loaded and stored.
        while let [a, b, c, others @ ..] = rest {
            let masks = masks(a).iter().zip(masks(b)).zip(masks(c));
            for (state, ((a, b), c)) in state.iter_mut().zip(masks) {
                *state &= a & b & c;
            }
            rest = others;
        }
        for row in rest {
            for (state, mask) in state.iter_mut().zip(masks(row)) {
                *state &= mask;
            }
        }
    }

    /// Strikes out of `state` what this sparse row strikes out.
    #[inline(always)]
    pub(super) fn strike_sparse(&self, row: Row, state: &mut [Chunk]) {
        let range = row.first as usize..row.first as usize + row.chunks as usize;
        for (place, mask) in self.places[range.clone()].iter().zip(&self.sparse[range]) {
            let state = &mut state[usize::from(*place)];
            // By value, so that the compiler knows that no word is the other's mask.
            let (left, mask) = (*state, *mask);
            *state = array::from_fn(|word| left[word] & mask[word]);
        }
    }
}

/// The boundaries of these branches: ascending, each once.
fn all_boundaries<X: Real>(strikes: &[Strike<'_, X>]) -> Vec<X> {
    let all = strikes.iter().flat_map(|strike| strike.boundaries().iter().copied());
    let mut all: Vec<X> = all.collect();
    all.sort_unstable_by(X::total_cmp);
    all.dedup();
    all
}
