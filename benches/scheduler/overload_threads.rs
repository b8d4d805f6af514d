//! Three times as many requests as can be answered, from threads that wait for their answers, for
//! half a minute, and what comes after.
//!
//! The threads share the cores with the model: each that sleeps until a request is due, and wakes, takes some
//! microseconds from it. `overload_tasks` brings the same without them. So what the lane makes of an overload is held
//! against two peaks: the most answers in time at any rate, and the most while as many requests are
//! brought as in the overload, of which all that are too many are dropped by their own callers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use hotplate_backend::Plan;
use hotplate_load::{Latencies, Measured, Outcome};
use hotplate_scheduler::{Buffers, Lane, Terms};

use crate::{
    Run,
    callers::{Asked, closed, open},
    contenders::{self, Asker, Contender, ask_lane},
    neighbours::{Rounds, quiet_rounds},
    overload_tasks::tell_refusals,
    spread::Spread,
    synthetic::Synthetic,
    watch::{self, watch},
};

/// How many times as many requests as can be answered.
const OVERLOAD: usize = 3;

const CALLERS: usize = 96;

/// Fewer than there are callers, so that the others are refused.
const WAITING_ROWS: usize = 48;

/// When an answer is of no use any more.
const DEADLINE: Duration = Duration::from_millis(10);

/// The lane, asked with a deadline; it notes how long refusals take.
#[derive(Debug)]
struct Impatient {
    lane: Lane,
    refusals: Mutex<Latencies>,
    /// Of so many requests, one is brought to the lane.
    one_in: AtomicUsize,
    brought: AtomicUsize,
}

impl Contender for Impatient {
    fn asker(&self) -> Asker<'_> {
        Box::new(|buffers: Buffers| {
            let number = self.brought.fetch_add(1, Relaxed);
            if !number.is_multiple_of(self.one_in.load(Relaxed)) {
                return (buffers, Outcome::Refused);
            }
            let start = Instant::now();
            let terms = Terms { deadline: Some(start + DEADLINE), ..Terms::default() };
            let (buffers, outcome) = ask_lane(&self.lane, buffers, &terms);
            if outcome == Outcome::Refused {
                let took = start.elapsed();
                self.refusals.lock().unwrap().record(took);
            }
            (buffers, outcome)
        })
    }
}

/// Finds the peak, overloads, and watches the recovery.
pub(crate) fn run(run: &Run) {
    let model = Synthetic::taking(Duration::from_micros(200));
    let plan: Arc<dyn Plan> = Arc::clone(&model) as _;
    let lane = contenders::lane(plan, run.cores, WAITING_ROWS);
    let refusals = Mutex::new(Latencies::new());
    let (one_in, brought) = (AtomicUsize::new(1), AtomicUsize::new(0));
    let contender = Impatient { lane, refusals, one_in, brought };
    let asked = Asked { contender: &contender, model: &model };
    let (step, length) = match run.quick {
        true => (Duration::from_millis(40), Duration::from_millis(200)),
        false => (Duration::from_secs(2), Duration::from_secs(30)),
    };
    let capacity = closed(&asked, WAITING_ROWS, step).rate();
    let shares = [0.7, 0.8, 0.9, 1.0, 1.1, 1.3];
    let goodputs =
        |_| shares.map(|share| goodput(&open(&asked, CALLERS, share * capacity, step, 1)));
    let Rounds { found, others } = quiet_rounds(1, goodputs);
    let peak = found[0].into_iter().fold(0.0, f64::max);
    println!(
        "{capacity:.0} answers/s in a closed loop; at {shares:?} of that, in time: {:.0?}/s; others \
         took {:.2} of the cores",
        found[0], others[0]
    );
    contender.one_in.store(OVERLOAD, Relaxed);
    let spared = |_| {
        let rate = OVERLOAD as f64 * peak;
        goodput(&open(&asked, CALLERS, rate, step, 1))
    };
    let Rounds { found: spared, others } = quiet_rounds(3, spared);
    contender.one_in.store(1, Relaxed);
    let spared = Spread::new(spared);
    println!(
        "{spared} in time a second where callers drop all but one in {OVERLOAD} of {:.0}/s \
         themselves; others took {} of the cores",
        OVERLOAD as f64 * peak,
        Spread::new(others)
    );
    *contender.refusals.lock().unwrap() = Latencies::new();

    let (watched, (measured, others, from, to)) = watch(&asked, || {
        thread::sleep(step / 2);
        let from = Instant::now();
        let overload = |_| {
            // The last request is due then; those that are late come soon after.
            let to = Instant::now() + length;
            (open(&asked, CALLERS, OVERLOAD as f64 * peak, length, 2), to)
        };
        let Rounds { mut found, others } = quiet_rounds(1, overload);
        let ((measured, to), others) = (found.remove(0), others[0]);
        thread::sleep(step);
        (measured, others, from, to)
    });
    let in_time = goodput(&measured);
    println!(
        "{:.0} requests/s for {length:?}: {in_time:.0} in time a second, {:.2} of the peak, {:.2} \
         of that beside as many callers; {} answered, {} refused, {} unsent; others took \
         {others:.2} of the cores",
        OVERLOAD as f64 * peak,
        in_time / peak,
        in_time / spared.median(),
        measured.answered,
        measured.refused,
        measured.unsent
    );
    let refusals = contender.refusals.lock().unwrap();
    tell_refusals(&refusals);
    watch::tell(&watched, DEADLINE, from..to);
}

/// The answers that came in time, a second.
fn goodput(measured: &Measured) -> f64 {
    // What was never sent counts as a latency too.
    let ended = measured.answered + measured.unsent;
    let in_time = ended.saturating_sub(measured.latency.count_above(DEADLINE));
    in_time as f64 / measured.window.as_secs_f64()
}
