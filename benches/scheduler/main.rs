//! What a lane does with many threads, beside what people write instead of it.
//!
//! | Part | What it tells |
//! |---|---|
//! | `idle` | what a lane adds to one row: nanoseconds and instructions |
//! | `closed-20`, `closed-200` | throughput of eight threads, models of 20 and of 200 us a row |
//! | `load-20`, `load-200` | their tails at six rates |
//! | `overload-tasks`, `overload-threads` | what is answered in time of three times too much, brought by a server's tasks or by threads that wait, and what comes after |
//! | `beside` | the tail of a small model beside a large one |
//! | `memory` | resident memory after a million requests and after ten million |
//! | `pause` | the first request after a pause, beside requests back to back |
//! | `live-process`, `live-http` | the same beside requests at a rate, in process and over HTTP |
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench scheduler -- load
//! ```
//!
//! runs the parts whose names hold `load`; all of them take some ten minutes on a machine that does
//! nothing else, and more on one that does, because rounds are repeated until they were quiet.
//! Answers are checked before anything is timed, and some of them meanwhile.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod after_idle;
mod batchers;
mod beside;
mod callers;
mod contenders;
mod idle;
mod live;
mod load;
mod memory;
mod neighbours;

mod overload_tasks;
mod overload_threads;
mod spread;
mod synthetic;
mod tasks;
mod watch;

use std::{env, num::NonZero, thread, time::Duration};

/// The parts, by the names that choose among them.
const PARTS: [(&str, Part); 12] = [
    ("idle", idle::run),
    ("closed-20", |run| load::at_most(run, Duration::from_micros(20))),
    ("closed-200", |run| load::at_most(run, Duration::from_micros(200))),
    ("load-20", |run| load::at_rates(run, Duration::from_micros(20))),
    ("load-200", |run| load::at_rates(run, Duration::from_micros(200))),
    ("overload-tasks", overload_tasks::run),
    ("overload-threads", overload_threads::run),
    ("beside", beside::run),
    ("memory", memory::run),
    ("pause", after_idle::run),
    ("live-process", live::in_process),
    ("live-http", live::over_http),
];

type Part = fn(&Run);

/// How much is measured, and on what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// `cargo test` runs everything once, to see that answers are right.
    quick: bool,
    cores: usize,
}

impl Run {
    /// How many rounds, and how long a side runs in each.
    fn rounds(&self, rounds: usize, time: Duration) -> (usize, Duration) {
        if self.quick { (1, Duration::from_millis(40)) } else { (rounds, time) }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [count, model, side, calls, ..] = &arguments[..]
        && count == idle::COUNT
    {
        return idle::count(model, side, calls.parse().unwrap());
    }
    let is_given = |name: &str| arguments.iter().any(|argument| argument == name);
    let quick = !is_given("--bench") || is_given("--quick");
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    // A whole name means no other that it is part of.
    let is_name = |wanted: &String| PARTS.iter().any(|(name, _)| name == wanted);
    let is_wanted = |name: &str| {
        wanted.is_none_or(|wanted| name == wanted || !is_name(wanted) && name.contains(&**wanted))
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let run = Run { quick, cores };
    println!("{cores} cores");
    for (name, part) in PARTS {
        if is_wanted(name) {
            println!("{name}");
            part(&run);
        }
    }
}
