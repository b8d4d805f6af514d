//! What is observed of requests for predictions, whatever becomes of them.

use hotplate::Endpoints;

use super::{
    Admitted, Handler, Task,
    admission::Predict,
    lease::Lease,
    route::Route,
    scratch::{Scratch, Stopwatch},
};
use crate::{
    observe::{InFlight, Teller, tell},
    problem::Problem,
    reply::Reply,
    wishes::Wishes,
};

impl Admitted {
    /// Who answers, if a model does.
    pub(super) const fn lease(&self) -> Option<&Lease> {
        match &self.task {
            Task::Predict(Predict { lease, .. }) | Task::Batch { lease, .. } => Some(lease),
            _ => None,
        }
    }

    /// Whether its reply is written down, for which it must be there as a whole.
    pub(super) const fn is_captured(&self) -> bool {
        self.observed.is_sampled()
    }

    fn asks_for_times(&self) -> bool {
        match &self.task {
            Task::Predict(predict) => predict.form.wishes().timing,
            Task::Batch { ask, .. } => ask.wishes.timing,
            _ => false,
        }
    }
}

impl Handler {
    /// Begins with a request, which a model is asked until what this returns is dropped.
    pub(super) fn begin(&self, admitted: &Admitted, scratch: &mut Scratch) -> Option<InFlight> {
        admitted.lease().map(|lease| self.begin_with(lease, scratch))
    }

    pub(super) fn begin_with(&self, lease: &Lease, scratch: &mut Scratch) -> InFlight {
        InFlight::of(scratch.recorder(lease, &self.observer))
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
        self.tell(lease, admitted.asks_for_times(), reply);
    }

    /// Lets an answer tell of itself, where it is asked for that.
    pub(super) fn tell(&self, lease: &Lease, asked: bool, reply: &mut Reply) {
        if reply.status < 300 && (asked || self.observer.tells) {
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
    pub(super) fn not_admitted(&self, route: Option<Route<'_>>, problem: &Problem) {
        let endpoints = self.registry().map(hotplate::Registry::load);
        let endpoints = endpoints.as_deref();
        let endpoint = match route {
            Some(Route::Ping | Route::Models | Route::Model(_)) => return,
            Some(Route::Invocations) => endpoints.and_then(Endpoints::only),
            Some(Route::Invoke(name)) => endpoints.and_then(|endpoints| endpoints.get(name)),
            Some(Route::Metrics | Route::ExecutionParameters) | None => None,
        };
        let to = endpoint.map(|endpoint| {
            // Nobody has chosen among several.
            let only = (endpoint.variants().len() == 1).then(|| endpoint.variants()[0].name());
            (endpoint.name(), only.unwrap_or_default())
        });
        let (status, reason) = problem.on_the_wire();
        self.observer.refuse(to, status, reason);
    }

    pub(super) fn watch(&self, wishes: &Wishes) -> Stopwatch {
        let observer = &self.observer;
        Stopwatch::new(observer.times_phases || observer.tells || wishes.timing)
    }
}
