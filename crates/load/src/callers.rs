//! Threads that ask, started together.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Error, ErrorKind, Target,
    recorder::Recorder,
    wait::{SPIN, sleep_without_slack},
};

/// How often a run says how far it is.
const TICK: Duration = Duration::from_millis(50);

/// The most callers: each is a thread.
const MOST_CALLERS: usize = 4096;

/// Gives each of `callers` threads its caller, and when all have theirs, lets `drive` run on each,
/// from the same start. `tick` hears now and then how much time has passed since.
///
/// # Errors
///
/// When there are no callers or too many, a thread cannot be started, or the target gives none.
///
/// # Panics
///
/// When `drive` or the target does.
pub(crate) fn run<T, D>(
    target: &T,
    callers: usize,
    drive: D,
    mut tick: impl FnMut(Duration),
) -> Result<Vec<Recorder>, Error>
where
    T: Target,
    D: Fn(&mut T::Caller, Instant) -> Recorder + Sync,
{
    if callers == 0 || callers > MOST_CALLERS {
        let message = format!("{callers} callers; expected 1 to {MOST_CALLERS}");
        return Err(Error::new(ErrorKind::Settings, message));
    }
    let drive = &drive;
    let main = thread::current();
    thread::scope(|scope| {
        let (ready, all_ready) = mpsc::channel();
        let mut threads = Vec::with_capacity(callers);
        for _ in 0..callers {
            let (start, started) = mpsc::channel::<Instant>();
            let (ready, main) = (ready.clone(), main.clone());
            let thread = thread::Builder::new().name("hotplate-load".to_owned()).spawn_scoped(
                scope,
                move || {
                    let caller = target.caller();
                    let (mut caller, outcome) = match caller {
                        Ok(caller) => (Some(caller), Ok(())),
                        Err(error) => (None, Err(error)),
                    };
                    // Nobody listens when another caller could not be made.
                    let _ = ready.send(outcome);
                    drop(ready);
                    sleep_without_slack();
                    // No start comes when another caller could not be made.
                    let recorder = match (caller.as_mut(), started.recv()) {
                        (Some(caller), Ok(start)) => Some(drive(caller, start)),
                        _ => None,
                    };
                    main.unpark();
                    recorder
                },
            );
            let thread = thread.map_err(|error| {
                Error::new(ErrorKind::Threads, format!("cannot start {callers} callers: {error}"))
            })?;
            threads.push((thread, start));
        }
        drop(ready);
        for _ in 0..callers {
            match all_ready.recv() {
                Ok(outcome) => outcome?,
                Err(mpsc::RecvError) => break,
            }
        }
        // In a moment, so that all are awake by then.
        let start = Instant::now() + 10 * SPIN;
        for (_, thread) in &threads {
            // One that has ended says so when it is joined.
            let _ = thread.send(start);
        }
        while !threads.iter().all(|(thread, _)| thread.is_finished()) {
            tick(start.elapsed());
            thread::park_timeout(TICK);
        }
        let ended = threads.into_iter().map(|(thread, _)| match thread.join() {
            Ok(Some(recorder)) => Ok(recorder),
            Ok(None) => Err(Error::new(ErrorKind::Threads, "a caller ended before its time")),
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect()
    })
}
