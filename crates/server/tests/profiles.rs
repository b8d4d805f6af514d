//! The exchanges that `profiles/record.py` recorded with SageMaker's own containers, once more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use hotplate::{Combine, Engine, OpenOptions};
use hotplate_server::{Container, Headers, Profile, Reply};
use serde_json::Value;

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
        ..Profile::new(container)
    }
}

/// How the reply differs from the recorded one, if it does.
fn difference(exchange: &Value, reply: &Reply) -> Option<String> {
    let unusual = reply.headers.iter().find(|(name, _)| *name == "content-type");
    let content_type = unusual.map_or(reply.content_type, |(_, value)| value);
    let body = bytes(exchange, "reply");
    let same_type = exchange["reply_type"].as_str().unwrap_or_default() == content_type;
    let same_body = body.as_ref().is_none_or(|body| *body == reply.body);
    (reply.status != exchange["status"] || !same_type || !same_body).then(|| {
        format!(
            "{exchange}\n  got {} {content_type} {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        )
    })
}

/// Answers all recorded requests; returns how many.
fn replay(container: Container, name: &str) -> usize {
    let recorded = fs::read_to_string(folder().join(format!("{name}.jsonl"))).unwrap();
    let mut engines: HashMap<PathBuf, Engine> = HashMap::new();
    let mut different = Vec::new();
    let mut answered = 0;
    for line in recorded.lines().skip(1) {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let model = exchange["model"].as_str().unwrap();
        let mut path = folder().join(name).join(model);
        if exchange["env"]["SAGEMAKER_INFERENCE_ENSEMBLE"] == "false" {
            path.push("xgboost-model-00");
        }
        let engine = engines.entry(path).or_insert_with_key(|path| {
            OpenOptions::new().combine(Combine::Xgboost).instances(1).open(path).unwrap()
        });
        let header = |key: &str| exchange[key].as_str().map(str::to_owned);
        let headers = Headers { content_type: header("content_type"), accept: header("accept") };
        let mut reply = Reply::default();
        let body = bytes(&exchange, "body").unwrap();
        profile(container, &exchange).answer(&headers, &body, engine, &mut reply);
        different.extend(difference(&exchange, &reply));
        answered += 1;
    }
    let (count, shown) = (different.len(), &different[..different.len().min(20)]);
    assert!(different.is_empty(), "{count} of {answered} differ:\n{}", shown.join("\n"));
    answered
}

#[test]
fn xgboost_container_is_imitated_byte_by_byte() {
    assert!(replay(Container::Xgboost, "xgboost") > 400);
}

#[test]
fn scikit_learn_container_is_imitated_byte_by_byte() {
    assert!(replay(Container::Sklearn, "sklearn") > 100);
}
