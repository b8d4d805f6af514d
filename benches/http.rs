//! One request of one row: through the handler alone, and over a kept connection of loopback
//! through the server that `hotplate serve` runs.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hotplate::{Engine, OpenOptions, Registry};
use hotplate_benches::{Golden, model, open};
use hotplate_codec::Format;
use hotplate_server::{Handler, Head, Reply, Scratch, Server, Settings};

const PATH: &str = "/invocations";

fn churn(criterion: &mut Criterion) {
    let engine = open("churn");
    let golden = Golden::of(&engine, "output.probabilities.1");
    requests(criterion, &engine, &golden, "application/json", &golden.json());
}

fn housing(criterion: &mut Criterion) {
    let engine = open("housing");
    let golden = Golden::of(&engine, "output.price");
    requests(criterion, &engine, &golden, "text/csv", &golden.csv());
}

/// The bodies of one type, through the handler and over a socket.
fn requests(
    criterion: &mut Criterion,
    engine: &Engine,
    golden: &Golden,
    content_type: &str,
    bodies: &[String],
) {
    let mut group = criterion.benchmark_group(engine.name());
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("handler", content_type), |bencher| {
        let handler = Handler::new(Format::Json);
        handler.install(registry(engine));
        let (mut scratch, mut reply) = (Scratch::default(), Reply::default());
        let head = Head {
            method: "POST",
            path: PATH,
            content_type: Some(content_type),
            ..Head::default()
        };
        let mut ask = |body: &str| {
            let admitted = handler.admit(&head).unwrap();
            handler.answer(&admitted, body.as_bytes(), &mut scratch, &mut reply);
            score(&reply.body)
        };
        golden.check(17, ask(&bodies[17]));
        let mut next = bodies.iter().cycle();
        bencher.iter(|| ask(next.next().unwrap()));
    });
    group.bench_function(BenchmarkId::new("loopback", content_type), |bencher| {
        let settings = Settings {
            host: Some("127.0.0.1".into()),
            port: Some(0),
            threads: Some(1),
            ..Settings::default()
        };
        let server = Server::bind(&settings.into_config().unwrap()).unwrap();
        server.install(registry(engine));
        let mut client = Client::connect(server.address());
        let requests: Vec<Vec<u8>> =
            bodies.iter().map(|body| request(content_type, body)).collect();
        golden.check(17, client.ask(&requests[17]));
        let mut next = requests.iter().cycle();
        bencher.iter(|| client.ask(next.next().unwrap()));
        drop(client);
        server.stop().unwrap();
    });
}

fn registry(engine: &Engine) -> Registry {
    Registry::open(&model(engine.name()), &OpenOptions::new()).unwrap()
}

fn request(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The first score of a reply, which is all that is looked at: a bench of the server must not
/// become one of a JSON parser.
fn score(body: &[u8]) -> f64 {
    const KEY: &str = "\"score\":";
    let text = std::str::from_utf8(body).unwrap();
    let behind = &text[text.find(KEY).expect("a score") + KEY.len()..];
    let end = behind.find([',', '}']).unwrap();
    behind[..end].parse().unwrap()
}

/// A client that keeps its connection and waits for each reply.
struct Client {
    stream: TcpStream,
    reply: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, reply: vec![0; 16 << 10] }
    }

    /// Sends a request and returns the score in its reply.
    fn ask(&mut self, request: &[u8]) -> f64 {
        self.stream.write_all(request).unwrap();
        let mut len = 0;
        loop {
            let read = self.stream.read(&mut self.reply[len..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            len += read;
            if let Some(body) = body(&self.reply[..len]) {
                return score(body);
            }
        }
    }
}

/// The body of a reply, once all of it is there.
fn body(reply: &[u8]) -> Option<&[u8]> {
    const LENGTH: &str = "content-length: ";
    let text = std::str::from_utf8(reply).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
    let length = &head[head.find(LENGTH).expect("a length") + LENGTH.len()..];
    let length: usize = length.lines().next()?.parse().unwrap();
    (body.len() == length).then_some(body.as_bytes())
}

criterion_group!(benches, churn, housing);
criterion_main!(benches);
