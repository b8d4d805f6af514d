use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use hotplate_backend::{BackendError, Limits, Part, Plan, Worker};

use crate::slots::Slots;

/// The workers of one plan, and the way to one of them.
#[derive(Debug)]
pub struct Lane {
    plan: Arc<dyn Plan>,
    limits: Limits,
    /// A slot is empty after its worker panicked, until it is next used.
    workers: Slots<Option<Box<dyn Worker>>>,
}

impl Lane {
    /// A lane of `instances` workers, at least one, each within `limits`.
    ///
    /// # Errors
    ///
    /// When the plan cannot make a worker.
    pub fn start(
        plan: Arc<dyn Plan>,
        instances: usize,
        limits: Limits,
    ) -> Result<Self, BackendError> {
        let workers = (0..instances.max(1))
            .map(|_| plan.worker(&limits).map(Some))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { plan, limits, workers: Slots::new(workers) })
    }

    /// The plan that the workers run.
    pub const fn plan(&self) -> &Arc<dyn Plan> {
        &self.plan
    }

    /// The number of workers.
    pub fn instances(&self) -> usize {
        self.workers.len()
    }

    /// Runs the parts on the caller's thread, in a free slot or in the first that becomes free.
    ///
    /// How it went stands in each part's outcome. A worker that panics fails these parts alone, and
    /// a new one takes its slot.
    pub fn run(&self, parts: &mut [Part<'_>]) {
        self.workers.with(home_slot(), |worker| self.run_in(worker, parts));
    }

    /// Lets threads that wait for a slot go first, if there are any: for a caller that comes back
    /// for another turn and would else take the slot again that it has just given back.
    pub fn give_way(&self) {
        self.workers.give_way();
    }

    /// Like [`run`](Self::run), in slot `slot` where that is free: warm-up goes through them all.
    pub fn run_in_slot(&self, slot: usize, parts: &mut [Part<'_>]) {
        self.workers.with(slot, |worker| self.run_in(worker, parts));
    }

    fn run_in(&self, slot: &mut Option<Box<dyn Worker>>, parts: &mut [Part<'_>]) {
        // A worker that panicked is never used again, and a part's outputs count for nothing
        // unless its outcome is good, so no broken invariant is ever seen.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let worker = match slot {
                Some(worker) => worker,
                None => slot.insert(self.plan.worker(&self.limits)?),
            };
            worker.run(parts);
            Ok::<_, BackendError>(())
        }));
        if matches!(ran, Ok(Ok(()))) {
            return;
        }
        for part in parts {
            part.outcome = Err(BackendError::worker_panicked());
        }
        let broken = slot.take();
        // Whatever was broken may break once more while it is taken down.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
    }
}

/// Where this thread looks for a free slot first. Threads get different numbers, so that they
/// rarely meet and a worker's scratch stays in one core's cache.
fn home_slot() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: Cell<Option<usize>> = const { Cell::new(None) };
    }
    HOME.with(|home| {
        home.get().unwrap_or_else(|| {
            let next = NEXT.fetch_add(1, Relaxed);
            home.set(Some(next));
            next
        })
    })
}
