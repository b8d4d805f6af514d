//! From a feature vector to a row of masks a feature.

use crate::real::Real;

/// The boundaries of every feature that some branch asks for.
#[derive(Debug)]
pub(super) struct Search<X> {
    /// Those that branches compare with one threshold, as they do one-hot encoded ones.
    indicators: Vec<Indicator<X>>,
    features: Vec<Feature>,
    /// Of each of the `features`, ascending, without repetition.
    thresholds: Vec<X>,
}

/// A feature with several thresholds.
#[derive(Clone, Copy, Debug)]
struct Feature {
    /// Its place in a feature vector.
    index: u32,
    first_threshold: u32,
    thresholds: u32,
    /// The row where none of its thresholds lies below its value; each threshold that does is one
    /// row further, and a missing value is one row past them all.
    first_row: u32,
}

/// A feature with one threshold; otherwise as [`Feature`].
#[derive(Clone, Copy, Debug)]
struct Indicator<X> {
    index: u32,
    threshold: X,
    first_row: u32,
}

impl<X: Real> Search<X> {
    pub(super) const fn new() -> Self {
        Self { indicators: Vec::new(), features: Vec::new(), thresholds: Vec::new() }
    }

    /// Adds a feature with its ascending thresholds, or `None` when there are too many.
    pub(super) fn push(&mut self, index: u32, thresholds: &[X], first_row: usize) -> Option<()> {
        let first_row = u32::try_from(first_row).ok()?;
        if let [threshold] = *thresholds {
            self.indicators.push(Indicator { index, threshold, first_row });
            return Some(());
        }
        self.features.push(Feature {
            index,
            first_threshold: u32::try_from(self.thresholds.len()).ok()?,
            thresholds: u32::try_from(thresholds.len()).ok()?,
            first_row,
        });
        self.thresholds.extend_from_slice(thresholds);
        Some(())
    }

    /// The number of features that are asked for.
    pub(super) const fn features(&self) -> usize {
        self.indicators.len() + self.features.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.indicators[..])
            + size_of_val(&self.features[..])
            + size_of_val(&self.thresholds[..])
    }

    /// Calls `select` with the row of each feature.
    #[inline(always)]
    pub(super) fn each(&self, features: &[X], mut select: impl FnMut(usize)) {
        for feature in &self.features {
            let x = features[feature.index as usize];
            let first = feature.first_threshold as usize;
            let thresholds = &self.thresholds[first..][..feature.thresholds as usize];
            let below = thresholds.partition_point(|&threshold| threshold < x);
            // No threshold lies below a missing value, so its row is counted from the first.
            let missing = if x.is_nan() { feature.thresholds as usize + 1 } else { 0 };
            select(feature.first_row as usize + below + missing);
        }
        for indicator in &self.indicators {
            let x = features[indicator.index as usize];
            let further = usize::from(indicator.threshold < x) + 2 * usize::from(x.is_nan());
            select(indicator.first_row as usize + further);
        }
    }
}
