use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{
    Caller, Error, ErrorKind, Measured, Target, callers,
    recorder::{Recorder, Window, together},
    wait::Spinners,
};

/// How a closed loop is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedLoop {
    /// Threads that ask: the concurrency.
    pub callers: usize,
    /// What is left out at the beginning.
    pub warm_up: Duration,
    /// How long is measured behind the warm-up.
    pub duration: Duration,
}

/// Has each caller send its next request as soon as it has the answer to the one before, which is
/// the most that the target can do for so many callers.
///
/// Latency runs from the send, and a target that stops is not asked meanwhile: a stop shows as one
/// late answer per caller, whatever it lasts. Take [`open_loop`](crate::open_loop) for latency.
/// `tick` hears about twenty times a second how long the run has been going.
///
/// # Errors
///
/// When there are no callers, no time, or the target cannot be reached.
///
/// # Panics
///
/// When the target does.
pub fn closed_loop<T: Target>(
    target: &T,
    settings: &ClosedLoop,
    tick: impl FnMut(Duration),
) -> Result<Measured, Error> {
    if settings.duration.is_zero() {
        return Err(Error::new(ErrorKind::Settings, "a duration of nothing"));
    }
    let window = Window { from: settings.warm_up, to: settings.warm_up + settings.duration };
    let next = AtomicUsize::new(0);
    let spinners = Spinners::new(settings.callers);
    let drive = |caller: &mut T::Caller, start: Instant| {
        let mut recorder = Recorder::new(window);
        spinners.wait_until(start);
        let mut sent = start.elapsed();
        while sent < window.to {
            // Relaxed: the number is all that is shared.
            let outcome = caller.call(next.fetch_add(1, Relaxed));
            let done = Instant::now().saturating_duration_since(start);
            recorder.ended(sent, done, outcome);
            sent = done;
        }
        recorder
    };
    let recorders = callers::run(target, settings.callers, drive, tick)?;
    Ok(together(recorders, window, None))
}
