use std::{
    future::Future,
    num::NonZero,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use hotplate_backend::{BackendError, BackendErrorKind, Limits, Part, Plan};

use crate::{
    Buffers, Refused, Terms,
    attendants::Attendants,
    combiner::{self, Ask, Combiner, Ended, Submitted},
    runner::PlanRunner,
};

/// How often a thread looks for its answer before it sleeps, where there are cores to spare: a
/// waiting thread must never keep a running one from its core.
const SPINS: u32 = 64;

/// What a lane may do with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSettings {
    /// The number of slots: workers that can run at once; at least one.
    pub instances: usize,
    /// What each worker may use; its rows are those of one turn, and the most of a batch.
    pub limits: Limits,
    /// The most rows of a batch; as many as gain by it unless said.
    pub max_batch_rows: Option<usize>,
    /// How long a request may be kept waiting for company though a slot is free. Zero is best for
    /// the latency of all loads; more is for those who want throughput alone.
    pub max_queue_delay: Duration,
    /// The most rows that may wait for a slot.
    pub max_waiting_rows: usize,
    /// The most bytes that the inputs of requests may hold while these wait for a slot.
    pub max_waiting_bytes: usize,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            instances: thread::available_parallelism().map_or(1, NonZero::get),
            limits: Limits { max_rows: 1024, threads: 1 },
            max_batch_rows: None,
            max_queue_delay: Duration::ZERO,
            max_waiting_rows: 1 << 16,
            max_waiting_bytes: 1 << 30,
        }
    }
}

/// The way to a plan's workers, for any number of threads and tasks.
#[derive(Debug)]
pub struct Lane {
    combiner: Arc<Combiner<PlanRunner>>,
    /// Before the combiner goes, its threads must.
    pub(crate) attendants: OnceLock<Option<Attendants>>,
    pub(crate) settings: LaneSettings,
}

/// Work that was not done, and why.
#[derive(Debug)]
pub struct Rejected<W> {
    /// What was brought.
    pub work: W,
    /// Why it was not run.
    pub refused: Refused,
}

/// What a lane has seen since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneFigures {
    /// Requests that were run; one of many rows counts once a turn.
    pub requests: usize,
    /// The batches that they were run in.
    pub batches: usize,
    /// Requests that were given up by their callers before the answer.
    pub cancelled: usize,
    /// Rows that wait for a slot now, or run after they did.
    pub waiting_rows: usize,
}

/// Who runs the requests of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The threads that bring them, in a free slot; those that find none wait for their answers
    /// while the owners of slots run what waits as a batch. Runs that are longer than a wake-up are
    /// left to threads of the lane's own while another slot is taken, or a lane of shorter runs is in
    /// use in the same process.
    Inline,
    /// Threads of the lane's own: for a plan that takes over a millisecond or runs on a device, or
    /// where requests are to await company.
    Attended,
}

impl Lane {
    /// A lane whose workers are cold: see [`warm_up`](Self::warm_up).
    ///
    /// # Errors
    ///
    /// When the plan cannot make a worker.
    pub fn start(plan: Arc<dyn Plan>, settings: LaneSettings) -> Result<Self, BackendError> {
        let instances = settings.instances.max(1);
        let (runner, seats) =
            PlanRunner::new(plan, instances, settings.limits, settings.max_batch_rows)?;
        let limits =
            combiner::Limits { rows: settings.max_waiting_rows, bytes: settings.max_waiting_bytes };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let spins = if cores > 2 { SPINS } else { 0 };
        let combiner = Arc::new(Combiner::new(runner, seats, limits, spins));
        Ok(Self { combiner, attendants: OnceLock::new(), settings })
    }

    /// The plan that the workers run.
    pub fn plan(&self) -> &Arc<dyn Plan> {
        self.runner().plan()
    }

    /// The number of slots.
    pub fn instances(&self) -> usize {
        self.combiner.slots()
    }

    /// Who runs the requests.
    pub fn tier(&self) -> Tier {
        if self.combiner.is_inline() { Tier::Inline } else { Tier::Attended }
    }

    /// How long a batch of so many rows is expected to take; nothing before the lane is warm.
    pub fn time_of(&self, rows: usize) -> Duration {
        Duration::from_nanos(self.runner().record.cost.time_of(rows))
    }

    /// The rows from which on a batch gains nothing by more.
    pub fn batch_rows(&self) -> usize {
        crate::combiner::Runner::batch_rows(self.runner())
    }

    /// What the lane has seen.
    pub fn figures(&self) -> LaneFigures {
        let (requests, batches) = self.runner().record.done();
        let (cancelled, waiting_rows) = (self.combiner.cancelled(), self.combiner.waiting_rows());
        LaneFigures { requests, batches, cancelled, waiting_rows }
    }

