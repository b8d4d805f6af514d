//! From one feature vector to what each feature adds, tree by tree.

use super::{output::Output, quadrature::Quadrature, split::Splits};
use crate::{
    real::Real,
    simd::{Simd, prelude::*},
};

/// The most points that are worked on at once.
pub(super) const MOST_LANES: usize = 8;

/// A vector of so many numbers.
pub(super) trait Lanes<S: Simd, const N: usize>:
    SimdFloat<S, Element = f64, Array = [f64; N]>
{
}

impl<S: Simd, const N: usize, V: SimdFloat<S, Element = f64, Array = [f64; N]>> Lanes<S, N> for V {}

/// So many points of a quadrature, as a pass needs them.
#[derive(Clone, Debug)]
pub(super) struct Points<const N: usize> {
    /// The points, `t`, and zeros in their place for a feature that the row fails.
    passed: [[f64; N]; 2],
    /// `1 - t`.
    rest: [f64; N],
    /// The weights over `t (1 - t)`.
    weights: [f64; N],
}

impl<const N: usize> Points<N> {
    /// Takes the points of a quadrature `N` by `N`, which its number of points is a multiple of.
    pub(super) fn of(Quadrature { points, weights }: &Quadrature) -> Vec<Self> {
        let (points, weights) = (points.as_chunks::<N>().0, weights.as_chunks::<N>().0);
        let chunks = points.iter().zip(weights);
        let points = chunks.map(|(&points, weights)| Self {
            passed: [[0.0; N], points],
            rest: points.map(|t| 1.0 - t),
            weights: std::array::from_fn(|q| weights[q] / (points[q] * (1.0 - points[q]))),
        });
        points.collect()
    }
}

/// What one thread needs to pass through trees; it has room for the largest.
#[derive(Debug)]
pub(super) struct Work {
    /// By slot, the product of what the features above it add to a coalition.
    reach: Vec<f64>,
    /// By slot, what is said below it.
    worth: Vec<f64>,
    /// By branch, how much of the side that the row goes to stands out.
    pull: Vec<f64>,
    /// By branch, the weight of what the sides differ by.
    gain: Vec<f64>,
    /// By branch, the slot that the row goes to.
    hot: Vec<u32>,
    /// By branch, the side that the row goes to, or [`FAILED`]; and a zero behind the last.
    sides: Vec<u8>,
}

/// The row fails a branch above that asks for the same feature.
const FAILED: u8 = 2;

impl Work {
    /// Room for trees of so many leaves.
    pub(super) fn new(leaves: usize) -> Self {
        let (branches, slots) = (leaves - 1, 2 * leaves - 1);
        Self {
            reach: vec![0.0; MOST_LANES * slots],
            worth: vec![0.0; MOST_LANES * slots],
            pull: vec![0.0; MOST_LANES * branches],
            gain: vec![0.0; MOST_LANES * branches],
            hot: vec![0; branches],
            sides: vec![0; leaves],
        }
    }

    /// Goes down a tree with a feature vector.
    #[inline(always)]
    pub(super) fn descend<X: Real, S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        tree: &Splits<X>,
        points: &Points<N>,
        features: &[X],
    ) {
        let branches = tree.splits.len();
        let reach = &mut self.reach.as_chunks_mut::<N>().0[..branches + tree.leaves];
        let pull = &mut self.pull.as_chunks_mut::<N>().0[..branches];
        let gain = &mut self.gain.as_chunks_mut::<N>().0[..branches];
        let hot = &mut self.hot[..branches];
        let sides = &mut self.sides[..=branches];
        reach[0] = [1.0; N];
        sides[branches] = 0;
        let t = V::load_array_ref(simd, &points.passed[1]);
        let rest = V::load_array_ref(simd, &points.rest);
        let weights = V::load_array_ref(simd, &points.weights);
        for (at, split) in tree.splits.iter().enumerate() {
            let side = tree.side(split, features);
            let is_passed = u32::from(sides[split.above as usize / 2]) == split.above % 2;
            sides[at] = if is_passed { u8::from(side == 1) } else { FAILED };
            let passed = V::load_array_ref(simd, &points.passed[usize::from(is_passed)]);
            let pulled = passed / (t + rest * split.share_above);
            let above = V::load_array_ref(simd, &reach[at]);
            let stays = above * pulled;
            let spreads = above - stays;
            pulled.store_array(&mut pull[at]);
            (weights * pulled * spreads).store_array(&mut gain[at]);
            let [to_cold, to_hot] = [split.children[1 - side], split.children[side]];
            hot[at] = to_hot;
            (stays + spreads * split.shares[side]).store_array(&mut reach[to_hot as usize]);
            (spreads * split.shares[1 - side]).store_array(&mut reach[to_cold as usize]);
        }
    }

    /// Comes back up the tree that was gone down last, and adds what each feature adds to this
    /// output of it to `contributions`.
    #[inline(always)]
    pub(super) fn ascend<X: Real, S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        tree: &Splits<X>,
        output: &Output,
        contributions: &mut [f64],
    ) {
        let branches = tree.splits.len();
        let worth = &mut self.worth.as_chunks_mut::<N>().0[..branches + tree.leaves];
        let pull = &self.pull.as_chunks::<N>().0[..branches];
        let gain = &self.gain.as_chunks::<N>().0[..branches];
        let hot = &self.hot[..branches];
        // As vectors: a load of a vector must wait for numbers that are stored one by one.
        output.store(
            &mut worth[branches..],
            #[inline(always)]
            |value, leaf| V::splat(simd, value).store_array(leaf),
        );
        for (at, split) in tree.splits.iter().enumerate().rev() {
            let [on_false, on_true] = split.children;
            let on_false = V::load_array_ref(simd, &worth[on_false as usize]);
            let on_true = V::load_array_ref(simd, &worth[on_true as usize]);
            let mean = on_false * split.shares[0] + on_true * split.shares[1];
            let differs = V::load_array_ref(simd, &worth[hot[at] as usize]) - mean;
            let sum = (V::load_array_ref(simd, &gain[at]) * differs).reduce_sum();
            (mean + V::load_array_ref(simd, &pull[at]) * differs).store_array(&mut worth[at]);
            contributions[split.feature as usize] += sum;
        }
    }
}
