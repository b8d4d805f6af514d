//! Requests in, replies out, without a socket.

mod ask;
mod batch;
mod ending;
mod lease;
mod observed;
mod pieces;
mod route;
mod scratch;
mod watch;

use std::{cell::RefCell, sync::OnceLock, time::Duration};

use hotplate::{Endpoints, OpenOptions, Registry, Snapshot, Terms, Tier};
use hotplate_codec::Format;

pub(crate) use self::pieces::Pieces;
pub use self::scratch::Scratch;
use self::{ask::Ask, lease::Lease, route::Route};
use crate::{
    batch as transform,
    config::{Batch, ModelMemory, SessionLimits},
    facts,
    head::Head,
    management::{Manage, Management},
    observe::{Observed, Observer, Page},
    problem::Problem,
    profile::{Headers, Profile},
    reply::Reply,
    sessions::{Session, Sessions},
    status::Reason,
};

/// Answers requests; shared by all threads.
#[derive(Debug)]
pub struct Handler {
    /// Set once the models are warm.
    registry: OnceLock<Registry>,
    default_accept: Format,
    pub(crate) observer: Observer,
    /// Where models come and go.
    management: Option<Management>,
    execution_parameters: String,
    /// Where bodies are batches.
    batch: Option<Batch>,
    sessions: Option<Sessions>,
    /// How long a request may wait for its model.
    patience: Option<Duration>,
    profile: Option<Profile>,
}

/// A request that may send its body.
#[derive(Debug)]
pub struct Admitted {
    task: Task,
    observed: Observed,
}

#[derive(Debug)]
enum Task {
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
    /// A handler without models: it is not ready, and says so.
    pub fn new(default_accept: Format) -> Self {
        Self {
            registry: OnceLock::new(),
            default_accept,
            observer: Observer::default(),
            management: None,
            execution_parameters: String::new(),
            batch: None,
            sessions: None,
            patience: None,
            profile: None,
        }
    }

    /// Makes replies and metrics say where the time went, if `yes`, which reads the clock three
    /// times more for each request.
    #[must_use]
    pub const fn time_phases(mut self, yes: bool) -> Self {
        self.observer.times_phases = yes;
        self
    }

    /// Lets `observer` see what becomes of requests.
    #[must_use]
    pub(crate) fn observed_by(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Tells those who send batches how many at once keep so many threads busy, and how long they
    /// may be.
    #[must_use]
    pub fn take_batches(mut self, threads: usize, max_body_bytes: usize) -> Self {
        self.execution_parameters = transform::parameters(threads, max_body_bytes);
        self
    }

    /// Answers a line that is no row with a placeholder.
    #[must_use]
    pub const fn answer_batches(mut self, batch: Batch) -> Self {
        self.batch = Some(batch);
        self
    }

    /// Keeps ids for clients that ask for sessions.
    #[must_use]
    pub fn keep_sessions(mut self, limits: SessionLimits) -> Self {
        self.sessions = Some(Sessions::new(limits));
        self
    }

    /// Lets a request wait for its model no longer than this.
    #[must_use]
    pub const fn wait_at_most(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Makes replies to predictions those of a container of SageMaker's.
    #[must_use]
    pub fn imitate(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Lets models come and go through `/models`, opened as `options` say.
    #[must_use]
    pub fn manage_models(mut self, options: OpenOptions, memory: ModelMemory) -> Self {
        self.management = Some(Management::new(options, memory));
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

    /// Answers a request that was admitted.
    pub fn answer(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) {
        let in_flight = self.begin(admitted, scratch);
        self.answer_task(admitted, body, scratch, reply);
        self.end(in_flight.as_ref(), admitted, body, reply);
    }

    fn answer_task(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) {
        reply.clear();
        match &admitted.task {
            Task::Ping => {
                let health = self.registry().map(|registry| facts::health(&registry.load()));
                reply.document(Format::Json.media_type(), &health.unwrap_or_default());
            }
            Task::Metrics(page) => {
                let endpoints = self.registry().map(Registry::load);
                let written = page.write(&self.observer, endpoints.as_deref());
                reply.document(page.media_type(), &written);
            }
            Task::ExecutionParameters => {
                let parameters = self.execution_parameters.as_bytes();
                reply.document(Format::Json.media_type(), parameters);
            }
            Task::Manage(manage) => {
                let Err(problem) = self.manage(manage, body, reply) else { return };
                problem.answer(reply);
            }
            Task::Batch { lease, ask } => {
                let mut answered = batch::answer(lease.engine(), *ask, body, reply);
                if lease.endpoint().is_watched()
                    && let Some(before) = self.look_at(&answered, lease, None)
                {
                    reply.clear();
                    answered = batch::answer(before, *ask, body, reply);
                }
                if let Err(problem) = answered {
                    problem.answer(reply);
                }
            }
            Task::Imitate { lease, headers } => {
                if let Some(profile) = &self.profile {
                    profile.answer(headers, body, lease.engine(), &self.terms(), reply);
                }
            }
            Task::Predict { lease, ask, session } => {
                let session = session.as_deref();
                if session.is_some() && self.is_about_session(session, body, reply) {
                    return;
                }
                let (engine, watch) = (lease.engine(), self.watch(ask));
                let model = scratch.of(engine);
                let mut answered = model.predict(engine, *ask, body, watch, reply);
                if lease.endpoint().is_watched()
                    && let Some(before) = self.look_at(&answered, lease, Some(model))
                {
                    let watch = self.watch(ask);
                    answered = scratch.of(before).predict(before, *ask, body, watch, reply);
                }
                self.conclude(answered, lease, session, body, reply);
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
        let in_flight = self.begin(admitted, &mut scratch.borrow_mut());
        self.answer_task_in_task(admitted, body, scratch, reply).await;
        self.end(in_flight.as_ref(), admitted, body, reply);
    }

    async fn answer_task_in_task(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &RefCell<Scratch>,
        reply: &mut Reply,
    ) {
        if let (Task::Imitate { lease, headers }, Some(profile)) = (&admitted.task, &self.profile) {
            let (engine, terms) = (lease.engine(), self.terms());
            return profile.answer_in_task(headers, body, engine, &terms, reply).await;
        }
        let Task::Predict { lease, ask, session } = &admitted.task else {
            return self.answer_task(admitted, body, &mut scratch.borrow_mut(), reply);
        };
        reply.clear();
        let session = session.as_deref();
        if session.is_some() && self.is_about_session(session, body, reply) {
            return;
        }
        let (engine, watch) = (lease.engine(), self.watch(ask));
        let mut model = scratch.borrow_mut().take(engine);
        let mut answered = model.predict_in_task(engine, *ask, body, watch, reply).await;
        if lease.endpoint().is_watched()
            && let Some(before) = self.look_at(&answered, lease, Some(&model))
        {
            let watch = self.watch(ask);
            let mut model = scratch.borrow_mut().take(before);
            answered = model.predict_in_task(before, *ask, body, watch, reply).await;
            scratch.borrow_mut().put(before, model);
        }
        self.conclude(answered, lease, session, body, reply);
        scratch.borrow_mut().put(engine, model);
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
        if self.batch.is_some() {
            return Ok(Task::Batch { lease, ask });
        }
        let session = match (&self.sessions, head.session_id) {
            (Some(sessions), Some(id)) => Some(Box::new(sessions.named(id)?)),
            _ => None,
        };
        Ok(Task::Predict { lease, ask, session })
    }

    /// How a model is asked by who has no wishes.
    fn terms(&self) -> Terms {
        Terms { patience: self.patience, ..Terms::default() }
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
