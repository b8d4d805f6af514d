//! From one feature vector to what each feature adds, tree by tree.

use super::{
    output::Output,
    quadrature::Quadrature,
    split::{Split, Splits},
};
use crate::{
    real::Real,
    simd::{Simd, f64x4, f64x8, prelude::*},
};

/// The most points that are worked on at once.
pub(super) const MOST_LANES: usize = 8;

/// A vector of so many numbers, four or eight.
pub(super) trait Lanes<S: Simd, const N: usize>:
    SimdFloat<S, Element = f64, Array = [f64; N]>
{
    /// Four sums that have the sum of this.
    fn folded(self, simd: S) -> f64x4<S>;
}

impl<S: Simd> Lanes<S, 4> for f64x4<S> {
    #[inline(always)]
    fn folded(self, _: S) -> Self {
        self
    }
}

impl<S: Simd> Lanes<S, 8> for f64x8<S> {
    #[inline(always)]
    fn folded(self, simd: S) -> f64x4<S> {
        let (low, high) = simd.split_f64x8(self);
        low + high
    }
}

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
    /// By slot, what part of all comes there.
    reach: Vec<f64>,
    /// By slot, what is said below it.
    worth: Vec<f64>,
    /// By branch, the weight of what its sides differ by; behind it, of a fork the parts that its
    /// sides get, and of a twig the part that is pulled.
    steps: Vec<f64>,
    /// By fork, the slot that the row goes to; by twig, the side.
    hot: Vec<u32>,
    /// By branch, the side that the row goes to, or [`FAILED`]; and a zero behind the last.
    sides: Vec<u8>,
    /// By leaf.
    values: Vec<f64>,
    /// By score and feature, four sums that make the contribution.
    sums: Vec<[f64; 4]>,
}

/// The row fails a branch above that asks for the same feature.
const FAILED: u8 = 2;

/// Vectors in a step.
const STEP: usize = 3;

impl Work {
    /// Room for trees of so many leaves, and for so many contributions.
    pub(super) fn new(leaves: usize, contributions: usize) -> Self {
        let (branches, slots) = (leaves - 1, 2 * leaves - 1);
        Self {
            reach: vec![0.0; MOST_LANES * slots],
            worth: vec![0.0; MOST_LANES * slots],
            steps: vec![0.0; STEP * MOST_LANES * branches],
            hot: vec![0; branches],
            sides: vec![0; leaves],
            values: vec![0.0; leaves],
            sums: vec![[0.0; 4]; contributions],
        }
    }

    /// Begins with a row.
    pub(super) fn begin(&mut self) {
        self.sums.fill([0.0; 4]);
    }

