//! A body of 20 MB: when the reply begins, beside when it could begin if it were made first.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use hotplate::{Endpoint, Engine};
use hotplate_benches::Golden;
use hotplate_codec::Format;
use hotplate_server::{Handler, Head, Reply, Scratch};

use crate::{
    Run,
    neighbours::{Rounds, quiet_rounds},
    server,
    spread::Spread,
};

const BYTES: usize = 20 << 20;

pub(crate) fn run(run: &Run) {
    let (server, registry) = server();
    registry.insert(Endpoint::new("churn", hotplate_benches::open("churn")).unwrap()).unwrap();
    let handler = Handler::new(Format::Csv);
    handler.install(registry);
    let churn = Engine::open(hotplate_benches::model("churn")).unwrap();
    let rows: String = Golden::of(&churn, "output.probabilities.1")
        .csv()
        .iter()
        .map(|row| format!("{}\n", row.trim_end()))
        .collect();
    let body = rows.repeat(BYTES.div_ceil(rows.len()));
    let (rounds, _) = run.rounds(9, Duration::ZERO);
    for accept in ["text/csv", "application/json"] {
        let Rounds { found, others } = quiet_rounds(rounds, |_| {
            let whole = whole(&handler, accept, body.as_bytes());
            (whole, streamed(server.address(), accept, &body))
        });
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let whole = Spread::new(found.iter().map(|(whole, _)| millis(*whole)));
        let first = Spread::new(found.iter().map(|(_, (first, _))| millis(*first)));
        let last = Spread::new(found.iter().map(|(_, (_, last))| millis(*last)));
        println!(
            "{accept}, {} rows: the reply begins after {first} ms and ends after {last} ms; made \
             whole, without a socket, it takes {whole} ms",
            body.lines().count()
        );
        println!("  others took {} of the cores", Spread::new(others));
    }
    server.stop().unwrap();
}

/// How long it takes to make the whole reply.
fn whole(handler: &Handler, accept: &str, body: &[u8]) -> Duration {
    let head = Head {
        method: "POST",
        path: "/models/churn/invoke",
        content_type: Some("text/csv"),
        accept: Some(accept),
        ..Head::default()
    };
    let (mut scratch, mut reply) = (Scratch::default(), Reply::default());
    let start = Instant::now();
    let admitted = handler.admit(&head).unwrap();
    handler.answer(&admitted, body, &mut scratch, &mut reply);
    assert_eq!(reply.status, 200);
    start.elapsed()
}

/// How long after a client has begun to send a reply begins, and ends.
fn streamed(address: SocketAddr, accept: &str, body: &str) -> (Duration, Duration) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /models/churn/invoke HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
         Content-Type: text/csv\r\nAccept: {accept}\r\nContent-Length: {length}\r\n\r\n"
    );
    let start = Instant::now();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut reply = vec![0; 1 << 20];
    let read = stream.read(&mut reply).unwrap();
    let first = start.elapsed();
    assert!(reply[..read].starts_with(b"HTTP/1.1 200"));
    while stream.read(&mut reply).unwrap() > 0 {}
    (first, start.elapsed())
}
