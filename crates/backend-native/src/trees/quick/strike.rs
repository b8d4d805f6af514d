//! A branch, as what it strikes out of the state where it is false.

use std::cmp::Ordering;

use super::table::Chunk;
use crate::{
    real::Real,
    trees::tree::{Branch, Test, Tree},
};

/// What a branch strikes out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike<'t, X> {
    pub(super) feature: u32,
    pub(super) when: When<'t, X>,
    pub(super) missing_is_false: bool,
    word: u32,
    /// What it leaves of the word.
    mask: u64,
}

/// The values that a branch is false for.
#[derive(Clone, Copy, Debug)]
pub(super) enum When<'t, X> {
    /// Those above.
    Above(X),
    /// Those that an odd number of these lie below, which are ascending.
    Odd(&'t [X]),
}

impl<'t, X: Real> Strike<'t, X> {
    /// What this branch of a tree strikes out, as a mask of what is left of one word.
    pub(super) fn of(tree: &'t Tree<X>, branch: Branch<X>, word: u32, mask: u64) -> Self {
        let when = match branch.test {
            // Two zeros compare as equal, and their branches alike.
            Test::AtMost(threshold) => When::Above(threshold + X::ZERO),
            Test::Even(boundaries) => When::Odd(tree.set(boundaries)),
        };
        let missing_is_false = !branch.missing_is_true;
        Self { feature: branch.feature, when, missing_is_false, word, mask }
    }

    /// The numbers that the branch compares with.
    pub(super) fn boundaries(&self) -> &[X] {
        match &self.when {
            When::Above(threshold) => std::slice::from_ref(threshold),
            When::Odd(boundaries) => boundaries,
        }
    }

    /// Whether the branch is false for the values just above a number.
    pub(super) fn is_false_above(&self, number: X) -> bool {
        let boundaries = self.boundaries();
        !boundaries.partition_point(|&boundary| boundary <= number).is_multiple_of(2)
    }

    /// Strikes out.
    pub(super) fn apply(&self, left: &mut [Chunk]) {
        left.as_flattened_mut()[self.word as usize] &= self.mask;
    }

    const fn is_single(&self) -> bool {
        matches!(self.when, When::Above(_))
    }
}

/// By feature, those of several boundaries first, the others by their threshold.
pub(super) fn sort<X: Real>(strikes: &mut [Strike<'_, X>]) {
    strikes.sort_unstable_by(|a, b| {
        let by_threshold = || match (&a.when, &b.when) {
            (When::Above(a), When::Above(b)) => a.total_cmp(b),
            _ => Ordering::Equal,
        };
        let by_kind = || a.is_single().cmp(&b.is_single()).then_with(by_threshold);
        a.feature.cmp(&b.feature).then_with(by_kind)
    });
}

/// Those of several boundaries and those of one, where they are in order and of one feature.
pub(super) fn sets_and_singles<'s, 't, X: Real>(
    strikes: &'s [Strike<'t, X>],
) -> (&'s [Strike<'t, X>], &'s [Strike<'t, X>]) {
    strikes.split_at(strikes.partition_point(|strike| !strike.is_single()))
}
