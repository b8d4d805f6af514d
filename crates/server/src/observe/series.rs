//! What is counted of one variant of one model, by all threads.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{
    loads::Loads,
    shard::{Answered, Shard, Sums},
};

/// The counts of one variant of one model; without names, of requests that came to none.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) model: String,
    pub(super) variant: String,
    /// Of threads that answer again and again.
    own: Mutex<Vec<Arc<Shard>>>,
    /// Of all others, one at a time.
    shared: Mutex<Shared>,
    failures: Mutex<BTreeMap<(u16, &'static str), u64>>,
    /// Where its model came while others were asked.
    loads: Mutex<Option<Loads>>,
    /// Whether it has left the table: what is asked under its names from now on is another's.
    retired: AtomicBool,
    /// Whether a page has shown it since its model was removed.
    shown_last: AtomicBool,
}

#[derive(Debug)]
struct Shared {
    shard: Shard,
    /// What threads that ended had counted.
    gone: Sums,
}

impl Series {
    pub(super) fn new(model: &str, variant: &str) -> Self {
        Self {
            model: model.to_owned(),
            variant: variant.to_owned(),
            own: Mutex::default(),
            shared: Mutex::new(Shared { shard: Shard::new(), gone: Sums::default() }),
            failures: Mutex::default(),
            loads: Mutex::default(),
            retired: AtomicBool::new(false),
            shown_last: AtomicBool::new(false),
        }
    }

    pub(super) fn is_of(&self, model: &str, variant: &str) -> bool {
        self.model == model && self.variant == variant
    }

    pub(super) fn fail(&self, status: u16, reason: &'static str) {
        *locked(&self.failures).entry((status, reason)).or_default() += 1;
    }

    /// The failures so far, by status and reason.
    pub(super) fn failures(&self) -> Vec<((u16, &'static str), u64)> {
        locked(&self.failures).iter().map(|(key, count)| (*key, *count)).collect()
    }

    pub(super) fn loads(&self) -> MutexGuard<'_, Option<Loads>> {
        locked(&self.loads)
    }

    /// What all threads have counted.
    pub(super) fn sums(&self) -> Sums {
        let mut own = locked(&self.own);
        let mut shared = locked(&self.shared);
        let mut sums = Sums::default();
        own.retain_mut(|shard| {
            let is_gone = Arc::get_mut(shard).is_some();
            shard.add_to(if is_gone { &mut shared.gone } else { &mut sums });
            !is_gone
        });
        sums.add(&shared.gone);
        shared.shard.add_to(&mut sums);
        sums
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    /// Whether a page shows the series, as it does while its model `is_served`, and once more
    /// afterwards; then it is retired.
    pub(super) fn stays(&self, is_served: bool) -> bool {
        let shown_last = self.shown_last.swap(!is_served, Relaxed);
        let stays = is_served || !shown_last;
        self.retired.store(!stays, Relaxed);
        stays
    }
}

/// One thread's way to a series.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(super) series: Arc<Series>,
    /// None where a thread answers but now and then.
    own: Option<Arc<Shard>>,
}

impl Recorder {
    /// A recorder of a thread that `stays`, with counters of its own, or of any.
    pub(super) fn new(series: Arc<Series>, stays: bool) -> Self {
        let own = stays.then(|| Arc::new(Shard::new()));
        locked(&series.own).extend(own.clone());
        Self { series, own }
    }

    pub(crate) fn is_of(&self, model: &str, variant: &str) -> bool {
        self.series.is_of(model, variant) && !self.series.is_retired()
    }

    /// Whether nobody asks under its names any more, or somebody else answers there.
    pub(crate) fn is_retired(&self) -> bool {
        self.series.is_retired()
    }

    pub(super) fn count(&self, answered: &Answered) {
        self.write(|shard| shard.count(answered));
    }

    pub(super) fn fail(&self, status: u16, reason: &'static str, total: u64) {
        self.write(|shard| shard.count_failed(total));
        self.series.fail(status, reason);
    }

    fn write(&self, write: impl FnOnce(&Shard)) {
        match &self.own {
            Some(shard) => write(shard),
            None => write(&locked(&self.series.shared).shard),
        }
    }
}

/// A request that a model is asked, until this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Recorder>);

impl InFlight {
    pub(crate) fn of(recorder: Arc<Recorder>) -> Self {
        recorder.write(Shard::begin);
        Self(recorder)
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.write(Shard::end);
    }
}

/// Counters are whole at any time.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
