//! What is known of requests afterwards: metrics, captured data, and what replies tell.
//!
//! ```text
//! reply ──▶ Recorder (one thread's counters) ◀── page: GET /metrics
//!   │                                        ◀── emf: lines on standard output
//!   ├────▶ told: Server-Timing and Custom-Attributes, where asked for
//!   └────▶ capture: this thread's page ──▶ writer ──▶ folder/endpoint/variant/.../*.jsonl
//! ```
//!
//! A request writes to memory that no other thread writes, and allocates nothing for its counts.
//! Whoever wants to know sums up what all threads have counted. Reading the clock is what this
//! costs most, so that phases can be left untimed.
//!
//! The counts of a model that was removed are shown by one page more, for the sake of its last
//! requests, and then they are gone; a model that comes back begins from zero.

mod buckets;
mod calendar;
mod capture;
mod emf;
mod loads;
mod page;
mod series;
mod shard;
mod streamed;
mod told;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hotplate::{Endpoint, Endpoints};

use self::{
    capture::Sampled,
    loads::Loaded,
    series::{Series, locked},
    shard::Answered,
};
pub(crate) use self::{
    capture::{Capture, CaptureConfig},
    emf::{Emf, EmfConfig},
    page::Page,
    series::{InFlight, Recorder},
    streamed::Streamed,
    told::{Teller, tell},
};
use crate::{head::Head, reply::Reply};

/// What there is to observe, and how.
#[derive(Debug)]
pub(crate) struct Observer {
    /// Of models, and first of all of requests that came to none.
    table: Arc<Mutex<Vec<Arc<Series>>>>,
    nobody: Arc<Series>,
    loaded: Arc<Loaded>,
    pub(crate) times_phases: bool,
    /// Whether every reply tells of itself, as if its request asked for it.
    pub(crate) tells: bool,
    capture: Option<Capture>,
}

impl Default for Observer {
    /// One that reads the clock as little as it can.
    fn default() -> Self {
        Self::new(false, false, None)
    }
}

/// What is observed of a request from its head on.
#[derive(Debug)]
pub(crate) struct Observed {
    begun: Instant,
    sampled: Option<Box<Sampled>>,
}

impl Observed {
    pub(crate) const fn is_sampled(&self) -> bool {
        self.sampled.is_some()
    }
}

impl Observer {
    pub(crate) fn new(times_phases: bool, tells: bool, capture: Option<Capture>) -> Self {
        let nobody = Arc::new(Series::new("", ""));
        let table = Arc::new(Mutex::new(vec![Arc::clone(&nobody)]));
        Self { table, nobody, loaded: Arc::default(), times_phases, tells, capture }
    }

    pub(crate) fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref()
    }

    /// Begins to observe a request that says this.
    pub(crate) fn observe(&self, head: &Head<'_>) -> Observed {
        let sampled = self.capture.as_ref().and_then(|capture| capture.sample(head));
        Observed { begun: Instant::now(), sampled: sampled.map(Box::new) }
    }

    /// A thread's way to the counts of a variant; one that `stays` has counters of its own.
    pub(crate) fn recorder(&self, model: &str, variant: &str, stays: bool) -> Recorder {
        Recorder::new(self.series(model, variant), stays)
    }

    /// Counts a request that was refused before a model was asked.
    pub(crate) fn refuse(&self, to: Option<(&str, &str)>, status: u16, reason: &'static str) {
        match to {
            Some((model, variant)) => self.series(model, variant).fail(status, reason),
            None => self.nobody.fail(status, reason),
        }
    }

    /// Counts a reply, and captures it if it was sampled.
    pub(crate) fn finish(
        &self,
        in_flight: &InFlight,
        observed: &Observed,
        body: &[u8],
        reply: &mut Reply,
    ) {
        let end = Instant::now();
        reply.phases.total = end - observed.begun;
        let recorder = in_flight.recorder();
        if reply.status >= 300 {
            // Under a profile, failures are told in the words of others.
            let reason = reply.reason.unwrap_or("profile");
            recorder.fail(reply.status, reason, nanos(reply.phases.total));
            return;
        }
        recorder.count(&answered(body.len(), reply, reply.body.len()));
        if let (Some(capture), Some(sampled)) = (&self.capture, &observed.sampled) {
            let Series { model, variant, .. } = &*recorder.series;
            capture.offer(sampled, [model, variant], end, body, reply);
        }
    }

    /// The series to show, of which those whose models are gone leave.
    fn shown(&self, endpoints: Option<&Endpoints>) -> Vec<Arc<Series>> {
        let is_served = |series: &Series| {
            let endpoint = endpoints.and_then(|endpoints| endpoints.get(&series.model));
            let has = |endpoint: &Arc<Endpoint>| {
                // Without one, it is of requests for which none was chosen.
                let variant = series.variant.as_str();
                variant.is_empty() || endpoint.variants().iter().any(|one| one.name() == variant)
            };
            series.model.is_empty() || endpoint.is_some_and(has)
        };
        let mut table = locked(&self.table);
        table.retain(|series| series.stays(is_served(series)));
        table.clone()
    }

    fn series(&self, model: &str, variant: &str) -> Arc<Series> {
        let mut table = locked(&self.table);
        let known = table.iter().find(|series| series.is_of(model, variant));
        let known = known.cloned();
        known.unwrap_or_else(|| {
            let series = Arc::new(Series::new(model, variant));
            table.push(Arc::clone(&series));
            series
        })
    }
}

