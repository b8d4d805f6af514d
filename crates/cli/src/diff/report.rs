//! The figures of a comparison, counted row by row.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use anyhow::{Result, bail};

use crate::diff::{
    compared::{Compared, Kind},
    row::{Moved, change, relative_change},
    side::Scored,
};

/// The sizes of changes that are told apart: of probabilities in their own unit, of a regressor's
/// values as a share of the old one.
pub(super) const SIZES: [f64; 3] = [0.001, 0.01, 0.1];

/// What lies between the sizes, below zero and above.
pub(super) const BINS: usize = 2 * SIZES.len() + 1;

/// The bin of changes that are smaller than every size.
pub(super) const MIDDLE: usize = SIZES.len();

/// The quantiles that are told, in per cent.
pub(super) const PERCENTS: [usize; 5] = [1, 5, 50, 95, 99];

/// Counts rows. Memory grows with them by a number for each change, for the quantiles.
#[derive(Debug)]
pub(super) struct Tally<'c> {
    compared: &'c Compared,
    top: usize,
    rows: usize,
    identical: usize,
    not_finite: usize,
    changes: Vec<f64>,
    relative_changes: Vec<f64>,
    bins: [usize; BINS],
    decisions: BTreeMap<[usize; 2], usize>,
    /// The least of the rows that moved most comes out first.
    moved_most: BinaryHeap<Reverse<Moved>>,
}

/// What the comparison comes to.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) rows: usize,
    /// Rows with the same score, to the last bit.
    pub(super) identical: usize,
    /// Rows with a change that is no number, which count in nothing else but decisions.
    pub(super) not_finite: usize,
    /// Signed, but of more than two classes: then the greatest of a row's absolute changes.
    pub(super) change: Spread,
    /// Of regressors, as a share of the old value.
    pub(super) relative_change: Option<Spread>,
    /// Rows by their change, in the unit of [`SIZES`].
    pub(super) bins: [usize; BINS],
    /// Rows by their old and new decision, as indices.
    pub(super) decisions: BTreeMap<[usize; 2], usize>,
    /// The rows that changed most, the greatest change first.
    pub(super) moved_most: Vec<Moved>,
}

/// How numbers are spread; all zero where there are none.
#[derive(Debug, Default)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) mean_absolute: f64,
    pub(super) largest_absolute: f64,
    /// By nearest rank, one for each of [`PERCENTS`].
    pub(super) quantiles: [f64; PERCENTS.len()],
}

impl<'c> Tally<'c> {
    pub(super) fn new(compared: &'c Compared, top: usize) -> Self {
        Self {
            compared,
            top,
            rows: 0,
            identical: 0,
            not_finite: 0,
            changes: Vec::new(),
            relative_changes: Vec::new(),
            bins: [0; BINS],
            decisions: BTreeMap::new(),
            moved_most: BinaryHeap::new(),
        }
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Counts the rows of a block.
    ///
    /// # Errors
    ///
    /// When the models found different numbers of rows in it.
    pub(super) fn add(&mut self, old: &Scored, new: &Scored) -> Result<()> {
        let width = self.compared.width();
        let rows = [old, new].map(|scored| scored.scores.len() / width);
        if rows[0] != rows[1] {
            bail!("the old model reads {} rows where the new one reads {}", rows[0], rows[1]);
        }
        let scores = old.scores.chunks_exact(width).zip(new.scores.chunks_exact(width));
        for (row, (old_scores, new_scores)) in scores.enumerate() {
            let class = moved_class(old_scores, new_scores);
            let decisions = self.compared.has_decisions();
            self.add_row(Moved {
                row: self.rows,
                class,
                old: old_scores[class],
                new: new_scores[class],
                decisions: decisions.then(|| [old.decisions[row], new.decisions[row]]),
            });
        }
        Ok(())
    }

    fn add_row(&mut self, moved: Moved) {
        self.rows += 1;
        if let Some(decisions) = moved.decisions {
            *self.decisions.entry(decisions).or_default() += 1;
        }
        let change = moved.change();
        self.identical += usize::from(change == 0.0);
        if change.is_finite() {
            let relative = match self.compared.kind {
                Kind::TwoClasses => change,
                Kind::Classes(_) => change.abs(),
                Kind::Regressors => {
                    let relative = relative_change(moved.old, moved.new);
                    self.relative_changes.push(relative);
                    relative
                }
            };
            self.bins[bin(relative)] += 1;
            let is_signed = !matches!(self.compared.kind, Kind::Classes(_));
            self.changes.push(if is_signed { change } else { change.abs() });
        } else {
            self.not_finite += 1;
        }
        if change != 0.0 || moved.flips() {
            self.moved_most.push(Reverse(moved));
            if self.moved_most.len() > self.top {
                self.moved_most.pop();
            }
        }
    }

    pub(super) fn finish(self) -> Report {
        let is_relative = self.compared.kind == Kind::Regressors;
        Report {
            rows: self.rows,
            identical: self.identical,
            not_finite: self.not_finite,
            change: Spread::of(self.changes),
            relative_change: is_relative.then(|| Spread::of(self.relative_changes)),
            bins: self.bins,
            decisions: self.decisions,
            moved_most: {
                let sorted = self.moved_most.into_sorted_vec().into_iter();
                sorted.map(|Reverse(moved)| moved).collect()
            },
        }
    }
}

impl Report {
    /// The rows on which the models decide differently.
    pub(super) fn flips(&self) -> usize {
        self.decisions.iter().filter(|([old, new], _)| old != new).map(|(_, rows)| rows).sum()
    }

