//! A matrix of weights, laid out so that the inner loop of a product runs over outputs.
//!
//! ```text
//! tile 0: k = 0: [w w w w …]  k = 1: [w w w w …]  …     the first outputs
//! tile 1: k = 0: [w w w w …]  k = 1: [w w w w …]  …     the next
//! ```
//!
//! The sums of a block, some rows times some tiles, stay in registers while k runs. Every sum is
//! taken in the order of k, whatever the block: slice by slice, and the slices' sums are added up,
//! as ONNX Runtime does to keep a slice in the cache.

use std::array;

use super::number::{Load, NARROW, Number, Sums, WIDE};
use crate::simd::{Level, Loop, Simd, prelude::*};

const SLICE: usize = 256;
const SMALL_SLICE: usize = 128;

/// Weights `[k, n]`.
#[derive(Debug)]
pub(super) struct Packed<T: Number> {
    k: usize,
    n: usize,
    /// How many of k are added up before they are added to the others.
    slice: usize,
    tiles: Tiles<T>,
}

#[derive(Debug)]
enum Tiles<T> {
    Narrow(Vec<[T; NARROW]>),
    Wide(Vec<[T; WIDE]>),
}

/// Where the elements of a matrix lie: how far apart rows are, and the elements of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strides {
    pub(super) row: usize,
    pub(super) element: usize,
}

impl<T: Number> Packed<T> {
    /// Lays `weights` out, of which element (k, n) is at `k · row + n · element`.
    pub(super) fn new(weights: &[T], k: usize, n: usize, strides: Strides) -> Self {
        let at = |row: usize, column: usize| weights[row * strides.row + column * strides.element];
        let tiles =
            if n <= NARROW { Tiles::Narrow(tiles(k, n, at)) } else { Tiles::Wide(tiles(k, n, at)) };
        Self { k, n, slice: SLICE, tiles }
    }

    /// The same weights in the slices that ONNX Runtime has where it does not lay them out at
    /// first, as in the linear models.
    pub(super) fn in_small_slices(mut self) -> Self {
        let (mut outputs, mut slice) = (SMALL_SLICE, SMALL_SLICE);
        if self.n < self.k {
            while outputs > 16 && outputs / 2 >= self.n {
                outputs /= 2;
                slice *= 2;
            }
        }
        self.slice = slice;
        self
    }

    /// The number of outputs.
    pub(super) const fn n(&self) -> usize {
        self.n
    }

    /// Writes the product of `rows` rows with the weights into `out`, `[rows, n]`.
    ///
    /// Element (row, k) of `a` is at `row · strides.row + k · strides.element`.
    pub(super) fn product<A: Load<T>>(
        &self,
        level: Level,
        a: &[A],
        strides: Strides,
        rows: usize,
        out: &mut [T],
    ) {
        level.run(Product { weights: self, a, strides, rows, out });
    }
}

struct Product<'a, T: Number, A> {
    weights: &'a Packed<T>,
    a: &'a [A],
    strides: Strides,
    rows: usize,
    out: &'a mut [T],
}

impl<T: Number, A: Load<T>> Loop for Product<'_, T, A> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        match &self.weights.tiles {
            // A transposed factor is rare: one row after the other will do.
            Tiles::Narrow(tiles) if self.strides.element != 1 => {
                self.blocks::<S, T::Narrow<S>, NARROW, 1, 1>(simd, tiles, 0);
            }
            Tiles::Wide(tiles) if self.strides.element != 1 => {
                self.blocks::<S, T::Wide<S>, WIDE, 1, 1>(simd, tiles, 0);
            }
            Tiles::Narrow(tiles) => {
                let row = self.blocks::<S, T::Narrow<S>, NARROW, 1, 8>(simd, tiles, 0);
                self.blocks::<S, T::Narrow<S>, NARROW, 1, 1>(simd, tiles, row);
            }
            // As many sums as there are registers for, beside the weights.
            Tiles::Wide(tiles) if S::f32s::LEN >= WIDE => {
                let row = self.blocks::<S, T::Wide<S>, WIDE, 4, 4>(simd, tiles, 0);
                self.blocks::<S, T::Wide<S>, WIDE, 4, 1>(simd, tiles, row);
            }
            Tiles::Wide(tiles) => {
                let row = self.blocks::<S, T::Wide<S>, WIDE, 1, 4>(simd, tiles, 0);
                self.blocks::<S, T::Wide<S>, WIDE, 4, 1>(simd, tiles, row);
            }
        }
    }
}

