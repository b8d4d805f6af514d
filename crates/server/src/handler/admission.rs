//! What a request is for, and who is asked: all that is known of it before its body.

use hotplate::{Endpoints, Registry, Snapshot, Tier};

use super::{Handler, ask::Ask, batch, lease::Lease, route::Route};
use crate::{
    config::Batch,
    head::Head,
    management::Manage,
    observe::{Observed, Page},
    problem::Problem,
    profile::Headers,
    sessions::Session,
    status::Reason,
};

/// A request that may send its body.
#[derive(Debug)]
pub struct Admitted {
    pub(super) task: Task,
    pub(super) observed: Observed,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Task {
    Ping,
    Metrics(Page),
    ExecutionParameters,
    Manage(Manage),
    Predict {
        lease: Lease,
        ask: Ask,
        session: Option<Box<Session>>,
    },
    Batch {
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
        let task = match self.task {
            Task::Predict { lease, ask, session } => {
                Task::Predict { lease: lease.keep(), ask, session }
            }
            Task::Batch { lease, ask } => Task::Batch { lease: lease.keep(), ask },
            Task::Imitate { lease, headers } => Task::Imitate { lease: lease.keep(), headers },
            task => task,
        };
        Self { task, ..self }
    }

    /// Whether threads of the model's own run it, so that the caller's had better not wait.
    pub fn is_attended(&self) -> bool {
        match &self.task {
            Task::Predict { lease, .. } | Task::Imitate { lease, .. } => {
                lease.engine().tier() == Tier::Attended
            }
            _ => false,
        }
    }

    /// The name of the variant that answers, if one does.
    pub fn variant(&self) -> Option<&str> {
        match &self.task {
            Task::Predict { lease, .. }
            | Task::Batch { lease, .. }
            | Task::Imitate { lease, .. } => Some(lease.variant().name()),
            _ => None,
        }
    }

    /// The endpoint that is asked, if one is.
    pub fn endpoint(&self) -> Option<&str> {
        match &self.task {
            Task::Predict { lease, .. }
            | Task::Batch { lease, .. }
            | Task::Imitate { lease, .. } => Some(lease.endpoint().name()),
            Task::Manage(Manage::Describe(name) | Manage::Remove(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether it takes so long, whatever its body, that a thread that others wait for had better
    /// not answer it.
    pub fn is_long(&self) -> bool {
        match &self.task {
            Task::Manage(manage) => manage.is_long(),
            Task::Batch { .. } => true,
            _ => false,
        }
    }
}

impl Handler {
    /// Looks at a request before its body is read.
    ///
    /// # Errors
    ///
    /// When nothing in the body could make it a good request.
    pub fn admit(&self, head: &Head<'_>) -> Result<Admitted, Problem> {
        let observed = self.observer.observe(head);
        match self.task(head) {
            Ok(task) => Ok(Admitted { task, observed }),
            Err(problem) => {
                self.not_admitted(head, &problem);
                Err(problem)
            }
        }
    }

    fn task(&self, head: &Head<'_>) -> Result<Task, Problem> {
        Ok(match Route::of(head, self.management.is_some())? {
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
            // Where models come and go, to have none is as good as any.
            Route::Ping if self.management.is_some() => Task::Ping,
            Route::Ping => {
                self.ready()?;
                Task::Ping
            }
            Route::Manage(manage) => {
                self.ready()?;
                Task::Manage(manage)
            }
            // Before the models are there, too: whoever collects metrics should not take a server
            // that starts for one that is gone.
            Route::Metrics => Task::Metrics(Page::negotiate(head.accept)),
            Route::ExecutionParameters => Task::ExecutionParameters,
        })
    }

    fn predict(&self, endpoints: Snapshot, place: usize, head: &Head<'_>) -> Result<Task, Problem> {
        if self.profile.is_some() {
            let variant = endpoints[place].choose(head.target_variant)?;
            let lease = Lease::of(endpoints, place, variant);
            return Ok(Task::Imitate { lease, headers: Headers::from(head) });
        }
        let accept = match self.batch {
            Some(Batch { lines_for_lines: true }) => {
                batch::reply_format(head.content_type, self.default_accept)
            }
            _ => self.default_accept,
        };
        let mut ask = Ask::of(head, accept)?;
        ask.wishes.terms.patience = self.patience;
        let variant = endpoints[place].choose(head.target_variant)?;
        let lease = Lease::of(endpoints, place, variant);
        ask.check_for(lease.engine())?;
        if self.batch.is_some() {
            return Ok(Task::Batch { lease, ask });
        }
        let session = match (&self.sessions, head.session_id) {
            (Some(sessions), Some(id)) => Some(Box::new(sessions.named(id)?)),
            _ => None,
        };
        Ok(Task::Predict { lease, ask, session })
    }

    fn ready(&self) -> Result<Snapshot, Problem> {
        self.registry().map(Registry::load).ok_or_else(|| {
            Problem::new(Reason::NotReady, "the models are being loaded; try again in a moment")
        })
    }
}

fn model_required(endpoints: &Endpoints) -> Problem {
    if endpoints.is_empty() {
        let message = "no model is loaded, so that there is none to ask";
        return Problem::new(Reason::UnknownModel, message);
    }
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
