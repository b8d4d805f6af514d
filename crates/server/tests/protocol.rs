//! HTTP as clients speak it, byte by byte.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use hotplate::OpenOptions;
use hotplate_codec::{Absent, IndexBase};
use support::{Client, housing, models, serving};

const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";
const BY_POSITION: &str = "[[8.3252,41,6.98,1.02,322,2.56,37.88,-122.23]]";

/// A request of a district, with these lines in its head.
fn request(version: &str, lines: &str) -> String {
    let length = DISTRICT.len();
    format!(
        "POST /invocations {version}\r\nHost: t\r\n{lines}Content-Length: {length}\r\n\r\n{DISTRICT}"
    )
}

#[test]
fn sparse_rows_mean_what_the_model_s_settings_say() {
    let options = OpenOptions::new().libsvm_base(IndexBase::Zero).sparse_absent(Absent::Zero);
    let server = serving(&models().join("housing"), &options);
    let mut client = Client::connect(server.address());
    let mut ask = |media_type: &str, body: &str| {
        let response =
            client.post("/invocations", &format!("Content-Type: {media_type}\r\n"), body);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    };
    let dense = ask("text/csv", "8.3,0,6.9,1,322,2.5,37.9,-122.2");
    assert_ne!(ask("text/csv", "8.3,,6.9,1,322,2.5,37.9,-122.2"), dense);
    let libsvm = "1 0:8.3 2:6.9 3:1 4:322 5:2.5 6:37.9 7:-122.2";
    assert_eq!(ask("text/libsvm", libsvm), dense);
    let keys = "{\"keys\":[0,2,3,4,5,6,7],\"shape\":[8],\
                \"values\":[8.3,6.9,1,322,2.5,37.9,-122.2]}";
    assert_eq!(ask("application/json", keys), dense);
    server.stop().unwrap();
}

#[test]
fn body_without_a_type_is_known_by_how_it_begins() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let row = [8.3252_f32, 41.0, 6.98, 1.02, 322.0, 2.56, 37.88, -122.23];
    let elements: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
    let header = b"\x93NUMPY\x01\x00\x3b\x00\
                   {'descr': '<f4', 'fortran_order': False, 'shape': (1, 8), }";
    let array = [&header[..], &elements].concat();
    // Record, features, a key and its value, a tensor of float32, its values.
    let message = [&b"\x0a\x2e\x0a\x06values\x12\x24\x12\x22\x0a\x20"[..], &elements].concat();
    let record = [&b"\x0a\x23\xd7\xce\x30\0\0\0"[..], &message].concat();
    let text = row.map(|value| value.to_string()).join(",");
    let document = format!("[[{text}]]");
    let expected = client.post("/invocations", "Content-Type: text/csv\r\n", &text).json();
    assert!(expected["predictions"][0]["score"].is_number(), "{expected}");
    for headers in ["", "Content-Type: application/octet-stream\r\n"] {
        for body in [text.as_bytes(), document.as_bytes(), &array, &record] {
            let reply = client.post("/invocations", headers, body);
            assert_eq!((reply.status, reply.json()), (200, expected.clone()), "{body:?}");
        }
        // Of four columns, which only who reads the archive knows.
        let matrix = include_bytes!("../../codec/tests/formats/golden/csr-stored.npz");
        let problem = client.post("/invocations", headers, matrix).json();
        assert_eq!(problem["reason"], "wrong_arity", "{problem}");
    }
    server.stop().unwrap();
}

#[test]
fn client_that_waits_to_be_asked_for_its_body_is_asked() {
    let server = housing();
    let mut client = Client::connect(server.address());
    for expect in ["100-continue", "100-Continue"] {
        let head = request("HTTP/1.1", &format!("Content-Type: text/csv\r\nExpect: {expect}\r\n"));
        let head = head.strip_suffix(DISTRICT).unwrap();
        client.send(head.as_bytes());
        assert_eq!(client.receive_head().status, 100);
        client.send(DISTRICT.as_bytes());
        assert_eq!(client.receive().status, 200);
    }
    // One that does not wait after all is answered as well.
    client
        .send(request("HTTP/1.1", "Content-Type: text/csv\r\nExpect: 100-continue\r\n").as_bytes());
    let first = client.receive_head();
    let answer = if first.status == 100 { client.receive() } else { first };
    assert_eq!(answer.status, 200);
    // No body could mend this, so none is asked for.
    let mut client = Client::connect(server.address());
    let head = request("HTTP/1.1", "Content-Type: image/png\r\nExpect: 100-continue\r\n");
    client.send(head.strip_suffix(DISTRICT).unwrap().as_bytes());
    assert_eq!(client.receive().status, 415);
    server.stop().unwrap();
}

