//! A small model beside a large one: what churn's tail becomes when the forest of 95 MB is asked
//! too. The forest is made by `.ci/tabular`.

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use hotplate::{Engine, OpenOptions};
use hotplate_backend::made_up;
use hotplate_load::{Arrivals, Measured, OpenLoop, Outcome, closed_loop, open_loop};

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
    let (rounds, time) = run.rounds(9, Duration::from_millis(500));
    let most = hotplate_load::ClosedLoop { callers: CALLERS, warm_up: time / 4, duration: time };
    let most = closed_loop(&|| caller(&forest), &most, |_| {}).unwrap().rate();
    println!("the forest answers {most:.0} rows/s at most");
    for load in LOADS {
        let Rounds { found, others } = quiet_rounds(rounds, |round| {
            let alone = || ask(&churn, 2, CHURN, time, round);
            let beside = || with(&forest, load * most, round, alone);
            if round.is_multiple_of(2) { (alone(), beside()) } else {
                let beside = beside();
                (alone(), beside)
            }
        });
        let micros = |one: &Measured, quantile| one.latency.quantile(quantile).as_secs_f64() * 1e6;
        for quantile in [0.5, 0.99] {
            let alone = Spread::new(found.iter().map(|(alone, _)| micros(alone, quantile)));
            let beside = Spread::new(found.iter().map(|(_, beside)| micros(beside, quantile)));
            let pairs = found.iter().map(|(a, b)| micros(b, quantile) / micros(a, quantile));
            let pairs = Spread::new(pairs);
            println!(
                "churn's p{:.0} beside the forest at {:.0}%: {beside} us, alone {alone} us, ratio {pairs}",
                100.0 * quantile, 100.0 * load
            );
        }
        println!("  others took {} of the cores", Spread::new(others));
    }
}

/// Asks for rows of zeros, alike for both models.
fn caller(engine: &Engine) -> impl FnMut(usize) -> Outcome + use<'_> {
    let mut row = engine.rows();
    made_up::rows(1, &mut row);
    let mut answer = engine.answer();
    move |_| match engine.predict_into(&row, &mut answer) {
        Ok(()) => Outcome::Answered,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn ask(engine: &Engine, callers: usize, rate: f64, time: Duration, seed: usize) -> Measured {
    let arrivals = Arrivals::poisson(rate, time, seed as u64).unwrap();
    let settings = OpenLoop { callers, spinners: 0, warm_up: time / 8 };
    let measured = open_loop(&|| caller(engine), &arrivals, &settings, |_| {}).unwrap();
    assert_eq!(measured.failed, 0, "{:?}", measured.failures);
    measured
}

/// Does something while the forest is asked.
fn with<T>(forest: &Engine, rate: f64, seed: usize, what: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                ask(forest, CALLERS, rate, Duration::from_millis(50), seed);
            }
        });
        let result = what();
        done.store(true, Relaxed);
        result
    })
}
