//! One request of one row: through the handler alone, and over a kept connection of loopback
//! through the server that `hotplate serve` runs.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hotplate::{Engine, OpenOptions, Registry};
use hotplate_benches::{Client, Golden, PATH, model, open, request, score};
use hotplate_codec::Format;
use hotplate_server::{Handler, Head, Reply, Scratch, Serve, Server, Settings};

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
        let serve = Serve {
            host: Some("127.0.0.1".into()),
            port: Some(0),
            threads: Some(1),
            ..Serve::default()
        };
        let server = Server::bind(&Settings::from(serve).into_config().unwrap()).unwrap();
        server.install(registry(engine));
        let mut client = Client::connect(server.address());
        let requests: Vec<Vec<u8>> =
            bodies.iter().map(|body| request(content_type, body)).collect();
        golden.check(17, score(client.ask(&requests[17])));
        let mut next = requests.iter().cycle();
        bencher.iter(|| score(client.ask(next.next().unwrap())));
        drop(client);
        server.stop().unwrap();
    });
}

fn registry(engine: &Engine) -> Registry {
    Registry::open(&model(engine.name()), &OpenOptions::new()).unwrap()
}

criterion_group!(benches, churn, housing);
criterion_main!(benches);