#[test]
fn names_of_headers_have_no_case_and_unknown_ones_no_meaning() {
    let server = housing();
    let mut client = Client::connect(server.address());
    for name in ["Content-Type", "Content-type", "content-type", "CONTENT-TYPE"] {
        let lines = format!("{name}: text/csv\r\naCCEPT: text/csv\r\nX-Amzn-Unheard-Of: 7\r\n");
        client.send(request("HTTP/1.1", &lines).as_bytes());
        let response = client.receive();
        assert_eq!((response.status, response.header("content-type")), (200, Some("text/csv")));
    }
    server.stop().unwrap();
}

#[test]
fn first_of_several_lines_counts_and_accept_is_one_list() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let mut ask = |lines: &str| {
        client.send(request("HTTP/1.1", lines).as_bytes());
        client.receive()
    };
    assert_eq!(ask("Content-Type: text/csv\r\nContent-Type: application/json\r\n").status, 200);
    assert_eq!(ask("Content-Type: image/png\r\nContent-Type: text/csv\r\n").status, 415);
    let twice = ask("Content-Type: text/csv\r\nAccept: image/png\r\nAccept: text/csv\r\n");
    assert_eq!((twice.status, twice.header("content-type")), (200, Some("text/csv")));
    let attributes = "X-Amzn-SageMaker-Custom-Attributes";
    let twice = format!(
        "Content-Type: text/csv\r\n{attributes}: explain=1\r\n{attributes}: priority=no\r\n"
    );
    assert!(ask(&twice).json()["predictions"][0]["explanations"].is_array());
    // Two lengths that agree are one; the others are refused where requests break HTTP.
    let length = format!("Content-Length: {}\r\n", DISTRICT.len());
    assert_eq!(ask(&format!("Content-Type: text/csv\r\n{length}")).status, 200);
    server.stop().unwrap();
}

#[test]
fn type_of_a_body_may_be_left_out() {
    let server = housing();
    let mut client = Client::connect(server.address());
    for body in [DISTRICT, BY_POSITION, &format!("\n  {BY_POSITION}")] {
        let response = client.post("/invocations", "", body);
        assert_eq!(response.status, 200, "{body:?}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
    server.stop().unwrap();
}

#[test]
fn fields_that_are_no_columns_are_refused_by_name_and_known_ones_passed_over() {
    let server = housing();
    let mut client = Client::connect(server.address());
    let json = "Content-Type: application/json\r\n";
    for field in ["signature_name", "params"] {
        let body = format!("{{\"instances\":{BY_POSITION},\"{field}\":null}}");
        let response = client.post("/invocations", json, body);
        assert_eq!(response.status, 200, "{field}: {}", response.text());
    }
    let body = format!("{{\"instances\":{BY_POSITION},\"verbose\":true}}");
    let response = client.post("/invocations", json, body);
    assert_eq!((response.status, &response.json()["reason"]), (400, &"unknown_column".into()));
    assert!(response.text().contains("verbose"), "{}", response.text());
    server.stop().unwrap();
}

#[test]
fn connection_stays_after_a_refusal_and_closes_when_asked() {
    let server = housing();
    let mut client = Client::connect(server.address());
    for (lines, status) in
        [("Content-Type: image/png\r\n", 415), ("Content-Type: text/csv\r\n", 200)]
    {
        client.send(request("HTTP/1.1", lines).as_bytes());
        assert_eq!(client.receive().status, status);
    }
    assert_eq!(client.get("/nowhere").status, 404);
    client.send(request("HTTP/1.1", "Connection: close\r\nContent-Type: text/csv\r\n").as_bytes());
    assert_eq!(client.receive().status, 200);
    assert!(client.is_closed());
    server.stop().unwrap();
}

#[test]
fn first_version_of_http_closes_unless_asked_to_stay() {
    let server = housing();
    let csv = "Content-Type: text/csv\r\n";
    let mut client = Client::connect(server.address());
    client.send(request("HTTP/1.0", csv).as_bytes());
    assert_eq!(client.receive().status, 200);
    assert!(client.is_closed());
    let mut client = Client::connect(server.address());
    for _ in 0..2 {
        client.send(request("HTTP/1.0", &format!("{csv}Connection: keep-alive\r\n")).as_bytes());
        assert_eq!(client.receive().status, 200);
    }
    server.stop().unwrap();
}

#[test]
fn head_is_answered_without_a_body() {
    let server = housing();
    let mut client = Client::connect(server.address());
    for path in ["/ping", "/metrics", "/execution-parameters"] {
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: t\r\n\r\n").as_bytes());
        assert_eq!(client.receive_head().status, 200, "{path}");
    }
    // Nothing stands between the replies.
    assert_eq!(client.get("/ping").status, 200);
    client.send(b"HEAD /invocations HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_eq!(client.receive_head().status, 405);
    assert_eq!(client.get("/ping").status, 200);
    server.stop().unwrap();
}
