//! Layer norms.

use super::product::Rows;
use super::simd::{LANES, Level, Line, Loop, Simd, f32x16, prelude::*};
use super::weights::Columns;
use crate::network;

/// A layer norm, laid out as rows are.
#[derive(Debug)]
pub(super) struct Norm {
    columns: Columns,
    scale: Vec<Line>,
    shift: Vec<Line>,
    /// One for a column, zero for what fills the last panel.
    ones: Vec<Line>,
    epsilon: f32,
}

impl Norm {
    /// # Panics
    ///
    /// When the norm is not as wide as the columns are many.
    pub(super) fn new(norm: &network::Norm<'_>, width: usize) -> Self {
        assert_eq!((norm.scale.len(), norm.shift.len()), (width, width), "lengths of a norm");
        let columns = Columns::whole(width);
        Self {
            columns,
            scale: columns.line(&norm.scale, 0.0),
            shift: columns.line(&norm.shift, 0.0),
            ones: columns.line(&vec![1.0; width], 0.0),
            epsilon: norm.epsilon,
        }
    }

    /// Writes the norm of the panels `x` into `out`, which has their lines end to end.
    pub(super) fn apply(&self, level: Level, rows: Rows, x: &[&[Line]], out: &mut [Line]) {
        level.run(Apply { norm: self, rows, x, out });
    }
}

struct Apply<'a> {
    norm: &'a Norm,
    rows: Rows,
    x: &'a [&'a [Line]],
    out: &'a mut [Line],
}

impl Loop for Apply<'_> {
    type Answer = ();

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^24")]
    fn run<S: Simd>(self, simd: S) {
        let Self { norm, rows, x, out } = self;
        let (width, lines) = (norm.columns.count() as f32, rows.lines());
        for row in 0..rows.count {
            let left = rows.line(row);
            let halves = [left, left + rows.group];
            let mut sum = f32x16::splat(simd, 0.0);
            for panel in x {
                for at in halves {
                    sum += panel[at].load(simd);
                }
            }
            let mean = f32x16::splat(simd, total(sum) / width);
            let mut sum = f32x16::splat(simd, 0.0);
            for (panel, ones) in x.iter().zip(norm.ones.chunks_exact(2)) {
                for (at, ones) in halves.into_iter().zip(ones) {
                    let difference = (panel[at].load(simd) - mean) * ones.load(simd);
                    sum = difference.mul_add(difference, sum);
                }
            }
            let factor = f32x16::splat(simd, 1.0 / (total(sum) / width + norm.epsilon).sqrt());
            let affine = norm.scale.chunks_exact(2).zip(norm.shift.chunks_exact(2));
            for ((panel, out), (scale, shift)) in
                x.iter().zip(out.chunks_exact_mut(lines)).zip(affine)
            {
                for (half, at) in halves.into_iter().enumerate() {
                    let x = (panel[at].load(simd) - mean) * factor;
                    out[at].store(x.mul_add(scale[half].load(simd), shift[half].load(simd)));
                }
            }
        }
    }
}

/// The sum of the lanes, in the same order for every set of instructions.
#[inline(always)]
pub(super) fn total<S: Simd>(vector: f32x16<S>) -> f32 {
    let mut sums = vector.to_array();
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}
