//! Resident memory from the millionth request to the ten millionth, of threads and tasks that meet
//! at a lane. On Linux alone.

use std::{
    fs,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use hotplate_backend::Plan;
use hotplate_load::Outcome;
use hotplate_scheduler::{Lane, Terms};

use crate::{
    Run,
    contenders::{self, ask_lane},
    synthetic::Synthetic,
};

const THREADS: usize = 6;

const TASKS: usize = 2;

/// The least pages that a system has, in bytes, are the unit that it counts in.
const PAGE: u64 = 4096;

/// Runs requests, and tells how memory grew.
pub(crate) fn run(run: &Run) {
    let model = Synthetic::taking(Duration::from_micros(1));
    let lane = contenders::lane(Arc::clone(&model) as Arc<dyn Plan>, run.cores, usize::MAX / 2);
    let (first, last) = if run.quick { (1_000, 10_000) } else { (1_000_000, 10_000_000) };
    let asked = AtomicUsize::new(0);
    let begun = Instant::now();
    let mut seen = [None; 2];
    thread::scope(|scope| {
        let more = || asked.fetch_add(1, Relaxed) < last;
        for thread in 0..THREADS + TASKS {
            let (lane, model) = (&lane, &model);
            scope.spawn(move || {
                if thread < THREADS {
                    as_thread(lane, model, more)
                } else {
                    as_task(lane, model, more)
                }
            });
        }
        for (seen, count) in seen.iter_mut().zip([first, last]) {
            while asked.load(Relaxed) < count {
                thread::sleep(Duration::from_millis(1));
            }
            *seen = resident();
        }
    });
    let figures = lane.figures();
    assert!(figures.requests >= last, "{figures:?}");
    let [Some(before), Some(after)] = seen else {
        return println!("memory: the system does not tell");
    };
    println!(
        "memory: {} KiB resident after {first} requests, {} KiB after {last}, in {:.1?}; {} batches",
        before / 1024,
        after / 1024,
        begun.elapsed(),
        figures.batches
    );
}

fn as_thread(lane: &Lane, model: &Synthetic, more: impl Fn() -> bool) {
    let (mut buffers, expected) = model.request(7);
    while more() {
        let (answered, outcome) = ask_lane(lane, buffers, &Terms::default());
        assert_eq!(outcome, Outcome::Answered);
        Synthetic::check(&answered, expected);
        buffers = answered;
    }
}

fn as_task(lane: &Lane, model: &Synthetic, more: impl Fn() -> bool) {
    let (mut buffers, expected) = model.request(8);
    while more() {
        let inference = lane.infer(buffers, &Terms::default()).unwrap();
        let (answered, outcome) = wait_for(inference).unwrap();
        outcome.unwrap();
        Synthetic::check(&answered, expected);
        buffers = answered;
    }
}

/// Wakes a thread where a task would be woken.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// In bytes.
fn resident() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    pages.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(PAGE)
}
