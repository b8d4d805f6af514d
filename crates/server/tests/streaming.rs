//! Replies that go out as they are computed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server};
use serde_json::{Value, json};
use support::{Client, bound, housing, models};

const CSV: &str = "Content-Type: text/csv\r\n";
const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";

fn rows(count: usize) -> String {
    (0..count).map(|row| DISTRICT.replace(",322,", &format!(",{},", row % 3000))).collect()
}

fn head(version: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /invocations {version}\r\nHost: t\r\n{CSV}{headers}Content-Length: {length}\r\n\r\n"
    )
}

/// A tree of one split, whose explanations are quick.
fn stump() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..8).map(|column| format!("x{column}")).collect();
    let text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=7\n\
         objective=regression\nfeature_names={}\nfeature_infos={}\n\n\
         Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=4\nsplit_gain=1\nthreshold=1500.5\n\
         decision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=0.25 0.75\n\
         leaf_weight=10 30\nleaf_count=10 30\ninternal_value=0.5\ninternal_weight=40\n\
         internal_count=40\nshrinkage=1\n\nend of trees\n\nparameters:\nend of parameters\n\n\
         pandas_categorical:null\n",
        names.join(" "),
        ["[0:9]"; 8].join(" ")
    );
    std::fs::write(folder.path().join("model.txt"), text).unwrap();
    let server = bound(Serve { threads: Some(2), ..Serve::default() });
    server.install(Registry::open(folder.path(), &OpenOptions::new()).unwrap());
    server
}

#[test]
fn answers_to_many_rows_are_those_to_few() {
    let server = stump();
    let mut client = Client::connect(server.address());
    let body = rows(20_000);
    let lines: Vec<&str> = body.split_inclusive('\n').collect();
    for accept in ["text/csv", "application/json", "application/jsonlines"] {
        for explain in ["", "X-Amzn-SageMaker-Custom-Attributes: explain=2\r\n"] {
            if accept == "text/csv" && !explain.is_empty() {
                continue;
            }
            let headers = format!("{CSV}Accept: {accept}\r\n{explain}");
            let streamed = client.post("/invocations", &headers, &body);
            assert_eq!(streamed.status, 200);
            assert_eq!(streamed.header("transfer-encoding"), Some("chunked"));
            assert_eq!(streamed.header("content-type"), Some(accept));
            assert_eq!(streamed.header("content-length"), None);
            // Below what is streamed.
            let parts: Vec<_> = lines
                .chunks(2_500)
                .map(|part| client.post("/invocations", &headers, part.concat()))
                .collect();
            assert!(parts.iter().all(|part| part.header("content-length").is_some()));
            if accept == "application/json" {
                let predictions =
                    |document: Value| document["predictions"].as_array().unwrap().clone();
                let whole = predictions(streamed.json());
                let parts: Vec<Value> =
                    parts.iter().flat_map(|part| predictions(part.json())).collect();
                assert_eq!(whole, parts);
            } else {
                let parts: Vec<&str> = parts.iter().map(|part| part.text()).collect();
                assert!(streamed.text() == parts.concat(), "{accept}: other answers");
            }
        }
    }
    // The connection goes on, and what went before is answered first.
    let pipelined = format!(
        "{}{body}{}{DISTRICT}",
        head("HTTP/1.1", "", &body),
        head("HTTP/1.1", "", DISTRICT)
    );
    client.send(pipelined.as_bytes());
    assert_eq!(client.receive().json()["predictions"].as_array().unwrap().len(), 20_000);
    assert_eq!(client.receive().json()["predictions"].as_array().unwrap().len(), 1);
    server.stop().unwrap();
}

#[test]
fn client_of_the_first_version_gets_no_chunks() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let body = rows(5_000);
    client.send(format!("{}{body}", head("HTTP/1.0", "Accept: text/csv\r\n", &body)).as_bytes());
    let response = client.receive_head();
    assert_eq!((response.status, response.header("transfer-encoding")), (200, None));
    let rest = client.rest();
    assert_eq!(rest.iter().filter(|&&byte| byte == b'\n').count(), 5_000);
    server.stop().unwrap();
}

#[test]
fn row_that_is_wrong_is_told_with_a_status_wherever_it_stands() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let body = format!("{}oops,41,6.98,1.02,322,2.56,37.88,-122.23\n", rows(9_000));
    let response = client.post("/invocations", CSV, body);
    assert_eq!((response.status, &response.json()["row"]), (400, &json!(9_000)));
    server.stop().unwrap();
}

/// A model that refuses a category as it is run.
fn strict() -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(models().join("churn/model.onnx"), folder.path().join("model.onnx")).unwrap();
    let config = "[model]\nunknown_categories = \"refuse\"\n";
    std::fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    let server = bound(Serve { threads: Some(2), ..Serve::default() });
    server.install(Registry::open(folder.path(), &OpenOptions::new()).unwrap());
    server
}

