//! Threads and tasks that ask, panic, give up, come late and find the lane full or closed: each
//! request ends once, and with its own answer.
//!
//! Two seconds, or as many as the environment variable `HOTPLATE_STRESS_SECONDS` says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    collections::VecDeque,
    env, process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    task::Context,
    thread,
    time::{Duration, Instant},
};

use hotplate_backend::{BackendError, BackendErrorKind, Limits, Part, Plan};
use hotplate_scheduler::{
    Buffers, Inference, Lane, LaneSettings, Priority, RefusedReason, Terms, Tier,
};
use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};
use support::{Doubling, answers, block_on, buffers, fill, questions, waker};

/// Threads that ask.
const THREADS: usize = 12;

/// The most claims that a thread has at once.
const CLAIMS: usize = 4;

/// Nobody sleeps for longer than this unless it was forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How often each came to pass.
#[derive(Debug, Default)]
struct Tally {
    asked: AtomicUsize,
    answered: AtomicUsize,
    panicked: AtomicUsize,
    full: AtomicUsize,
    late: AtomicUsize,
    closed: AtomicUsize,
    cancelled: AtomicUsize,
}

impl Tally {
    fn ended(&self) -> usize {
        let ends =
            [&self.answered, &self.panicked, &self.full, &self.late, &self.closed, &self.cancelled];
        ends.iter().map(|end| end.load(Relaxed)).sum()
    }

    fn refused(&self, reason: RefusedReason) {
        // Whoever is refused comes back later, not at once.
        thread::sleep(Duration::from_micros(50));
        let counter = match reason {
            RefusedReason::Full => &self.full,
            RefusedReason::Late => &self.late,
            RefusedReason::Closed => &self.closed,
            other => panic!("refused as {other:?}"),
        };
        counter.fetch_add(1, Relaxed);
    }

    /// Checks an answer against its question.
    fn answered(&self, plan: &Doubling, buffers: &Buffers, outcome: Result<(), BackendError>) {
        let (asked, got) = (questions(buffers), answers(buffers));
        match outcome {
            Ok(()) => {
                assert!(asked.iter().map(|&number| plan.answer(number)).eq(got.iter().copied()));
                assert!(asked.iter().all(|&number| number >= 0), "it did not panic");
                self.answered.fetch_add(1, Relaxed);
            }
            Err(error) => {
                assert_eq!(error.kind(), BackendErrorKind::WorkerPanicked);
                assert!(asked.iter().any(|&number| number < 0), "another's panic: {asked:?}");
                self.panicked.fetch_add(1, Relaxed);
            }
        }
    }
}

/// A lane and its plan.
struct Version {
    plan: Arc<Doubling>,
    lane: Lane,
}

impl Version {
    fn start(version: i64, delay: Duration) -> Arc<Self> {
        let plan = Arc::new(Doubling::new(version, Duration::from_micros(30)));
        let settings = LaneSettings {
            instances: 2,
            limits: Limits { max_rows: 8, threads: 1 },
            max_queue_delay: delay,
            max_waiting_rows: 30,
            ..LaneSettings::default()
        };
        let lane = Lane::start(Arc::clone(&plan) as Arc<dyn Plan>, settings).unwrap();
        lane.warm_up().unwrap();
        Arc::new(Self { plan, lane })
    }
}

/// One thread's part.
struct Asker<'a> {
    current: &'a Mutex<Arc<Version>>,
    tally: &'a Tally,
    random: TestRng,
    spare: Vec<Buffers>,
    claims: VecDeque<(Arc<Doubling>, Inference)>,
}

