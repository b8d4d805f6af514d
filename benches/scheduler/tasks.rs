//! Load as a server brings it: a few threads that each turn over many tasks, so that a request costs
//! its submission, and no thread is woken for it alone.
//!
//! A thread sleeps until a request is due or a task was woken; then it polls what was woken and
//! submits what is due, however much that is. Latency runs from when a request was due.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use hotplate_load::{Arrivals, Latencies};
use hotplate_scheduler::{Buffers, Inference, Lane, Terms};

use crate::synthetic::Synthetic;

/// One answer in so many is looked at.
const LOOKED_AT: u64 = 16;

/// What is brought, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tasks<'l> {
    pub(crate) lane: &'l Lane,
    pub(crate) model: &'l Synthetic,
    pub(crate) threads: usize,
    /// When an answer is of no use any more, from when its request was due.
    pub(crate) deadline: Duration,
    /// Of so many requests one is brought to the lane; the others are dropped where they are due.
    pub(crate) one_in: usize,
}

/// What came of it, the first eighth left out.
#[derive(Debug)]
pub(crate) struct Brought {
    pub(crate) window: Duration,
    pub(crate) in_time: u64,
    pub(crate) answered: u64,
    pub(crate) refused: u64,
    /// Of the submissions that were refused at once.
    pub(crate) refusals: Latencies,
}

impl Brought {
    /// The answers that came in time, a second.
    pub(crate) fn goodput(&self) -> f64 {
        self.in_time as f64 / self.window.as_secs_f64()
    }
}

