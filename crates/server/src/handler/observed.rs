//! What is observed of requests for predictions, whatever becomes of them.

use super::{
    Admitted, Handler, Task,
    ask::Ask,
    lease::Lease,
    scratch::{Scratch, Stopwatch},
};
use crate::{
    head::Head,
    observe::{InFlight, Teller, tell},
    problem::Problem,
    reply::Reply,
};

impl Admitted {
    /// Who answers, if a model does.
    pub(super) const fn lease(&self) -> Option<&Lease> {
        match &self.task {
            Task::Predict { lease, .. }
            | Task::Batch { lease, .. }
            | Task::Imitate { lease, .. } => Some(lease),
            _ => None,
        }
    }

    /// Whether its reply is written down, for which it must be there as a whole.
    pub(super) const fn is_captured(&self) -> bool {
        self.observed.is_sampled()
    }

    const fn asks_for_times(&self) -> bool {
        match &self.task {
            Task::Predict { ask, .. } | Task::Batch { ask, .. } => ask.wishes.timing,
            _ => false,
        }
    }
}

impl Handler {
    /// Begins with a request, which a model is asked until what this returns is dropped.
    pub(super) fn begin(&self, admitted: &Admitted, scratch: &mut Scratch) -> Option<InFlight> {
        admitted.lease().map(|lease| InFlight::of(scratch.recorder(lease, &self.observer)))
    }

    /// What follows when there is a reply.
    pub(super) fn end(
        &self,
        in_flight: Option<&InFlight>,
        admitted: &Admitted,
        body: &[u8],
        reply: &mut Reply,
    ) {
        let (Some(in_flight), Some(lease)) = (in_flight, admitted.lease()) else { return };
        self.observer.finish(in_flight, &admitted.observed, body, reply);
        if reply.status < 300 && (admitted.asks_for_times() || self.observer.tells) {
            let (model, variant) = (lease.endpoint().name(), lease.variant().name());
            tell(Teller { model, variant, engine: lease.engine() }, reply);
        }
    }

    /// Counts a request that was admitted, and got another reply than its model's: because of its
    /// body, or because it took too long.
    pub(crate) fn not_answered(&self, admitted: Option<&Admitted>, problem: &Problem) {
        let lease = admitted.and_then(Admitted::lease);
        let to = lease.map(|lease| (lease.endpoint().name(), lease.variant().name()));
        let (status, reason) = problem.on_the_wire();
        self.observer.refuse(to, status, reason);
    }

    /// Counts a request that would have been for a prediction.
    #[cold]
    pub(super) fn not_admitted(&self, head: &Head<'_>, problem: &Problem) {
        let path = head.path.strip_prefix('/').unwrap_or(head.path);
        let named = path.strip_prefix("models/").and_then(|rest| rest.strip_suffix("/invoke"));
        if path == "ping" || path == "models" || path.starts_with("models/") && named.is_none() {
            return;
        }
        let endpoints = self.registry().map(hotplate::Registry::load);
        let endpoint = endpoints.as_deref().and_then(|endpoints| match (path, named) {
            ("invocations", _) => endpoints.only(),
            (_, Some(name)) => endpoints.get(name),
            _ => None,
        });
        let to = endpoint.map(|endpoint| {
            // Nobody has chosen among several.
            let only = (endpoint.variants().len() == 1).then(|| endpoint.variants()[0].name());
            (endpoint.name(), only.unwrap_or_default())
        });
        let (status, reason) = problem.on_the_wire();
        self.observer.refuse(to, status, reason);
    }

    pub(super) fn watch(&self, ask: &Ask) -> Stopwatch {
        let observer = &self.observer;
        Stopwatch::new(observer.times_phases || observer.tells || ask.wishes.timing)
    }
}
