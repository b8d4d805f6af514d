//! A small model beside a large one: what churn's tail becomes when the forest of 95 MB is asked
//! too. The forest is made by `.ci/tabular`.

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use hotplate::{Engine, OpenOptions, Value};
use hotplate_benches::Golden;
use hotplate_load::{
    Arrivals, Caller, ClosedLoop, Measured, OpenLoop, Outcome, closed_loop, open_loop,
};

use crate::{
    Run,
    neighbours::{Rounds, quiet_rounds},
    spread::Spread,
};

const FOREST: &str = "housing-forest-100-unlimited";

/// Requests for churn a second, which hardly keep a core busy.
const CHURN: f64 = 2000.0;

/// The forest's load, in shares of what it answers at most.
const LOADS: [f64; 2] = [0.3, 0.6];

const CALLERS: usize = 4;

/// Churn alone and beside the forest, in turns.
pub(crate) fn run(run: &Run) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tabular").join(FOREST);
    if !path.exists() {
        assert!(env::var_os("CI").is_none(), "run .ci/tabular first");
        return println!("beside a forest: skipped; run .ci/tabular");
    }
    let forest = OpenOptions::new().open(path.join("model.onnx")).unwrap();
    let churn = Engine::open(hotplate_benches::model("churn")).unwrap();
    let (rounds, time) = run.rounds(25, Duration::from_millis(250));
    // Different rows, so that all of the forest is read.
    let housing = Engine::open(hotplate_benches::model("housing")).unwrap();
    let districts = Golden::of(&housing, "output.price").numbers::<8>();
    let customers = Golden::of(&churn, "output.probabilities.1");
    let (names, customers) = (customers.names(), customers.values());
    let ask_forest = || forest_caller(&forest, &districts);
    let ask_churn = || churn_caller(&churn, &names, &customers);
    let most = ClosedLoop { callers: CALLERS, warm_up: time / 4, duration: time };
    let times = if run.quick { 1 } else { 5 };
    let most = (0..times).map(|_| closed_loop(&ask_forest, &most, |_| {}).unwrap().rate());
    let most = Spread::new(most).median();
    println!("the forest answers {most:.0} rows/s at most");
    for load in LOADS {
        let Rounds { found, others } = quiet_rounds(rounds, |round| {
            let alone = || ask(&ask_churn, 2, CHURN, time, round);
            let forest = || ask(&ask_forest, CALLERS, load * most, time / 8, round);
            let beside = || with(forest, alone);
            if round.is_multiple_of(2) {
                (alone(), beside())
            } else {
                let beside = beside();
                (alone(), beside)
            }
        });
        let micros = |one: &Measured, quantile| one.latency.quantile(quantile).as_secs_f64() * 1e6;
        for quantile in [0.5, 0.9, 0.99] {
            let alone = Spread::new(found.iter().map(|(alone, _)| micros(alone, quantile)));
            let beside = Spread::new(found.iter().map(|(_, beside)| micros(beside, quantile)));
            let pairs = found.iter().map(|(a, b)| micros(b, quantile) / micros(a, quantile));
            println!(
                "churn's p{:.0} beside the forest at {:.0}%: {beside} us, alone {alone} us, ratio \
                 of pairs {}, of medians {:.2}",
                100.0 * quantile,
                100.0 * load,
                Spread::new(pairs),
                beside.median() / alone.median()
            );
        }
        println!("  others took {} of the cores", Spread::new(others));
    }
}

fn forest_caller<'e>(
    forest: &'e Engine,
    rows: &'e [[f32; 8]],
) -> impl FnMut(usize) -> Outcome + 'e {
    let mut answer = forest.answer();
    move |request| told(forest.predict_into(&rows[request % rows.len()], &mut answer))
}

fn churn_caller<'e>(
    churn: &'e Engine,
    names: &[&str],
    rows: &'e [Vec<Value<'e>>],
) -> impl FnMut(usize) -> Outcome + use<'e> {
    let (bound, mut answer) = (churn.bind(names).unwrap(), churn.answer());
    move |request| told(bound.predict_into(&rows[request % rows.len()], &mut answer))
}

fn told(outcome: Result<(), hotplate::Error>) -> Outcome {
    outcome.map_or_else(|error| Outcome::Failed(error.to_string()), |()| Outcome::Answered)
}

fn ask<C: Caller>(
    target: &(impl Fn() -> C + Sync),
    callers: usize,
    rate: f64,
    time: Duration,
    seed: usize,
) -> Measured {
    let arrivals = Arrivals::poisson(rate, time, seed as u64).unwrap();
    let settings = OpenLoop { callers, spinners: 0, warm_up: time / 8 };
    let measured = open_loop(target, &arrivals, &settings, |_| {}).unwrap();
    assert_eq!(measured.failed, 0, "{:?}", measured.failures);
    measured
}

/// Does something while something else is done again and again.
fn with<T, N>(neighbour: impl Fn() -> N + Sync, what: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                neighbour();
            }
        });
        let result = what();
        done.store(true, Relaxed);
        result
    })
}
