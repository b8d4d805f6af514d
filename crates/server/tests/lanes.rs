//! Models that are run by threads of their own, and what requests wish for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{thread, time::Duration};

use hotplate::OpenOptions;
use hotplate_server::{Serve, Server};
use support::{Client, bound, models};

const CSV: &str = "Content-Type: text/csv\r\n";
const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";

/// Long enough for what must come first on a busy machine, and short enough to wait for.
const DELAY: Duration = Duration::from_millis(900);

/// A server of one thread, and a model that is run once this time is over.
fn attended(options: OpenOptions) -> Server {
    let server = bound(Serve { threads: Some(1), ..Serve::default() });
    // Rows of this model gain nothing by company, so that it has to be told to wait for some.
    let options = options.max_queue_delay(DELAY).max_batch_rows(64).instances(1);
    let registry = hotplate::Registry::open(&models().join("housing"), &options);
    server.install(registry.unwrap());
    server
}

#[test]
fn thread_answers_others_while_a_model_is_run_elsewhere() {
    let server = attended(OpenOptions::new());
    let (mut slow, mut quick) =
        (Client::connect(server.address()), Client::connect(server.address()));
    let request = format!(
        "POST /invocations HTTP/1.1\r\nHost: test\r\n{CSV}Content-Length: {}\r\n\r\n{DISTRICT}",
        DISTRICT.len()
    );
    slow.send(request.as_bytes());
    thread::sleep(DELAY / 10);
    assert_eq!(quick.get("/ping").status, 200);
    assert!(!slow.has_reply(), "it waits for company");
    let reply = slow.receive();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let plain = hotplate::Engine::open(models().join("housing")).unwrap();
    let row = [8.3252, 41.0, 6.98, 1.02, 322.0, 2.56, 37.88, -122.23_f64];
    let score = reply.json()["predictions"][0]["score"].as_f64().unwrap();
    assert!((score - plain.predict(&row).unwrap().score(0)).abs() < 1e-6);
    server.stop().unwrap();
}

#[test]
fn request_for_which_there_is_no_room_is_told_when_to_come_back() {
    let server = attended(OpenOptions::new().max_waiting_rows(1));
    let (mut first, mut second) =
        (Client::connect(server.address()), Client::connect(server.address()));
    let request = format!(
        "POST /invocations HTTP/1.1\r\nHost: test\r\n{CSV}Content-Length: {}\r\n\r\n{DISTRICT}",
        DISTRICT.len()
    );
    first.send(request.as_bytes());
    thread::sleep(DELAY / 10);
    let refused = second.post("/invocations", CSV, DISTRICT);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.json()["reason"], "overloaded");
    assert!(refused.json()["retry_after_ms"].is_u64(), "{}", refused.text());
    assert_eq!(first.receive().status, 200);
    assert_eq!(second.post("/invocations", CSV, DISTRICT).status, 200);
    server.stop().unwrap();
}

#[test]
fn wishes_of_a_request_are_obeyed_or_refused() {
    for attended_too in [false, true] {
        let server = match attended_too {
            true => attended(OpenOptions::new()),
            false => support::housing(),
        };
        let mut client = Client::connect(server.address());
        let mut ask = |attributes: &str| {
            let headers = format!("{CSV}X-Amzn-SageMaker-Custom-Attributes: {attributes}\r\n");
            client.post("/invocations", &headers, DISTRICT)
        };
        let late = ask("deadline_ms=0");
        assert_eq!((late.status, late.header("retry-after")), (504, None));
        assert_eq!(late.json()["reason"], "deadline_exceeded");
        assert_eq!(ask("deadline_ms=60000; priority=low").status, 200);
        let wrong = ask("priority=urgent");
        assert_eq!((wrong.status, &wrong.json()["reason"]), (400, &"bad_header".into()));
        assert_eq!(wrong.json()["expected"], "high, normal or low");
        server.stop().unwrap();
    }
}
