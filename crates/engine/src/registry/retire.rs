//! Engines whose time is over.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::Engine;

/// How often to look whether the last request has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long to look at all: whoever keeps an engine for longer frees it.
const PATIENCE: Duration = Duration::from_mins(10);

/// Frees engines as soon as nobody is answered by them any more, on a thread where nobody waits: a
/// large model takes milliseconds to free, which no request should pay for.
pub(super) fn retire(engines: Vec<Arc<Engine>>) {
    if engines.is_empty() {
        return;
    }
    // Where no thread starts, whoever is last frees them.
    let _ = thread::Builder::new().name("hotplate-retire".to_owned()).spawn(move || {
        let end = Instant::now() + PATIENCE;
        for engine in engines {
            while Arc::strong_count(&engine) > 1 && Instant::now() < end {
                thread::sleep(LOOK_EVERY);
            }
        }
    });
}
