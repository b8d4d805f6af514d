//! A channel and threads that run what comes through it in batches.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use hotplate_backend::{Part, Plan, Worker};
use hotplate_load::Outcome;
use hotplate_scheduler::Buffers;

use crate::contenders::{Asker, Contender, told, worker};

/// The most requests that are run together where there is no other bound.
const MOST_REQUESTS: usize = 64;

/// Whoever has waited this long for company waits in vain: the others do not ask any more.
const PATIENCE: Duration = Duration::from_millis(1);

/// Threads that each collect requests, run them together, and answer each.
#[derive(Debug)]
pub(crate) struct Batchers {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// Which requests make a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    /// Those that are there, up to a limit.
    WhatIsThere,
    /// Exactly so many: what somebody builds who knows the load, and tunes for it.
    Exactly(usize),
}

/// A request, and where its answer goes.
#[derive(Debug)]
struct Job {
    buffers: Buffers,
    reply: SyncSender<(Buffers, Outcome)>,
}

impl Batchers {
    pub(crate) fn new(plan: &dyn Plan, threads: usize, size: Size) -> Self {
        let (jobs, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |_| {
            let (jobs, worker) = (Arc::clone(&receiver), worker(plan));
            thread::spawn(move || batch(&jobs, worker, size))
        };
        let threads = (0..threads).map(start).collect();
        Self { jobs: Some(jobs), threads }
    }
}

/// Runs batches until nobody can ask any more.
fn batch(jobs: &Mutex<Receiver<Job>>, mut worker: Box<dyn Worker>, size: Size) {
    let mut batch = Vec::with_capacity(MOST_REQUESTS);
    while size.collect(&jobs.lock().unwrap(), &mut batch).is_some() {
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

impl Size {
    /// A batch; of an exact size, where the others do not ask any more, what there is.
    fn collect(self, jobs: &Receiver<Job>, batch: &mut Vec<Job>) -> Option<()> {
        batch.push(jobs.recv().ok()?);
        match self {
            Self::WhatIsThere => batch.extend(jobs.try_iter().take(MOST_REQUESTS - 1)),
            Self::Exactly(size) => {
                while batch.len() < size
                    && let Ok(job) = jobs.recv_timeout(PATIENCE)
                {
                    batch.push(job);
                }
            }
        }
        Some(())
    }
}

impl Contender for Batchers {
    fn asker(&self) -> Asker<'_> {
        let jobs = self.jobs.clone().unwrap();
        let (reply, answers) = mpsc::sync_channel(1);
        Box::new(move |buffers| {
            jobs.send(Job { buffers, reply: reply.clone() }).unwrap();
            answers.recv().unwrap()
        })
    }
}

impl Drop for Batchers {
    fn drop(&mut self) {
        self.jobs = None;
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
