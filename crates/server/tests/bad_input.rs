//! Whatever a client sends, it gets one JSON object that says what is wrong and where, and the
//! server serves on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use hotplate::{OpenOptions, Registry, UnknownCategories};
use hotplate_server::Serve;
use serde_json::{Value, json};
use support::{Client, Response, bound, churn, churn_row, housing, models, serving};

const JSON: &str = "Content-Type: application/json\r\n";
const CSV: &str = "Content-Type: text/csv\r\n";

/// Checks an error reply, and that the same connection still answers.
fn refused(client: &mut Client, response: &Response, status: u16, reason: &str) -> Value {
    let problem = response.json();
    assert_eq!((response.status, problem["reason"].as_str()), (status, Some(reason)), "{problem}");
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert!(problem["error"].as_str().is_some_and(|error| error.len() > 10), "{problem}");
    assert!(!response.text().contains('/') || status != 400, "a path leaked: {problem}");
    assert_eq!(client.get("/ping").status, 200, "the server serves on");
    problem
}

#[test]
fn rows_of_the_wrong_kind_are_refused_with_their_place() {
    let server = churn();
    let mut client = Client::connect(server.address());
    let row = |changes: &[(&str, Value)]| churn_row(changes);
    let mut short = row(&[]);
    short.as_object_mut().unwrap().remove("Contract");
    let good = row(&[]);

    // Body, reason, then row, column, and a word of `expected` and `got`.
    let cases = [
        ("{\"instances\": [".to_owned(), "malformed", Some(0), None, "", "end of the body"),
        ("{\"instances\"".to_owned(), "malformed", None, None, "", "end of the body"),
        (
            json!({ "instances": [good, short] }).to_string(),
            "missing_column",
            Some(1),
            Some("Contract"),
            "",
            "",
        ),
        (
            json!({ "instances": [good, row(&[("tenure", json!("abc"))])] }).to_string(),
            "wrong_type",
            Some(1),
            Some("tenure"),
            "number",
            "abc",
        ),
        (
            json!({ "instances": [row(&[("Tenure", json!(1))])] }).to_string(),
            "unknown_column",
            Some(0),
            Some("Tenure"),
            "",
            "",
        ),
        (
            json!({ "instances": [row(&[("Contract", json!(3))])] }).to_string(),
            "wrong_type",
            Some(0),
            Some("Contract"),
            "text",
            "3",
        ),
        (
            json!({ "instances": [["Female", 0]] }).to_string(),
            "wrong_arity",
            Some(0),
            None,
            "19",
            "2",
        ),
        (json!({ "instances": [[[1]]] }).to_string(), "wrong_arity", Some(0), None, "19", "a list"),
        (String::new(), "empty", None, None, "", ""),
    ];
    for (body, reason, row, column, expected, got) in cases {
        let response = client.post("/invocations", JSON, &body);
        let problem = refused(&mut client, &response, 400, reason);
        assert_eq!(problem["row"].as_u64(), row, "{body}: {problem}");
        assert_eq!(problem["column"].as_str(), column, "{body}: {problem}");
        let part = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        assert!(part("expected").contains(expected), "{body}: {problem}");
        assert!(part("got").contains(got), "{body}: {problem}");
    }
    server.stop().unwrap();
}

#[test]
fn csv_of_the_wrong_kind_is_refused_with_its_place() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let header = "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude";
    let cases = [
        ("1,2,3\n".to_owned(), "wrong_arity", Some(0), None),
        ("1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,8,9\n".to_owned(), "wrong_arity", Some(1), None),
        ("1,2,three,4,5,6,7,8\n".to_owned(), "wrong_type", Some(0), Some("AveRooms")),
        (format!("{header},Extra\n1,2,3,4,5,6,7,8,9\n"), "unknown_column", None, Some("Extra")),
        (
            format!("{}\n1,2,3,4,5,6,7\n", &header[..header.len() - ",Longitude".len()]),
            "missing_column",
            None,
            Some("Longitude"),
        ),
        ("\"1,2\n".to_owned(), "malformed", Some(0), None),
        (String::new(), "empty", None, None),
        ("1,2,3,4,5,6,7,\u{0}\n".to_owned(), "wrong_type", Some(0), Some("Longitude")),
    ];
    for (body, reason, row, column) in cases {
        let response = client.post("/invocations", CSV, &body);
        let problem = refused(&mut client, &response, 400, reason);
        assert_eq!(problem["row"].as_u64(), row, "{body}: {problem}");
        assert_eq!(problem["column"].as_str(), column, "{body}: {problem}");
    }
    let response = client.post("/invocations", CSV, [b'1', 0xff, b'\n']);
    refused(&mut client, &response, 400, "not_utf8");
    server.stop().unwrap();
}

