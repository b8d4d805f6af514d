//! The lane itself under a clock that stands still unless a batch runs, against the simulator.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, Weak},
    task::{Context, Poll, Waker},
    thread,
};

use proptest::prelude::*;

use super::{
    super::{ticket::Ticket, *},
    simulator::{Course, End, Event, What, World, simulate},
};
use crate::Priority;

/// Runs by the clock of the script; what is to happen while a batch runs happens then.
struct Scripted {
    world: World,
    combiner: OnceLock<Weak<Combiner<Scripted>>>,
    state: Mutex<State>,
}

struct State {
    now: u64,
    events: VecDeque<(usize, Event)>,
    tickets: Vec<Option<Ticket<Scripted>>>,
    course: Course,
}

/// The number of the event that brought it, and the rows that are not run yet.
#[derive(Clone, Copy, Debug)]
struct Rows {
    number: usize,
    left: usize,
    bytes: usize,
}

impl Runner for Scripted {
    type Slot = ();
    type Job = Rows;
    type Kept = Rows;
    type Outcome = usize;

    fn job(&self, kept: &mut Rows) -> Rows {
        *kept
    }

    fn rows(&self, job: &Rows) -> usize {
        job.left.min(self.world.turn_rows)
    }

    fn bytes(&self, job: &Rows) -> usize {
        job.bytes
    }

    fn run(&self, (): &mut (), jobs: &mut [Rows]) {
        let mut state = self.state.lock().unwrap();
        let begin = state.now;
        state.course.batches.push((begin, jobs.iter().map(|job| job.number).collect()));
        drop(state);
        let end = begin + self.world.time_of(jobs.iter().map(|job| self.rows(job)).sum());
        while self.happen_until(end) {}
        self.state.lock().unwrap().now = end;
    }

    fn next_turn(&self, job: &mut Rows) -> bool {
        job.left -= self.rows(job);
        job.left > 0
    }

    fn outcome(&self, job: Rows) -> usize {
        job.number
    }

    fn now(&self) -> u64 {
        self.state.lock().unwrap().now
    }

    fn time_of(&self, rows: usize) -> u64 {
        self.world.time_of(rows)
    }

    fn is_long(&self) -> bool {
        false
    }

    fn has_busy_neighbours(&self) -> bool {
        false
    }

    fn batch_rows(&self) -> usize {
        self.world.batch_rows
    }
}

impl Scripted {
    /// Lets the next event happen, if it is not later than this.
    fn happen_until(&self, end: u64) -> bool {
        let mut state = self.state.lock().unwrap();
        let Some((number, event)) = state.events.pop_front_if(|next| next.1.at <= end) else {
            return false;
        };
        state.now = state.now.max(event.at);
        drop(state);
        match event.what {
            What::Ask { priority, rows, bytes, deadline } => {
                let combiner = self.combiner.get().and_then(Weak::upgrade).unwrap();
                let kept = Rows { number, left: rows, bytes };
                match combiner.submit(kept, Ask { priority, deadline, ..Ask::of_rows(rows) }) {
                    Ok(Submitted::Ended(ended)) => self.note(number, ended.outcome),
                    Ok(Submitted::Waits(ticket)) => {
                        self.state.lock().unwrap().tickets[number] = Some(ticket);
                    }
                    Err((kept, refused)) => {
                        assert_eq!(kept.number, number);
                        self.note(number, Err(refused));
                    }
                }
            }
            What::Cancel(other) => {
                self.poll(other);
                let ticket = self.state.lock().unwrap().tickets[other].take();
                if let Some(ticket) = ticket {
                    drop(ticket);
                    self.state.lock().unwrap().course.ends[other] = Some(End::Cancelled);
                }
            }
        }
        true
    }

    /// Looks whether a request has ended.
    fn poll(&self, number: usize) {
        let ticket = self.state.lock().unwrap().tickets[number].take();
        let Some(mut ticket) = ticket else { return };
        match std::pin::pin!(&mut ticket).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => {
                assert_eq!(ended.kept.number, number);
                self.note(number, ended.outcome);
            }
            Poll::Pending => self.state.lock().unwrap().tickets[number] = Some(ticket),
        }
    }

    fn note(&self, number: usize, outcome: Result<usize, Refused>) {
        let end = match outcome {
            Ok(answer) => {
                assert_eq!(answer, number, "the answer of another");
                End::Answered
            }
            Err(refused) => End::Refused(refused.reason),
        };
        let before = self.state.lock().unwrap().course.ends[number].replace(end);
        assert_eq!(before, None, "ended twice");
    }
}

