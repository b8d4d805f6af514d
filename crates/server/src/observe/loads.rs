//! Models that come and go through `/models`, as SageMaker counts them.
//!
//! The platform downloads models and makes requests wait for them before it asks for anything here.
//! Its ModelDownloadingTime and ModelLoadingWaitTime are therefore not to be known in a container.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{Observer, nanos, series::Series};

/// How often a model came and went under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loads {
    pub(super) loading: Took,
    pub(super) unloading: Took,
    /// The requests when it came last.
    asked_before: u64,
    /// Those of them that a model was loaded for.
    missed_before: u64,
}

/// How often something was done, and how many nanoseconds that took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Took {
    pub(super) count: u64,
    pub(super) nanos: u64,
}

/// How many models there are; none is known before one has come or gone.
#[derive(Debug)]
pub(super) struct Loaded(AtomicU64);

impl Default for Loaded {
    fn default() -> Self {
        Self(AtomicU64::new(Self::UNKNOWN))
    }
}

impl Loaded {
    const UNKNOWN: u64 = u64::MAX;

    pub(super) fn count(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|&count| count != Self::UNKNOWN)
    }
}

impl Took {
    fn add(&mut self, time: Duration) {
        self.count += 1;
        self.nanos = self.nanos.saturating_add(nanos(time));
    }

    pub(super) const fn since(self, earlier: Self) -> Self {
        Self { count: self.count - earlier.count, nanos: self.nanos - earlier.nanos }
    }

    pub(super) const fn seconds(self) -> f64 {
        Duration::from_nanos(self.nanos).as_secs_f64()
    }
}

impl Loads {
    fn came(&mut self, asked: u64, time: Duration) {
        (self.missed_before, self.asked_before) = (self.missed(asked), asked);
        self.loading.add(time);
    }

    /// The requests out of `asked` whose model was not loaded already. Whoever has models come on
    /// demand loads one for the request that is then the first to ask it.
    fn missed(&self, asked: u64) -> u64 {
        let first = self.loading.count > 0 && asked > self.asked_before;
        self.missed_before + u64::from(first)
    }

    /// The requests out of `asked` whose model was loaded already.
    pub(super) fn hits(&self, asked: u64) -> u64 {
        asked.saturating_sub(self.missed(asked))
    }
}

impl Observer {
    /// Notes that a model came, which took so long from the request to load it on, and how many
    /// there are now.
    pub(crate) fn came(&self, model: &str, variant: &str, time: Duration, loaded: usize) {
        self.change(model, variant, loaded, |loads, asked| loads.came(asked, time));
    }

    /// Notes that a model went, which took so long, and how many there are now.
    pub(crate) fn went(&self, model: &str, variant: &str, time: Duration, loaded: usize) {
        self.change(model, variant, loaded, |loads, _| loads.unloading.add(time));
    }

    fn change(
        &self,
        model: &str,
        variant: &str,
        loaded: usize,
        change: impl FnOnce(&mut Loads, u64),
    ) {
        self.loaded.0.store(loaded as u64, Relaxed);
        let series = self.series(model, variant);
        let asked = series.asked();
        change(series.loads().get_or_insert_default(), asked);
    }
}

impl Series {
    /// The requests that were replied to.
    pub(super) fn asked(&self) -> u64 {
        let failed: u64 = self.failures().iter().map(|(_, count)| count).sum();
        self.sums().answered + failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_request_since_a_model_came_is_the_one_that_missed_it() {
        let mut loads = Loads::default();
        assert_eq!(loads.hits(5), 5, "it was there from the beginning");
        let mut loads_again = loads;
        loads.came(0, Duration::from_millis(2));
        assert_eq!([0, 1, 5].map(|asked| loads.hits(asked)), [0, 0, 4]);
        // It went without being asked, or after it was.
        loads.came(0, Duration::from_millis(3));
        assert_eq!([0, 1, 5].map(|asked| loads.hits(asked)), [0, 0, 4]);
        loads.came(5, Duration::from_millis(4));
        assert_eq!([5, 6, 9].map(|asked| loads.hits(asked)), [4, 4, 7]);
        assert_eq!(loads.loading, Took { count: 3, nanos: 9_000_000 });
        loads_again.came(7, Duration::ZERO);
        assert_eq!([7, 8, 9].map(|asked| loads_again.hits(asked)), [7, 7, 8]);
    }
}
