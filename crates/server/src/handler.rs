//! Requests in, replies out, without a socket.

mod admission;
mod ask;
mod asking;
mod batch;
mod ending;
mod lease;
mod observed;
mod pieces;
mod route;
mod scratch;
mod texts;
mod watch;

use std::{
    cell::RefCell,
    sync::{Arc, OnceLock},
    time::Duration,
};

use hotplate::{OpenOptions, Registry};
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
    profile: Option<Arc<Profile>>,
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

    /// Reads and writes predictions as a container of SageMaker's does it.
    #[must_use]
    pub fn imitate(mut self, profile: Profile) -> Self {
        self.profile = Some(Arc::new(profile));
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
                if let Err(problem) = self.manage(manage, body, reply) {
                    problem.answer(reply);
                }
            }
            Task::Batch { lease, ask } => self.answer_batch(lease, *ask, body, reply),
            Task::Predict(predict) => {
                let mut next = self.ask(predict, body, scratch, reply);
                while let Some(mut asking) = next {
                    let ran = asking.run();
                    next = asking.go_on(ran, scratch, reply);
                }
            }
        }
        self.end(in_flight.as_ref(), admitted, body, reply);
    }

    /// As [`answer`](Self::answer), in a task that does not block while the model is run.
    pub async fn answer_in_task(
        &self,
        admitted: &Admitted,
        body: &[u8],
        scratch: &RefCell<Scratch>,
        reply: &mut Reply,
    ) {
        let Task::Predict(predict) = &admitted.task else {
            return self.answer(admitted, body, &mut scratch.borrow_mut(), reply);
        };
        let in_flight = self.begin(admitted, &mut scratch.borrow_mut());
        let mut next = self.ask(predict, body, &mut scratch.borrow_mut(), reply);
        while let Some(mut asking) = next {
            let ran = asking.run_in_task().await;
            next = asking.go_on(ran, &mut scratch.borrow_mut(), reply);
        }
        self.end(in_flight.as_ref(), admitted, body, reply);
    }
}
