//! The lane, and what people write instead of it.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use hotplate_backend::{Limits, Part, Plan, Worker};
use hotplate_load::Outcome;
use hotplate_scheduler::{Buffers, Lane, LaneSettings, Terms};

/// The most rows that a worker is given.
const LIMITS: Limits = Limits { max_rows: 1024, threads: 1 };

/// Something that many threads have answer their requests.
pub(crate) trait Contender: fmt::Debug + Sync {
    /// What one thread asks with: it gives its buffers, and gets them back with the answer.
    fn asker(&self) -> Asker<'_>;
}

/// One thread's way to ask.
pub(crate) type Asker<'c> = Box<dyn FnMut(Buffers) -> (Buffers, Outcome) + 'c>;

/// A lane with a slot for each core.
pub(crate) fn lane(plan: Arc<dyn Plan>, slots: usize, max_waiting_rows: usize) -> Lane {
    let settings = LaneSettings {
        instances: slots,
        limits: LIMITS,
        max_waiting_rows,
        ..LaneSettings::default()
    };
    let lane = Lane::start(plan, settings).unwrap();
    lane.warm_up().unwrap();
    lane
}

pub(crate) fn worker(plan: &dyn Plan) -> Box<dyn Worker> {
    plan.worker(&LIMITS).unwrap()
}

impl Contender for Lane {
    fn asker(&self) -> Asker<'_> {
        Box::new(|buffers| ask_lane(self, buffers, &Terms::default()))
    }
}

/// Asks a lane as a thread does.
pub(crate) fn ask_lane(lane: &Lane, mut buffers: Buffers, terms: &Terms) -> (Buffers, Outcome) {
    let part = Part::new(buffers.inputs.inputs(), &mut buffers.outputs);
    let outcome = match lane.run(part, terms) {
        Ok(part) => told(part.outcome.is_ok()),
        Err(_) => Outcome::Refused,
    };
    (buffers, outcome)
}

/// Workers, each behind a mutex. A thread takes the first that is free, or waits for the next in
/// turn.
#[derive(Debug)]
pub(crate) struct Mutexes {
    workers: Vec<Mutex<Box<dyn Worker>>>,
    turn: AtomicUsize,
}

impl Mutexes {
    pub(crate) fn new(plan: &dyn Plan, workers: usize) -> Self {
        let workers = (0..workers).map(|_| Mutex::new(worker(plan))).collect();
        Self { workers, turn: AtomicUsize::new(0) }
    }
}

impl Contender for Mutexes {
    fn asker(&self) -> Asker<'_> {
        Box::new(|mut buffers| {
            let mut part = Part::new(buffers.inputs.inputs(), &mut buffers.outputs);
            let free = self.workers.iter().find_map(|worker| worker.try_lock().ok());
            let turn = || self.turn.fetch_add(1, Relaxed) % self.workers.len();
            let mut worker = free.unwrap_or_else(|| self.workers[turn()].lock().unwrap());
            worker.run(std::slice::from_mut(&mut part));
            drop(worker);
            let outcome = told(part.outcome.is_ok());
            (buffers, outcome)
        })
    }
}

pub(crate) fn told(answered: bool) -> Outcome {
    if answered { Outcome::Answered } else { Outcome::Failed("the worker failed".to_owned()) }
}
