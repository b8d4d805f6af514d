//! What a request is for, and who is asked: all that is known of it before its body.

use hotplate::{Endpoints, Registry, Snapshot, Tier};

use super::{
    Handler,
    ask::{Ask, Form},
    batch,
    lease::Lease,
    route::Route,
};
use crate::{
    config::Batch,
    head::Head,
    management::{self as models, Manage},
    observe::{Observed, Page},
    problem::Problem,
    profile::Imitated,
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
    Predict(Predict),
    Batch { lease: Lease, ask: Ask },
}

/// A request for predictions.
#[derive(Debug)]
pub(super) struct Predict {
    pub(super) lease: Lease,
    pub(super) form: Form,
    pub(super) session: Option<Box<Session>>,
}

impl Admitted {
    /// The same, for a request that waits before it is answered: what is removed meanwhile does not
    /// stay in memory because of it, unless it is what the request asks.
    #[must_use]
    pub fn keep(self) -> Self {
        let task = match self.task {
            Task::Predict(predict) => {
                Task::Predict(Predict { lease: predict.lease.keep(), ..predict })
            }
            Task::Batch { lease, ask } => Task::Batch { lease: lease.keep(), ask },
            task => task,
        };
        Self { task, ..self }
    }

    /// Whether threads of the model's own run it, so that the caller's had better not wait.
    pub fn is_attended(&self) -> bool {
        match &self.task {
            Task::Predict(predict) => predict.lease.engine().tier() == Tier::Attended,
            _ => false,
        }
    }

    /// The name of the variant that answers, if one does.
    pub fn variant(&self) -> Option<&str> {
        self.lease().map(|lease| lease.variant().name())
    }

    /// The endpoint that is asked, if one is.
    pub fn endpoint(&self) -> Option<&str> {
        match &self.task {
            Task::Manage(Manage::Describe(name) | Manage::Remove(name)) => Some(name),
            _ => self.lease().map(|lease| lease.endpoint().name()),
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
        let Some(route) = Route::of(head.path, self.management.is_some()) else {
            let problem = not_found(self.management.is_some());
            self.not_admitted(None, &problem);
            return Err(problem);
        };
        match route.allow(head).and_then(|()| self.task(route, head)) {
            Ok(task) => Ok(Admitted { task, observed }),
            Err(problem) => {
                self.not_admitted(Some(route), &problem);
                Err(problem)
            }
        }
    }

    fn task(&self, route: Route<'_>, head: &Head<'_>) -> Result<Task, Problem> {
        Ok(match route {
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
            Route::Models => {
                self.ready()?;
                Task::Manage(match head.method {
                    "POST" => Manage::Load,
                    _ => Manage::List(models::Page::of(head.query)),
                })
            }
            Route::Model(name) => {
                self.ready()?;
                Task::Manage(match head.method {
                    "DELETE" => Manage::Remove(name.to_owned()),
                    _ => Manage::Describe(name.to_owned()),
                })
            }
            // Before the models are there, too: whoever collects metrics should not take a server
            // that starts for one that is gone.
            Route::Metrics => Task::Metrics(Page::negotiate(head.accept)),
            Route::ExecutionParameters => Task::ExecutionParameters,
        })
    }

    fn predict(&self, endpoints: Snapshot, place: usize, head: &Head<'_>) -> Result<Task, Problem> {
        let form = self.form(head)?;
        let variant = endpoints[place].choose(head.target_variant)?;
        let lease = Lease::of(endpoints, place, variant);
        if let Form::Own(ask) = &form {
            ask.check_for(lease.engine())?;
        }
        let form = match form {
            Form::Own(ask) if self.batch.is_some() => return Ok(Task::Batch { lease, ask }),
            form => form,
        };
        let session = match (&self.sessions, head.session_id) {
            (Some(sessions), Some(id)) => Some(Box::new(sessions.named(id)?)),
            _ => None,
        };
        Ok(Task::Predict(Predict { lease, form, session }))
    }

    fn form(&self, head: &Head<'_>) -> Result<Form, Problem> {
        if let Some(profile) = &self.profile {
            let mut imitated = Imitated::of(profile, head);
            imitated.wishes.terms.patience = self.patience;
            return Ok(Form::Imitated(Box::new(imitated)));
        }
        let accept = match self.batch {
            Some(Batch { lines_for_lines: true }) => {
                batch::reply_format(head.content_type, self.default_accept)
            }
            _ => self.default_accept,
        };
        let mut ask = Ask::of(head, accept)?;
        ask.wishes.terms.patience = self.patience;
        Ok(Form::Own(ask))
    }

    fn ready(&self) -> Result<Snapshot, Problem> {
        self.registry().map(Registry::load).ok_or_else(|| {
            Problem::new(Reason::NotReady, "the models are being loaded; try again in a moment")
        })
    }
}

fn not_found(managed: bool) -> Problem {
    let message = "there is no such path; there are GET /ping, GET /metrics, \
                   GET /execution-parameters, POST /invocations and POST /models/NAME/invoke";
    let more = if managed { ", and /models and /models/NAME for what is loaded" } else { "" };
    Problem::new(Reason::NotFound, format!("{message}{more}"))
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