impl Asker<'_> {
    fn chance(&mut self, percent: u64) -> bool {
        self.random.next_u64() % 100 < percent
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.next_u64() % limit
    }

    fn terms(&mut self) -> Terms {
        let priority = match self.below(4) {
            0 => Priority::High,
            1 => Priority::Low,
            _ => Priority::Normal,
        };
        let deadline = self.chance(25).then(|| {
            let patience = Duration::from_micros(self.below(1_000));
            Instant::now() + patience
        });
        Terms { priority, deadline, ..Terms::default() }
    }

    fn ask(&mut self) {
        let version = Arc::clone(&self.current.lock().unwrap());
        let mut buffers = self.spare.pop().unwrap_or_else(|| buffers(&*version.plan));
        let rows = match self.below(20) {
            0 => 0,
            1 => 9 + self.below(20),
            2..6 => 2 + self.below(4),
            _ => 1,
        };
        let first = i64::try_from(self.random.next_u64() >> 20).unwrap();
        let poisoned = self.chance(2).then(|| self.below(rows.max(1)));
        let number =
            |row| if poisoned == Some(row) { -1 } else { first + i64::try_from(row).unwrap() };
        fill(&mut buffers, (0..rows).map(number));
        let terms = self.terms();
        self.tally.asked.fetch_add(1, Relaxed);
        if self.chance(50) {
            let Buffers { inputs, outputs, .. } = &mut buffers;
            let outcome = match version.lane.run(Part::new(inputs.inputs(), outputs), &terms) {
                Ok(part) => Ok(part.outcome),
                Err(rejected) => Err(rejected.refused),
            };
            match outcome {
                Ok(outcome) => self.tally.answered(&version.plan, &buffers, outcome),
                Err(refused) => self.tally.refused(refused.reason),
            }
            self.spare.push(buffers);
            return;
        }
        match version.lane.infer(buffers, &terms) {
            Ok(inference) => self.claims.push_back((Arc::clone(&version.plan), inference)),
            Err(rejected) => {
                self.tally.refused(rejected.refused.reason);
                self.spare.push(rejected.work);
            }
        }
    }

    /// Gives the oldest claim up, or waits for it.
    fn settle(&mut self) {
        let Some((plan, mut inference)) = self.claims.pop_front() else { return };
        let waker = waker();
        if self.chance(20) {
            if self.chance(50) {
                let polled = std::pin::pin!(&mut inference).poll(&mut Context::from_waker(&waker));
                if polled.is_ready() {
                    drop(polled);
                }
            }
            drop(inference);
            self.tally.cancelled.fetch_add(1, Relaxed);
            return;
        }
        match block_on(inference, &waker) {
            Ok((buffers, outcome)) => {
                self.tally.answered(&plan, &buffers, outcome);
                self.spare.push(buffers);
            }
            Err(rejected) => {
                self.tally.refused(rejected.refused.reason);
                self.spare.push(rejected.work);
            }
        }
    }
}

/// Asks from many threads for that long, while lanes come and go.
fn ask_for(duration: Duration, delay: Duration, tier: Tier) -> Tally {
    let (tally, over) = (Tally::default(), AtomicBool::new(false));
    let current = Mutex::new(Version::start(0, delay));
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let (tally, over, current) = (&tally, &over, &current);
            scope.spawn(move || {
                let seed = [u8::try_from(seed).unwrap(); 32];
                let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
                let (spare, claims) = (Vec::new(), VecDeque::new());
                let mut asker = Asker { current, tally, random, spare, claims };
                while !over.load(Relaxed) {
                    asker.ask();
                    if asker.claims.len() >= CLAIMS || asker.chance(30) {
                        asker.settle();
                    }
                }
                while !asker.claims.is_empty() {
                    asker.settle();
                }
            });
        }
        let begun = Instant::now();
        for version in 1.. {
            thread::sleep(Duration::from_millis(20));
            let next = Version::start(version, delay);
            assert_eq!(next.lane.tier(), tier);
            let old = std::mem::replace(&mut *current.lock().unwrap(), next);
            old.lane.drain();
            assert_eq!(old.lane.figures().waiting_rows, 0);
            if begun.elapsed() >= duration {
                break;
            }
        }
        over.store(true, Relaxed);
    });
    let last = current.lock().unwrap();
    last.lane.drain();
    assert_eq!(last.lane.figures().waiting_rows, 0);
    drop(last);
    tally
}

/// Ends the process when a test is not done in time: a thread that sleeps cannot fail it.
fn watched(seconds: Duration, test: impl FnOnce()) {
    let (done, watched) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if watched.recv_timeout(seconds + FORGOTTEN) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("a request was forgotten: some thread still waits for its answer");
            process::abort();
        }
    });
    test();
    drop(done);
    watch.join().unwrap();
}

fn stress(delay: Duration, tier: Tier) {
    let seconds = env::var("HOTPLATE_STRESS_SECONDS").ok().map(|text| text.parse().unwrap());
    let duration = Duration::from_secs(seconds.unwrap_or(2)) / 2;
    watched(duration, || {
        let tally = ask_for(duration, delay, tier);
        assert_eq!(tally.asked.load(Relaxed), tally.ended(), "{tally:?}");
        let seen = [&tally.answered, &tally.panicked, &tally.full, &tally.late, &tally.cancelled];
        assert!(seen.iter().all(|seen| seen.load(Relaxed) > 0), "{tally:?}");
    });
}

#[test]
fn every_request_ends_once_where_threads_run_them() {
    stress(Duration::ZERO, Tier::Inline);
}

#[test]
fn every_request_ends_once_where_attendants_run_them() {
    stress(Duration::from_micros(200), Tier::Attended);
}
