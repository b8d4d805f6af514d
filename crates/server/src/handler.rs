//! Requests in, replies out, without a socket.

mod ask;
mod lease;
mod route;
mod scratch;

use std::{cell::RefCell, sync::OnceLock};

use hotplate::{Endpoints, Registry, Snapshot, Tier};
use hotplate_codec::Format;

pub use self::scratch::Scratch;
use self::{ask::Ask, lease::Lease, route::Route, scratch::Stopwatch};
use crate::{
    facts,
    head::Head,
    observe::{Observed, Observer, Page, Recorder, Teller, tell},
    problem::Problem,
    reply::Reply,
    status::Reason,
};

/// Answers requests; shared by all threads.
#[derive(Debug)]
pub struct Handler {
    /// Set once the models are warm.
    registry: OnceLock<Registry>,
    default_accept: Format,
    observer: Observer,
}

/// A request that may send its body.
#[derive(Debug)]
pub struct Admitted(Task);

#[derive(Debug)]
enum Task {
    Ping,
    Metrics(Page),
    Predict { lease: Lease, ask: Ask, observed: Observed },
}

impl Admitted {
    /// The same, for a request that waits before it is answered: what is removed meanwhile does not
    /// stay in memory because of it, unless it is what the request asks.
    #[must_use]
    pub fn keep(self) -> Self {
        Self(match self.0 {
            Task::Predict { lease, ask, observed } => {
                Task::Predict { lease: lease.keep(), ask, observed }
            }
            task => task,
        })
    }

    /// Whether threads of the model's own run it, so that the caller's had better not wait.
    pub fn is_attended(&self) -> bool {
        match &self.0 {
            Task::Ping | Task::Metrics(_) => false,
            Task::Predict { lease, .. } => lease.engine().tier() == Tier::Attended,
        }
    }

    /// The endpoint that is asked, if one is.
    pub fn endpoint(&self) -> Option<&str> {
        match &self.0 {
            Task::Ping | Task::Metrics(_) => None,
            Task::Predict { lease, .. } => Some(lease.endpoint().name()),
        }
    }
}

impl Handler {
    /// A handler without models: it is not ready, and says so.
    pub fn new(default_accept: Format) -> Self {
        Self::observed_by(Observer::default(), default_accept)
    }

    pub(crate) fn observed_by(observer: Observer, default_accept: Format) -> Self {
        Self { registry: OnceLock::new(), default_accept, observer }
    }

    /// Makes replies and metrics say where the time went, if `yes`, which reads the clock three
    /// times more for each request.
    #[must_use]
    pub const fn time_phases(mut self, yes: bool) -> Self {
        self.observer.times_phases = yes;
        self
    }

    /// Installs the models, which may change from then on; the handler is ready. Later calls change
    /// nothing.
    pub fn install(&self, registry: Registry) {
        let _ = self.registry.set(registry);
    }

    /// The models, once they are installed.
    pub(crate) fn registry(&self) -> Option<&Registry> {
        self.registry.get()
    }

