//! Calls one after the other, and how long they took.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use hotplate::{Engine, TensorView};
use serde_json::{Value, json};

use crate::Failure;

/// A timing ends after this time, or later when there are not yet [`CALLS`].
const TIME: Duration = Duration::from_secs(3);

/// Calls enough for the slowest in a hundred to be more than the slowest of all.
const CALLS: usize = 200;

/// A timing ends after this time, however few calls it had.
const MOST_TIME: Duration = Duration::from_secs(15);

/// Caches, clocks and the choice of kernels settle in this time.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long calls took.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    pub(crate) calls: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) rows_per_second: f64,
}

impl Timing {
    pub(crate) fn of(
        engine: &Engine,
        inputs: &[TensorView<'_>],
        rows: usize,
    ) -> Result<Self, Failure> {
        let mut answer = engine.answer();
        let start = Instant::now();
        while start.elapsed() < WARM_UP {
            engine.predict_into(inputs, &mut answer)?;
        }
        let mut times = Vec::new();
        let start = Instant::now();
        let mut elapsed = Duration::ZERO;
        while (elapsed < TIME || times.len() < CALLS) && elapsed < MOST_TIME {
            let call = Instant::now();
            engine.predict_into(black_box(inputs), &mut answer)?;
            black_box(answer.outputs());
            times.push(call.elapsed());
            elapsed = start.elapsed();
        }
        times.sort_unstable();
        // The least time that this share of the calls did not exceed.
        let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
        Ok(Self {
            calls: times.len(),
            p50: percentile(50),
            p99: percentile(99),
            rows_per_second: (times.len() * rows) as f64 / elapsed.as_secs_f64(),
        })
    }

    pub(crate) fn json(&self) -> Value {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        json!({
            "calls": self.calls,
            "p50_us": micros(self.p50),
            "p99_us": micros(self.p99),
            "rows_per_second": self.rows_per_second,
        })
    }
}
