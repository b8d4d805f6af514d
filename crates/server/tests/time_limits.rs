//! How long requests wait for their model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::{Duration, Instant};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server};
use support::{Client, bound, models};

const CSV: &str = "Content-Type: text/csv\r\n";
const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";

/// A model that nobody runs before `delay` is over, asked with this much time.
fn slow(delay: Duration, request_timeout: Duration) -> (Server, Registry) {
    let server = bound(Serve {
        threads: Some(2),
        request_timeout: Some(request_timeout),
        ..Serve::default()
    });
    let options = OpenOptions::new().max_queue_delay(delay).max_batch_rows(1024).instances(1);
    let registry = Registry::open(&models().join("housing"), &options).unwrap();
    server.install(registry.clone());
    (server, registry)
}

#[test]
fn request_that_waits_too_long_is_given_up() {
    let delay = Duration::from_secs(3);
    let (server, registry) = slow(delay, Duration::from_millis(200));
    let figures = || registry.load()[0].variants()[0].engine().figures();
    let (runs, mut client) = (figures().requests, Client::connect(server.address()));
    // A small one, and one that is answered apart from the others.
    for body in [DISTRICT.to_owned(), DISTRICT.repeat(900)] {
        let start = Instant::now();
        let late = client.post("/invocations", CSV, &body);
        let took = start.elapsed();
        assert_eq!((late.status, &late.json()["reason"]), (504, &"deadline_exceeded".into()));
        assert!(took >= Duration::from_millis(200) && took < delay, "{took:?}");
    }
    // The connection is of use, and nothing of them is run when there would be time.
    assert_eq!(client.get("/ping").status, 200);
    std::thread::sleep(delay + Duration::from_millis(300));
    assert_eq!((figures().requests, figures().waiting_rows), (runs, 0));
    server.stop().unwrap();
}

#[test]
fn request_that_is_answered_in_time_is_answered() {
    let (server, _) = slow(Duration::from_millis(100), Duration::from_secs(60));
    let mut client = Client::connect(server.address());
    assert_eq!(client.post("/invocations", CSV, DISTRICT).status, 200);
    server.stop().unwrap();
}