    /// Writes what was added since the row began.
    pub(super) fn finish(&self, contributions: &mut [f64]) {
        for (contribution, [a, b, c, d]) in contributions.iter_mut().zip(&self.sums) {
            *contribution = (a + b) + (c + d);
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
        let (forks, branches) = (tree.forks, tree.splits.len());
        let splits = &tree.splits[..branches];
        let reach = &mut self.reach.as_chunks_mut::<N>().0[..tree.slots()];
        let steps = &mut self.steps.as_chunks_mut::<N>().0.as_chunks_mut::<STEP>().0[..branches];
        let hot = &mut self.hot[..branches];
        let sides = &mut self.sides[..=branches];
        sides[branches] = 0;
        V::splat(simd, 1.0).store_array(&mut reach[0]);
        let point = Point::<S, V, N>::new(simd, points);
        for at in 0..forks {
            let split = &splits[at];
            let side = tree.side(split, features);
            let (pulled, spreads) = point.split(split, at, side, sides);
            // What reaches the branch comes in last: there is a long way from the root to here, and
            // the rest need not wait for it.
            let to_cold = spreads * split.shares[1 - side];
            let to_hot = spreads * split.shares[side] + pulled;
            let gain = point.weights * pulled * spreads;
            let above = V::load_array_ref(simd, &reach[at]);
            let step = &mut steps[at];
            (gain * above).store_array(&mut step[0]);
            to_cold.store_array(&mut step[2 - side]);
            to_hot.store_array(&mut step[1 + side]);
            hot[at] = split.children[side];
            let [slot_cold, slot_hot] = [split.children[1 - side], split.children[side]];
            (to_cold * above).store_array(&mut reach[slot_cold as usize]);
            (to_hot * above).store_array(&mut reach[slot_hot as usize]);
        }
        for at in forks..branches {
            let split = &splits[at];
            let side = tree.side(split, features);
            let (pulled, spreads) = point.split(split, at, side, sides);
            let gain = point.weights * pulled * spreads;
            let above = V::load_array_ref(simd, &reach[at]);
            let step = &mut steps[at];
            (gain * above).store_array(&mut step[0]);
            pulled.store_array(&mut step[1]);
            hot[at] = u32::from(side == 1);
        }
    }

    /// Comes back up the tree that was gone down last, and adds what each feature adds to this
    /// output of it to the sums from this one on.
    #[inline(always)]
    pub(super) fn ascend<X: Real, S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        tree: &Splits<X>,
        output: &Output,
        first: usize,
    ) {
        let (forks, branches) = (tree.forks, tree.splits.len());
        let splits = &tree.splits[..branches];
        let worth = &mut self.worth.as_chunks_mut::<N>().0[..tree.slots()];
        let steps = &self.steps.as_chunks::<N>().0.as_chunks::<STEP>().0[..branches];
        let hot = &self.hot[..branches];
        let sums = &mut self.sums[first..];
        let values = output.values(&mut self.values[..tree.leaves]);
        let (of_twigs, of_forks) = values.split_at(2 * (branches - forks));
        let of_twigs = &of_twigs.as_chunks::<2>().0[..branches - forks];
        // As vectors: a load of a vector must wait for numbers that are stored one by one.
        for (at, worth) in worth[branches..].iter_mut().enumerate() {
            V::splat(simd, of_forks[at]).store_array(worth);
        }
        for at in forks..branches {
            let (split, [gain, pulled, _]) = (&splits[at], &steps[at]);
            let leaves = &of_twigs[at - forks];
            let mean = leaves[0] * split.shares[0] + leaves[1] * split.shares[1];
            let differs = leaves[hot[at] as usize % 2] - mean;
            let pulled = V::load_array_ref(simd, pulled);
            (pulled * differs + mean).store_array(&mut worth[at]);
            let gain = V::load_array_ref(simd, gain);
            add(simd, gain * differs, &mut sums[split.feature as usize]);
        }
        for at in (0..forks).rev() {
            let (split, [gain, false_way, true_way]) = (&splits[at], &steps[at]);
            let [on_false, on_true] = split.children;
            let on_false = V::load_array_ref(simd, &worth[on_false as usize]);
            let on_true = V::load_array_ref(simd, &worth[on_true as usize]);
            let mean = on_false * split.shares[0] + on_true * split.shares[1];
            let differs = V::load_array_ref(simd, &worth[hot[at] as usize]) - mean;
            let from_false = on_false * V::load_array_ref(simd, false_way);
            let from_true = on_true * V::load_array_ref(simd, true_way);
            (from_false + from_true).store_array(&mut worth[at]);
            let gain = V::load_array_ref(simd, gain);
            add(simd, gain * differs, &mut sums[split.feature as usize]);
        }
    }
}

#[inline(always)]
fn add<S: Simd, V: Lanes<S, N>, const N: usize>(simd: S, addends: V, sums: &mut [f64; 4]) {
    (f64x4::load_array_ref(simd, sums) + addends.folded(simd)).store_array(sums);
}

/// The points of a quadrature in vectors.
struct Point<'a, S: Simd, V, const N: usize> {
    simd: S,
    passed: &'a [[f64; N]; 2],
    one: V,
    t: V,
    rest: V,
    weights: V,
}

impl<'a, S: Simd, V: Lanes<S, N>, const N: usize> Point<'a, S, V, N> {
    #[inline(always)]
    fn new(simd: S, Points { passed, rest, weights }: &'a Points<N>) -> Self {
        Self {
            simd,
            passed,
            one: V::splat(simd, 1.0),
            t: V::load_array_ref(simd, &passed[1]),
            rest: V::load_array_ref(simd, rest),
            weights: V::load_array_ref(simd, weights),
        }
    }

    /// What part of what reaches a branch is pulled to the row's side, and the rest, which spreads.
    #[inline(always)]
    fn split<X>(&self, split: &Split<X>, at: usize, side: usize, sides: &mut [u8]) -> (V, V) {
        let is_passed = u32::from(sides[split.above as usize / 2]) == split.above % 2;
        sides[at] = if is_passed { u8::from(side == 1) } else { FAILED };
        let passed = V::load_array_ref(self.simd, &self.passed[usize::from(is_passed)]);
        let pulled = passed / (self.t + self.rest * split.share_above);
        (pulled, self.one - pulled)
    }
}
