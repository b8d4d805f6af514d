//! How long a batch takes: `t(rows) = fixed + per_row * rows`, measured once, and kept up to date.

use crate::sync::{AtomicUsize, Ordering::Relaxed};

/// From how many times the fixed cost on a batch's rows are all that matters: larger ones would
/// save six in a hundred at most, and make the first rows wait for the last.
const AMORTISED: f64 = 16.0;

/// The share that a new measurement has in what is believed.
const WEIGHT: f64 = 1.0 / 16.0;

/// A run may be this many times slower or faster than believed and still count in full: what
/// takes longer was interrupted.
const PLAUSIBLE: f64 = 2.0;

/// The cost of batches of one plan on this machine.
#[derive(Debug)]
pub(crate) struct Cost {
    /// Nanoseconds of a batch, whatever is in it, as bits.
    fixed: AtomicUsize,
    /// Nanoseconds of each row, as bits.
    per_row: AtomicUsize,
    /// How much slower batches were lately than these say, as bits.
    slowdown: AtomicUsize,
}

impl Cost {
    /// Nothing measured: batches take no time.
    pub(crate) fn unknown() -> Self {
        let bits = |value: f64| AtomicUsize::new(to_bits(value));
        Self { fixed: bits(0.0), per_row: bits(0.0), slowdown: bits(1.0) }
    }

    /// Fits a line to the times of batches, each `(rows, nanoseconds)`, so that the relative errors
    /// are small: it is the small batches whose time matters.
    pub(crate) fn fit(&self, times: &[(usize, f64)]) {
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let points = times.iter().map(|&(rows, time)| (rows as f64, time.max(1.0)));
        let (mut weights, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (rows, time) in points {
            let weight = 1.0 / (time * time);
            weights += weight;
            x += weight * rows;
            y += weight * time;
            xx += weight * rows * rows;
            xy += weight * rows * time;
        }
        let spread = weights * xx - x * x;
        let per_row = if spread > 0.0 { (weights * xy - x * y) / spread } else { 0.0 };
        // Larger batches that take no longer are noise, or a device that pads.
        let per_row = per_row.max(0.0);
        let fixed = if weights > 0.0 { ((y - per_row * x) / weights).max(0.0) } else { 0.0 };
        self.fixed.store(to_bits(fixed), Relaxed);
        self.per_row.store(to_bits(per_row), Relaxed);
        self.slowdown.store(to_bits(1.0), Relaxed);
    }

    /// How long a batch of so many rows is believed to take, in nanoseconds.
    pub(crate) fn time_of(&self, rows: usize) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let nanos = (self.predicted(rows) * from_bits(&self.slowdown)) as u64;
        nanos
    }

    /// The rows from which on a larger batch gains nothing worth waiting for; at least one.
    pub(crate) fn batch_rows(&self) -> usize {
        let (fixed, per_row) = (from_bits(&self.fixed), from_bits(&self.per_row));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let rows = (AMORTISED * fixed / per_row).ceil() as usize;
        if per_row > 0.0 { rows.max(1) } else { usize::MAX }
    }

    /// Learns how long a batch took, in nanoseconds.
    pub(crate) fn observe(&self, rows: usize, took: u64) {
        let predicted = self.predicted(rows);
        if predicted <= 0.0 {
            return;
        }
        let before = from_bits(&self.slowdown);
        #[expect(clippy::cast_precision_loss, reason = "a batch takes less than 104 days")]
        let now = (took as f64 / predicted).clamp(before / PLAUSIBLE, before * PLAUSIBLE);
        // Of two that learn at once, one is forgotten.
        self.slowdown.store(to_bits(before + (now - before) * WEIGHT), Relaxed);
    }

    fn predicted(&self, rows: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let rows = rows as f64;
        from_bits(&self.fixed) + from_bits(&self.per_row) * rows
    }
}

/// Single precision is more than a clock has, and fits where a word has 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn to_bits(value: f64) -> usize {
    (value as f32).to_bits() as usize
}

#[expect(clippy::cast_possible_truncation, reason = "32 bits were put there")]
fn from_bits(bits: &AtomicUsize) -> f64 {
    f32::from_bits(bits.load(Relaxed) as u32).into()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_again() {
        let cost = Cost::unknown();
        let times: Vec<_> =
            [1, 2, 4, 8, 16, 32].map(|rows| (rows, 150.0 + 50.0 * rows as f64)).into();
        cost.fit(&times);
        assert!(cost.time_of(1).abs_diff(200) <= 1, "{cost:?}");
        assert!(cost.time_of(100).abs_diff(5_150) <= 5, "{cost:?}");
        assert_eq!(cost.batch_rows(), 48);
    }

    #[test]
    fn cost_without_a_fixed_part_asks_for_no_company() {
        let cost = Cost::unknown();
        cost.fit(&[(1, 3_000.0), (2, 6_000.0), (4, 11_900.0)]);
        assert_eq!(cost.batch_rows(), 1);
        cost.fit(&[(1, 3_000.0), (2, 3_000.0), (4, 2_900.0)]);
        assert_eq!(cost.batch_rows(), usize::MAX);
    }

    #[test]
    fn slower_machine_is_noticed_and_an_interruption_hardly() {
        let cost = Cost::unknown();
        cost.fit(&[(1, 1_000.0), (2, 2_000.0)]);
        cost.observe(1, 10_000_000);
        assert!(cost.time_of(1) < 1_100, "{cost:?}");
        (0..200).for_each(|_| cost.observe(1, 3_000));
        assert!(cost.time_of(1).abs_diff(3_000) < 100, "{cost:?}");
    }
}
