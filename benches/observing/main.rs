//! What it costs to observe requests: the requests a second of a server that captures each of them,
//! or times no phases, or tells of itself in each reply, beside one as it is unless said.
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench observing
//! ```
//!
//! Each server is a process of its own that serves churn. wrk sends a thousand different rows of JSON
//! by name over connections that are kept. In each round the two sides of a pair take turns, there and
//! back again: a machine that gets slower all the while, or faster, is unfair to neither. What is
//! printed is the median over the rounds of the ratio within a round, with the least and the most.
//! Words behind `--` choose among the pairs: `-- captured`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use hotplate::{OpenOptions, Registry};
use hotplate_benches::{Client, Golden, PATH, model, open, request, score};
use hotplate_server::{Capture, Metrics, Serve, Server, Settings};
use serde_json::Value;

const TYPE: &str = "application/json";

/// Rounds; odd, so that one is the median.
const ROUNDS: usize = 15;

/// Connections of wrk's, and the seconds of a turn, of which each side has two in a round.
const CONNECTIONS: &str = "16";
const TURN: &str = "1s";

/// The sides, of which the first is what the others are compared with.
const SIDES: [&str; 4] = ["usual", "captured", "phases untimed", "timing in replies"];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, side, folder] = &arguments[..]
        && flag == "--as-server"
    {
        serve(side, Path::new(folder));
    }
    let golden = Golden::of(&open("churn"), "output.probabilities.1");
    let bodies = golden.json();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bodies.join("\n") + "\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let servers = SIDES.map(|side| Process::start(side, folder.path()));
    for server in &servers {
        let mut client = Client::connect(server.address);
        for (row, body) in bodies.iter().enumerate().step_by(20) {
            golden.check(row, score(client.ask(&request(TYPE, body))));
        }
    }
    // Without it, as in tests, answers are checked once and nothing is timed.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    println!("{ROUNDS} rounds of 2x{TURN}, wrk -t1 -c{CONNECTIONS}, {} rows of JSON", bodies.len());
    println!("{:18} requests/s    usual  ratio", "");
    let chosen = |side: &str| {
        let mut words = arguments.iter().filter(|word| !word.starts_with('-')).peekable();
        words.peek().is_none() || words.any(|word| side.contains(word.as_str()))
    };
    for (side, server) in SIDES.into_iter().zip(&servers).skip(1).filter(|(side, _)| chosen(side)) {
        let pair = [server, &servers[0]];
        let rounds: Vec<[f64; 2]> = (0..ROUNDS)
            .map(|round| {
                let order = if round % 2 == 0 { [0, 1, 1, 0] } else { [1, 0, 0, 1] };
                let mut rates = [0.0; 2];
                for at in order {
                    rates[at] += load(pair[at].address, file.path()) / 2.0;
                }
                rates
            })
            .collect();
        let of = |figure: fn(&[f64; 2]) -> f64| sorted(rounds.iter().map(figure).collect());
        let (ours, usual, ratios) = (of(|r| r[0]), of(|r| r[1]), of(|r| r[0] / r[1]));
        let (least, middle, most) = (ratios[0], ratios[ROUNDS / 2], ratios[ROUNDS - 1]);
        let [ours, usual] = [ours, usual].map(|rates| rates[ROUNDS / 2]);
        println!("{side:18} {ours:10.0} {usual:8.0}  {middle:.3} ({least:.3} to {most:.3})");
    }
    let metrics = page(servers[1].address);
    let counts = metrics.lines().filter(|line| line.starts_with("hotplate_capture_"));
    counts.for_each(|line| println!("{line}"));
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

/// Plays a side until the process is killed.
fn serve(side: &str, folder: &Path) -> ! {
    let serve = Serve { host: Some("127.0.0.1".into()), port: Some(0), ..Serve::default() };
    let mut settings = Settings::from(serve);
    match side {
        "captured" => {
            let folder = Some(folder.to_owned());
            settings.capture = Capture { folder, ..Capture::default() };
            settings.capture.max_disk_bytes = Some(0);
        }
        "phases untimed" => {
            settings.metrics = Metrics { phases: Some(false), ..Metrics::default() };
        }
        "timing in replies" => {
            settings.metrics = Metrics { server_timing: Some(true), ..Metrics::default() };
        }
        _ => {}
    }
    let server = Server::bind(&settings.into_config().unwrap()).unwrap();
    server.install(Registry::open(&model("churn"), &OpenOptions::new()).unwrap());
    println!("{}", server.address());
    loop {
        thread::park();
    }
}

/// Loads a server for a turn; the requests that it answered in a second.
fn load(address: SocketAddr, bodies: &Path) -> f64 {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", CONNECTIONS, "--duration", TURN])
        .args(["--script", concat!(env!("CARGO_MANIFEST_DIR"), "/nginx/requests.lua")])
        .arg(format!("http://{address}{PATH}"))
        .arg("--")
        .arg(bodies)
        .arg(TYPE)
        .output()
        .expect("wrk: apt-get install wrk");
    let output = String::from_utf8(output.stdout).unwrap();
    let summary = output.lines().find_map(|line| line.strip_prefix("summary "));
    let summary: Value = serde_json::from_str(summary.expect("wrk's summary")).unwrap();
    for failure in ["not_2xx", "connect", "read", "write", "timeout"] {
        assert_eq!(summary[failure], 0, "{output}");
    }
    summary["requests"].as_f64().unwrap() / summary["seconds"].as_f64().unwrap()
}

/// The page of metrics, its head included.
fn page(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// A server of a process of its own, which ends when this is dropped.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(side: &str, folder: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--as-server", side])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim_end().parse().unwrap() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that is gone already has said why on standard error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
