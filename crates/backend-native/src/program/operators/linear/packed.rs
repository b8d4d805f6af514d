//! A matrix of weights, laid out so that the inner loop of a product runs over outputs.
//!
//! ```text
//! tile 0: k = 0: [w w w w …]  k = 1: [w w w w …]  …     the first outputs
//! tile 1: k = 0: [w w w w …]  k = 1: [w w w w …]  …     the next
//! ```
//!
//! The sums of a tile stay in registers while k runs, several rows at once. Every sum is taken in
//! the order of k, whatever the number of rows: slice by slice, and the slices' sums are added up,
//! as ONNX Runtime does to keep a slice in the cache.

use std::array;

use super::number::{Load, Number};

/// Outputs side by side, and rows at once: as many sums as there are registers for.
const WIDE: usize = 16;
const WIDE_ROWS: usize = 1;
/// For the few outputs of a last layer or a regression.
const NARROW: usize = 4;
const NARROW_ROWS: usize = 4;

const SLICE: usize = 256;
const SMALL_SLICE: usize = 128;

/// Weights `[k, n]`.
#[derive(Debug)]
pub(super) struct Packed<T: Number> {
    k: usize,
    n: usize,
    /// How many of k are added up before they are added to the others.
    slice: usize,
    tiles: Tiles<T::Wide>,
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
        let at = |row: usize, column: usize| {
            weights[row * strides.row + column * strides.element].widen()
        };
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
        a: &[A],
        strides: Strides,
        rows: usize,
        out: &mut [T],
    ) {
        match &self.tiles {
            Tiles::Narrow(tiles) => {
                self.blocks::<A, NARROW, NARROW_ROWS>(tiles, a, strides, rows, out);
            }
            Tiles::Wide(tiles) => self.blocks::<A, WIDE, WIDE_ROWS>(tiles, a, strides, rows, out),
        }
    }

    fn blocks<A: Load<T>, const W: usize, const R: usize>(
        &self,
        tiles: &[[T::Wide; W]],
        a: &[A],
        strides: Strides,
        rows: usize,
        out: &mut [T],
    ) {
        let mut row = 0;
        while row + R <= rows {
            self.block::<A, W, R>(tiles, a, strides, row, out);
            row += R;
        }
        for row in row..rows {
            self.block::<A, W, 1>(tiles, a, strides, row, out);
        }
    }

    /// The products of `R` rows with all tiles.
    fn block<A: Load<T>, const W: usize, const R: usize>(
        &self,
        tiles: &[[T::Wide; W]],
        a: &[A],
        strides: Strides,
        first: usize,
        out: &mut [T],
    ) {
        let (k, n) = (self.k, self.n);
        for (number, from) in (0..n).step_by(W).enumerate() {
            let tile = &tiles[number * k..(number + 1) * k];
            let sums: [[T::Wide; W]; R] = if strides.element == 1 {
                let rows: [&[A]; R] = array::from_fn(|row| &a[(first + row) * strides.row..][..k]);
                self.sums(tile, |row, k| rows[row][k].load().widen())
            } else {
                let at = |row: usize, k: usize| (first + row) * strides.row + k * strides.element;
                self.sums(tile, |row, k| a[at(row, k)].load().widen())
            };
            let to = n.min(from + W);
            for (row, sums) in sums.iter().enumerate() {
                let out = &mut out[(first + row) * n..][from..to];
                out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = T::narrow(sum));
            }
        }
    }

    #[inline(always)]
    fn sums<const W: usize, const R: usize>(
        &self,
        tile: &[[T::Wide; W]],
        at: impl Fn(usize, usize) -> T::Wide,
    ) -> [[T::Wide; W]; R] {
        let mut totals = [[T::Wide::ZERO; W]; R];
        for (number, slice) in tile.chunks(self.slice).enumerate() {
            let first = number * self.slice;
            let mut sums = [[T::Wide::ZERO; W]; R];
            for (k, weights) in slice.iter().enumerate() {
                for (row, sums) in sums.iter_mut().enumerate() {
                    let factor = at(row, first + k);
                    for (sum, &weight) in sums.iter_mut().zip(weights) {
                        *sum = T::fused(*sum, factor, weight);
                    }
                }
            }
            if first == 0 {
                totals = sums;
            } else {
                for (total, sum) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
                    *total = T::fused(*total, *sum, T::Wide::ONE);
                }
            }
        }
        totals
    }
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
