//! A feature vector as branches compare it.

use crate::{
    real::Real,
    trees::{Boundaries, Branch, Test, Tree},
};

/// Makes of a feature vector the *numbers* that branches are true for where they are at most a
/// threshold.
///
/// These are the features, for which a missing value is at most nothing; the features again, for
/// which it is at most everything; and a number for each branch that tests for a set, which is zero
/// or missing.
#[derive(Debug)]
pub(super) struct Comparer<X> {
    features: usize,
    sets: Vec<Set>,
    /// Of all sets.
    boundaries: Vec<X>,
}

/// What a branch asks: whether a number is at most a threshold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison<X> {
    threshold: X,
    number: u32,
    pub(super) feature: u32,
}

/// What a branch asks that tests for a set.
#[derive(Debug)]
struct Set {
    feature: u32,
    missing_is_true: bool,
    /// Among those of all sets.
    boundaries: Boundaries,
}

impl<X: Real> Comparer<X> {
    /// Knows no branch yet, and so many features.
    pub(super) const fn new(features: usize) -> Self {
        Self { features, sets: Vec::new(), boundaries: Vec::new() }
    }

    /// What a branch of a tree asks of the numbers.
    pub(super) fn comparison(&mut self, tree: &Tree<X>, branch: &Branch<X>) -> Comparison<X> {
        let &Branch { feature, test, missing_is_true, .. } = branch;
        let (threshold, number) = match test {
            Test::AtMost(threshold) => {
                (threshold, feature as usize + if missing_is_true { self.features } else { 0 })
            }
            Test::Even(boundaries) => {
                let first = index(self.boundaries.len());
                self.boundaries.extend(tree.set(boundaries));
                let boundaries = Boundaries { first, ..boundaries };
                self.sets.push(Set { feature, missing_is_true, boundaries });
                (X::ZERO, self.len() - 1)
            }
        };
        Comparison { threshold, number: index(number), feature }
    }

    /// How many numbers there are.
    pub(super) const fn len(&self) -> usize {
        2 * self.features + self.sets.len()
    }

    /// Writes the numbers of a feature vector.
    #[inline(always)]
    pub(super) fn compare(&self, features: &[X], numbers: &mut [X]) {
        let (false_if_missing, numbers) = numbers.split_at_mut(self.features);
        let (true_if_missing, of_sets) = numbers.split_at_mut(self.features);
        false_if_missing.copy_from_slice(features);
        let least = X::of_f64(f64::NEG_INFINITY);
        for (number, &x) in true_if_missing.iter_mut().zip(features) {
            *number = if x.is_nan() { least } else { x };
        }
        for (number, set) in of_sets.iter_mut().zip(&self.sets) {
            let Set { feature, missing_is_true, boundaries } = *set;
            let all =
                |Boundaries { first, len }| &self.boundaries[first as usize..][..len as usize];
            let x = features[feature as usize];
            let is_true = goes_true(Test::Even(boundaries), missing_is_true, x, all);
            *number = if is_true { X::ZERO } else { X::NAN };
        }
    }
}

impl<X: Real> Comparison<X> {
    /// Whether it is.
    #[inline(always)]
    pub(super) fn holds(&self, numbers: &[X]) -> bool {
        numbers[self.number as usize] <= self.threshold
    }
}

/// Whether a branch goes to its true side. `set` gives the boundaries of a test.
#[inline(always)]
pub(super) fn goes_true<'a, X: Real>(
    test: Test<X>,
    missing_is_true: bool,
    x: X,
    set: impl Fn(Boundaries) -> &'a [X],
) -> bool {
    match test {
        Test::AtMost(threshold) => (x <= threshold) | (x.is_nan() & missing_is_true),
        Test::Even(_) if x.is_nan() => missing_is_true,
        Test::Even(boundaries) => set(boundaries).partition_point(|&number| number < x) % 2 == 0,
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or_else(|_| unreachable!("features and nodes are bounded"))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::trees::sample::{any_number, plant, rows, tree};

    proptest! {
        #[test]
        fn comparisons_hold_where_branches_go_true(
            seeds in vec(tree(1..16, any_number()), 1..4),
            rows in rows(),
        ) {
            let trees: Vec<Tree<f32>> = seeds.iter().map(|seeds| plant(seeds)).collect();
            let mut comparer = Comparer::new(rows[0].len());
            let branches = trees.iter().flat_map(|tree| tree.branches().map(move |b| (tree, b)));
            let branches: Vec<_> = branches
                .map(|(tree, branch)| (tree, branch, comparer.comparison(tree, &branch)))
                .collect();
            let mut numbers = vec![0.0; comparer.len()];
            for mut row in rows {
                for least in [false, true] {
                    if least {
                        row[0] = f32::NEG_INFINITY;
                    }
                    comparer.compare(&row, &mut numbers);
                    for (tree, branch, comparison) in &branches {
                        let Branch { feature, test, missing_is_true, .. } = *branch;
                        let x = row[feature as usize];
                        let is_true = goes_true(test, missing_is_true, x, |set| tree.set(set));
                        prop_assert_eq!(comparison.holds(&numbers), is_true, "{} {:?}", x, branch);
                    }
                }
            }
        }
    }
}
