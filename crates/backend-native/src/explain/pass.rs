//! From one feature vector to what each feature adds, grove by grove.

use std::cell::Cell;

use super::{compare::Comparer, output::Output, quadrature::Quadrature, room::Room, split::Splits};
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
    /// What is pulled by a branch whose feature is asked for first.
    first: [[f64; N]; 2],
}

impl<const N: usize> Points<N> {
    /// Takes the points of a quadrature `N` by `N`, which its number of points is a multiple of.
    pub(super) fn of(Quadrature { points, weights }: &Quadrature) -> Vec<Self> {
        let (points, weights) = (points.as_chunks::<N>().0, weights.as_chunks::<N>().0);
        let chunks = points.iter().zip(weights);
        let points = chunks.map(|(&points, &weights)| Self {
            passed: [[0.0; N], points],
            rest: points.map(|t| 1.0 - t),
            weights: std::array::from_fn(|q| weights[q] / (points[q] * (1.0 - points[q]))),
            first: [points, weights],
        });
        points.collect()
    }
}

/// What one thread needs to pass through groves; it has room for the largest.
#[derive(Debug)]
pub(super) struct Work<X> {
    /// What the branches compare.
    numbers: Vec<X>,
    /// By branch, the side that the row goes to.
    sides: Vec<bool>,
    /// By [`Split::pull`](super::split::Split::pull), whether the row passes all branches above that
    /// ask for the same feature.
    passed: Vec<bool>,
    /// Beside it, the part that is pulled, and `p (1 - p) / (t (1 - t))` of it with the weights.
    pulls: Room,
    /// By slot, what part of all comes there, and what is said below it.
    slots: Room,
    /// By fork, the false side's part, and the weight of what its sides differ by.
    steps: Room,
    /// By leaf.
    values: Vec<f64>,
    /// By score and feature, four sums that make the contribution.
    sums: Room,
}

/// The largest grove that is worked on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Largest {
    leaves: usize,
    forks: usize,
    slots: usize,
    repeats: usize,
}

impl Largest {
    /// The larger of this and a grove in every way.
    pub(super) fn or<X: Real>(self, trees: &Splits<X>) -> Self {
        Self {
            leaves: self.leaves.max(trees.leaves()),
            forks: self.forks.max(trees.forks),
            slots: self.slots.max(trees.slots()),
            repeats: self.repeats.max(trees.repeats.len()),
        }
    }
}

impl<X: Real> Work<X> {
    /// Room for so many numbers, groves up to this one, and so many contributions.
    pub(super) fn new(numbers: usize, largest: Largest, contributions: usize) -> Self {
        let Largest { leaves, forks, slots, repeats } = largest;
        Self {
            numbers: vec![X::ZERO; numbers],
            sides: vec![false; leaves],
            passed: vec![true; repeats + 1],
            pulls: Room::new(2 * MOST_LANES * (repeats + 1)),
            slots: Room::new(2 * MOST_LANES * slots),
            steps: Room::new(2 * MOST_LANES * forks),
            values: vec![0.0; leaves],
            sums: Room::new(4 * contributions),
        }
    }

    /// Begins with a row.
    #[inline(always)]
    pub(super) fn begin(&mut self, comparer: &Comparer<X>, features: &[X]) {
        comparer.compare(features, &mut self.numbers);
        self.sums.vectors().fill([0.0; 4]);
    }

    /// Writes what was added since the row began.
    #[inline(always)]
    pub(super) fn finish(&mut self, contributions: &mut [f64]) {
        for (contribution, &mut [a, b, c, d]) in contributions.iter_mut().zip(self.sums.vectors()) {
            *contribution = (a + b) + (c + d);
        }
    }

    /// Finds the sides of the branches that the row goes to.
    #[inline(always)]
    pub(super) fn decide(&mut self, trees: &Splits<X>) {
        let Self { numbers, sides, .. } = self;
        let sides = &mut sides[..trees.comparisons.len()];
        let (sides, last_sides) = sides.as_chunks_mut::<4>();
        let (comparisons, last_comparisons) = trees.comparisons.as_chunks::<4>();
        for (sides, comparisons) in sides.iter_mut().zip(comparisons) {
            for (side, comparison) in sides.iter_mut().zip(comparisons) {
                *side = comparison.holds(numbers);
            }
        }
        for (side, comparison) in last_sides.iter_mut().zip(last_comparisons) {
            *side = comparison.holds(numbers);
        }
    }

