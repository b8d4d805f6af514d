//! The first request after a second in which nothing came, beside requests at a rate; and the same of
//! servers that do nothing, which tells what of it is the machine's: two processes that sleep, and
//! the network between them.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use hotplate_benches::{Client, Golden, PATH, score};

use crate::{Spread, TYPE, check, process::Child, usual_reply};

/// Requests a second, each sent when it is due by a client that sleeps until then, and how many come
/// at that rate in a round.
const RATES: [(u32, u32); 2] = [(1000, 200), (100, 30)];

const PAUSE: Duration = Duration::from_secs(1);

/// Rounds; odd, so that one is the median.
const ROUNDS: usize = 21;

/// A server, and what was seen of it; times in microseconds.
struct Side<'s> {
    told: &'static str,
    server: &'s Child,
    request: Vec<u8>,
    /// By rate, the medians of the rounds.
    steady: [Vec<f64>; RATES.len()],
    firsts: Vec<f64>,
    ratios: [Vec<f64>; RATES.len()],
    /// What the server says that it took, at the lowest rate and for the first.
    own: [Vec<f64>; 2],
}

pub(crate) fn run(golden: &Golden, bodies: &[String], timed: bool) {
    let server = Child::server(1);
    check(&server, golden, bodies);
    let reply = usual_reply(&server, bodies);
    let echo = Child::echo(1, &reply);
    let nginx = Child::nginx(&reply);
    let servers =
        [("hotplate", Some(&server)), ("bare hyper", Some(&echo)), ("nginx", nginx.as_ref())];
    let mut sides: Vec<Side<'_>> = servers
        .into_iter()
        .filter_map(|(told, server)| Some(Side::new(told, server?, &bodies[0])))
        .collect();
    let (rounds, pause) = if timed { (ROUNDS, PAUSE) } else { (1, Duration::from_millis(2)) };
    for round in 0..rounds {
        let first = round % sides.len();
        sides.rotate_left(first);
        sides.iter_mut().for_each(|side| side.round(pause));
        sides.rotate_right(first);
        // It was the first body that was sent.
        golden.check(0, score(Client::connect(server.address()).ask(&sides[0].request)));
    }
    println!("the first request after {pause:?}, over loopback, {rounds} rounds");
    sides.into_iter().for_each(Side::tell);
}

impl<'s> Side<'s> {
    fn new(told: &'static str, server: &'s Child, body: &str) -> Self {
        // Whoever asks by this attribute is told what the server took.
        let request = format!(
            "POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: {TYPE}\r\n\
             X-Amzn-SageMaker-Custom-Attributes: timing\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self {
            told,
            server,
            request: request.into_bytes(),
            steady: RATES.map(|_| Vec::new()),
            firsts: Vec::new(),
            ratios: RATES.map(|_| Vec::new()),
            own: [const { Vec::new() }; 2],
        }
    }

    /// Requests at each rate, a pause, and the first request after it.
    fn round(&mut self, pause: Duration) {
        let mut client = Client::connect(self.server.address());
        client.ask(&self.request);
        let mut steady = [0.0; RATES.len()];
        let mut own = Vec::new();
        for (at, (rate, requests)) in RATES.into_iter().enumerate() {
            let (start, gap) = (Instant::now(), Duration::from_secs(1) / rate);
            own.clear();
            let times = (0..requests).map(|number| {
                thread::sleep((start + gap * number).saturating_duration_since(Instant::now()));
                let time = ask(&mut client, &self.request);
                own.extend(server_time(&client));
                time
            });
            steady[at] = Spread::of(times.collect()).median;
            self.steady[at].push(steady[at]);
        }
        thread::sleep(pause);
        let first = ask(&mut client, &self.request);
        self.firsts.push(first);
        for (ratios, steady) in self.ratios.iter_mut().zip(steady) {
            ratios.push(first / steady);
        }
        if !own.is_empty() {
            self.own[0].push(Spread::of(own).median);
            self.own[1].extend(server_time(&client));
        }
    }

    fn tell(self) {
        let first = Spread::of(self.firsts);
        println!("{:10} first {first} us", self.told);
        for (((rate, _), steady), ratios) in RATES.into_iter().zip(self.steady).zip(self.ratios) {
            let (steady, ratio) = (Spread::of(steady), Spread::of(ratios));
            println!("           at {rate:4}/s p50 {steady} us, the first {ratio} times as long");
        }
        let [steady, first] = self.own;
        if !steady.is_empty() {
            let (steady, first) = (Spread::of(steady), Spread::of(first));
            println!("           by its own clock: first {first} us, at 100/s p50 {steady} us");
        }
    }
}

fn ask(client: &mut Client, request: &[u8]) -> f64 {
    let start = Instant::now();
    black_box(client.ask(black_box(request)));
    start.elapsed().as_secs_f64() * 1e6
}

/// What the server says that it took, from the head of the last request to its reply.
fn server_time(client: &Client) -> Option<f64> {
    let (_, total) = client.header("server-timing")?.rsplit_once("total;dur=")?;
    Some(total.parse::<f64>().unwrap() * 1e3)
}