#[test]
fn missing_values_and_unknown_categories_are_no_errors() {
    let server = churn();
    let mut client = Client::connect(server.address());
    let changes: [&[(&str, Value)]; 4] = [
        &[("Contract", json!("Ten years"))],
        &[("TotalCharges", Value::Null)],
        &[("TotalCharges", json!(" "))],
        &[("Contract", Value::Null)],
    ];
    for change in changes {
        let body = json!({ "instances": [churn_row(change)] }).to_string();
        let response = client.post("/invocations", JSON, body);
        assert_eq!(response.status, 200, "{}", response.text());
    }
    // What Python's json module writes for a missing value, though it is no JSON.
    let body = json!({ "instances": [churn_row(&[])] }).to_string();
    let nan = with_value(&body, "\"TotalCharges\":", "NaN");
    let missing = client.post("/invocations", JSON, &nan);
    let null = with_value(&body, "\"TotalCharges\":", "null");
    assert_eq!(missing.text(), client.post("/invocations", JSON, &null).text());
    server.stop().unwrap();
}

/// `body` with the value behind `key` replaced.
fn with_value(body: &str, key: &str, value: &str) -> String {
    let start = body.find(key).unwrap() + key.len();
    let end = start + body[start..].find([',', '}']).unwrap();
    [&body[..start], value, &body[end..]].concat()
}

#[test]
fn unknown_categories_are_refused_where_configured() {
    let options = OpenOptions::new().unknown_categories(UnknownCategories::Refuse);
    let server = serving(&models().join("churn"), &options);
    let mut client = Client::connect(server.address());
    let row = churn_row(&[("Contract", json!("Ten years"))]);
    let body = json!({ "instances": [churn_row(&[]), row] }).to_string();
    let response = client.post("/invocations", JSON, body);
    let problem = refused(&mut client, &response, 400, "unknown_category");
    assert_eq!(problem["row"], 1);
    assert_eq!(problem["column"], "Contract");
    assert_eq!(problem["got"], "Ten years");
    assert_eq!(problem["expected"], "Month-to-month, One year, Two year");
    server.stop().unwrap();
}

#[test]
fn requests_that_no_body_could_mend_are_refused() {
    let server = housing();
    let mut client = Client::connect(server.address());

    let response = client.post("/invocations", "Content-Type: image/png\r\n", "x");
    refused(&mut client, &response, 415, "unsupported_media_type");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let response = client.post("/invocations", form, "[1,2,3,4,5,6,7,8]");
    let problem = refused(&mut client, &response, 415, "unsupported_media_type");
    assert!(problem["error"].as_str().unwrap().contains("-H 'Content-Type: application/json'"));

    let headers = format!("{CSV}Content-Encoding: gzip\r\n");
    let response = client.post("/invocations", &headers, "1,2,3,4,5,6,7,8");
    refused(&mut client, &response, 415, "unsupported_media_type");

    let headers = format!("{CSV}Accept: image/png\r\n");
    let response = client.post("/invocations", &headers, "1,2,3,4,5,6,7,8");
    refused(&mut client, &response, 406, "not_acceptable");

    for path in ["/", "/invocation", "/models/housing", "/models//invoke", "/models/a/b/invoke"] {
        let response = client.post(path, JSON, "[]");
        refused(&mut client, &response, 404, "not_found");
    }
    let response = client.post("/models/churn/invoke", JSON, "[]");
    refused(&mut client, &response, 404, "unknown_model");

    let response = client.get("/invocations");
    refused(&mut client, &response, 405, "method_not_allowed");
    assert_eq!(response.header("allow"), Some("POST"));
    let response = client.post("/ping", "", "");
    refused(&mut client, &response, 405, "method_not_allowed");
    assert_eq!(response.header("allow"), Some("GET, HEAD"));
    server.stop().unwrap();
}