/// What is counted of a reply whose body has so many bytes.
fn answered(request_bytes: usize, reply: &Reply, reply_bytes: usize) -> Answered {
    let phases = &reply.phases;
    Answered {
        rows: reply.rows as u64,
        request_bytes: request_bytes as u64,
        reply_bytes: reply_bytes as u64,
        total: nanos(phases.total),
        phases: phases
            .timed
            .then(|| [phases.parse, phases.queue, phases.compute, phases.encode].map(nanos)),
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const ANSWERED: Answered = Answered {
        rows: 2,
        request_bytes: 10,
        reply_bytes: 5,
        total: 1000,
        phases: Some([100; 4]),
    };

    #[test]
    fn threads_count_apart_and_are_summed_also_when_they_are_gone() {
        let observer = Observer::default();
        thread::scope(|scope| {
            for stays in [true, true, false] {
                let observer = &observer;
                scope.spawn(move || {
                    let recorder = Arc::new(observer.recorder("m", "v", stays));
                    for _ in 0..1000 {
                        let in_flight = InFlight::of(Arc::clone(&recorder));
                        in_flight.recorder().count(&ANSWERED);
                    }
                    drop(InFlight::of(Arc::clone(&recorder)));
                    recorder.fail(400, "wrong_type", 500);
                });
            }
        });
        let series = observer.series("m", "v");
        for _ in 0..2 {
            let sums = series.sums();
            assert_eq!((sums.begun, sums.ended, sums.answered), (3003, 3003, 3000));
            assert_eq!((sums.rows, sums.request_bytes, sums.reply_bytes), (6000, 30_000, 15_000));
            assert_eq!((sums.total.count(), sums.total.sum), (3003, 3_001_500));
            assert_eq!(sums.phases[3].count(), 3000);
            assert_eq!(series.failures(), [((400, "wrong_type"), 3)]);
        }
        let in_flight = InFlight::of(Arc::new(observer.recorder("m", "v", true)));
        assert_eq!(series.sums().begun - series.sums().ended, 1);
        drop(in_flight);
        assert_eq!(series.sums().begun, series.sums().ended);
    }

    #[test]
    fn counts_of_a_removed_model_are_shown_once_more() {
        let observer = Observer::default();
        let recorder = observer.recorder("m", "v", true);
        recorder.count(&ANSWERED);
        assert_eq!(observer.shown(None).len(), 2);
        assert!(recorder.is_of("m", "v"));
        assert_eq!(observer.shown(None).len(), 1, "only that of requests that came to no model");
        assert!(!recorder.is_of("m", "v"), "another that is called so begins from zero");
        assert_eq!(observer.recorder("m", "v", true).series.sums().answered, 0);
    }
}
