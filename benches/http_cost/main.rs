//! What the server costs beyond what it cannot do without: the processor's time of one request of
//! one row, against that of a bare hyper that reads the same request and sends a reply of the same
//! length, and of decoding, predicting and encoding the same rows in process.
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench http_cost
//! ```
//!
//! Both servers are processes of their own, on as many threads, and their time is what the kernel
//! has counted for their threads. wrk sends a thousand different rows over connections that are
//! kept; the sides take turns, and before each of its turns the server's answers are compared with
//! the golden rows. What is printed is the median over the rounds, with the least and the most.
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench http_cost -- after-idle
//! ```
//!
//! tells instead how long the first request after a pause takes, of both and, where it is installed,
//! of nginx with a fixed reply.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod after_idle;
mod echo;
mod in_process;
mod load;
mod process;

use std::{env, fmt, num::NonZero, thread, time::Duration};

use hotplate_benches::{Client, Golden, open, request, score};

use crate::{in_process::InProcess, load::Load, process::Child};

const TYPE: &str = "application/json";

/// Rounds of each case; odd, so that one is the median.
const ROUNDS: usize = 7;

/// How long a side is loaded in a turn, of which each has two in a round.
const TURN: Duration = Duration::from_secs(1);

const CONNECTIONS: [usize; 3] = [1, 8, 32];

/// Every so many rows are asked for, to see that the answers are right.
const SAMPLED: usize = 20;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if process::play(&arguments) {
        return;
    }
    let engine = open("churn");
    let golden = Golden::of(&engine, "output.probabilities.1");
    let bodies = golden.json();
    // Without it, as in tests, answers are checked once and nothing is timed.
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let only_idle = arguments.iter().any(|argument| argument == "after-idle");
    if only_idle || !timed {
        after_idle::run(&golden, &bodies, timed);
        if only_idle {
            return;
        }
    }
    let mut in_process = InProcess::new(&engine, &bodies);
    let load = timed.then(|| Load::new(&bodies, TYPE));
    println!("us of processor time a request, {ROUNDS} rounds, wrk -t1, {} rows", bodies.len());
    println!("threads  -c |  server    echo  in process |  server - (echo + in process)");
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    for threads in [1, cores] {
        let server = Child::server(threads);
        check(&server, &golden, &bodies);
        let echo = Child::echo(threads, &usual_reply(&server, &bodies));
        Client::connect(echo.address()).ask(&request(TYPE, &bodies[0]));
        let Some(load) = &load else { continue };
        for connections in CONNECTIONS {
            let mut costs = [const { Vec::new() }; 4];
            for round in 0..ROUNDS {
                check(&server, &golden, &bodies);
                // There and back again: a machine that gets slower all the while, or faster, is
                // unfair to neither.
                let order = if round % 2 == 0 { [0, 1, 1, 0] } else { [1, 0, 0, 1] };
                let mut sides = [0.0; 2];
                for side in order {
                    sides[side] += load.cost([&server, &echo][side], connections, TURN) / 2.0;
                }
                let [ours, bare] = sides;
                let inside = in_process.cost(TURN / 2);
                let over = ours - (bare + inside);
                costs.iter_mut().zip([ours, bare, inside, over]).for_each(|(costs, cost)| {
                    costs.push(cost);
                });
            }
            let [ours, bare, inside, over] = costs.map(Spread::of);
            let [ours, bare, inside] = [ours, bare, inside].map(|cost| cost.median);
            println!("{threads:7} {connections:3} | {ours:7.2} {bare:7.2} {inside:11.2} | {over}");
        }
    }
}

/// Panics unless the server gives the golden answers.
fn check(server: &Child, golden: &Golden, bodies: &[String]) {
    let mut client = Client::connect(server.address());
    for (row, body) in bodies.iter().enumerate().step_by(SAMPLED) {
        golden.check(row, score(client.ask(&request(TYPE, body))));
    }
}

/// A reply of the length that half of the replies do not exceed.
fn usual_reply(server: &Child, bodies: &[String]) -> String {
    let mut client = Client::connect(server.address());
    let mut replies: Vec<String> = bodies
        .iter()
        .step_by(SAMPLED)
        .map(|body| String::from_utf8(client.ask(&request(TYPE, body)).to_vec()).unwrap())
        .collect();
    replies.sort_by_key(String::len);
    replies.swap_remove(replies.len() / 2)
}

/// Where the figures of the rounds lie.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let (least, most) = (figures[0], figures[figures.len() - 1]);
        Self { median: figures[figures.len() / 2], least, most }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5.2} ({:.2} to {:.2})", self.median, self.least, self.most)
    }
}
