//! The exchanges that `profiles/record.py` recorded with SageMaker's own containers, once more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use hotplate::{Engine, OpenOptions, Registry, Terms};
use hotplate_server::{Container, Headers, Profile, Reply, Serve};
use serde_json::Value;
use support::{Client, bound};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles")
}

/// The text under `key`, or the bytes under `key64`.
fn bytes(exchange: &Value, key: &str) -> Option<Vec<u8>> {
    if let Some(text) = exchange[key].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    exchange[format!("{key}64")].as_str().map(from_base64)
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|&byte| byte != b'=');
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0, 0_u32);
    for digit in digits {
        let value = DIGITS.iter().position(|&byte| byte == digit).unwrap();
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

fn profile(container: Container, exchange: &Value) -> Profile {
    let variable = |name: &str| exchange["env"][name].as_str().map(str::to_owned);
    Profile {
        batch: variable("SAGEMAKER_BATCH").is_some(),
        multi_model: variable("SAGEMAKER_MULTI_MODEL").is_some(),
        default_accept: variable("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"),
        inference_output: variable("SAGEMAKER_INFERENCE_OUTPUT"),
        inference_ensemble: variable("SAGEMAKER_INFERENCE_ENSEMBLE").as_deref() != Some("false"),
        ..Profile::new(container)
    }
}

/// How a reply differs from the recorded one, if it does.
fn difference(exchange: &Value, status: u16, content_type: &str, body: &[u8]) -> Option<String> {
    let same_type = exchange["reply_type"].as_str().unwrap_or_default() == content_type;
    let same_body = bytes(exchange, "reply").is_none_or(|recorded| recorded == body);
    (exchange["status"] != status || !same_type || !same_body).then(|| {
        format!("{exchange}\n  got {status} {content_type} {}", String::from_utf8_lossy(body))
    })
}

fn recorded(name: &str) -> Vec<Value> {
    let lines = fs::read_to_string(folder().join(format!("{name}.jsonl"))).unwrap();
    lines.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Fails with some of the differences, if there are any.
#[track_caller]
fn check(answered: usize, different: &[String]) {
    let (count, shown) = (different.len(), &different[..different.len().min(20)]);
    assert!(different.is_empty(), "{count} of {answered} differ:\n{}", shown.join("\n"));
}

/// Answers all recorded requests; returns how many.
fn replay(container: Container, name: &str) -> usize {
    let mut engines: HashMap<(PathBuf, bool), Engine> = HashMap::new();
    let mut different = Vec::new();
    let recorded = recorded(name);
    for exchange in &recorded {
        let path = folder().join(name).join(exchange["model"].as_str().unwrap());
        let profile = profile(container, exchange);
        let key = (path, profile.inference_ensemble);
        let engine = engines.entry(key).or_insert_with_key(|(path, _)| {
            profile.open_options(OpenOptions::new().instances(1)).open(path).unwrap()
        });
        let header = |key: &str| exchange[key].as_str().map(str::to_owned);
        let headers = Headers { content_type: header("content_type"), accept: header("accept") };
        let mut reply = Reply::default();
        let body = bytes(exchange, "body").unwrap();
        profile.answer(&headers, &body, engine, &Terms::default(), &mut reply);
        let unusual = reply.headers.iter().find(|(name, _)| *name == "content-type");
        let content_type = unusual.map_or(reply.content_type, |(_, value)| value);
        different.extend(difference(exchange, reply.status, content_type, &reply.body));
    }
    check(recorded.len(), &different);
    recorded.len()
}

/// Answers the recorded requests to one model, without variables, by a server.
fn replay_over_http(container: Container, name: &str, model: &str, options: &OpenOptions) {
    let server = bound(Serve { threads: Some(1), profile: Some(container), ..Serve::default() });
    server.install(Registry::open(&folder().join(name).join(model), options).unwrap());
    let mut client = Client::connect(server.address());
    let mut recorded = recorded(name);
    recorded.retain(|exchange| exchange["model"] == model && exchange["env"].is_null());
    let mut different = Vec::new();
    for exchange in &recorded {
        let mut headers = String::new();
        for (name, key) in [("Content-Type", "content_type"), ("Accept", "accept")] {
            if let Some(value) = exchange[key].as_str() {
                headers.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let body = bytes(exchange, "body").unwrap();
        let response = client.post("/invocations", &headers, body);
        let content_type = response.header("content-type").unwrap_or_default();
        different.extend(difference(exchange, response.status, content_type, &response.body));
    }
    assert!(recorded.len() > 30);
    check(recorded.len(), &different);
}

#[test]
fn xgboost_container_is_imitated_byte_by_byte() {
    assert!(replay(Container::Xgboost, "xgboost") > 400);
}

#[test]
fn scikit_learn_container_is_imitated_byte_by_byte() {
    assert!(replay(Container::Sklearn, "sklearn") > 100);
}

#[test]
fn containers_are_imitated_over_http() {
    let here = OpenOptions::new().instances(1);
    replay_over_http(Container::Xgboost, "xgboost", "binary-logistic", &here);
    replay_over_http(Container::Sklearn, "sklearn", "integers", &here);
    // Run by a thread of its own, for which the connection's does not wait.
    let elsewhere = here.max_queue_delay(Duration::from_micros(100)).max_batch_rows(64);
    replay_over_http(Container::Xgboost, "xgboost", "binary-logistic", &elsewhere);
}
