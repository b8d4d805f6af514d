use std::{fmt, time::Duration};

use hdrhistogram::Histogram;

/// The longest latency that is told apart; longer ones count as this.
const LONGEST: Duration = Duration::from_secs(3600);

/// How many times the same number of nanoseconds was met, to three digits (HdrHistogram).
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

/// Latencies from one bound to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The least latency of the bucket.
    pub from: Duration,
    /// Where the next bucket begins.
    pub to: Duration,
    /// How many there were.
    pub count: u64,
}

impl Latencies {
    /// None yet. All memory is taken here, so that to record allocates nothing.
    ///
    /// # Panics
    ///
    /// Never: the bounds are those that the histogram takes.
    pub fn new() -> Self {
        Self::with_digits(3)
    }

    pub(crate) fn with_digits(digits: u8) -> Self {
        let longest = u64::try_from(LONGEST.as_nanos()).unwrap_or(u64::MAX);
        let Ok(histogram) = Histogram::new_with_bounds(1, longest, digits) else {
            unreachable!("an hour in nanoseconds and {digits} digits are within the bounds")
        };
        Self(histogram)
    }

    /// Counts a latency.
    pub fn record(&mut self, latency: Duration) {
        self.record_nanoseconds(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn record_nanoseconds(&mut self, nanoseconds: u64) {
        self.0.saturating_record(nanoseconds);
    }

    /// Counts what another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        let added = self.0.add(&other.0);
        debug_assert!(added.is_ok(), "all have the same bounds");
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that a share `quantile` of all does not exceed, from 0 to 1: of 0.99 the 99th
    /// percentile. Zero where nothing was counted.
    pub fn quantile(&self, quantile: f64) -> Duration {
        if self.count() == 0 {
            return Duration::ZERO;
        }
        // The upper end of a bucket may lie above what was met.
        Duration::from_nanos(self.0.value_at_quantile(quantile).min(self.0.max()))
    }

    /// The mean; zero where nothing was counted.
    pub fn mean(&self) -> Duration {
        Duration::from_secs_f64((self.0.mean() / 1e9).max(0.0))
    }

    /// The least; zero where nothing was counted.
    pub fn min(&self) -> Duration {
        Duration::from_nanos(self.0.min())
    }

    /// The greatest; zero where nothing was counted.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }

    /// How many were longer than `limit`, to three digits of it.
    pub fn count_above(&self, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.count() - self.0.count_between(0, limit)
    }

    /// The counts between bounds that grow by the factor `2^(1 / per_doubling)`, from the bucket of
    /// the least latency to that of the greatest. None where nothing was counted.
    ///
    /// # Panics
    ///
    /// When `per_doubling` is zero.
    pub fn buckets(&self, per_doubling: u32) -> Vec<Bucket> {
        assert!(per_doubling > 0, "buckets have a width");
        if self.count() == 0 {
            return Vec::new();
        }
        let bound = |step: u32| {
            let bound = 2_f64.powf(f64::from(step) / f64::from(per_doubling)).round();
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and an hour at most")]
            #[expect(clippy::cast_sign_loss, reason = "a power of two is positive")]
            let bound = bound as u64;
            bound
        };
        // The bounds from the last that is not above the least, to the first above the greatest.
        let mut bounds: Vec<u64> = Vec::new();
        for next in (0..).map(bound) {
            if bounds.last() == Some(&next) {
                continue;
            }
            if next <= self.0.min() {
                bounds.clear();
            }
            bounds.push(next);
            if next > self.0.max() {
                break;
            }
        }
        let mut counts = vec![0; bounds.len() - 1];
        for met in self.0.iter_recorded() {
            // A count stands for all values that agree in three digits; of the lowest ones, `min`
            // is what the bounds begin with.
            let value = self.0.lowest_equivalent(met.value_iterated_to()).max(self.0.min());
            let above = bounds.partition_point(|&bound| bound <= value);
            counts[above - 1] += met.count_since_last_iteration();
        }
        let ends = bounds.windows(2).map(|pair| (pair[0], pair[1]));
        ends.zip(counts)
            .map(|((from, to), count)| {
                let (from, to) = (Duration::from_nanos(from), Duration::from_nanos(to));
                Bucket { from, to, count }
            })
            .collect()
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies")
            .field("count", &self.count())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(nanoseconds: &[u64]) -> Latencies {
        let mut latencies = Latencies::new();
        nanoseconds.iter().for_each(|&value| latencies.record_nanoseconds(value));
        latencies
    }

    #[test]
    fn nothing_counted_is_all_zero() {
        let none = Latencies::new();
        assert_eq!((none.count(), none.quantile(0.5), none.max()), (0, Duration::ZERO, none.min()));
        assert_eq!(none.buckets(4), []);
    }

    #[test]
    fn longer_than_the_longest_counts_as_that() {
        let latencies = of(&[u64::MAX]);
        assert_eq!(latencies.count(), 1);
        assert!(latencies.max() >= LONGEST);
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(1..10_000_000_000_u64, 1..500),
            quantile in 0.0..=1.0_f64,
        ) {
            let latencies = of(&values);
            values.sort_unstable();
            // The first value that so large a share does not exceed.
            let shares = (1..=values.len()).map(|rank| rank as f64 / values.len() as f64);
            let rank = shares.take_while(|&share| share < quantile).count();
            let expected = values[rank.min(values.len() - 1)] as f64;
            let got = latencies.quantile(quantile).as_nanos() as f64;
            prop_assert!((got - expected).abs() <= expected / 1000.0, "{got} {expected}");
            let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
            prop_assert!((latencies.mean().as_nanos() as f64 - mean).abs() <= mean / 1000.0 + 1.0);
        }

        #[test]
        fn every_latency_is_in_one_bucket(
            values in prop::collection::vec(1..100_000_000_u64, 1..200),
            per_doubling in 1..8_u32,
        ) {
            let buckets = of(&values).buckets(per_doubling);
            prop_assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), values.len() as u64);
            for pair in buckets.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
            let least = Duration::from_nanos(*values.iter().min().unwrap());
            prop_assert!(buckets[0].from <= least && least < buckets[0].to);
        }

        #[test]
        fn those_above_a_limit_are_counted(
            values in prop::collection::vec(1..1_000_000_u64, 1..200),
            limit in 1..1_000_000_u64,
        ) {
            let above = of(&values).count_above(Duration::from_nanos(limit));
            let near = limit / 500;
            let sure = values.iter().filter(|&&value| value > limit + near).count() as u64;
            let perhaps = values.iter().filter(|&&value| value > limit - near).count() as u64;
            prop_assert!((sure..=perhaps).contains(&above), "{sure} {above} {perhaps}");
        }
    }
}
