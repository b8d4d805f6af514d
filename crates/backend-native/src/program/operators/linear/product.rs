//! The product of matrices that are both known only when rows come.

use std::array;

use super::{number::Number, packed::Strides};

/// Outputs side by side: as many sums as there are registers for.
const OUTPUTS: usize = 8;

/// Writes the product of `a`, `[rows, k]`, with `b`, `[k, columns]`, each with its strides, into
/// `out`, row-major. Every sum is taken in the order of k.
pub(super) fn product<T: Number>(
    (a, a_strides): (&[T], Strides),
    (b, b_strides): (&[T], Strides),
    k: usize,
    columns: usize,
    out: &mut [T],
) {
    for (row, out) in out.chunks_exact_mut(columns).enumerate() {
        let factor = |k: usize| a[row * a_strides.row + k * a_strides.element].widen();
        for (tile, out) in out.chunks_mut(OUTPUTS).enumerate() {
            let first = tile * OUTPUTS * b_strides.element;
            let mut sums = [T::Wide::ZERO; OUTPUTS];
            for k in 0..k {
                let factor = factor(k);
                let weights = &b[first + k * b_strides.row..];
                let weights: [T::Wide; OUTPUTS] = if b_strides.element == 1
                    && let Some(weights) = weights.first_chunk::<OUTPUTS>()
                {
                    weights.map(T::widen)
                } else {
                    array::from_fn(|column| {
                        let at = column * b_strides.element;
                        if column < out.len() { weights[at].widen() } else { T::Wide::ZERO }
                    })
                };
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = T::fused(*sum, factor, weight);
                }
            }
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = T::narrow(sum));
        }
    }
}