/// What the lane does.
fn play(world: World, events: &[Event]) -> Course {
    let state = State {
        now: 0,
        events: events.iter().copied().enumerate().collect(),
        tickets: events.iter().map(|_| None).collect(),
        course: Course { batches: Vec::new(), ends: vec![None; events.len()] },
    };
    let runner = Scripted { world, combiner: OnceLock::new(), state: Mutex::new(state) };
    let limits = Limits { rows: world.max_rows, bytes: world.max_bytes };
    let combiner = Arc::new(Combiner::new(runner, [()], limits, 0));
    let runner = combiner.runner();
    let _ = runner.combiner.set(Arc::downgrade(&combiner));
    if world.attended {
        combiner.install_attendants(Box::new([thread::current()]), true);
    }
    while runner.happen_until(u64::MAX) {
        if world.attended {
            while runner.happen_until(runner.now()) {}
            // Until nothing waits.
            combiner.attend(0, || (), || true);
        }
    }
    (0..events.len()).for_each(|number| runner.poll(number));
    assert_eq!(combiner.waiting_rows(), 0);
    let course = std::mem::take(&mut runner.state.lock().unwrap().course);
    let cancelled = course.ends.iter().filter(|end| **end == Some(End::Cancelled)).count();
    assert_eq!(combiner.cancelled(), cancelled);
    course
}

fn world() -> impl Strategy<Value = World> {
    let time = (1..40_u64, 0..6_u64);
    let rows = (1..12_usize, 1..6_usize);
    let limits = (prop_oneof![1..30_usize, Just(1_000)], prop_oneof![1..60_usize, Just(1_000)]);
    (time, rows, limits, any::<bool>()).prop_map(|(time, rows, limits, attended)| World {
        fixed: time.0,
        per_row: time.1,
        batch_rows: rows.0,
        turn_rows: rows.1,
        max_rows: limits.0,
        max_bytes: limits.1,
        attended,
    })
}

/// Events so close to each other that most of them find the slot taken.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let priority = prop_oneof![Just(Priority::High), Just(Priority::Normal), Just(Priority::Low)];
    let rows = prop_oneof![6 => 1..4_usize, 2 => 4..12_usize, 1 => Just(0)];
    let patience = prop_oneof![2 => Just(None), 1 => (0..400_u64).prop_map(Some)];
    let ask = (priority, rows, 0..8_usize, patience).prop_map(Some);
    let what = prop_oneof![6 => ask, 1 => Just(None)];
    let gap = prop_oneof![3 => Just(0), 4 => 1..12_u64, 1 => 12..400_u64];
    prop::collection::vec((gap, what, any::<prop::sample::Index>()), 1..80).prop_map(|drawn| {
        let mut at = 0;
        let event = |(number, (gap, what, index)): (usize, (u64, _, prop::sample::Index))| {
            at += gap;
            let what = match what {
                Some((priority, rows, bytes, patience)) => {
                    let deadline =
                        Option::map_or(patience, u64::MAX, |patience: u64| at + patience);
                    What::Ask { priority, rows, bytes, deadline }
                }
                None => What::Cancel(index.index(number + 1)),
            };
            Event { at, what }
        };
        drawn.into_iter().enumerate().map(event).collect()
    })
}

/// Four times as many scripts as `PROPTEST_CASES` says, which says 256 unless it is set.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: 4 * default.cases, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    /// Batches, their order, their moments, and every request's end.
    #[test]
    fn lane_does_what_the_simulator_says(world in world(), events in events()) {
        prop_assert_eq!(play(world, &events), simulate(world, &events));
    }
}

/// Each class has its turn though a batch has room for one request, and a higher class never ends.
#[test]
fn no_class_starves() {
    let world = World {
        fixed: 1,
        per_row: 0,
        batch_rows: 1,
        turn_rows: 1,
        max_rows: 1_000,
        max_bytes: 1_000,
        attended: false,
    };
    let ask = |priority| {
        let what = What::Ask { priority, rows: 1, bytes: 0, deadline: u64::MAX };
        Event { at: 0, what }
    };
    let classes = [(Priority::High, 100), (Priority::Normal, 10), (Priority::Low, 10)];
    let events: Vec<_> =
        classes.iter().flat_map(|&(class, count)| std::iter::repeat_n(ask(class), count)).collect();
    let batches = play(world, &events).batches;
    // The first request ran before any other came; each class has every twenty-fourth batch.
    for first in [0, 24, 48] {
        let turn: Vec<_> = batches[1 + first..][..24].iter().map(|(_, batch)| batch[0]).collect();
        assert_eq!(turn.iter().filter(|number| (100..110).contains(*number)).count(), 1);
        assert_eq!(turn.iter().filter(|number| (110..120).contains(*number)).count(), 1);
    }
}
