//! Eight threads and a slot per core: what gets through, and how long it takes, from a tenth of
//! what the cores could do without batches to more than that.
//!
//! A caller's core is the model's as well, as it is in a server.

use std::{sync::Arc, time::Duration};

use hotplate_backend::Plan;
use hotplate_load::{Latencies, Measured};

use crate::{
    Run,
    batchers::{Batchers, Size},
    callers::{Asked, back_to_back, closed, open},
    contenders::{self, Contender, Mutexes},
    neighbours::{Rounds, quiet_rounds},
    spread::Spread,
    synthetic::Synthetic,
};

const CALLERS: usize = 8;

/// In shares of what the cores do without batches.
const LOADS: [f64; 6] = [0.1, 0.3, 0.5, 0.8, 0.95, 1.2];

/// The contenders, in a fixed order, the lane in front.
const NAMES: [&str; 5] = ["lane", "one mutex", "mutex per core", "one batcher", "batcher per core"];

/// One model, and those who run it.
struct Sides {
    model: Arc<Synthetic>,
    contenders: [Box<dyn Contender>; 5],
}

impl Sides {
    fn new(run: &Run, row: Duration) -> Self {
        let model = Synthetic::taking(row);
        let plan: Arc<dyn Plan> = Arc::clone(&model) as _;
        let lane = contenders::lane(Arc::clone(&plan), run.cores, usize::MAX / 2);
        println!("a row in {row:?}; the lane times it at {:.1?}", lane.time_of(1));
        let contenders: [Box<dyn Contender>; 5] = [
            Box::new(lane),
            Box::new(Mutexes::new(&*plan, 1)),
            Box::new(Mutexes::new(&*plan, run.cores)),
            Box::new(Batchers::new(&*plan, 1, Size::WhatIsThere)),
            Box::new(Batchers::new(&*plan, run.cores, Size::WhatIsThere)),
        ];
        Self { model, contenders }
    }

    fn asked(&self) -> [Asked<'_>; 5] {
        let model = &self.model;
        self.contenders.each_ref().map(|contender| Asked { contender: &**contender, model })
    }
}

/// What gets through in a closed loop.
pub(crate) fn at_most(run: &Run, row: Duration) {
    let sides = Sides::new(run, row);
    throughput(run, &sides.model, &sides.asked());
}

/// How long it takes under all loads.
pub(crate) fn at_rates(run: &Run, row: Duration) {
    let sides = Sides::new(run, row);
    let loads = if run.quick { &LOADS[..1] } else { &LOADS[..] };
    for &load in loads {
        latency(run, &sides.model, &sides.asked(), load);
    }
}

/// A closed loop beside batches of a fixed size: those that run back to back and answer nobody, and
/// those that answer the same threads. No more requests can wait than there are callers, so those
/// are the batches that a scheduler could make.
fn throughput(run: &Run, model: &Synthetic, asked: &[Asked<'_>; 5]) {
    let (rounds, time) = run.rounds(7, Duration::from_millis(200));
    let sizes: Vec<usize> = (1..=CALLERS / run.cores.min(CALLERS)).collect();
    let ways = ways_to_batch(run);
    let Rounds { found, others } = quiet_rounds(rounds, |_| {
        let bare = sizes.iter().map(|&size| back_to_back(model, run.cores, size, time / 4));
        let bare: Vec<f64> = bare.collect();
        let fixed = ways.iter().map(|&(threads, size)| {
            let contender = Batchers::new(model, threads, Size::Exactly(size));
            closed(&Asked { contender: &contender, model }, CALLERS, time).rate()
        });
        let fixed: Vec<f64> = fixed.collect();
        (bare, fixed, asked.each_ref().map(|asked| closed(asked, CALLERS, time).rate()))
    });
    for (at, size) in sizes.iter().enumerate() {
        let rates = Spread::new(found.iter().map(|(bare, ..)| bare[at]));
        println!("  batches of {size} back to back: {rates:.0} rows/s");
    }
    let fixed: Vec<Spread> = (0..ways.len())
        .map(|at| Spread::new(found.iter().map(|(_, fixed, _)| fixed[at])))
        .collect();
    for ((threads, size), rates) in ways.iter().zip(&fixed) {
        println!("  batches of exactly {size}, threads {threads}: {rates:.0} rows/s");
    }
    let best = |bare: &[f64]| bare.iter().copied().fold(0.0, f64::max);
    // One size for all rounds: whoever tunes one does not know the next.
    let tuned = (0..ways.len()).max_by(|&a, &b| fixed[a].median().total_cmp(&fixed[b].median()));
    let tuned = tuned.unwrap_or_default();
    for (at, name) in NAMES.iter().enumerate() {
        let rates = Spread::new(found.iter().map(|(.., rates)| rates[at]));
        let bare = Spread::new(found.iter().map(|(bare, _, rates)| rates[at] / best(bare)));
        let fixed = Spread::new(found.iter().map(|(_, fixed, rates)| rates[at] / fixed[tuned]));
        println!(
            "  {name:17} {rates:.0} rows/s, of the best batches back to back {bare}, of the best \
             that answer {fixed}"
        );
    }
    println!("  others took {} of the cores", Spread::new(others));
}

/// Numbers of threads that collect batches, and the sizes of these.
fn ways_to_batch(run: &Run) -> Vec<(usize, usize)> {
    let mut threads = vec![1, run.cores];
    threads.dedup();
    let sizes = if run.quick { 2..=3 } else { 1..=CALLERS };
    threads.iter().flat_map(|&threads| sizes.clone().map(move |size| (threads, size))).collect()
}

/// An open loop at a share of what the cores do without batches, which is measured in each round:
/// the machine has other work too.
fn latency(run: &Run, model: &Synthetic, asked: &[Asked<'_>; 5], load: f64) {
    let (rounds, time) = run.rounds(7, Duration::from_millis(300));
    let Rounds { found, others } = quiet_rounds(rounds, |round| {
        let rate = load * back_to_back(model, run.cores, 1, time / 8);
        let mut measured: [Option<Measured>; 5] = Default::default();
        for step in 0..asked.len() {
            // Whoever comes behind an overloaded one differs.
            let at = (step + round) % asked.len();
            measured[at] = Some(open(&asked[at], CALLERS, rate, time, round as u64));
        }
        (rate, measured.map(Option::unwrap))
    });
    let (rate, others) = (Spread::new(found.iter().map(|(rate, _)| *rate)), Spread::new(others));
    let percent = 100.0 * load;
    println!("  at {percent:.0}%, {rate:.0} requests/s; others took {others} of the cores:");
    let micros = |latencies: &Latencies, quantile| latencies.quantile(quantile).as_secs_f64() * 1e6;
    for (at, name) in NAMES.iter().enumerate() {
        let all = || found.iter().map(|(_, measured)| &measured[at]);
        let spread = |quantile| Spread::new(all().map(|one| micros(&one.latency, quantile)));
        let late = Spread::new(all().map(|one| micros(&one.late, 0.5))).median();
        let pairs = found.iter().map(|(_, measured)| {
            micros(&measured[0].latency, 0.99) / micros(&measured[at].latency, 0.99)
        });
        let unsent: u64 = all().map(|one| one.unsent).sum();
        println!(
            "    {name:17} p50 {:8.1} us, p99 {:8.1} us, sent {late:.0} us late; the lane's p99 \
             over it {}{}",
            spread(0.5).median(),
            spread(0.99).median(),
            Spread::new(pairs),
            if unsent > 0 { format!("; {unsent} unsent") } else { String::new() },
        );
    }
}
