//! Batches of exactly so many requests: what somebody builds who knows the load, and tunes for it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use hotplate_backend::{Part, Plan, Worker};
use hotplate_load::Outcome;
use hotplate_scheduler::Buffers;

use crate::contenders::{Asker, Contender, told, worker};

/// How long a thread waits for company before it looks whether there can be any.
const PATIENCE: Duration = Duration::from_millis(1);

/// Threads that each collect exactly so many requests, run them, and answer each.
#[derive(Debug)]
pub(crate) struct FixedBatches {
    jobs: Option<Sender<Job>>,
    /// Those who may ask.
    askers: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

/// A request, and where its answer goes.
#[derive(Debug)]
struct Job {
    buffers: Buffers,
    reply: SyncSender<(Buffers, Outcome)>,
}

impl FixedBatches {
    pub(crate) fn new(plan: &dyn Plan, threads: usize, size: usize) -> Self {
        let (jobs, receiver) = mpsc::channel();
        let (receiver, askers) = (Arc::new(Mutex::new(receiver)), Arc::default());
        let start = |_| {
            let batcher =
                Batcher { jobs: Arc::clone(&receiver), askers: Arc::clone(&askers), size };
            let worker = worker(plan);
            thread::spawn(move || batcher.run(worker))
        };
        let threads = (0..threads).map(start).collect();
        Self { jobs: Some(jobs), askers, threads }
    }
}

struct Batcher {
    jobs: Arc<Mutex<Receiver<Job>>>,
    askers: Arc<AtomicUsize>,
    size: usize,
}

impl Batcher {
    /// Runs batches until nobody can ask any more.
    fn run(&self, mut worker: Box<dyn Worker>) {
        let mut batch = Vec::with_capacity(self.size);
        loop {
            if self.collect(self.jobs.lock().unwrap(), &mut batch).is_none() {
                return;
            }
            let mut parts: Vec<Part<'_>> = batch
                .iter_mut()
                .map(|Job { buffers, .. }| Part::new(buffers.inputs.inputs(), &mut buffers.outputs))
                .collect();
            worker.run(&mut parts);
            let answered: Vec<bool> = parts.into_iter().map(|part| part.outcome.is_ok()).collect();
            for (Job { buffers, reply }, answered) in batch.drain(..).zip(answered) {
                // Whoever asked waits for it.
                reply.send((buffers, told(answered))).unwrap();
            }
        }
    }

    /// A full batch; where there are not as many askers, what there is.
    fn collect(&self, jobs: MutexGuard<'_, Receiver<Job>>, batch: &mut Vec<Job>) -> Option<()> {
        batch.push(jobs.recv().ok()?);
        while batch.len() < self.size {
            match jobs.recv_timeout(PATIENCE) {
                Ok(job) => batch.push(job),
                Err(RecvTimeoutError::Timeout) if batch.len() < self.askers.load(Relaxed) => {}
                Err(_) => break,
            }
        }
        Some(())
    }
}

impl Contender for FixedBatches {
    fn asker(&self) -> Asker<'_> {
        let asks = Asks::begin(&self.askers);
        let jobs = self.jobs.clone().unwrap();
        let (reply, answers) = mpsc::sync_channel(1);
        Box::new(move |buffers| {
            let _ = &asks;
            jobs.send(Job { buffers, reply: reply.clone() }).unwrap();
            answers.recv().unwrap()
        })
    }
}

/// Somebody who may ask.
struct Asks(Arc<AtomicUsize>);

impl Asks {
    fn begin(askers: &Arc<AtomicUsize>) -> Self {
        askers.fetch_add(1, Relaxed);
        Self(Arc::clone(askers))
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Drop for FixedBatches {
    fn drop(&mut self) {
        self.jobs = None;
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
