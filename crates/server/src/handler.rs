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
    metrics,
    problem::Problem,
    profile::{Headers, Profile},
    reply::Reply,
    status::Reason,
};

/// Answers requests; shared by all threads.
#[derive(Debug)]
pub struct Handler {
    /// Set once the models are warm.
    registry: OnceLock<Registry>,
    default_accept: Format,
    times_phases: bool,
    profile: Option<Profile>,
}

/// A request that may send its body.
#[derive(Debug)]
pub struct Admitted(Task);

#[derive(Debug)]
enum Task {
    Ping,
    Metrics,
    Predict {
        lease: Lease,
        ask: Ask,
    },
    /// As a container of SageMaker's would answer.
    Imitate {
        lease: Lease,
        headers: Headers,
    },
}

impl Admitted {
    /// The same, for a request that waits before it is answered: what is removed meanwhile does not
    /// stay in memory because of it, unless it is what the request asks.
    #[must_use]
    pub fn keep(self) -> Self {
        Self(match self.0 {
            Task::Predict { lease, ask } => Task::Predict { lease: lease.keep(), ask },
            Task::Imitate { lease, headers } => Task::Imitate { lease: lease.keep(), headers },
            task => task,
        })
    }

    /// Whether threads of the model's own run it, so that the caller's had better not wait.
    pub fn is_attended(&self) -> bool {
        match &self.0 {
            Task::Ping | Task::Metrics => false,
            Task::Predict { lease, .. } | Task::Imitate { lease, .. } => {
                lease.engine().tier() == Tier::Attended
            }
        }
    }

    /// The endpoint that is asked, if one is.
    pub fn endpoint(&self) -> Option<&str> {
        match &self.0 {
            Task::Ping | Task::Metrics => None,
            Task::Predict { lease, .. } | Task::Imitate { lease, .. } => {
                Some(lease.endpoint().name())
            }
        }
    }
}

impl Handler {
    /// A handler without models: it is not ready, and says so.
    pub const fn new(default_accept: Format) -> Self {
        Self { registry: OnceLock::new(), default_accept, times_phases: false, profile: None }
    }

    /// Makes replies say where the time went, if `yes`. Reading the clock takes a share of a small
    /// request's time that is worth saving where nobody looks.
    #[must_use]
    pub const fn time_phases(mut self, yes: bool) -> Self {
        self.times_phases = yes;
        self
    }

    /// Makes replies to predictions those of a container of SageMaker's.
    #[must_use]
    pub fn imitate(mut self, profile: Option<Profile>) -> Self {
        self.profile = profile;
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
        let task = match Route::of(head)? {
            Route::Invocations => {
                let endpoints = self.ready()?;
                if endpoints.len() != 1 {
                    return Err(model_required(&endpoints));
                }
                self.predict(endpoints, 0, head)?
            }
            Route::Invoke(name) => {
                let endpoints = self.ready()?;
                let place = endpoints.position(name);
                let place = place.map_err(|_| unknown_model(name, &endpoints))?;
                self.predict(endpoints, place, head)?
            }
            Route::Ping => {
                self.ready()?;
                Task::Ping
            }
            // Before the models are there, too: whoever collects metrics should not take a server
            // that starts for one that is gone.
            Route::Metrics => Task::Metrics,
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
            Task::Metrics => {
                let endpoints = self.registry().map(Registry::load);
                let text = metrics::of_models(endpoints.as_deref());
                reply.document(metrics::MEDIA_TYPE, text.as_bytes());
            }
            Task::Predict { lease, ask } => {
                let (engine, watch) = (lease.engine(), Stopwatch::new(self.times_phases));
                let scratch = scratch.of(engine);
                if let Err(problem) = scratch.predict(engine, *ask, body, watch, reply) {
                    problem.answer(reply);
                }
            }
            Task::Imitate { lease, headers } => {
                if let Some(profile) = &self.profile {
                    profile.answer(headers, body, lease.engine(), reply);
                }
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
        if let (Task::Imitate { lease, headers }, Some(profile)) = (&admitted.0, &self.profile) {
            return profile.answer_in_task(headers, body, lease.engine(), reply).await;
        }
        let Task::Predict { lease, ask } = &admitted.0 else {
            return self.answer(admitted, body, &mut scratch.borrow_mut(), reply);
        };
        reply.clear();
        let (engine, watch) = (lease.engine(), Stopwatch::new(self.times_phases));
        let mut model = scratch.borrow_mut().take(engine);
        let answered = model.predict_in_task(engine, *ask, body, watch, reply).await;
        if let Err(problem) = answered {
            problem.answer(reply);
        }
        scratch.borrow_mut().put(engine, model);
    }

    fn predict(&self, endpoints: Snapshot, place: usize, head: &Head<'_>) -> Result<Task, Problem> {
        if self.profile.is_some() {
            let lease = Lease::of(endpoints, place, 0);
            return Ok(Task::Imitate { lease, headers: Headers::from(head) });
        }
        let ask = Ask::of(head, self.default_accept)?;
        Ok(Task::Predict { lease: Lease::of(endpoints, place, 0), ask })
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
