use std::time::Duration;

use crate::Latencies;

/// What came of a run, its warm-up left out.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The requests a second that were asked for; none in a closed loop.
    pub requested: Option<f64>,
    /// How long was measured.
    pub window: Duration,
    /// The requests that were answered.
    pub answered: u64,
    /// Of those, the ones whose answer came within the window: what the target kept up with.
    pub answered_in_window: u64,
    /// The requests that the target refused because it had too much to do.
    pub refused: u64,
    /// The requests that failed otherwise.
    pub failed: u64,
    /// The requests that were due and never sent, because every caller was busy until the end.
    pub unsent: u64,
    /// The latency of each request that was answered, from when it was due, in a closed loop from
    /// when it was sent; and of each that was never sent, how long it had waited at the end, so that
    /// a target that does not keep up cannot hide that.
    pub latency: Latencies,
    /// How late requests were sent though a caller had been free before they were due: the
    /// generator's own fault, which is part of `latency`. Nothing in a closed loop.
    pub late: Latencies,
    /// Second by second, by when requests were due or sent.
    pub slices: Vec<Slice>,
    /// Why requests failed, the most frequent reason first.
    pub failures: Vec<Failure>,
}

/// One second of a run; the last may be shorter.
#[derive(Clone, Debug)]
pub struct Slice {
    /// When it began, from the end of the warm-up.
    pub from: Duration,
    /// How long it is.
    pub length: Duration,
    /// As [`Measured::latency`], to two digits.
    pub latency: Latencies,
}

/// Why requests failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the target said.
    pub reason: String,
    /// How many requests failed so.
    pub count: u64,
}

impl Measured {
    /// The requests a second that were answered within the window.
    pub fn rate(&self) -> f64 {
        self.answered_in_window as f64 / self.window.as_secs_f64()
    }

    /// The requests that were due or sent.
    pub const fn requests(&self) -> u64 {
        self.answered + self.refused + self.failed + self.unsent
    }

    /// The share of the requests that got no answer, from 0 to 1; 0 where there were none.
    pub fn unanswered_share(&self) -> f64 {
        match self.requests() {
            0 => 0.0,
            requests => (requests - self.answered) as f64 / requests as f64,
        }
    }
}