    /// Runs a request, and returns when it has its outcome: on the caller's thread where a slot is
    /// free and nothing waits, else among those that wait, while the caller sleeps.
    ///
    /// All rows of the inputs are run, in turns where they are many. A worker that panics fails the
    /// request that made it panic, and no other; a new one takes its place.
    ///
    /// # Errors
    ///
    /// When the request was not run.
    pub fn run<'a>(&self, part: Part<'a>, terms: &Terms) -> Result<Part<'a>, Rejected<Part<'a>>> {
        let ask = self.ask(part.inputs.rows(), terms);
        #[expect(unsafe_code, reason = "a request that waits is borrowed across threads")]
        // SAFETY: the caller cannot touch what the part borrows from before the job is back.
        let job = unsafe { self.runner().first_turn(part) };
        let ran = self.combiner.run(job, ask);
        if self.combiner.wants_attendants() {
            self.start_attendants();
        }
        match ran {
            Ok(part) => Ok(part),
            Err((part, refused)) => Err(Rejected { work: part, refused }),
        }
    }

    /// Has a request run, for a task: at once and on the caller's thread where a slot is free and
    /// nothing waits, else among those that wait. Dropped, the claim cancels the request.
    ///
    /// # Errors
    ///
    /// When the request was not admitted.
    pub fn infer(&self, buffers: Buffers, terms: &Terms) -> Result<Inference, Rejected<Buffers>> {
        // Somebody must see to requests whose owners are busy elsewhere.
        if self.attendants.get().is_none() {
            self.start_attendants();
        }
        let ask = self.ask(buffers.inputs.rows(), terms);
        match self.combiner.submit(buffers, ask) {
            Ok(submitted) => Ok(Inference(Some(submitted))),
            Err((buffers, refused)) => Err(Rejected { work: buffers, refused }),
        }
    }

    /// Takes no more requests, and returns when those that it has are answered.
    pub fn drain(&self) {
        self.combiner.close();
    }

    /// Runs a batch in this slot as soon as it is free, whatever waits.
    pub(crate) fn run_in_slot(&self, slot: usize, parts: &mut [Part<'_>]) {
        self.combiner.in_slot(slot, |seat| self.runner().run_parts(seat, parts));
    }

    /// Starts threads for what nobody waits for in person, and for a backlog. Where the system has
    /// none left, those who bring requests go on to run what waits.
    #[cold]
    pub(crate) fn start_attendants(&self) {
        let count = self.instances();
        self.attendants
            .get_or_init(|| Attendants::start(&self.combiner, count, false, Duration::ZERO).ok());
    }

    /// Leaves all requests to threads of the lane's own.
    pub(crate) fn leave_to_attendants(&self) -> Result<(), BackendError> {
        let (count, delay) = (self.instances(), self.settings.max_queue_delay);
        let mut started = Ok(());
        // A lane that tasks used while it was cold has a thread of its own already, and keeps it.
        self.attendants.get_or_init(|| {
            Attendants::start(&self.combiner, count, true, delay)
                .map_err(|error| started = Err(error))
                .ok()
        });
        started.map_err(|error| {
            let problem = format!("no thread can be started for the model: {error}");
            BackendError::told(BackendErrorKind::OutOfMemory, problem)
        })
    }

    pub(crate) fn runner(&self) -> &PlanRunner {
        self.combiner.runner()
    }

    fn ask(&self, rows: usize, terms: &Terms) -> Ask {
        let deadline = terms.deadline.map_or(u64::MAX, |at| self.runner().nanos_of(at));
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let patience = terms.patience.map_or(u64::MAX, nanos);
        Ask { priority: terms.priority, deadline, patience, rows }
    }
}

/// A claim to the answer of a request.
///
/// Its buffers are the lane's until it is ready, so that it can be dropped or leaked at any time:
/// dropped before it is ready, it cancels the request.
#[derive(Debug)]
#[must_use = "a claim that is dropped cancels its request"]
pub struct Inference(Option<Submitted<PlanRunner>>);

/// A request that has ended: its buffers, and how it went.
pub type InferenceOutcome = Result<(Buffers, Result<(), BackendError>), Rejected<Buffers>>;

impl Future for Inference {
    type Output = InferenceOutcome;

    /// # Panics
    ///
    /// When it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<InferenceOutcome> {
        let ended = match self.0.as_mut() {
            Some(Submitted::Waits(ticket)) => match Pin::new(ticket).poll(context) {
                Poll::Ready(ended) => ended,
                Poll::Pending => return Poll::Pending,
            },
            Some(Submitted::Ended(_)) => match self.0.take() {
                Some(Submitted::Ended(ended)) => ended,
                _ => unreachable!("looked at above"),
            },
            None => panic!("polled after it was ready"),
        };
        self.0 = None;
        let Ended { mut kept, outcome } = ended;
        Poll::Ready(match outcome {
            Ok(ran) => {
                kept.began = ran.began;
                Ok((kept, ran.outcome))
            }
            Err(refused) => Err(Rejected { work: kept, refused }),
        })
    }
}
