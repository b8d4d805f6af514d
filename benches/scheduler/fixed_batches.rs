//! Batches of exactly so many requests: what somebody builds who knows the load, and tunes for it.

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

/// Whoever has waited this long for company waits in vain: the others do not ask any more.
const PATIENCE: Duration = Duration::from_millis(1);

/// Threads that each collect exactly so many requests, run them, and answer each.
#[derive(Debug)]
pub(crate) struct FixedBatches {
    jobs: Option<Sender<Job>>,
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
fn batch(jobs: &Mutex<Receiver<Job>>, mut worker: Box<dyn Worker>, size: usize) {
    let mut batch = Vec::with_capacity(size);
    while collect(&jobs.lock().unwrap(), size, &mut batch).is_some() {
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

/// A batch of this size; where the others do not ask any more, what there is.
fn collect(jobs: &Receiver<Job>, size: usize, batch: &mut Vec<Job>) -> Option<()> {
    batch.push(jobs.recv().ok()?);
    while batch.len() < size {
        match jobs.recv_timeout(PATIENCE) {
            Ok(job) => batch.push(job),
            Err(_) => break,
        }
    }
    Some(())
}

impl Contender for FixedBatches {
    fn asker(&self) -> Asker<'_> {
        let jobs = self.jobs.clone().unwrap();
        let (reply, answers) = mpsc::sync_channel(1);
        Box::new(move |buffers| {
            jobs.send(Job { buffers, reply: reply.clone() }).unwrap();
            answers.recv().unwrap()
        })
    }
}

impl Drop for FixedBatches {
    fn drop(&mut self) {
        self.jobs = None;
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
