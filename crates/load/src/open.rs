use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Arrivals, Caller, Error, ErrorKind, Measured, Target, callers,
    recorder::{Recorder, Window, together},
    wait::Spinners,
};

/// How an open loop is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenLoop {
    /// Threads that ask, so the most requests that are under way at once. A request goes to the
    /// first caller that is free, and waits where none is.
    pub callers: usize,
    /// How many callers may spin at once for the last tenth of a millisecond before a send. All of
    /// them, where the target runs on the callers' threads or on another machine; fewer than there
    /// are cores, where it needs some for itself. The others sleep, and are later.
    pub spinners: usize,
    /// What is left out at the beginning of the arrivals.
    pub warm_up: Duration,
}

impl Default for OpenLoop {
    /// A caller per core, all of which may spin, and no warm-up.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { callers: cores, spinners: cores, warm_up: Duration::ZERO }
    }
}

/// Sends each request when it is due, whether or not the ones before it are answered, as long as a
/// caller is free; what is due and cannot be sent waits, and that counts as latency.
///
/// At the end of the arrivals' length nothing more is sent: what is left then is
/// [`Measured::unsent`]. Answers that are under way are waited for. `tick` hears about twenty times a
/// second how long the run has been going.
///
/// # Errors
///
/// When there are no callers, the warm-up leaves nothing to measure, or the target cannot be
/// reached.
///
/// # Panics
///
/// When the target does.
pub fn open_loop<T: Target>(
    target: &T,
    arrivals: &Arrivals,
    settings: &OpenLoop,
    tick: impl FnMut(Duration),
) -> Result<Measured, Error> {
    let window = Window { from: settings.warm_up, to: arrivals.length() };
    if window.length().is_zero() {
        let message = format!(
            "a warm-up of {:?} leaves nothing of {:?} to measure",
            settings.warm_up,
            arrivals.length()
        );
        return Err(Error::new(ErrorKind::Settings, message));
    }
    let next = AtomicUsize::new(0);
    let spinners = Spinners::new(settings.spinners);
    let drive = |caller: &mut T::Caller, start: Instant| {
        let mut recorder = Recorder::new(window);
        let mut free = Instant::now();
        // Relaxed: the number is all that is shared.
        while let request = next.fetch_add(1, Relaxed)
            && let Some(due) = arrivals.at(request)
        {
            let due = Duration::from_nanos(due);
            if free.saturating_duration_since(start) >= window.to {
                recorder.unsent(due);
                continue;
            }
            let at = start + due;
            if at > free {
                spinners.wait_until(at);
                recorder.late(due, at.elapsed());
            }
            let outcome = caller.call(request);
            free = Instant::now();
            recorder.ended(due, free.saturating_duration_since(start), outcome);
        }
        recorder
    };
    let recorders = callers::run(target, settings.callers, drive, tick)?;
    Ok(together(recorders, window, Some(arrivals.rate())))
}
