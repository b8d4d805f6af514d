//! What a thread that asks now and then meets while something else is done.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate_load::Outcome;

use crate::callers::Asked;

/// Between two requests of whoever watches.
const WATCH: Duration = Duration::from_millis(1);

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    at: Instant,
    took: Duration,
    answered: bool,
}

/// Asks now and then while something else is done.
pub(crate) fn watch<T>(asked: &Asked<'_>, what: impl FnOnce() -> T) -> (Vec<Seen>, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut asker = asked.contender.asker();
            let (mut buffers, _) = asked.model.request(3);
            let mut seen = Vec::new();
            while !done.load(Relaxed) {
                let at = Instant::now();
                let (answered, outcome) = asker(buffers);
                buffers = answered;
                let answered = outcome == Outcome::Answered;
                seen.push(Seen { at, took: at.elapsed(), answered });
                thread::sleep(WATCH);
            }
            seen
        });
        let result = what();
        done.store(true, Relaxed);
        (watcher.join().unwrap(), result)
    })
}

/// Tells how much was answered in time meanwhile, and when all was well again.
pub(crate) fn tell(watched: &[Seen], deadline: Duration, meanwhile: Range<Instant>) {
    let is_bad = |seen: &&Seen| !seen.answered || seen.took > deadline;
    let during = |seen: &&Seen| meanwhile.contains(&seen.at);
    let last_bad = watched.iter().filter(|seen| seen.at >= meanwhile.end).rfind(is_bad);
    println!(
        "of one that asks every {WATCH:?}, {} of {} without an answer in time meanwhile; the last \
         such {:.1?} after it",
        watched.iter().filter(during).filter(is_bad).count(),
        watched.iter().filter(during).count(),
        last_bad.map_or(Duration::ZERO, |seen| seen.at + seen.took - meanwhile.end)
    );
}