    /// Looks at a request before its body is read.
    ///
    /// # Errors
    ///
    /// When nothing in the body could make it a good request.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admitted, Problem> {
        let task = match Route::of(head).map_err(|problem| self.to_nobody(problem))? {
            Route::Invocations => {
                let endpoints = self.ready().map_err(|problem| self.to_nobody(problem))?;
                if endpoints.len() != 1 {
                    return Err(self.to_nobody(model_required(&endpoints)));
                }
                self.predict(endpoints, 0, head)?
            }
            Route::Invoke(name) => {
                let endpoints = self.ready().map_err(|problem| self.to_nobody(problem))?;
                let place = endpoints.position(name);
                let place = place.map_err(|_| self.to_nobody(unknown_model(name, &endpoints)))?;
                self.predict(endpoints, place, head)?
            }
            Route::Ping => {
                self.ready()?;
                Task::Ping
            }
            // Before the models are there, too: whoever collects metrics should not take a server
            // that starts for one that is gone.
            Route::Metrics => Task::Metrics(Page::negotiate(head.accept)),
        };
        Ok(Admitted(task))
    }

    /// Answers a request that was admitted.
    pub fn answer(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) {
        reply.clear();
        match &admitted.0 {
            Task::Ping => {
                let health = self.registry().map(|registry| facts::health(&registry.load()));
                reply.document(Format::Json.media_type(), &health.unwrap_or_default());
            }
            Task::Metrics(page) => {
                let endpoints = self.registry().map(Registry::load);
                let page_now = page.write(&self.observer, endpoints.as_deref());
                reply.document(page.media_type(), &page_now);
            }
            Task::Predict { lease, ask, observed } => {
                let (model, recorder) = scratch.of(lease, &self.observer);
                let _in_flight = recorder.begin();
                let watch = self.watch(ask);
                if let Err(problem) = model.predict(lease.engine(), *ask, body, watch, reply) {
                    problem.answer(reply);
                }
                self.finish(lease, *ask, observed, recorder, body, reply);
            }
        }
    }

    /// As [`answer`](Self::answer), in a task that does not block while the model is run.
    pub async fn answer_in_task(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &RefCell<Scratch>,
        reply: &mut Reply,
    ) {
        let Task::Predict { lease, ask, observed } = &admitted.0 else {
            return self.answer(admitted, body, &mut scratch.borrow_mut(), reply);
        };
        reply.clear();
        let (mut model, recorder) = scratch.borrow_mut().take(lease, &self.observer);
        let in_flight = recorder.begin();
        let (engine, watch) = (lease.engine(), self.watch(ask));
        let answered = model.predict_in_task(engine, *ask, body, watch, reply).await;
        if let Err(problem) = answered {
            problem.answer(reply);
        }
        self.finish(lease, *ask, observed, &recorder, body, reply);
        drop(in_flight);
        scratch.borrow_mut().put(lease, &self.observer, model);
    }

    /// Counts a request that was admitted, and is not answered because of a fault of its body.
    pub(crate) fn refuse(&self, admitted: &Admitted, problem: &Problem) {
        if let Task::Predict { lease, .. } = &admitted.0 {
            let to = (lease.endpoint().name(), lease.variant().name());
            let (status, reason) = problem.on_the_wire();
            self.observer.refuse(Some(to), status, reason);
        }
    }

    /// Who observes the requests.
    pub(crate) const fn observer(&self) -> &Observer {
        &self.observer
    }

    fn watch(&self, ask: &Ask) -> Stopwatch {
        Stopwatch::new(self.observer.times_phases || self.observer.tells || ask.wishes.timing)
    }

    /// What follows when there is a reply.
    fn finish(
        &self,
        lease: &Lease,
        ask: Ask,
        observed: &Observed,
        recorder: &Recorder,
        body: &[u8],
        reply: &mut Reply,
    ) {
        self.observer.finish(recorder, observed, body, reply);
        if reply.reason.is_none() && (ask.wishes.timing || self.observer.tells) {
            let (model, variant) = (lease.endpoint().name(), lease.variant().name());
            tell(Teller { model, variant, engine: lease.engine() }, reply);
        }
    }

    /// Counts a request that came to no model.
    fn to_nobody(&self, problem: Problem) -> Problem {
        let (status, reason) = problem.on_the_wire();
        self.observer.refuse(None, status, reason);
        problem
    }

    fn predict(&self, endpoints: Snapshot, place: usize, head: &Head<'_>) -> Result<Task, Problem> {
        let lease = Lease::of(endpoints, place, 0);
        let observed = self.observer.observe(head);
        let ask = Ask::of(head, self.default_accept).inspect_err(|problem| {
            let (status, reason) = problem.on_the_wire();
            let to = (lease.endpoint().name(), lease.variant().name());
            self.observer.refuse(Some(to), status, reason);
        })?;
        Ok(Task::Predict { lease, ask, observed })
    }

    fn ready(&self) -> Result<Snapshot, Problem> {
        self.registry().map(Registry::load).ok_or_else(|| {
            Problem::new(Reason::NotReady, "the models are being loaded; try again in a moment")
        })
    }
}

fn model_required(endpoints: &Endpoints) -> Problem {
    let names = names(endpoints);
    let message = format!(
        "several models are served, so say which: POST /models/NAME/invoke, where NAME is {names}"
    );
    Problem::new(Reason::ModelRequired, message).expected(names, "no name")
}

fn unknown_model(name: &str, endpoints: &Endpoints) -> Problem {
    let names = names(endpoints);
    Problem::new(Reason::UnknownModel, format!("no model is called {name:?}; there is {names}"))
        .expected(names, name)
}

fn names(endpoints: &Endpoints) -> String {
    if endpoints.is_empty() {
        return "none".to_owned();
    }
    endpoints.iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>().join(" or ")
}