impl Tasks<'_> {
    /// Brings requests of a Poisson process, and waits for their ends.
    pub(crate) fn bring(&self, rate: f64, length: Duration, seed: u64) -> Brought {
        let share = rate / self.threads as f64;
        // Of a lane that starts now, the first times are not over yet.
        let start = Instant::now() + Duration::from_millis(5);
        let bring = |thread: usize| {
            let seed = seed.wrapping_mul(64).wrapping_add(thread as u64);
            let arrivals = Arrivals::poisson(share, length, seed).unwrap();
            Turns::new(self, start, start + length / 8).run(&arrivals)
        };
        let counts: Vec<Counts> = thread::scope(|scope| {
            let bring = &bring;
            let threads: Vec<_> =
                (0..self.threads).map(|thread| scope.spawn(move || bring(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum();
        let mut refusals = Latencies::new();
        counts.iter().flat_map(|counts| &counts.refusals).for_each(|&took| refusals.record(took));
        Brought {
            window: length - length / 8,
            in_time: sum(|counts| counts.in_time),
            answered: sum(|counts| counts.answered),
            refused: sum(|counts| counts.refused),
            refusals,
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    in_time: u64,
    answered: u64,
    refused: u64,
    refusals: Vec<Duration>,
}

/// The tasks of one thread that were woken.
#[derive(Debug)]
struct Woken {
    tasks: Mutex<Vec<usize>>,
    thread: Thread,
    asleep: AtomicBool,
}

#[derive(Debug)]
struct TaskWaker {
    task: usize,
    woken: Arc<Woken>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.woken.tasks.lock().unwrap().push(self.task);
        if self.woken.asleep.swap(false, SeqCst) {
            self.woken.thread.unpark();
        }
    }
}

/// One request at a time.
#[derive(Debug)]
struct Task {
    waker: Waker,
    expected: f32,
    /// Where nothing is asked.
    buffers: Option<Buffers>,
    /// Where something is, and when it was due.
    asked: Option<(Inference, Instant)>,
}

/// A thread's turns over its tasks.
#[derive(Debug)]
struct Turns<'t> {
    tasks: &'t Tasks<'t>,
    start: Instant,
    counted_from: Instant,
    woken: Arc<Woken>,
    all: Vec<Task>,
    free: Vec<usize>,
    counts: Counts,
}

impl<'t> Turns<'t> {
    fn new(tasks: &'t Tasks<'t>, start: Instant, counted_from: Instant) -> Self {
        let (woken, asleep) = (Mutex::default(), AtomicBool::new(false));
        let woken = Woken { tasks: woken, thread: thread::current(), asleep };
        Self {
            tasks,
            start,
            counted_from,
            woken: Arc::new(woken),
            all: Vec::new(),
            free: Vec::new(),
            counts: Counts::default(),
        }
    }

    fn run(mut self, arrivals: &Arrivals) -> Counts {
        let start = self.start;
        let mut due = arrivals.due().map(|due| start + due).enumerate().peekable();
        let mut woken = Vec::new();
        loop {
            std::mem::swap(&mut woken, &mut *self.woken.tasks.lock().unwrap());
            woken.drain(..).for_each(|task| self.poll(task));
            let now = Instant::now();
            while let Some((request, at)) = due.next_if(|(_, at)| *at <= now) {
                if request.is_multiple_of(self.tasks.one_in) {
                    self.submit(at);
                } else {
                    self.refused(at);
                }
            }
            match due.peek() {
                Some((_, at)) => self.sleep(Some(*at)),
                None if self.free.len() < self.all.len() => self.sleep(None),
                None => return self.counts,
            }
        }
    }

    /// Sleeps until then, or until a task is woken.
    fn sleep(&self, until: Option<Instant>) {
        self.woken.asleep.store(true, SeqCst);
        if self.woken.tasks.lock().unwrap().is_empty() {
            match until {
                Some(at) => thread::park_timeout(at.saturating_duration_since(Instant::now())),
                None => thread::park(),
            }
        }
        self.woken.asleep.store(false, SeqCst);
    }

    fn submit(&mut self, due: Instant) {
        let number = self.free.pop().unwrap_or_else(|| self.another());
        let buffers = self.all[number].buffers.take().unwrap();
        let terms = Terms { deadline: Some(due + self.tasks.deadline), ..Terms::default() };
        let start = Instant::now();
        match self.tasks.lane.infer(buffers, &terms) {
            Ok(inference) => {
                self.all[number].asked = Some((inference, due));
                self.poll(number);
            }
            Err(rejected) => {
                self.counts.refusals.push(start.elapsed());
                self.end(number, rejected.work);
                self.refused(due);
            }
        }
    }

    fn another(&mut self) -> usize {
        let task = self.all.len();
        let (buffers, expected) = self.tasks.model.request(u32::try_from(task).unwrap());
        let waker = Waker::from(Arc::new(TaskWaker { task, woken: Arc::clone(&self.woken) }));
        self.all.push(Task { waker, expected, buffers: Some(buffers), asked: None });
        task
    }

    fn poll(&mut self, number: usize) {
        let task = &mut self.all[number];
        // A task may be woken for an answer that it has already.
        let Some((inference, due)) = &mut task.asked else { return };
        let due = *due;
        match Pin::new(inference).poll(&mut Context::from_waker(&task.waker)) {
            Poll::Pending => {}
            Poll::Ready(Ok((buffers, outcome))) => {
                outcome.unwrap();
                if self.counts.answered.is_multiple_of(LOOKED_AT) {
                    Synthetic::check(&buffers, task.expected);
                }
                self.end(number, buffers);
                if due >= self.counted_from {
                    self.counts.answered += 1;
                    self.counts.in_time += u64::from(due.elapsed() <= self.tasks.deadline);
                }
            }
            Poll::Ready(Err(rejected)) => {
                self.end(number, rejected.work);
                self.refused(due);
            }
        }
    }

    fn end(&mut self, number: usize, buffers: Buffers) {
        let task = &mut self.all[number];
        (task.buffers, task.asked) = (Some(buffers), None);
        self.free.push(number);
    }

    fn refused(&mut self, due: Instant) {
        self.counts.refused += u64::from(due >= self.counted_from);
    }
}