impl<T: Number, A: Load<T>> Product<'_, T, A> {
    /// Multiplies rows from `first` on, `R` at a time, and says which is the first that is left.
    #[inline(always)]
    fn blocks<S: Simd, V: Sums<S, T, W>, const W: usize, const TILES: usize, const R: usize>(
        &mut self,
        simd: S,
        tiles: &[[T; W]],
        first: usize,
    ) -> usize {
        let count = self.weights.n.div_ceil(W);
        let mut row = first;
        while row + R <= self.rows {
            let mut tile = 0;
            while tile + TILES <= count {
                self.block::<S, V, W, TILES, R>(simd, tiles, tile, row);
                tile += TILES;
            }
            if const { TILES > 2 } && tile + 2 <= count {
                self.block::<S, V, W, 2, R>(simd, tiles, tile, row);
                tile += 2;
            }
            while const { TILES > 1 } && tile < count {
                self.block::<S, V, W, 1, R>(simd, tiles, tile, row);
                tile += 1;
            }
            row += R;
        }
        row
    }

    /// The products of `R` rows with `TILES` tiles.
    #[inline(always)]
    fn block<S: Simd, V: Sums<S, T, W>, const W: usize, const TILES: usize, const R: usize>(
        &mut self,
        simd: S,
        tiles: &[[T; W]],
        tile: usize,
        first: usize,
    ) {
        let Packed { k, n, slice, .. } = *self.weights;
        let tiles: [&[[T; W]]; TILES] = array::from_fn(|at| &tiles[(tile + at) * k..][..k]);
        let row = |row: usize| &self.a[(first + row) * self.strides.row..];
        let element = self.strides.element;
        let sums: [[V; TILES]; R] = if const { TILES == 1 && R == 1 } && element != 1 {
            sums(simd, tiles, slice, k, |at, k| row(at)[k * element].load())
        } else {
            let rows: [&[A]; R] = array::from_fn(|at| &row(at)[..k]);
            sums(simd, tiles, slice, k, |row, k| rows[row][k].load())
        };
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(first + row) * n..][tile * W..n];
            for (out, sums) in out.chunks_mut(W).zip(sums) {
                let sums = sums.into_array();
                match out.as_mut_array::<W>() {
                    Some(out) => *out = sums,
                    None => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum),
                }
            }
        }
    }
}

#[inline(always)]
fn sums<S: Simd, T: Copy, V: Sums<S, T, W>, const W: usize, const TILES: usize, const R: usize>(
    simd: S,
    tiles: [&[[T; W]]; TILES],
    slice: usize,
    k: usize,
    at: impl Fn(usize, usize) -> T,
) -> [[V; TILES]; R] {
    let mut totals = [[V::zero(simd); TILES]; R];
    let mut first = 0;
    while first < k {
        let to = k.min(first + slice);
        let mut sums = [[V::zero(simd); TILES]; R];
        for k in first..to {
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = at(row, k);
                for (sums, tile) in sums.iter_mut().zip(&tiles) {
                    *sums = sums.plus_product(simd, factor, &tile[k]);
                }
            }
        }
        for (totals, sums) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *totals = if first == 0 { *sums } else { totals.plus(*sums) };
        }
        first = to;
    }
    totals
}

fn tiles<T: Number, const W: usize>(
    k: usize,
    n: usize,
    at: impl Fn(usize, usize) -> T,
) -> Vec<[T; W]> {
    let tile = |from: usize| {
        let at = &at;
        let weight = move |row: usize, column: usize| {
            if from + column < n { at(row, from + column) } else { T::ZERO }
        };
        (0..k).map(move |row| array::from_fn(|column| weight(row, column)))
    };
    (0..n).step_by(W).flat_map(tile).collect()
}