    /// The rows that moved by more than a size, for each of [`SIZES`].
    pub(super) fn moved(&self) -> [usize; SIZES.len()] {
        let beyond = |size: usize| -> usize {
            let below = &self.bins[..MIDDLE - size];
            let above = &self.bins[MIDDLE + size + 1..];
            below.iter().chain(above).sum()
        };
        std::array::from_fn(beyond)
    }

    /// `rows` of all rows.
    #[expect(clippy::cast_precision_loss, reason = "a share of so many rows needs no more digits")]
    pub(super) fn share(&self, rows: usize) -> f64 {
        rows as f64 / self.rows as f64
    }
}

impl Spread {
    #[expect(clippy::cast_precision_loss, reason = "a mean of so many needs no more digits")]
    fn of(mut numbers: Vec<f64>) -> Self {
        let (Some(last), count) = (numbers.len().checked_sub(1), numbers.len() as f64) else {
            return Self::default();
        };
        numbers.sort_unstable_by(f64::total_cmp);
        // The rank counts from one, and is at least one.
        let rank = |percent: usize| (numbers.len() * percent).div_ceil(100);
        Self {
            mean: numbers.iter().sum::<f64>() / count,
            mean_absolute: numbers.iter().map(|number| number.abs()).sum::<f64>() / count,
            largest_absolute: numbers[0].abs().max(numbers[last].abs()),
            quantiles: PERCENTS.map(|percent| numbers[rank(percent) - 1]),
        }
    }
}

/// The class whose score changed most, the first of equals.
fn moved_class(old: &[f64], new: &[f64]) -> usize {
    let sizes = old.iter().zip(new).map(|(&old, &new)| change(old, new).abs());
    let greatest = sizes
        .enumerate()
        .reduce(|best, next| if next.1.total_cmp(&best.1).is_gt() { next } else { best });
    greatest.map_or(0, |(class, _)| class)
}

fn bin(change: f64) -> usize {
    let beyond = SIZES.iter().filter(|&&size| change.abs() > size).count();
    if change < 0.0 { MIDDLE - beyond } else { MIDDLE + beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(compared: &Compared, old: &[f64], new: &[f64]) -> Report {
        let scored = |scores: &[f64]| {
            let decided = scores.iter().map(|&score| usize::from(score >= 0.5));
            Scored { scores: scores.to_vec(), decisions: decided.collect() }
        };
        let mut tally = Tally::new(compared, 2);
        tally.add(&scored(old), &scored(new)).unwrap();
        tally.finish()
    }

    fn compared(kind: Kind) -> Compared {
        let decisions = vec!["no".to_owned(), "yes".to_owned()];
        Compared { kind, threshold: Some(0.5), decisions }
    }

    #[test]
    fn rows_are_counted_by_the_size_of_their_change() {
        let old = [0.5, 0.5, 0.5, 0.5, 0.5, f64::NAN];
        let new = [0.5, 0.5005, 0.505, 0.45, 0.9, 0.5];
        let report = tally(&compared(Kind::TwoClasses), &old, &new);
        assert_eq!((report.rows, report.identical, report.not_finite), (6, 1, 1));
        assert_eq!(report.bins, [0, 1, 0, 2, 1, 0, 1]);
        assert_eq!(report.moved(), [3, 2, 1]);
        assert_eq!(report.flips(), 2);
        let moved: Vec<_> = report.moved_most.iter().map(|moved| moved.row).collect();
        assert_eq!(moved, [5, 4]);
    }

    #[test]
    fn values_of_regressors_move_by_a_share() {
        let report = tally(&compared(Kind::Regressors), &[0.0, 100.0, -10.0], &[1.0, 100.5, -12.0]);
        assert_eq!(report.bins, [1, 0, 0, 0, 1, 0, 1]);
        let relative = report.relative_change.unwrap();
        assert_eq!(relative.quantiles, [-0.2, -0.2, 0.005, f64::INFINITY, f64::INFINITY]);
        assert_eq!(report.change.largest_absolute, 2.0);
    }

    #[test]
    fn quantiles_are_numbers_that_occurred() {
        let spread = Spread::of((1..=200).map(f64::from).rev().collect());
        assert_eq!(spread.quantiles, [2.0, 10.0, 100.0, 190.0, 198.0]);
        assert_eq!(spread.mean, 100.5);
        assert_eq!(Spread::of(vec![-3.0]).quantiles, [-3.0; 5]);
        assert_eq!(Spread::of(vec![-3.0]).mean_absolute, 3.0);
        assert_eq!(Spread::of(Vec::new()).quantiles, [0.0; 5]);
    }

    #[test]
    fn class_that_moved_most_is_told_of_several() {
        assert_eq!(moved_class(&[0.2, 0.3, 0.5], &[0.1, 0.6, 0.3]), 1);
        assert_eq!(moved_class(&[0.2, 0.8], &[0.2, 0.8]), 0);
    }
}
