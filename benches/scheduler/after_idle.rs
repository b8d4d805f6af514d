//! How long the first request takes after a pause, and which part of that is the model's.
//!
//! A pause is a sleep, or, to tell what a sleep costs, one of these: the core is kept busy with
//! arithmetic all along; it is for the last moment only, so that the processor is awake and at its
//! speed but its caches are not; a row is run now and then, by the thread itself or by another.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate::{Answer, Engine};
use hotplate_backend::made_up;
use hotplate_tensor::Columns;

use crate::{Run, spread::Spread};

/// The pauses, and how often each is made.
const PAUSES: [(Duration, usize); 3] =
    [(Duration::from_millis(100), 15), (Duration::from_secs(1), 5), (Duration::from_secs(10), 2)];

/// Between two rows of a tick.
const TICK: Duration = Duration::from_millis(10);

/// The arithmetic of the last moment: longer than a processor takes to wake.
const LAST_MOMENT: Duration = Duration::from_micros(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    Asleep,
    Busy,
    BusyAtTheEnd,
    OwnTick,
    OtherTick,
}

impl Pause {
    const ALL: [Self; 5] =
        [Self::Asleep, Self::Busy, Self::BusyAtTheEnd, Self::OwnTick, Self::OtherTick];

    fn told(self) -> &'static str {
        match self {
            Self::Asleep => "asleep",
            Self::Busy => "busy with arithmetic",
            Self::BusyAtTheEnd => "asleep, busy at the end",
            Self::OwnTick => "asleep, a row every 10 ms",
            Self::OtherTick => "asleep, a row every 10 ms by another thread",
        }
    }
}

/// A model, and a row that it is asked.
struct Case {
    engine: Engine,
    row: Columns,
}

impl Case {
    fn call(&self, answer: &mut Answer) -> f64 {
        let start = Instant::now();
        self.engine.predict_into(black_box(&self.row), answer).unwrap();
        start.elapsed().as_secs_f64() * 1e6
    }

    fn pause(&self, pause: Pause, length: Duration, answer: &mut Answer) {
        let end = Instant::now() + length;
        match pause {
            Pause::Asleep => thread::sleep(length),
            Pause::Busy => spin(end),
            Pause::BusyAtTheEnd => {
                thread::sleep(length - LAST_MOMENT);
                spin(Instant::now() + LAST_MOMENT);
            }
            Pause::OwnTick => self.tick(answer, |_| Instant::now() + TICK < end),
            Pause::OtherTick => {
                let stop = AtomicBool::new(false);
                thread::scope(|scope| {
                    scope.spawn(|| {
                        self.tick(&mut self.engine.answer(), |_| !stop.load(Relaxed));
                    });
                    thread::sleep(length);
                    stop.store(true, Relaxed);
                });
            }
        }
    }

    fn tick(&self, answer: &mut Answer, more: impl Fn(&Self) -> bool) {
        while more(self) {
            self.call(answer);
            thread::sleep(TICK);
        }
    }
}

fn spin(end: Instant) {
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// The model that ships, after all pauses.
pub(crate) fn run(run: &Run) {
    let engine = Engine::open(hotplate_benches::model("churn")).unwrap();
    let mut row = engine.rows();
    made_up::rows(1, &mut row);
    let case = Case { engine, row };
    if run.quick {
        return after(&case, Pause::OtherTick, Duration::from_millis(2), 1);
    }
    for (length, times) in PAUSES {
        for pause in Pause::ALL {
            // For seconds, only what a server could do.
            if length == PAUSES[0].0 || !matches!(pause, Pause::Busy | Pause::OwnTick) {
                after(&case, pause, length, times);
            }
        }
    }
}

fn after(case: &Case, pause: Pause, length: Duration, times: usize) {
    let mut answer = case.engine.answer();
    let (mut steady, mut firsts, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    for _ in 0..times {
        let usual = Spread::new((0..2000).map(|_| case.call(&mut answer))).median();
        case.pause(pause, length, &mut answer);
        firsts.push(case.call(&mut answer));
        seconds.push(case.call(&mut answer));
        ratios.push(firsts[firsts.len() - 1] / usual);
        steady.push(usual);
    }
    println!(
        "  {length:?} {}: steady p50 {} us, first {} us, second {} us; first over steady {}",
        pause.told(),
        Spread::new(steady),
        Spread::new(firsts),
        Spread::new(seconds),
        Spread::new(ratios),
    );
}
