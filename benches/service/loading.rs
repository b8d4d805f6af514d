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

use crate::{
    Run, ask,
    asker::{Asker, Tail},
    neighbours::{Rounds, quiet_rounds},
    server,
    spread::Spread,
};

const FOREST: &str = "housing-forest-100-unlimited";

/// A quantile, and what it was.
type Quantile = (&'static str, fn(&Tail) -> f64);

/// How much longer the tail may become.
const FLOOR: f64 = 2.0;

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
    let mut asker = Asker::start(address);
    let (rounds, time) = run.rounds(9, Duration::from_secs(2));
    // A build that is not optimised may hold no rate at all.
    let knee = if run.quick { 100.0 } else { asker.knee(time / 2) };
    let rate = knee / 2.0;
    println!(
        "churn is asked {rate:.0} times a second, half of the {knee:.0} that the server holds"
    );

    let (loads, took) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let come_and_go = || {
        let start = Instant::now();
        assert_eq!(load(address, "forest", &path.join("model.onnx")), 200);
        loads.fetch_add(1, Relaxed);
        took.fetch_add(usize::try_from(start.elapsed().as_millis()).unwrap(), Relaxed);
        assert_eq!(ask(address, "DELETE", "/models/forest", ""), 200);
    };
    let Rounds { found, others } = quiet_rounds(rounds, |round| {
        let mut alone = || asker.at(rate, time, round);
        if round.is_multiple_of(2) {
            let first = alone();
            (first, with(come_and_go, alone))
        } else {
            let loading = with(come_and_go, &mut alone);
            (alone(), loading)
        }
    });
    let quantiles: [Quantile; 2] = [("p50", |tail| tail.p50), ("p99", |tail| tail.p99)];
    for (name, quantile) in quantiles {
        let alone = Spread::new(found.iter().map(|(alone, _)| quantile(alone)));
        let loading = Spread::new(found.iter().map(|(_, loading)| quantile(loading)));
        let ratios: Vec<f64> = found.iter().map(|(a, b)| quantile(b) / quantile(a)).collect();
        let kept = ratios.iter().filter(|&&ratio| ratio <= FLOOR).count();
        println!(
            "churn's {name} while a forest is loaded: {loading} us, alone {alone} us, ratio {}, at \
             most {FLOOR} in {kept} of {} rounds",
            Spread::new(ratios.iter().copied()),
            ratios.len()
        );
    }
    let loads = loads.load(Relaxed);
    println!("  {loads} loads of {} ms each; no request failed", took.load(Relaxed) / loads.max(1));
    println!("  others took {} of the cores", Spread::new(others));
    drop(asker);
    server.stop().unwrap();
}

fn load(address: SocketAddr, name: &str, path: &Path) -> u16 {
    let body = format!("{{\"model_name\": \"{name}\", \"url\": {path:?}}}");
    ask(address, "POST", "/models", &body)
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
