//! Stateful sessions: ids that clients are given and give back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{thread, time::Duration};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server};
use support::{Client, Response, bound, models};

const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";
const SESSION: &str = "x-amzn-sagemaker-session-id";
const NEW: &str = "x-amzn-sagemaker-new-session-id";
const CLOSED: &str = "x-amzn-sagemaker-closed-session-id";

fn serving(settings: Serve, options: &OpenOptions) -> Server {
    let server = bound(Serve { threads: Some(1), ..settings });
    server.install(Registry::open(&models().join("housing"), options).unwrap());
    server
}

fn ask(client: &mut Client, session: &str, body: &str) -> Response {
    let header = match session {
        "" => String::new(),
        id => format!("X-Amzn-SageMaker-Session-Id: {id}\r\n"),
    };
    client.post("/invocations", &header, body)
}

/// The id that a response gives, whose end it checks the form of.
fn id(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    let value = response.header(SESSION).unwrap();
    assert_eq!(response.header(NEW), Some(value));
    let (id, end) = value.split_once("; Expires=").unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id.len() <= 256);
    let form: String = end.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00T00:00:00Z");
    id.to_owned()
}

#[test]
fn session_is_opened_used_and_closed() {
    // Answered on the connection's thread, and by threads of the model's own.
    let attended = OpenOptions::new().max_queue_delay(Duration::from_millis(1));
    for options in [OpenOptions::new(), attended] {
        let server = serving(Serve::default(), &options);
        let mut client = Client::connect(server.address());
        // With the first rows.
        let opened = ask(&mut client, "NEW_SESSION", DISTRICT);
        let first = id(&opened);
        assert!(opened.json()["predictions"].is_array());
        // By a body of its own, with the header or without.
        let request = "{\"requestType\": \"NEW_SESSION\"}";
        let second = id(&ask(&mut client, "", request));
        let third = id(&ask(&mut client, "NEW_SESSION", request));
        assert!(first != second && second != third);

        for session in [&first, &second] {
            let answer = ask(&mut client, session, DISTRICT);
            assert_eq!((answer.status, answer.header(SESSION)), (200, None));
        }
        let closed = ask(&mut client, &first, "{\"requestType\": \"CLOSE\"}");
        assert_eq!((closed.status, closed.header(CLOSED)), (200, Some(first.as_str())));
        for body in [DISTRICT, "{\"requestType\": \"CLOSE\"}"] {
            let refused = ask(&mut client, &first, body);
            assert_eq!(
                (refused.status, &refused.json()["reason"]),
                (400, &"unknown_session".into())
            );
        }
        assert_eq!(ask(&mut client, &second, DISTRICT).status, 200, "it is another");
        server.stop().unwrap();
    }
}

#[test]
fn what_is_no_session_is_refused() {
    let server = serving(Serve::default(), &OpenOptions::new());
    let mut client = Client::connect(server.address());
    for session in ["new_session", "made-up", "-"] {
        let refused = ask(&mut client, session, DISTRICT);
        assert_eq!((refused.status, &refused.json()["reason"]), (400, &"unknown_session".into()));
    }
    let refused = ask(&mut client, "", "{\"requestType\": \"CLOSE\"}");
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &"unknown_session".into()));
    let refused = ask(&mut client, "NEW_SESSION", "1,2\n");
    assert_eq!((refused.status, refused.header(NEW)), (400, None), "rows that are wrong open none");
    assert_eq!(refused.json()["reason"], "wrong_arity");
    server.stop().unwrap();
}

#[test]
fn sessions_end_and_are_bounded() {
    let settings = Serve {
        session_time: Some(Duration::from_millis(300)),
        max_sessions: Some(2),
        ..Serve::default()
    };
    let server = serving(settings, &OpenOptions::new());
    let mut client = Client::connect(server.address());
    let first = id(&ask(&mut client, "NEW_SESSION", DISTRICT));
    id(&ask(&mut client, "NEW_SESSION", DISTRICT));
    let refused = ask(&mut client, "NEW_SESSION", DISTRICT);
    assert_eq!((refused.status, &refused.json()["reason"]), (503, &"overloaded".into()));
    thread::sleep(Duration::from_millis(350));
    assert_eq!(ask(&mut client, &first, DISTRICT).status, 400, "it has expired");
    id(&ask(&mut client, "NEW_SESSION", DISTRICT));
    server.stop().unwrap();
}

#[test]
fn sessions_can_be_turned_off() {
    let server = serving(Serve { sessions: Some(false), ..Serve::default() }, &OpenOptions::new());
    let mut client = Client::connect(server.address());
    let answer = ask(&mut client, "NEW_SESSION", DISTRICT);
    assert_eq!((answer.status, answer.header(NEW)), (200, None));
    assert_eq!(ask(&mut client, "", "{\"requestType\": \"NEW_SESSION\"}").status, 400);
    server.stop().unwrap();
}
