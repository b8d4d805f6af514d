//! The product of matrices that are both known only when rows come.

use std::array;

use super::{
    number::{Number, Sums, WIDE},
    packed::Strides,
};
use crate::simd::{Level, Loop, Simd};

/// Writes the product of `a`, `[rows, k]`, with `b`, `[k, columns]`, each with its strides, into
/// `out`, row-major. Every sum is taken in the order of k.
pub(super) fn product<T: Number>(
    level: Level,
    a: (&[T], Strides),
    b: (&[T], Strides),
    k: usize,
    columns: usize,
    out: &mut [T],
) {
    level.run(Product { a, b, k, columns, out });
}

struct Product<'a, T> {
    a: (&'a [T], Strides),
    b: (&'a [T], Strides),
    k: usize,
    columns: usize,
    out: &'a mut [T],
}

impl<T: Number> Loop for Product<'_, T> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { a: (a, a_strides), b: (b, b_strides), k, columns, out } = self;
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            let factor = |k: usize| a[row * a_strides.row + k * a_strides.element];
            for (tile, out) in out.chunks_mut(WIDE).enumerate() {
                let first = tile * WIDE * b_strides.element;
                let mut sums = T::Wide::zero(simd);
                for k in 0..k {
                    let factor = factor(k);
                    let weights = &b[first + k * b_strides.row..];
                    let weights: [T; WIDE] = if b_strides.element == 1
                        && let Some(weights) = weights.first_chunk::<WIDE>()
                    {
                        *weights
                    } else {
                        array::from_fn(|column| {
                            let at = column * b_strides.element;
                            if column < out.len() { weights[at] } else { T::ZERO }
                        })
                    };
                    sums = sums.plus_product(simd, factor, &weights);
                }
                out.iter_mut().zip(sums.into_array()).for_each(|(out, sum)| *out = sum);
            }
        }
    }
}
