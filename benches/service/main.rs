//! What a server does under load beside answering.
//!
//! | Part | What it tells |
//! |---|---|
//! | `loading` | a small model's tail while a forest of 95 MB comes and goes through `/models` |
//! | `overload` | how long a new connection waits for its ping at three times too much |
//! | `first-byte` | when the reply to a large body begins, and when it ends |
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench service -- loading
//! ```
//!
//! runs the parts whose names hold `loading`. The server, who asks it and the bench share the cores
//! and, but for who asks in `loading`, a process; rounds are repeated until they were quiet.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod asker;
mod first_byte;
mod loading;
#[path = "../scheduler/neighbours.rs"]
mod neighbours;
mod overload;
#[path = "../scheduler/spread.rs"]
mod spread;

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use hotplate::{Engine, Registry};
use hotplate_benches::Golden;
use hotplate_load::http::{HttpTarget, Url};
use hotplate_server::{Serve, Server, Settings};

/// What is measured, by the name that chooses it.
type Part = (&'static str, fn(&Run));

const PARTS: [Part; 3] =
    [("loading", loading::run), ("overload", overload::run), ("first-byte", first_byte::run)];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// `cargo test` runs everything once, to see that answers come.
    quick: bool,
}

impl Run {
    /// How many rounds, and how long a side runs in each.
    fn rounds(&self, rounds: usize, time: Duration) -> (usize, Duration) {
        if self.quick { (1, Duration::from_millis(100)) } else { (rounds, time) }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_given = |name: &str| arguments.iter().any(|argument| argument == name);
    if asker::play(&arguments) {
        return;
    }
    let run = Run { quick: !is_given("--bench") || is_given("--quick") };
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    for (name, part) in PARTS {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            part(&run);
        }
    }
}

/// A server whose models come and go, and which has none.
pub(crate) fn server() -> (Server, Registry) {
    let serve = Serve {
        host: Some("127.0.0.1".into()),
        port: Some(0),
        multi_model: Some(true),
        ..Serve::default()
    };
    let server = Server::bind(&Settings::from(serve).into_config().unwrap()).unwrap();
    let registry = Registry::new();
    server.install(registry.clone());
    (server, registry)
}

/// Requests of one customer each, to a server that has churn.
pub(crate) fn customers(address: SocketAddr) -> HttpTarget {
    let churn = Engine::open(hotplate_benches::model("churn")).unwrap();
    let golden = Golden::of(&churn, "output.probabilities.1");
    let url: Url = format!("http://{address}/models/churn/invoke").parse().unwrap();
    HttpTarget::new(url, "text/csv", golden.csv().into_iter().map(String::into_bytes)).unwrap()
}

/// Sends one request on a connection of its own; the status.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}
