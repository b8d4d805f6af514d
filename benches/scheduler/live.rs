//! The first call after a pause, beside calls as they come to a server that lives: at a rate, and
//! from a thread that sleeps until each is due. Such a call wakes a core as the first one does, which
//! calls back to back never do.
//!
//! A pause is a sleep of everything, or one in which another thread does something now and then to
//! keep caches warm: a row in process, or a whole request on a connection of its own.

use std::{
    fs,
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate::{Answer, Engine, OpenOptions, Registry};
use hotplate_backend::made_up;
use hotplate_benches::{Client, Golden, model, request, score};
use hotplate_server::{Serve, Server, Settings};
use hotplate_tensor::Columns;

use crate::{Run, spread::Spread};

/// Calls a second, and how many are made at that rate in each round.
const RATES: [(u64, u32); 2] = [(1000, 200), (100, 30)];

/// The pauses, and how often each is made.
const PAUSES: [(Duration, usize); 2] = [(Duration::from_secs(1), 9), (Duration::from_secs(10), 3)];

/// Between two things that keep caches warm.
const TICK: Duration = Duration::from_millis(50);

/// Calls in process.
pub(crate) fn in_process(run: &Run) {
    let model = Model::open();
    let mut answer = model.engine.answer();
    let ticks: [Tick<'_>; 2] = [Tick::NONE, model.tick()];
    after_pauses(run, &ticks, || model.call(&mut answer));
}

/// Calls of one client of a server in this process, over loopback.
pub(crate) fn over_http(run: &Run) {
    let model = Model::open();
    let golden = Golden::of(&model.engine, "output.probabilities.1");
    let bytes = request("application/json", &golden.json()[0]);
    let settings = Settings::from(Serve {
        host: Some("127.0.0.1".into()),
        port: Some(0),
        threads: Some(1),
        ..Serve::default()
    });
    let server = Server::bind(&settings.into_config().unwrap()).unwrap();
    let folder = self::model("churn");
    server.install(Registry::open(&folder, &OpenOptions::new()).unwrap());
    let [mut client, mut other] = [(); 2].map(|()| Client::connect(server.address()));
    golden.check(0, score(client.ask(&bytes)));
    golden.check(0, score(other.ask(&bytes)));
    let other = std::sync::Mutex::new(other);
    let whole = Tick {
        told: "a request every 50 ms",
        call: Some(Box::new(|| {
            black_box(other.lock().unwrap().ask(&bytes));
        })),
    };
    let ticks = [Tick::NONE, model.tick(), whole];
    after_pauses(run, &ticks, || {
        let start = Instant::now();
        black_box(client.ask(black_box(&bytes)));
        micros(start.elapsed())
    });
    drop(ticks);
    drop((client, other));
    server.stop().unwrap();
}

/// What is done now and then.
struct Tick<'t> {
    told: &'static str,
    call: Option<Box<dyn Fn() + Sync + 't>>,
}

impl Tick<'_> {
    const NONE: Self = Self { told: "nothing", call: None };

    /// Pauses, and gives the share of a core that was taken meanwhile.
    fn pause(&self, length: Duration) -> f64 {
        let stop = AtomicBool::new(false);
        let before = own_processor_time();
        thread::scope(|scope| {
            if let Some(call) = &self.call {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        call();
                        thread::sleep(TICK);
                    }
                });
            }
            thread::sleep(length);
            stop.store(true, Relaxed);
            // Not the end of the tick's thread, which would wake this one once more.
            own_processor_time().saturating_sub(before).as_secs_f64() / length.as_secs_f64()
        })
    }
}

/// The model that ships, and a row of it.
struct Model {
    engine: Engine,
    row: Columns,
}

impl Model {
    fn open() -> Self {
        let engine = Engine::open(model("churn")).unwrap();
        let mut row = engine.rows();
        made_up::rows(1, &mut row);
        Self { engine, row }
    }

    fn call(&self, answer: &mut Answer) -> f64 {
        let start = Instant::now();
        self.engine.predict_into(black_box(&self.row), answer).unwrap();
        micros(start.elapsed())
    }

    fn tick(&self) -> Tick<'_> {
        let call = || {
            self.call(&mut self.engine.answer());
        };
        Tick { told: "a row every 50 ms", call: Some(Box::new(call)) }
    }
}

/// Calls at each rate, a pause, and the first call after it, in turns.
fn after_pauses(run: &Run, ticks: &[Tick<'_>], mut call: impl FnMut() -> f64) {
    let pauses = if run.quick { &[(Duration::from_millis(2), 1)][..] } else { &PAUSES };
    for &(length, times) in pauses {
        let mut usual = RATES.map(|_| Vec::new());
        let mut after: Vec<_> = ticks.iter().map(|_| After::default()).collect();
        for _ in 0..times {
            for (tick, after) in ticks.iter().zip(&mut after) {
                let steady = RATES.map(|(rate, calls)| at_rate(rate, calls, &mut call));
                let cost = tick.pause(length);
                let first = call();
                after.firsts.push(first);
                after.costs.push(100.0 * cost);
                for (at, steady) in steady.into_iter().enumerate() {
                    usual[at].push(steady);
                    after.ratios[at].push(first / steady);
                }
            }
        }
        for ((rate, _), usual) in RATES.iter().zip(usual) {
            println!("  {rate}/s: p50 {} us", Spread::new(usual));
        }
        for (tick, After { firsts, costs, ratios }) in ticks.iter().zip(after) {
            let [often, seldom] = ratios.map(Spread::new);
            println!(
                "  first after {length:?}, meanwhile {}: {} us, {often} of p50 at {}/s, {seldom} at \
                 {}/s; {} % of a core meanwhile",
                tick.told,
                Spread::new(firsts),
                RATES[0].0,
                RATES[1].0,
                Spread::new(costs)
            );
        }
    }
}

/// What was seen after pauses of one kind.
#[derive(Default)]
struct After {
    firsts: Vec<f64>,
    costs: Vec<f64>,
    ratios: [Vec<f64>; RATES.len()],
}

/// The median of so many calls, each made when it is due.
fn at_rate(rate: u64, calls: u32, call: &mut impl FnMut() -> f64) -> f64 {
    let (start, gap) = (Instant::now(), Duration::from_secs(1) / u32::try_from(rate).unwrap());
    let times = (0..calls).map(|number| {
        thread::sleep((start + gap * number).saturating_duration_since(Instant::now()));
        call()
    });
    Spread::new(times).median()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The processor time of all threads of this process; on Linux alone.
fn own_processor_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}