    /// Goes down the trees whose sides were found last.
    #[inline(always)]
    pub(super) fn descend<S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        trees: &Splits<X>,
        points: &Points<N>,
    ) {
        let Self { sides, passed, pulls, slots, steps, .. } = self;
        let sides = &sides[..trees.splits.len()];
        let passed = &mut passed[..=trees.repeats.len()];
        let pulls = &mut pulls.vectors::<N>().as_chunks_mut::<2>().0[..=trees.repeats.len()];
        let one = V::splat(simd, 1.0);
        let t = V::load_array_ref(simd, &points.passed[1]);
        let rest = V::load_array_ref(simd, &points.rest);
        let weights = V::load_array_ref(simd, &points.weights);
        passed[0] = true;
        pulls[0] = points.first;
        let passed = Cell::from_mut(passed).as_slice_of_cells();
        for ((repeat, is_passed), pull) in
            trees.repeats.iter().zip(&passed[1..]).zip(&mut pulls[1..])
        {
            let is_hot = sides[repeat.branch()] == repeat.is_below_true();
            is_passed.set(passed[repeat.pull as usize].get() & is_hot);
            let passed = V::load_array_ref(simd, &points.passed[usize::from(is_passed.get())]);
            let pulled = passed / (t + rest * repeat.share);
            pulled.store_array(&mut pull[0]);
            (weights * pulled * (one - pulled)).store_array(&mut pull[1]);
        }
        let slots =
            Cell::from_mut(&mut slots.vectors::<N>().as_chunks_mut::<2>().0[..trees.slots()]);
        let (roots, below) = slots.as_slice_of_cells().split_at(trees.first_pair);
        for root in roots {
            reach(root).set([1.0; N]);
        }
        let slots = slots.as_slice_of_cells();
        let steps = steps.vectors::<N>().as_chunks_mut::<2>().0;
        let forks = trees.splits[..trees.forks].iter().zip(sides).zip(below.as_chunks::<2>().0);
        for (((split, &side), [to_false, to_true]), step) in forks.zip(steps) {
            let above = V::load_array(simd, reach(&slots[split.slot as usize]).get());
            let [pulled, gain] = &pulls[split.pull as usize];
            let beyond = split.beyond[usize::from(side)];
            let part = V::load_array_ref(simd, pulled) * beyond - split.beyond[1];
            let of_false = above * part;
            reach(to_false).set(*of_false.as_array());
            reach(to_true).set(*(above - of_false).as_array());
            part.store_array(&mut step[0]);
            (above * V::load_array_ref(simd, gain) * beyond).store_array(&mut step[1]);
        }
    }

    /// Comes back up the trees that were gone down last, and adds what each feature adds to this
    /// output of them to the sums from this one on.
    #[inline(always)]
    pub(super) fn ascend<S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        trees: &Splits<X>,
        output: &Output,
        first: usize,
    ) {
        let Self { sides, pulls, slots, steps, values, sums, .. } = self;
        let sums = &mut sums.vectors::<4>()[first..];
        let values = output.values(&mut values[..trees.leaves()]);
        let (of_twigs, of_forks) = values.split_at(2 * trees.twigs());
        let slots = &mut slots.vectors::<N>().as_chunks_mut::<2>().0[..trees.slots()];
        // As vectors: a load of a vector must wait for numbers that are stored one by one.
        for (&slot, &value) in trees.leaf_slots.iter().zip(of_forks) {
            V::splat(simd, value).store_array(&mut slots[slot as usize][1]);
        }
        let pulls = &pulls.vectors::<N>().as_chunks::<2>().0[..=trees.repeats.len()];
        let (forks, twigs) = trees.splits.split_at(trees.forks);
        let (fork_comparisons, twig_comparisons) = trees.comparisons.split_at(trees.forks);
        let sides = &sides[forks.len()..];
        let leaves = of_twigs.as_chunks::<2>().0;
        let twigs = twigs.iter().zip(twig_comparisons).zip(sides);
        for (((split, comparison), &side), &[on_false, on_true]) in twigs.zip(leaves) {
            let [pulled, gain] = &pulls[split.pull as usize];
            let beyond = split.beyond[usize::from(side)];
            let [above, worth] = &mut slots[split.slot as usize];
            let differs = on_false - on_true;
            let part = V::load_array_ref(simd, pulled) * beyond - split.beyond[1];
            (part * differs + on_true).store_array(worth);
            let above = V::load_array_ref(simd, above);
            let gain = above * V::load_array_ref(simd, gain) * (beyond * differs);
            add(simd, gain, &mut sums[comparison.feature as usize]);
        }
        let slots = Cell::from_mut(slots).as_slice_of_cells();
        let below = slots[trees.first_pair..].as_chunks::<2>().0;
        let steps = &steps.vectors::<N>().as_chunks::<2>().0[..forks.len()];
        let forks = forks.iter().zip(fork_comparisons).zip(below).zip(steps);
        for (((split, comparison), [on_false, on_true]), [part, gain]) in forks.rev() {
            let on_true = V::load_array(simd, worth(on_true).get());
            let differs = V::load_array(simd, worth(on_false).get()) - on_true;
            let part = V::load_array_ref(simd, part);
            worth(&slots[split.slot as usize]).set(*(part * differs + on_true).as_array());
            let gain = V::load_array_ref(simd, gain);
            add(simd, gain * differs, &mut sums[comparison.feature as usize]);
        }
    }
}

#[inline(always)]
fn add<S: Simd, V: Lanes<S, N>, const N: usize>(simd: S, addends: V, sums: &mut [f64; 4]) {
    (f64x4::load_array_ref(simd, sums) + addends.folded(simd)).store_array(sums);
}

/// What part of all comes to a slot.
#[inline(always)]
fn reach<const N: usize>(slot: &Cell<[[f64; N]; 2]>) -> &Cell<[f64; N]> {
    &slot.as_array_of_cells()[0]
}

/// What is said below a slot.
#[inline(always)]
fn worth<const N: usize>(slot: &Cell<[[f64; N]; 2]>) -> &Cell<[f64; N]> {
    &slot.as_array_of_cells()[1]
}
