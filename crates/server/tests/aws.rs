//! The AWS front door: what its clients are told when a model fails, or takes too long.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../engine/tests/support/onnx.rs"]
mod onnx;
mod support;

use std::{fs, path::Path, time::Duration};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Aws, Container, Serve, Server, Settings};
use serde_json::Value;
use support::{Client, Response, bound};

const CSV: &str = "Content-Type: text/csv\r\n";

fn serving(folder: &Path, serve: Serve) -> Server {
    let aws =
        Aws { endpoint: Some(0), endpoint_name: Some("answers".to_owned()), ..Aws::default() };
    let server = bound(Settings { serve, aws, ..Settings::default() });
    server.install(Registry::open(folder, &OpenOptions::new()).unwrap());
    server
}

fn invoke(server: &Server, operation: &str, body: &str) -> Response {
    let path = format!("/endpoints/answers/{operation}");
    Client::connect(server.aws_address().unwrap()).post(&path, CSV, body)
}

/// The original status and message of a `ModelError`.
#[track_caller]
fn model_error(response: &Response) -> (u64, String) {
    let name = response.header("x-amzn-errortype");
    assert_eq!((response.status, name), (424, Some("ModelError")));
    let body = response.json();
    assert!(body["LogStreamArn"].as_str().unwrap().starts_with("arn:aws:logs:"));
    let status = body["OriginalStatusCode"].as_u64().unwrap();
    let side = if status < 500 { "client" } else { "server" };
    let message = body["Message"].as_str().unwrap();
    assert!(message.starts_with(&format!("Received {side} error ({status}) from primary")));
    (status, body["OriginalMessage"].as_str().unwrap().to_owned())
}

#[test]
fn model_that_fails_is_a_model_error() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write_failing(folder.path());
    let server = serving(folder.path(), Serve::default());
    for operation in ["invocations", "invocations-response-stream"] {
        let (status, message) = model_error(&invoke(&server, operation, "1,2\n"));
        let told: Value = serde_json::from_str(&message).unwrap();
        assert_eq!((status, &told["reason"]), (500, &"model_failed".into()), "{message}");
    }
    server.stop().unwrap();
}

#[test]
fn model_that_takes_too_long_is_a_model_error() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), &onnx::copies(1));
    let config = "[model]\nmax_queue_delay = \"1s\"\nmax_batch_rows = 64\n";
    fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    let request_timeout = Some(Duration::from_millis(100));
    let server = serving(folder.path(), Serve { request_timeout, ..Serve::default() });
    let (status, message) = model_error(&invoke(&server, "invocations", "1,2\n"));
    assert!(status == 504 && message.contains("deadline_exceeded"), "{status} {message}");
    server.stop().unwrap();
}

#[test]
fn words_of_a_container_are_repeated() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), &onnx::copies(1));
    let profile = Some(Container::Sklearn);
    let server = serving(folder.path(), Serve { profile, ..Serve::default() });
    let answer = invoke(&server, "invocations", "1,2\n3,4\n");
    assert_eq!((answer.status, answer.text()), (200, "[[1.0, 2.0], [3.0, 4.0]]"));
    let (status, message) = model_error(&invoke(&server, "invocations", "1,2\n"));
    assert!(status == 500 && message.starts_with("<!doctype html>"), "{status} {message}");
    server.stop().unwrap();
}
