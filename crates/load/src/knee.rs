//! Rates in steps, up to the one that a target no longer holds.
//!
//! The knee is the highest rate that was tried and held: nearly all requests were answered in time
//! for the rate to be kept, and a percentile of their latency stayed below a limit. Both are in
//! [`Limits`].

use std::time::Duration;

use crate::Measured;

/// The shares of a capacity that are tried as rates.
const SHARES: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2];

/// After how many rates in a row that do not hold no higher one is tried: one may be bad luck.
const MISSES: usize = 2;

/// What it means to hold a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The least share of the requested rate that must be answered, from 0 to 1.
    pub achieved: f64,
    /// The percentile that is looked at, from 0 to 1.
    pub quantile: f64,
    /// What the latency at that percentile may be at most.
    pub latency: Duration,
}

impl Limits {
    /// 99 % of the rate, and 99 % of the requests within `latency`.
    pub const fn p99(latency: Duration) -> Self {
        Self { achieved: 0.99, quantile: 0.99, latency }
    }

    /// The limits where nobody says a latency: twenty times the median at the lowest rate, and not
    /// less than a millisecond, which a machine that does something else now and then takes.
    pub fn of_lowest(lowest: &Measured) -> Self {
        Self::p99((20 * lowest.latency.quantile(0.5)).max(Duration::from_millis(1)))
    }

    /// Whether a rate was held. A run without a rate is not.
    pub fn hold(&self, measured: &Measured) -> bool {
        self.broken(measured).is_none()
    }

    /// The first limit that a run does not keep.
    pub fn broken(&self, measured: &Measured) -> Option<Broken> {
        // Chance draws more or fewer requests than the rate says; what counts are those.
        let due = measured.requests() as f64 / measured.window.as_secs_f64();
        let requested = measured.requested.map_or(due, |rate| rate.min(due));
        if measured.requested.is_none() || measured.answered == 0 {
            Some(Broken::Achieved)
        } else if measured.unanswered_share() > 1.0 - self.achieved {
            Some(Broken::Unanswered)
        } else if measured.rate() < self.achieved * requested {
            Some(Broken::Achieved)
        } else if measured.latency.quantile(self.quantile) > self.latency {
            Some(Broken::Latency)
        } else {
            None
        }
    }
}

/// Which limit was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Requests were refused, failed, or never sent.
    Unanswered,
    /// Answers came more slowly than requests.
    Achieved,
    /// Too many answers were late.
    Latency,
}

/// The rates to try for a target that answers `capacity` requests a second in a closed loop, in
/// rising order, from a tenth of it to a fifth more.
pub fn rates(capacity: f64) -> Vec<f64> {
    SHARES.iter().map(|share| two_digits(share * capacity)).collect()
}

/// Whether no higher rate needs to be tried: the last two were not held.
pub fn is_passed(held: &[bool]) -> bool {
    held.len() >= MISSES && held[held.len() - MISSES..].iter().all(|&held| !held)
}

/// The run at the knee: the one of those that held whose rate is the highest.
pub fn find<'m>(runs: impl IntoIterator<Item = &'m Measured>, limits: &Limits) -> Option<usize> {
    let runs = runs.into_iter().enumerate();
    runs.filter(|(_, run)| limits.hold(run))
        .max_by(|(_, one), (_, other)| {
            one.requested.partial_cmp(&other.requested).unwrap_or(std::cmp::Ordering::Equal)
        })
        .map(|(run, _)| run)
}

/// Rounded to a number that is easy to say; never to zero.
fn two_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf(rate.log10().floor() - 1.0);
    let rounded = (rate / unit).round() * unit;
    if rounded.is_normal() { rounded } else { rate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Latencies;

    /// A second at `rate`, of which `answered` requests were, in `milliseconds` each.
    fn run(rate: u32, answered: u64, milliseconds: u64) -> Measured {
        let mut latency = Latencies::new();
        (0..answered).for_each(|_| latency.record(Duration::from_millis(milliseconds)));
        Measured {
            requested: Some(rate.into()),
            window: Duration::from_secs(1),
            answered,
            answered_in_window: answered,
            refused: 0,
            failed: u64::from(rate) - answered,
            unsent: 0,
            latency,
            late: Latencies::new(),
            slices: Vec::new(),
            failures: Vec::new(),
        }
    }

    const LIMITS: Limits = Limits::p99(Duration::from_millis(10));

    #[test]
    fn knee_is_the_highest_rate_that_holds() {
        let runs = [run(100, 100, 2), run(200, 199, 5), run(300, 300, 30), run(400, 320, 90)];
        assert_eq!(find(&runs, &LIMITS), Some(1));
        assert_eq!(LIMITS.broken(&runs[2]), Some(Broken::Latency));
        assert_eq!(LIMITS.broken(&runs[3]), Some(Broken::Unanswered));
        // One bad moment below does not hide a rate that holds above, in whatever order they ran.
        let runs = [run(300, 300, 9), run(100, 100, 40), run(200, 200, 5)];
        assert_eq!(find(&runs, &LIMITS), Some(0));
        assert_eq!(find(&runs[1..2], &LIMITS), None);
        assert_eq!(find(&[], &LIMITS), None);
    }

    #[test]
    fn backlog_is_no_held_rate_though_everything_was_answered() {
        let mut late = run(100, 100, 5);
        late.answered_in_window = 90;
        assert_eq!(LIMITS.broken(&late), Some(Broken::Achieved));
        let mut closed = run(100, 100, 5);
        closed.requested = None;
        assert!(!LIMITS.hold(&closed));
    }

    #[test]
    fn fewer_requests_drawn_than_asked_for_are_no_failure() {
        let mut drawn = run(100, 90, 5);
        drawn.failed = 0;
        assert!(LIMITS.hold(&drawn));
    }

    #[test]
    fn default_limit_follows_the_lowest_rate_down_to_a_millisecond() {
        assert_eq!(Limits::of_lowest(&run(10, 10, 0)).latency, Duration::from_millis(1));
        let limit = Limits::of_lowest(&run(10, 10, 3)).latency;
        assert!(limit.abs_diff(Duration::from_millis(60)) < Duration::from_millis(1), "{limit:?}");
    }

    #[test]
    fn rates_rise_around_the_capacity_and_end_when_two_miss() {
        let rates = rates(12_345.0);
        assert_eq!((rates[0], rates[9], rates[10]), (1200.0, 12_000.0, 15_000.0));
        assert!(rates.is_sorted());
        assert!((super::rates(0.5)[0] - 0.05).abs() < 1e-9);
        assert!(is_passed(&[true, false, false]));
        assert!(!is_passed(&[false, true, false]) && !is_passed(&[false]));
    }
}
