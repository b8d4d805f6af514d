//! A request is admitted and answered without an allocation once the memory for it has grown.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../codec/tests/support/counting.rs"]
mod counting;

use std::{fs, path::Path};

use counting::allocations;
use hotplate::{OpenOptions, Registry};
use hotplate_codec::Format;
use hotplate_server::{Handler, Head, Reply, Scratch};

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");

fn handler(path: &str) -> Handler {
    let handler = Handler::new(Format::Json);
    let path = Path::new(MODELS).join(path);
    handler.install(Registry::open(&path, &OpenOptions::new()).unwrap());
    handler
}

fn rows(model: &str, ending: &str) -> Vec<u8> {
    fs::read(format!("{MODELS}/{model}/rows.{ending}")).unwrap()
}

/// How often a request allocates when one like it was answered before.
fn second_time(handler: &Handler, head: &Head<'_>, body: &[u8]) -> usize {
    let (mut scratch, mut reply) = (Scratch::default(), Reply::default());
    let mut answer = || {
        let admitted = handler.admit(head).unwrap();
        handler.answer(&admitted, body, &mut scratch, &mut reply);
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        assert!(reply.rows > 0);
        assert!(!reply.body.is_empty());
    };
    answer();
    allocations(answer)
}

#[test]
fn second_request_of_a_kind_allocates_nothing() {
    const PATHS: [&str; 2] = ["/models/churn/invoke", "/models/housing/invoke"];

    let several = handler("");
    for (model, path) in ["churn", "housing"].into_iter().zip(PATHS) {
        let alone = handler(model);
        for (content_type, ending) in [("application/json", "json"), ("text/csv", "csv")] {
            let body = rows(model, ending);
            for accept in [None, Some("application/json"), Some("text/csv"), Some("*/*")] {
                // Without its type, a body's format is guessed.
                for content_type in [Some(content_type), None] {
                    for (handler, path) in [(&several, path), (&alone, "/invocations")] {
                        let head =
                            Head { method: "POST", path, content_type, accept, ..Head::default() };
                        assert_eq!(second_time(handler, &head, &body), 0, "{model}: {head:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn raw_scores_allocate_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(format!("{MODELS}/churn/model.onnx"), folder.path().join("model.onnx")).unwrap();
    let config = "[model]\noutput = [\"predicted_label\", \"raw_score\", \"raw_scores\"]";
    fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    let handler = Handler::new(Format::Json);
    handler.install(Registry::open(folder.path(), &OpenOptions::new()).unwrap());
    for accept in ["application/json", "text/csv"] {
        let head = Head {
            method: "POST",
            path: "/invocations",
            content_type: Some("text/csv"),
            accept: Some(accept),
            ..Head::default()
        };
        assert_eq!(second_time(&handler, &head, &rows("churn", "csv")), 0, "{accept}");
    }
}

#[test]
fn row_by_name_allocates_nothing() {
    let handler = handler("churn");
    let body = rows("churn", "json");
    // The first row alone, as a client sends it that asks for one.
    let end = body.iter().position(|&byte| byte == b'}').unwrap() + 1;
    let body = [&body[..end], b"]}"].concat();
    let head = Head {
        method: "POST",
        path: "/invocations",
        content_type: Some("application/json; charset=utf-8"),
        accept: Some("application/json"),
        ..Head::default()
    };
    assert_eq!(second_time(&handler, &head, &body), 0);
}
