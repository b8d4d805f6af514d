//! Proof that a stop is seen: a target that stops while it is asked at a rate must make all
//! requests late that were due meanwhile.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{Arrivals, ClosedLoop, Error, Measured, OpenLoop, Outcome, closed_loop, open_loop};

const RATE: f64 = 1000.0;
const LENGTH: Duration = Duration::from_millis(1000);
const CALLERS: usize = 4;

/// When the target stops, from its first request.
const STOP_AT: Duration = Duration::from_millis(400);

/// How long the target stops.
pub const STOP: Duration = Duration::from_millis(100);

/// What the two loops saw of a stop of [`STOP`].
#[derive(Clone, Debug)]
pub struct SelfTest {
    /// Asked at a constant rate.
    pub open: Measured,
    /// Asked by as many callers in a closed loop.
    pub closed: Measured,
    /// The callers of each loop.
    pub callers: usize,
}

impl SelfTest {
    /// How many requests were due in the first half of the stop, and so must be later than half of
    /// it.
    pub fn expected(&self) -> u64 {
        let due = RATE * STOP.as_secs_f64() / 2.0;
        #[expect(clippy::cast_possible_truncation, reason = "some fifty")]
        #[expect(clippy::cast_sign_loss, reason = "a rate and a time are positive")]
        let due = due as u64;
        due
    }

    /// How many requests a loop saw that were later than half of the stop.
    pub fn seen(measured: &Measured) -> u64 {
        measured.latency.count_above(STOP / 2)
    }

    /// Whether the open loop saw nine of ten of them at least, and a stop of its whole length.
    pub fn passed(&self) -> bool {
        10 * Self::seen(&self.open) >= 9 * self.expected()
            && self.open.latency.max() >= STOP.mul_f64(0.95)
    }
}

/// Asks a target that stops, in both loops. Takes some two seconds.
///
/// # Errors
///
/// When threads cannot be started.
pub fn run() -> Result<SelfTest, Error> {
    let arrivals = Arrivals::constant(RATE, LENGTH)?;
    let settings = OpenLoop { callers: CALLERS, spinners: 1, warm_up: Duration::ZERO };
    let target = Stops::default();
    let open = open_loop(&|| |_: usize| target.answer(), &arrivals, &settings, |_| {})?;
    let settings = ClosedLoop { callers: CALLERS, warm_up: Duration::ZERO, duration: LENGTH };
    let target = Stops::default();
    let closed = closed_loop(&|| |_: usize| target.answer(), &settings, |_| {})?;
    Ok(SelfTest { open, closed, callers: CALLERS })
}

/// Answers in a tenth of a millisecond, and stops once, for every caller.
#[derive(Debug, Default)]
struct Stops {
    /// When it was asked first, and whether it has stopped.
    state: Mutex<(Option<Instant>, bool)>,
}

impl Stops {
    fn answer(&self) -> Outcome {
        thread::sleep(Duration::from_micros(100));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, has_stopped) = &mut *state;
        let first = *first.get_or_insert_with(Instant::now);
        if !*has_stopped && first.elapsed() >= STOP_AT {
            *has_stopped = true;
            // The lock is held on purpose: who asks meanwhile waits.
            thread::sleep(STOP);
        }
        Outcome::Answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_loop_sees_the_stop_and_a_closed_one_a_late_answer_per_caller() {
        let test = run().unwrap();
        assert!(test.passed(), "{test:?}");
        assert_eq!(test.open.answered, 1000);
        let seen = SelfTest::seen(&test.closed);
        assert!((1..=CALLERS as u64).contains(&seen), "{seen}");
        // Which of them is the reason not to time in a closed loop.
        assert!(test.closed.latency.quantile(0.99) < STOP / 2);
        assert!(test.open.latency.quantile(0.96) > STOP / 4);
    }

    #[test]
    fn loop_that_forgot_the_time_before_a_send_would_not_pass() {
        let mut test = run().unwrap();
        test.open.latency = test.closed.latency.clone();
        assert!(!test.passed());
    }
}
