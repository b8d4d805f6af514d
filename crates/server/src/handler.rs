//! Requests in, replies out, without a socket.

mod admission;
mod ask;
mod batch;
mod ending;
mod lease;
mod observed;
mod pieces;
mod route;
mod scratch;
mod texts;
mod watch;

use std::{cell::RefCell, sync::OnceLock, time::Duration};

use hotplate::{OpenOptions, Registry, Terms};
use hotplate_codec::Format;

use self::admission::Task;
pub(crate) use self::pieces::Pieces;
pub use self::{admission::Admitted, scratch::Scratch};
use crate::{
    batch as transform,
    config::{Batch, ModelMemory, SessionLimits},
    facts,
    management::Management,
    observe::Observer,
    profile::Profile,
    reply::Reply,
    sessions::Sessions,
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

    /// How a model is asked by who has no wishes.
    fn terms(&self) -> Terms {
        Terms { patience: self.patience, ..Terms::default() }
    }
}
