//! Who asks churn: a process of its own, so that neither its memory nor its threads are the server's.

use std::{
    env,
    fmt::Display,
    io::{BufRead as _, BufReader, Write as _, stdin},
    net::SocketAddr,
    process::{self, ChildStdin, ChildStdout, Command, Stdio},
    str::FromStr,
    time::Duration,
};

use hotplate_load::{
    Arrivals, ClosedLoop, Measured, OpenLoop, closed_loop,
    http::HttpTarget,
    knee::{self, Limits},
    open_loop,
};

use crate::customers;

/// The argument that makes this program one who asks, before the server's address. What to do then
/// comes by lines on standard input, and what came of it goes by lines to standard output.
const ASKER: &str = "--as-asker";

const KNEE: &str = "knee";
const AT: &str = "at";

const CALLERS: usize = 8;

/// A rate is held while nearly all answers come within this, which a machine of two cores keeps
/// though the one who asks needs as much of them as the server.
const LIMITS: Limits = Limits::p99(Duration::from_millis(10));

/// Asks as it is told, where the arguments say so, until nothing more is told; whether they did.
pub(crate) fn play(arguments: &[String]) -> bool {
    let [part, address] = arguments else { return false };
    if part != ASKER {
        return false;
    }
    let customers = customers(address.parse().unwrap());
    for line in stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [KNEE, millis] => println!("{}", knee(&customers, duration(millis))),
            [AT, rate, millis, seed] => {
                let seed = seed.parse().unwrap();
                let measured = at(&customers, rate.parse().unwrap(), duration(millis), seed);
                println!("{}", Tail::of(&measured).line());
            }
            _ => panic!("{line} is nothing to do"),
        }
    }
    true
}

/// The highest rate that the server holds.
fn knee(customers: &HttpTarget, time: Duration) -> f64 {
    let most = ClosedLoop { callers: CALLERS, warm_up: time / 8, duration: time };
    let capacity = closed_loop(customers, &most, |_| {}).unwrap().rate();
    let mut runs: Vec<Measured> = Vec::new();
    for (seed, rate) in knee::rates(capacity).into_iter().enumerate() {
        runs.push(at(customers, rate, time, seed));
        let held: Vec<bool> = runs.iter().map(|run| LIMITS.hold(run)).collect();
        if knee::is_passed(&held) {
            break;
        }
    }
    let held = knee::find(&runs, &LIMITS).expect("a rate that is held");
    runs[held].requested.unwrap()
}

fn at(customers: &HttpTarget, rate: f64, time: Duration, seed: usize) -> Measured {
    let arrivals = Arrivals::poisson(rate, time, seed as u64).unwrap();
    let settings = OpenLoop { callers: CALLERS, spinners: 0, warm_up: time / 8 };
    open_loop(customers, &arrivals, &settings, |_| {}).unwrap()
}

fn duration(millis: &str) -> Duration {
    Duration::from_millis(millis.parse().unwrap())
}

/// What came of asking at a rate, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Tail {
    /// # Panics
    ///
    /// When a request was not answered.
    fn of(measured: &Measured) -> Self {
        assert_eq!((measured.failed, measured.refused), (0, 0), "{:?}", measured.failures);
        let micros = |quantile| measured.latency.quantile(quantile).as_secs_f64() * 1e6;
        Self { p50: micros(0.5), p99: micros(0.99) }
    }

    fn line(self) -> String {
        format!("{} {}", self.p50, self.p99)
    }
}

/// The process that asks; it ends when this is dropped.
pub(crate) struct Asker {
    process: process::Child,
    said: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Asker {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([ASKER, &address.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = process.stdin.take();
        let told = BufReader::new(process.stdout.take().unwrap());
        Self { process, said, told }
    }

    /// The highest rate that the server holds, each tried for `time`.
    pub(crate) fn knee(&mut self, time: Duration) -> f64 {
        numbers(&self.ask(&[&KNEE, &time.as_millis()]))[0]
    }

    /// Asks at a rate.
    ///
    /// # Panics
    ///
    /// When a request was not answered.
    pub(crate) fn at(&mut self, rate: f64, time: Duration, seed: usize) -> Tail {
        let numbers = numbers(&self.ask(&[&AT, &rate, &time.as_millis(), &seed]));
        Tail { p50: numbers[0], p99: numbers[1] }
    }

    fn ask(&mut self, words: &[&dyn Display]) -> String {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        writeln!(self.said.as_ref().unwrap(), "{}", words.join(" ")).unwrap();
        let mut line = String::new();
        let read = self.told.read_line(&mut line).unwrap();
        assert!(read > 0, "who asks has said on standard error why nothing comes");
        line
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        // It ends when it is told nothing more.
        drop(self.said.take());
        let _ = self.process.wait();
    }
}

fn numbers<T: FromStr<Err: std::fmt::Debug>>(line: &str) -> Vec<T> {
    line.split_whitespace().map(|word| word.parse().unwrap()).collect()
}
