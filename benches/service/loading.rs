//! Churn's tail at half of what the server can do, alone and while the forest of 95 MB is loaded and
//! removed. The forest is made by `.ci/tabular`.

use std::{
    env,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate_load::{
    Arrivals, ClosedLoop, Measured, OpenLoop, closed_loop, http::HttpTarget, open_loop,
};

use crate::{
    Run, ask, customers,
    neighbours::{Rounds, quiet_rounds},
    server,
    spread::Spread,
};

const FOREST: &str = "housing-forest-100-unlimited";

const CALLERS: usize = 8;

pub(crate) fn run(run: &Run) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tabular").join(FOREST);
    if !path.exists() {
        assert!(env::var_os("CI").is_none(), "run .ci/tabular first");
        return println!("loading a forest: skipped; run .ci/tabular");
    }
    let (server, _) = server();
    let address = server.address();
    let churn = hotplate_benches::model("churn");
    assert_eq!(load(address, "churn", &churn), 200);
    let customers = customers(address);
    let (rounds, time) = run.rounds(5, Duration::from_secs(2));
    let most = ClosedLoop { callers: CALLERS, warm_up: time / 8, duration: time };
    let rate = closed_loop(&customers, &most, |_| {}).unwrap().rate() / 2.0;
    println!("churn is asked {rate:.0} times a second, half of what the server answers at most");

    let (loads, took) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let come_and_go = || {
        let start = Instant::now();
        assert_eq!(load(address, "forest", &path.join("model.onnx")), 200);
        loads.fetch_add(1, Relaxed);
        took.fetch_add(usize::try_from(start.elapsed().as_millis()).unwrap(), Relaxed);
        assert_eq!(ask(address, "DELETE", "/models/forest", ""), 200);
    };
    let Rounds { found, others } = quiet_rounds(rounds, |round| {
        let alone = || asked(&customers, rate, time, round);
        let loading = || with(come_and_go, alone);
        if round.is_multiple_of(2) {
            (alone(), loading())
        } else {
            let loading = loading();
            (alone(), loading)
        }
    });
    let micros = |one: &Measured, quantile| one.latency.quantile(quantile).as_secs_f64() * 1e6;
    for quantile in [0.5, 0.99] {
        let alone = Spread::new(found.iter().map(|(alone, _)| micros(alone, quantile)));
        let loading = Spread::new(found.iter().map(|(_, loading)| micros(loading, quantile)));
        let pairs = found.iter().map(|(a, b)| micros(b, quantile) / micros(a, quantile));
        println!(
            "churn's p{:.0} while a forest is loaded: {loading} us, alone {alone} us, ratio {}",
            100.0 * quantile,
            Spread::new(pairs)
        );
    }
    let loads = loads.load(Relaxed);
    println!("  {loads} loads of {} ms each; no request failed", took.load(Relaxed) / loads.max(1));
    println!("  others took {} of the cores", Spread::new(others));
    server.stop().unwrap();
}

fn load(address: SocketAddr, name: &str, path: &Path) -> u16 {
    let body = format!("{{\"model_name\": \"{name}\", \"url\": {path:?}}}");
    ask(address, "POST", "/models", &body)
}

fn asked(customers: &HttpTarget, rate: f64, time: Duration, seed: usize) -> Measured {
    let arrivals = Arrivals::poisson(rate, time, seed as u64).unwrap();
    let settings = OpenLoop { callers: CALLERS, spinners: 0, warm_up: time / 8 };
    let measured = open_loop(customers, &arrivals, &settings, |_| {}).unwrap();
    assert_eq!((measured.failed, measured.refused), (0, 0), "{:?}", measured.failures);
    measured
}

/// Does something while something else is done again and again.
fn with<T>(neighbour: impl Fn() + Sync, what: impl FnOnce() -> T) -> T {
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
