//! Three times as many requests as can be answered, brought as a server brings them, and what comes
//! after.
//!
//! The peak is the most answers in time at any rate, brought in the same way; the overload, three
//! times of it, alternates with the peak's own rate. Beside both stands an overload of which all
//! that is too much is dropped where it is due, and never seen by the lane: what that answers less
//! than the peak is the generator's doing.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use hotplate_backend::Plan;
use hotplate_load::Latencies;

use crate::{
    Run,
    callers::{Asked, back_to_back},
    contenders,
    neighbours::{Rounds, quiet_rounds},
    spread::Spread,
    synthetic::Synthetic,
    tasks::{Brought, Tasks},
    watch::{self, watch},
};

/// How many times as many requests as can be answered.
const OVERLOAD: usize = 3;

/// As many threads as a server has on two cores.
const THREADS: usize = 2;

/// The most rows that may wait.
const WAITING_ROWS: usize = 48;

/// When an answer is of no use any more.
const DEADLINE: Duration = Duration::from_millis(10);

/// The rates among which the peak is, in shares of what batches of half of what may wait answer back
/// to back.
const SHARES: [f64; 7] = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3];

/// Finds the peak, overloads, and watches the recovery.
pub(crate) fn run(run: &Run) {
    let model = Synthetic::taking(Duration::from_micros(200));
    let lane = contenders::lane(Arc::clone(&model) as Arc<dyn Plan>, run.cores, WAITING_ROWS);
    let tasks =
        Tasks { lane: &lane, model: &model, threads: THREADS, deadline: DEADLINE, one_in: 1 };
    let (rounds, step) = run.rounds(9, Duration::from_millis(500));
    let capacity = back_to_back(&model, run.cores, WAITING_ROWS / 2, step);
    let Rounds { found, .. } = quiet_rounds(rounds.min(3), |round| {
        SHARES.map(|share| tasks.bring(share * capacity, step, round as u64).goodput())
    });
    let goodputs: Vec<f64> = (0..SHARES.len())
        .map(|at| Spread::new(found.iter().map(|round| round[at])).median())
        .collect();
    let best = (0..SHARES.len()).max_by(|&a, &b| goodputs[a].total_cmp(&goodputs[b])).unwrap();
    let (rate, peak) = (SHARES[best] * capacity, goodputs[best]);
    println!(
        "  {capacity:.0} rows/s back to back; at {SHARES:?} of that, in time: {goodputs:.0?}/s"
    );
    let flood = OVERLOAD as f64 * peak;
    let Rounds { found, others } = quiet_rounds(rounds, |round| {
        let seed = 100 + round as u64;
        let at_peak = || tasks.bring(rate, step, seed);
        let flooded = || tasks.bring(flood, step, seed);
        let spared = || Tasks { one_in: OVERLOAD, ..tasks }.bring(flood, step, seed);
        if round.is_multiple_of(2) {
            let (at_peak, flooded) = (at_peak(), flooded());
            [at_peak, flooded, spared()]
        } else {
            let (spared, flooded) = (spared(), flooded());
            [at_peak(), flooded, spared]
        }
    });
    let spread = |of: &dyn Fn(&[Brought; 3]) -> f64| Spread::new(found.iter().map(of));
    println!(
        "  in time a second: {:.0} of {rate:.0}, {:.0} of {flood:.0}; their ratio {}, and {} over \
         that where the surplus never comes to the lane; others took {} of the cores",
        spread(&|[peak, ..]| peak.goodput()),
        spread(&|[_, flooded, _]| flooded.goodput()),
        spread(&|[peak, flooded, _]| flooded.goodput() / peak.goodput()),
        spread(&|[_, flooded, spared]| flooded.goodput() / spared.goodput()),
        Spread::new(others),
    );
    recovery(run, &tasks, flood);
}

/// A longer overload, how long refusals take in it, and when the lane is itself again.
fn recovery(run: &Run, tasks: &Tasks<'_>, flood: f64) {
    let (_, length) = run.rounds(1, Duration::from_secs(30));
    let rest = length / 15;
    let asked = Asked { contender: tasks.lane, model: tasks.model };
    let (watched, (rounds, from, to)) = watch(&asked, || {
        thread::sleep(rest);
        let from = Instant::now();
        let rounds = quiet_rounds(1, |_| tasks.bring(flood, length, 2));
        let to = Instant::now();
        thread::sleep(rest);
        (rounds, from, to)
    });
    let (brought, others) = (&rounds.found[0], Spread::new(rounds.others));
    let Brought { answered, refused, refusals, .. } = brought;
    println!(
        "  {flood:.0} requests/s for {length:?}: {:.0} in time a second, {answered} answered, \
         {refused} refused; others took {others} of the cores",
        brought.goodput()
    );
    tell_refusals(refusals);
    watch::tell(&watched, DEADLINE, from..to);
}

/// Tells how long refusals took.
pub(crate) fn tell_refusals(refusals: &Latencies) {
    println!(
        "refusals: p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}; {:.3}% took over a millisecond",
        refusals.quantile(0.5),
        refusals.quantile(0.99),
        refusals.quantile(0.999),
        100.0 * refusals.count_above(Duration::from_millis(1)) as f64
            / refusals.count().max(1) as f64
    );
}