#[test]
fn body_over_the_limit_is_refused_before_it_is_buffered() {
    let server = housing();
    let before = resident_bytes();
    let large = vec![b'1'; 1 << 20];

    let mut announced = Client::connect(server.address());
    announced.send(
        b"POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
          Content-Length: 31457280\r\n\r\n",
    );
    for _ in 0..30 {
        announced.send(&large);
    }
    let response = announced.receive();
    assert_eq!(
        (response.status, response.json()["reason"].as_str()),
        (413, Some("body_too_large"))
    );
    assert!(announced.is_closed());

    // A client that waits to be asked is told without sending a byte.
    let mut waiting = Client::connect(server.address());
    waiting.send(
        b"POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
          Expect: 100-continue\r\nContent-Length: 31457280\r\n\r\n",
    );
    assert_eq!(waiting.receive().status, 413);

    let mut chunked = Client::connect(server.address());
    chunked.send(
        b"POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
          Transfer-Encoding: chunked\r\n\r\n",
    );
    for _ in 0..30 {
        chunked.send(b"100000\r\n");
        chunked.send(&large);
        chunked.send(b"\r\n");
    }
    chunked.send(b"0\r\n\r\n");
    assert_eq!(chunked.receive().status, 413);

    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 100 << 20, "grew by {grown} bytes");
    assert_eq!(Client::connect(server.address()).get("/ping").status, 200);
    server.stop().unwrap();
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .map_or(0, |pages: usize| pages * 4096)
}

#[test]
fn requests_that_break_http_are_refused_and_harm_nobody() {
    let server = housing();
    let hostile: [&[u8]; 6] = [
        b"GARBAGE\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /ping HTTP/1.1\r\nHost: t\r\nX: \r\n folded\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ];
    for bytes in hostile {
        let mut client = Client::connect(server.address());
        client.send(bytes);
        let response = client.receive();
        assert_eq!(response.status, 400, "{}", String::from_utf8_lossy(bytes));
        assert!(client.is_closed());
        assert_eq!(Client::connect(server.address()).get("/ping").status, 200);
    }
    // A head that never ends is cut off at a size, not buffered.
    let mut endless = Client::connect(server.address());
    endless.send(b"GET /ping HTTP/1.1\r\n");
    let filler = [b'x'; 4096];
    while endless.try_send(&[b"A: ", &filler[..], b"\r\n"].concat()) {}
    drop(endless);
    assert_eq!(Client::connect(server.address()).get("/ping").status, 200);
    server.stop().unwrap();
}

#[test]
fn bodies_that_stall_cannot_take_all_memory() {
    const BODY: usize = 256 << 10;
    let server = bound(Serve { max_body_bytes: Some(BODY), ..Serve::default() });
    server.install(Registry::open(&models().join("housing"), &OpenOptions::new()).unwrap());
    let head = format!(
        "POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n\
         Content-Length: {BODY}\r\n\r\n"
    );
    let connect = |bytes: usize| {
        let mut client = Client::connect(server.address());
        client.send(head.as_bytes());
        client.send(&vec![b'1'; bytes]);
        client
    };
    // A few bodies of the greatest length are allowed. Each of these lacks its last byte; which of
    // them and of the whole ones is refused is up to the order in which they are read.
    let mut stalled = Vec::new();
    let refusal = (0..100).find_map(|_| {
        stalled.push(connect(BODY - 1));
        let response = connect(BODY).receive();
        (response.status == 503).then_some(response)
    });
    let refusal = refusal.unwrap();
    assert_eq!(refusal.json()["reason"], "overloaded");
    assert_eq!(refusal.header("retry-after"), Some("1"));
    drop(stalled);
    server.stop().unwrap();
}
