//! What one caller met, and all callers' put together.

use std::{cmp::Reverse, time::Duration};

use crate::{Failure, Latencies, Measured, Outcome, Slice};

const SLICE: Duration = Duration::from_secs(1);

/// The most reasons of failure that are kept apart.
const REASONS: usize = 16;

/// The part of a run that is measured, from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl Window {
    pub(crate) fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    /// The seconds of the window, of which the last may be shorter.
    fn slices(self) -> usize {
        usize::try_from(self.length().as_nanos().div_ceil(SLICE.as_nanos())).unwrap_or(usize::MAX)
    }
}

/// One caller's own counts: nothing is shared while requests are timed.
#[derive(Debug)]
pub(crate) struct Recorder {
    window: Window,
    answered: u64,
    answered_in_window: u64,
    refused: u64,
    failed: u64,
    unsent: u64,
    latency: Latencies,
    late: Latencies,
    slices: Vec<Latencies>,
    failures: Vec<Failure>,
}

impl Recorder {
    pub(crate) fn new(window: Window) -> Self {
        Self {
            window,
            answered: 0,
            answered_in_window: 0,
            refused: 0,
            failed: 0,
            unsent: 0,
            latency: Latencies::new(),
            late: Latencies::new(),
            slices: (0..window.slices()).map(|_| Latencies::with_digits(2)).collect(),
            failures: Vec::new(),
        }
    }

    /// Counts a request: how it ended and when, and when it was due. All times are from the start.
    pub(crate) fn ended(&mut self, due: Duration, done: Duration, outcome: Outcome) {
        if due < self.window.from {
            return;
        }
        match outcome {
            Outcome::Answered => {
                self.answered += 1;
                self.answered_in_window += u64::from(done < self.window.to);
                self.waited(due, done.saturating_sub(due));
            }
            Outcome::Refused => self.refused += 1,
            Outcome::Failed(reason) => {
                self.failed += 1;
                count(&mut self.failures, Failure { reason, count: 1 });
            }
        }
    }

    /// Counts a request that was due and is never sent.
    pub(crate) fn unsent(&mut self, due: Duration) {
        if due >= self.window.from {
            self.unsent += 1;
            self.waited(due, self.window.to.saturating_sub(due));
        }
    }

    /// Counts how late a request was sent by a caller that had been free.
    pub(crate) fn late(&mut self, due: Duration, by: Duration) {
        if due >= self.window.from {
            self.late.record(by);
        }
    }

    fn waited(&mut self, due: Duration, latency: Duration) {
        self.latency.record(latency);
        let since = due.saturating_sub(self.window.from).as_nanos() / SLICE.as_nanos();
        let slice = usize::try_from(since).unwrap_or(usize::MAX);
        if let Some(slice) = self.slices.get_mut(slice) {
            slice.record(latency);
        }
    }
}

/// What all callers met.
pub(crate) fn together(
    recorders: impl IntoIterator<Item = Recorder>,
    window: Window,
    requested: Option<f64>,
) -> Measured {
    let slices = (0..window.slices()).map(|slice| {
        let from = SLICE * u32::try_from(slice).unwrap_or(u32::MAX);
        let length = SLICE.min(window.length().saturating_sub(from));
        Slice { from, length, latency: Latencies::with_digits(2) }
    });
    let mut all = Measured {
        requested,
        window: window.length(),
        answered: 0,
        answered_in_window: 0,
        refused: 0,
        failed: 0,
        unsent: 0,
        latency: Latencies::new(),
        late: Latencies::new(),
        slices: slices.collect(),
        failures: Vec::new(),
    };
    for recorder in recorders {
        all.answered += recorder.answered;
        all.answered_in_window += recorder.answered_in_window;
        all.refused += recorder.refused;
        all.failed += recorder.failed;
        all.unsent += recorder.unsent;
        all.latency.add(&recorder.latency);
        all.late.add(&recorder.late);
        for (slice, own) in all.slices.iter_mut().zip(&recorder.slices) {
            slice.latency.add(own);
        }
        recorder.failures.into_iter().for_each(|failure| count(&mut all.failures, failure));
    }
    all.failures.sort_by_key(|failure| Reverse(failure.count));
    all
}

fn count(failures: &mut Vec<Failure>, failure: Failure) {
    let known = failures.iter().position(|known| known.reason == failure.reason);
    match known {
        Some(at) => failures[at].count += failure.count,
        None if failures.len() < REASONS => failures.push(failure),
        None => {
            let reason = "other reasons".to_owned();
            match failures.iter_mut().find(|known| known.reason == reason) {
                Some(other) => other.count += failure.count,
                None => failures.push(Failure { reason, count: failure.count }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn warm_up_is_left_out_and_seconds_are_kept_apart() {
        let window = Window { from: ms(500), to: ms(2000) };
        let mut recorder = Recorder::new(window);
        recorder.ended(ms(499), ms(900), Outcome::Answered);
        recorder.late(ms(499), ms(1));
        recorder.ended(ms(500), ms(510), Outcome::Answered);
        recorder.ended(ms(1600), ms(1640), Outcome::Answered);
        recorder.ended(ms(1990), ms(2040), Outcome::Answered);
        recorder.unsent(ms(1999));
        let all = together([recorder], window, Some(3.0));
        assert_eq!((all.answered, all.answered_in_window, all.unsent), (3, 2, 1));
        assert_eq!((all.late.count(), all.requests(), all.window), (0, 4, ms(1500)));
        assert!((all.rate() - 2.0 / 1.5).abs() < 1e-9);
        assert!((all.unanswered_share() - 0.25).abs() < 1e-9);
        let slices: Vec<_> =
            all.slices.iter().map(|slice| (slice.length, slice.latency.count())).collect();
        assert_eq!(slices, [(ms(1000), 1), (ms(500), 3)]);
    }

    #[test]
    fn reasons_are_counted_across_callers_and_bounded() {
        let window = Window { from: ms(0), to: ms(1000) };
        let recorder = || {
            let mut recorder = Recorder::new(window);
            for failure in 0..100 {
                let reason =
                    if failure % 2 == 0 { "often".to_owned() } else { failure.to_string() };
                recorder.ended(ms(1), ms(2), Outcome::Failed(reason));
            }
            recorder.ended(ms(1), ms(2), Outcome::Refused);
            recorder
        };
        let all = together([recorder(), recorder()], window, None);
        assert_eq!((all.failed, all.refused, all.latency.count()), (200, 2, 0));
        assert_eq!(all.failures[0], Failure { reason: "often".to_owned(), count: 100 });
        assert_eq!(all.failures.iter().map(|failure| failure.count).sum::<u64>(), 200);
        assert_eq!(all.failures.len(), REASONS + 1);
    }
}