#[test]
fn failure_in_the_midst_breaks_the_connection_and_one_in_front_does_not() {
    let server = strict();
    let row = support::churn_row(&[]).to_string() + "\n";
    let wrong = support::churn_row(&[("Contract", json!("Ten years"))]).to_string() + "\n";
    let lines = "Content-Type: application/jsonlines\r\nAccept: text/csv\r\n";

    let mut client = Client::connect(server.address());
    let early = format!("{row}{wrong}{}", row.repeat(6_000));
    let response = client.post("/invocations", lines, early);
    assert_eq!((response.status, &response.json()["row"]), (400, &json!(1)));
    assert_eq!(response.json()["reason"], "unknown_category");

    let late = format!("{}{wrong}", row.repeat(6_000));
    let length = late.len();
    let head =
        format!("POST /invocations HTTP/1.1\r\nHost: t\r\n{lines}Content-Length: {length}\r\n\r\n");
    client.send(format!("{head}{late}").as_bytes());
    let response = client.receive_head();
    assert_eq!(response.status, 200);
    let rest = client.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a client takes it for whole");
    assert!(rest.iter().filter(|&&byte| byte == b'.').count() >= 1024, "the first rows are there");
    // Once for each of the two that failed.
    let failed = metric(&server, "hotplate_requests_total", "reason=\"unknown_category\"");
    let answered = metric(&server, "hotplate_requests_total", "status=\"200\"");
    assert_eq!((failed, answered), (2.0, 0.0));
    assert_eq!(Client::connect(server.address()).post("/invocations", lines, row).status, 200);
    server.stop().unwrap();
}

#[test]
fn client_that_does_not_read_keeps_nobody_waiting() {
    let server = housing();
    let body = rows(100_000);
    let request = format!("{}{body}", head("HTTP/1.1", "", &body));
    let stuck: Vec<_> = (0..3)
        .map(|_| {
            let mut client = Client::connect(server.address());
            client.send(request.as_bytes());
            assert_eq!(client.receive_head().status, 200);
            client
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    // As large as theirs, and it needs what they would hold.
    let mut client = Client::connect(server.address());
    client.send(request.as_bytes());
    let response = client.receive();
    assert_eq!(response.json()["predictions"].as_array().unwrap().len(), 100_000);
    // Whoever begins to read gets the rest.
    for mut client in stuck {
        let mut bytes = 0;
        while let Some(chunk) = client.chunk() {
            bytes += chunk.len();
        }
        assert_eq!(bytes, response.body.len());
    }
    server.stop().unwrap();
}

#[test]
fn stream_at_hand_comes_to_its_end_before_the_server_stops() {
    let server = housing();
    let body = rows(50_000);
    let mut client = Client::connect(server.address());
    client.send(format!("{}{body}", head("HTTP/1.1", "Accept: text/csv\r\n", &body)).as_bytes());
    assert_eq!(client.receive_head().status, 200);
    let stopping = thread::spawn(move || server.stop());
    thread::sleep(Duration::from_millis(50));
    let mut lines = 0;
    while let Some(chunk) = client.chunk() {
        lines += chunk.iter().filter(|&&byte| byte == b'\n').count();
    }
    assert_eq!(lines, 50_000);
    stopping.join().unwrap().unwrap();
}

/// The value of a sample of the only variant of a server.
fn metric(server: &Server, name: &str, labels: &str) -> f64 {
    let page = Client::connect(server.address()).get("/metrics");
    let is_it = |line: &&str| {
        line.starts_with(&format!("{name}{{model=")) && line.contains("AllTraffic\"") && {
            line.contains(labels)
        }
    };
    let line = page.text().lines().find(is_it).map(|line| line.rsplit_once(' ').unwrap().1);
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[test]
fn stream_is_counted_when_it_is_at_its_end() {
    let server = housing();
    // The reply is longer than what sockets hold.
    let (body, count) = (rows(300_000), |name| metric(&server, name, ""));
    let request = format!("{}{body}", head("HTTP/1.1", "", &body));
    let mut client = Client::connect(server.address());
    client.send(request.as_bytes());
    assert_eq!(client.receive_head().status, 200);
    assert_eq!(count("hotplate_requests_in_flight"), 1.0);
    assert_eq!(count("hotplate_rows_total"), 0.0);
    let mut bytes = 0;
    while let Some(chunk) = client.chunk() {
        bytes += chunk.len();
    }
    assert_eq!(count("hotplate_requests_in_flight"), 0.0);
    assert_eq!(count("hotplate_rows_total"), 300_000.0);
    assert_eq!(count("hotplate_request_bytes_total"), body.len() as f64);
    assert_eq!(count("hotplate_reply_bytes_total"), bytes as f64);
    assert_eq!(count("hotplate_request_seconds_count"), 1.0);

    // Of one that nobody takes any more, what was answered.
    client.send(request.as_bytes());
    assert_eq!(client.receive_head().status, 200);
    drop(client);
    let end = Instant::now() + Duration::from_secs(20);
    while count("hotplate_requests_in_flight") > 0.0 {
        assert!(Instant::now() < end, "it never came to its end");
        thread::sleep(Duration::from_millis(5));
    }
    let answered = count("hotplate_rows_total");
    assert!(answered > 300_000.0 && answered < 600_000.0, "{answered}");
    server.stop().unwrap();
}
