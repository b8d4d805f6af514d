use std::time::Duration;

use crate::{Error, ErrorKind};

/// The most requests of one run: their times are drawn before it, eight bytes each.
const MOST_REQUESTS: f64 = 1e8;

/// When requests are due, from the start of a run: drawn before it, so that nothing the target does
/// moves them.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    rate: f64,
    length: Duration,
    /// Nanoseconds from the start, in order, each before the end.
    due: Vec<u64>,
}

impl Arrivals {
    /// Requests at equal distances, `rate` of them a second.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Settings`] when the rate is no positive number, no request would be due within
    /// `length`, or far too many.
    pub fn constant(rate: f64, length: Duration) -> Result<Self, Error> {
        let requests = Self::expected(rate, length)?;
        let gap = 1e9 / rate;
        let end = length.as_nanos();
        let due = (0..=nanoseconds(requests.ceil()))
            .map(|request| nanoseconds(request as f64 * gap))
            .take_while(|&due| u128::from(due) < end)
            .collect();
        Ok(Self { rate, length, due })
    }

    /// Requests of a Poisson process, as from very many independent clients: the gaps between them
    /// are exponentially distributed around `1 / rate`. The same seed draws the same times.
    ///
    /// # Errors
    ///
    /// As [`constant`](Self::constant); of a short run at a low rate chance may leave nothing.
    pub fn poisson(rate: f64, length: Duration, seed: u64) -> Result<Self, Error> {
        Self::expected(rate, length)?;
        let mut random = fastrand::Rng::with_seed(seed);
        let end = length.as_secs_f64();
        let mut due = Vec::new();
        let mut at = 0.0;
        loop {
            // In (0, 1], so that the logarithm is finite.
            at -= (1.0 - random.f64()).ln() / rate;
            if at >= end {
                break;
            }
            due.push(nanoseconds(at * 1e9));
        }
        if due.is_empty() {
            return Err(none(rate, length));
        }
        Ok(Self { rate, length, due })
    }

    /// The requests a second that were asked for.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// How long the run is.
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// The number of requests.
    pub const fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether there are none, which no constructor lets happen.
    pub const fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// When each request is due, from the start, in order.
    pub fn due(&self) -> impl ExactSizeIterator<Item = Duration> {
        self.due.iter().copied().map(Duration::from_nanos)
    }

    /// When a request is due, in nanoseconds from the start.
    pub(crate) fn at(&self, request: usize) -> Option<u64> {
        self.due.get(request).copied()
    }

    fn expected(rate: f64, length: Duration) -> Result<f64, Error> {
        let requests = rate * length.as_secs_f64();
        if rate.is_nan() || rate <= 0.0 || rate.is_infinite() {
            let message = format!("a rate of {rate} requests a second; expected more than 0");
            return Err(Error::new(ErrorKind::Settings, message));
        }
        if requests < 1.0 {
            return Err(none(rate, length));
        }
        if requests > MOST_REQUESTS {
            let message = format!("{requests:.0} requests in one run; at most {MOST_REQUESTS:.0}");
            return Err(Error::new(ErrorKind::Settings, message));
        }
        Ok(requests)
    }
}

fn none(rate: f64, length: Duration) -> Error {
    let message = format!("at {rate} requests a second none is due within {length:?}");
    Error::new(ErrorKind::Settings, message)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded by the run's length, and cut on purpose"
)]
#[expect(clippy::cast_sign_loss, reason = "times and counts are not negative")]
fn nanoseconds(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn constant_arrivals_keep_their_distance() {
        let arrivals = Arrivals::constant(250.0, TEN).unwrap();
        assert_eq!(arrivals.len(), 2500);
        let due: Vec<Duration> = arrivals.due().collect();
        assert_eq!((due[0], due[1]), (Duration::ZERO, Duration::from_millis(4)));
        assert!(due.is_sorted() && due[2499] < TEN);
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_a_poisson_process() {
        let arrivals = Arrivals::poisson(5000.0, TEN, 1).unwrap();
        let due: Vec<f64> = arrivals.due().map(|due| due.as_secs_f64()).collect();
        assert!(due.is_sorted());
        // Five standard deviations of a count whose variance is its mean.
        let expected = 50_000.0_f64;
        assert!((due.len() as f64 - expected).abs() < 5.0 * expected.sqrt(), "{}", due.len());
        // Gaps of an exponential distribution spread as far as their mean; equal gaps not at all.
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((0.95..1.05).contains(&(variance.sqrt() / mean)));
    }

    #[test]
    fn seed_decides() {
        let drawn = |seed| Arrivals::poisson(1000.0, TEN, seed).unwrap();
        assert_eq!(drawn(3), drawn(3));
        assert_ne!(drawn(3), drawn(4));
    }

    #[test]
    fn nothing_to_do_and_far_too_much_are_refused() {
        for (rate, length) in [(0.0, TEN), (-1.0, TEN), (f64::NAN, TEN), (f64::INFINITY, TEN)] {
            let error = Arrivals::constant(rate, length).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings, "{rate}");
            assert!(error.to_string().contains("expected more than 0"), "{error}");
        }
        let refused = |rate, length| Arrivals::poisson(rate, length, 0).unwrap_err().to_string();
        assert!(refused(0.05, TEN).contains("none is due within 10s"));
        assert!(refused(1e9, TEN).contains("at most 100000000"));
    }
}
