//! A lane's own threads, for requests that no thread waits for, and for plans that no caller should
//! have to run.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{combiner::Combiner, runner::PlanRunner};

/// Threads that serve a combiner until they are dropped and nothing waits.
pub(crate) struct Attendants {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Attendants {
    /// Starts `count` threads. Where they are `alone`, they run every request from here on, and
    /// await company for a batch that is not full for up to `delay`.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(crate) fn start(
        combiner: &Arc<Combiner<PlanRunner>>,
        count: usize,
        alone: bool,
        delay: Duration,
    ) -> io::Result<Self> {
        let mut started =
            Self { stop: Arc::new(AtomicBool::new(false)), threads: Vec::with_capacity(count) };
        for seat in 0..count {
            let (combiner, stop) = (Arc::clone(combiner), Arc::clone(&started.stop));
            let attend = move || {
                let await_company = || await_company(&combiner, delay);
                combiner.attend(seat, await_company, || stop.load(Relaxed));
            };
            let name = format!("hotplate-lane-{seat}");
            started.threads.push(thread::Builder::new().name(name).spawn(attend)?);
        }
        let handles = started.threads.iter().map(|thread| thread.thread().clone());
        #[cfg(not(loom))]
        combiner.install_attendants(handles.collect(), alone);
        #[cfg(loom)]
        let _ = (handles, alone);
        Ok(started)
    }
}

/// Sleeps until a batch is full, but not for longer than `delay`.
fn await_company(combiner: &Combiner<PlanRunner>, delay: Duration) {
    if delay.is_zero() {
        return;
    }
    let until = Instant::now() + delay;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || combiner.is_batch_full() {
            return;
        }
        // Whoever brings another request wakes this thread, because its slot is free.
        thread::park_timeout(left);
    }
}

impl Drop for Attendants {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        for thread in self.threads.drain(..) {
            // A task that an attendant woke may have held the lane.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl fmt::Debug for Attendants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendants").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}
