//! A lane allocates nothing for a request: neither where a slot is free, nor where requests wait,
//! nor for a task once as many have waited before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../codec/tests/support/counting.rs"]
mod counting;
mod support;

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use counting::allocations;
use hotplate_backend::{Limits, Part};
use hotplate_scheduler::{Buffers, Lane, LaneSettings, Terms, Tier};
use support::{Doubling, answers, block_on, buffers, fill, waker};

/// Requests that are counted, of each thread.
const REQUESTS: i64 = 200;

/// Threads that ask at once.
const THREADS: usize = 4;

fn lane(pace: Duration) -> Lane {
    let settings = LaneSettings {
        instances: 1,
        limits: Limits { max_rows: 64, threads: 1 },
        ..LaneSettings::default()
    };
    let lane = Lane::start(Arc::new(Doubling::new(1, pace)), settings).unwrap();
    lane.warm_up().unwrap();
    assert_eq!(lane.tier(), Tier::Inline);
    lane
}

fn run(lane: &Lane, buffers: &mut Buffers, number: i64) {
    fill(buffers, [number]);
    let Buffers { inputs, outputs, .. } = buffers;
    let part = lane.run(Part::new(inputs.inputs(), outputs), &Terms::default()).unwrap();
    part.outcome.unwrap();
    assert_eq!(answers(buffers), [2 * number + 1]);
}

/// The requests of this lane that had company.
fn combined(lane: &Lane) -> usize {
    let figures = lane.figures();
    figures.requests - figures.batches
}

#[test]
fn request_that_finds_a_slot_free_allocates_nothing() {
    let lane = lane(Duration::ZERO);
    let mut buffers = buffers(&**lane.plan());
    run(&lane, &mut buffers, 0);
    for number in 1..REQUESTS {
        assert_eq!(allocations(|| run(&lane, &mut buffers, number)), 0, "{number}");
    }
    assert_eq!(combined(&lane), 0);
}

#[test]
fn task_that_finds_a_slot_free_allocates_nothing() {
    let lane = lane(Duration::ZERO);
    let mut spare = Some(buffers(&**lane.plan()));
    let waker = waker();
    let mut ask = |number| {
        let mut buffers = spare.take().unwrap();
        fill(&mut buffers, [number]);
        let inference = lane.infer(buffers, &Terms::default()).unwrap();
        let (buffers, outcome) = block_on(inference, &waker).unwrap();
        outcome.unwrap();
        spare = Some(buffers);
    };
    ask(0);
    for number in 1..REQUESTS {
        assert_eq!(allocations(|| ask(number)), 0, "{number}");
    }
}

#[test]
fn requests_that_wait_allocate_nothing() {
    let lane = lane(Duration::from_micros(50));
    // The lane's own threads come with the first task, or the first who has helped enough.
    drop(lane.infer(buffers(&**lane.plan()), &Terms::default()));
    let (counted, grown) = (AtomicUsize::new(0), Barrier::new(THREADS));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut buffers = buffers(&**lane.plan());
                // The first time that a thread sleeps, it gets a handle.
                let _ = thread::current();
                run(&lane, &mut buffers, 0);
                // Whoever runs the first grows its answer, and that may be another thread.
                grown.wait();
                for number in 1..REQUESTS {
                    counted.fetch_add(allocations(|| run(&lane, &mut buffers, number)), Relaxed);
                }
            });
        }
    });
    assert_eq!(counted.load(Relaxed), 0);
    assert!(combined(&lane) > 0, "none met another: {:?}", lane.figures());
}

/// Brings in requests that wait, and says how often that allocates.
fn tasks_that_wait(lane: &Lane, spare: &mut Vec<Buffers>) -> usize {
    let waker = waker();
    let mut inferences = Vec::with_capacity(spare.len());
    let mut answered = Vec::with_capacity(spare.len());
    let count = allocations(|| {
        for mut buffers in spare.drain(..) {
            fill(&mut buffers, [7]);
            inferences.push(lane.infer(buffers, &Terms::default()).unwrap());
        }
        for inference in inferences.drain(..) {
            let (buffers, outcome) = block_on(inference, &waker).unwrap();
            outcome.unwrap();
            assert_eq!(answers(&buffers), [15]);
            answered.push(buffers);
        }
    });
    spare.append(&mut answered);
    count
}

#[test]
fn tasks_that_wait_allocate_nothing_once_nodes_are_there() {
    let lane = lane(Duration::from_micros(300));
    let mut spare: Vec<_> = (0..16).map(|_| buffers(&**lane.plan())).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Others keep the slot taken.
        let others: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut buffers = buffers(&**lane.plan());
                    while !over.load(Relaxed) {
                        run(&lane, &mut buffers, 3);
                    }
                })
            })
            .collect();
        // As many nodes as will ever wait, and some that are just being put away.
        let mut more: Vec<_> = (0..64).map(|_| buffers(&**lane.plan())).collect();
        for _ in 0..5 {
            tasks_that_wait(&lane, &mut more);
        }
        // Buffers grow once.
        tasks_that_wait(&lane, &mut spare);
        let before = combined(&lane);
        let counts: Vec<_> = (0..20).map(|_| tasks_that_wait(&lane, &mut spare)).collect();
        let combined = combined(&lane) - before;
        over.store(true, Relaxed);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(counts, [0; 20]);
        assert!(combined > 0, "none waited: {:?}", lane.figures());
    });
}
