//! Batches of SageMaker's batch transform: one output for each input, in order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server};
use serde_json::Value;
use support::{Client, bound, models};

const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";
const CSV: &str = "Content-Type: text/csv\r\n";
const LINES: &str = "Content-Type: application/jsonlines\r\n";
const BY_POSITION: &str = "[8.3252,41,6.98,1.02,322,2.56,37.88,-122.23]";

fn batches(settings: Serve) -> Server {
    let server = bound(Serve { batch: Some(true), threads: Some(2), ..settings });
    server.install(Registry::open(&models().join("housing"), &OpenOptions::new()).unwrap());
    server
}

#[test]
fn bad_line_has_a_placeholder_in_its_place() {
    let server = batches(Serve::default());
    let mut client = Client::connect(server.address());
    let alone = client.post("/invocations", CSV, DISTRICT);
    // Lines for lines, where nothing else is asked for.
    assert_eq!((alone.status, alone.header("content-type")), (200, Some("text/csv")));
    let answer = alone.text().trim_end().to_owned();

    let body = format!("{DISTRICT}oops\n{DISTRICT}1,2,3,4,5,6,7,x\n");
    let reply = client.post("/invocations", CSV, body);
    assert_eq!(reply.status, 200);
    let expected = format!("{answer}\nERROR\n{answer}\nERROR\n");
    assert_eq!(reply.text(), expected);

    let body = format!("{BY_POSITION}\n{{\"oops\": 1}}\n{BY_POSITION}");
    let reply = client.post("/invocations", LINES, body);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/jsonlines")));
    assert!(reply.text().ends_with("}\n"));
    let lines: Vec<Value> =
        reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]), (3, &lines[2]));
    assert!(lines[0]["score"].is_f64());
    assert_eq!((&lines[1]["reason"], &lines[1]["row"]), (&"unknown_column".into(), &1.into()));
    server.stop().unwrap();
}

#[test]
fn every_reply_ends_its_last_line() {
    let server = batches(Serve::default());
    let mut client = Client::connect(server.address());
    for accept in ["text/csv", "application/json", "application/jsonlines", "*/*"] {
        for body in [DISTRICT, DISTRICT.trim_end()] {
            let reply = client.post("/invocations", &format!("{CSV}Accept: {accept}\r\n"), body);
            assert_eq!(reply.status, 200);
            assert!(reply.text().ends_with('\n'), "{accept}: {:?}", reply.text());
        }
    }
    let reply = client.post("/invocations", "", format!("[{BY_POSITION}]"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.text().ends_with("]}\n"));
    server.stop().unwrap();
}

#[test]
fn large_batch_has_as_many_lines_as_it_came_with() {
    let server = batches(Serve::default());
    let mut client = Client::connect(server.address());
    let body: String =
        (0..10_000).map(|row| if row % 100 == 7 { "bad\n" } else { DISTRICT }).collect();
    let reply = client.post("/invocations", CSV, body);
    assert_eq!(reply.status, 200);
    let lines: Vec<&str> = reply.text().lines().collect();
    assert_eq!(lines.len(), 10_000);
    assert!(lines.iter().enumerate().all(|(row, line)| (*line == "ERROR") == (row % 100 == 7)));
    server.stop().unwrap();
}

#[test]
fn what_is_no_single_lines_fault_is_refused() {
    let server = batches(Serve::default());
    let mut client = Client::connect(server.address());
    let reply = client.post("/invocations", CSV, "");
    assert_eq!((reply.status, &reply.json()["reason"]), (400, &"empty".into()));
    let reply = client.post("/invocations", "Content-Type: application/json\r\n", "[[1,2]]");
    assert_eq!((reply.status, &reply.json()["reason"]), (400, &"wrong_arity".into()));
    server.stop().unwrap();
}

#[test]
fn format_that_was_chosen_is_kept() {
    let json = hotplate_codec::Format::Json;
    let server = batches(Serve { default_accept: Some(json), ..Serve::default() });
    let mut client = Client::connect(server.address());
    let reply = client.post("/invocations", CSV, DISTRICT);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    server.stop().unwrap();
}
