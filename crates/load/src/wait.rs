//! Waiting for a moment, to within about a microsecond.

use std::{
    hint,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// How long before a moment a wait may begin to spin: longer than a sleep usually overshoots.
pub(crate) const SPIN: Duration = Duration::from_micros(100);

/// A sleep shorter than this overshoots by more than it lasts.
const SHORTEST_SLEEP: Duration = Duration::from_micros(5);

/// How many threads may spin at once: the processor may be the target's as well.
#[derive(Debug)]
pub(crate) struct Spinners(AtomicUsize);

impl Spinners {
    pub(crate) const fn new(most: usize) -> Self {
        Self(AtomicUsize::new(most))
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Returns at `due`, or a little later.
    ///
    /// A thread that may not spin sleeps half of what is left, so that it finds out soon when
    /// another has stopped spinning.
    pub(crate) fn wait_until(&self, due: Instant) {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if left > SPIN {
                thread::sleep(left - SPIN);
            } else if self.take() {
                while Instant::now() < due {
                    hint::spin_loop();
                }
                self.give_back();
                return;
            } else if left < SHORTEST_SLEEP {
                thread::yield_now();
            } else {
                thread::sleep(left / 2);
            }
        }
    }
}

/// Asks the kernel to end this thread's sleeps when they are over, where it can be asked: its usual
/// slack is longer than a small model takes.
pub(crate) fn sleep_without_slack() {
    #[cfg(target_os = "linux")]
    {
        // A kernel that refuses makes sends late, which is measured.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_never_ends_early_with_or_without_a_right_to_spin() {
        sleep_without_slack();
        for spinners in [0, 1] {
            let spinners = Spinners::new(spinners);
            for microseconds in [0, 3, 50, 90, 300, 2000] {
                let due = Instant::now() + Duration::from_micros(microseconds);
                spinners.wait_until(due);
                assert!(Instant::now() >= due);
            }
        }
    }

    #[test]
    fn right_to_spin_is_given_back() {
        let spinners = Spinners::new(1);
        spinners.wait_until(Instant::now() + Duration::from_micros(20));
        assert!(spinners.take());
        assert!(!spinners.take());
        spinners.give_back();
        assert!(spinners.take());
    }
}
