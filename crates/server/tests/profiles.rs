//! The exchanges that `profiles/record.py` recorded with SageMaker's own containers, once more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../engine/tests/support/onnx.rs"]
mod onnx;
mod support;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use hotplate::{OpenOptions, Registry};
use hotplate_codec::Format;
use hotplate_server::{
    Admin, Container, Handler, Head, Profile, Reply, Scratch, Serve, Server, Settings,
};
use serde_json::{Value, json};
use support::{Client, Response, bound, models};

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
    let mut registries: HashMap<(PathBuf, bool), Registry> = HashMap::new();
    let mut different = Vec::new();
    let recorded = recorded(name);
    for exchange in &recorded {
        let path = folder().join(name).join(exchange["model"].as_str().unwrap());
        let profile = profile(container, exchange);
        let key = (path, profile.inference_ensemble);
        let registry = registries.entry(key).or_insert_with_key(|(path, _)| {
            let options = profile.open_options(OpenOptions::new().instances(1));
            Registry::open(path, &options).unwrap()
        });
        let handler = Handler::new(Format::Json).imitate(profile);
        handler.install(registry.clone());
        let head = Head {
            method: "POST",
            path: "/invocations",
            content_type: exchange["content_type"].as_str(),
            accept: exchange["accept"].as_str(),
            ..Head::default()
        };
        let (mut scratch, mut reply) = (Scratch::default(), Reply::default());
        let body = bytes(exchange, "body").unwrap();
        handler.answer(&handler.admit(&head).unwrap(), &body, &mut scratch, &mut reply);
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

const CSV: &str = "Content-Type: text/csv\r\n";

/// Two rows that the container of scikit-learn reads.
const ROWS: &str = "-1,0\n1,0\n";

/// A server under a profile, with an admin API, of what `write` puts into a folder.
fn imitating(
    container: Container,
    config: &str,
    write: impl FnOnce(&Path),
) -> (Server, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    write(root.path());
    let config = format!("[endpoint]\nname = \"answers\"\n{config}");
    fs::write(root.path().join("hotplate.toml"), config).unwrap();
    let server = bound(Settings {
        serve: Serve { threads: Some(2), profile: Some(container), ..Serve::default() },
        admin: Admin { port: Some(0), token: Some("secret".to_owned().into()), ..Admin::default() },
        ..Settings::default()
    });
    server.install(Registry::open(root.path(), &OpenOptions::new()).unwrap());
    (server, root)
}

fn admin(server: &Server, method: &str, path: &str, body: &Value) -> Response {
    let mut client = Client::connect(server.admin_address().unwrap());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} /endpoints/answers{path} HTTP/1.1\r\nHost: test\r\n\
         Authorization: Bearer secret\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.send(head.as_bytes());
    client.receive()
}

fn state(server: &Server) -> Value {
    admin(server, "GET", "", &Value::Null).json()
}

fn wait_until(server: &Server, what: impl Fn(&Value) -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what(&state(server)) {
        assert!(Instant::now() < end, "it never came to that: {}", state(server));
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn shadow_sees_what_is_asked_under_a_profile() {
    let (server, _root) = imitating(Container::Sklearn, "", |folder| {
        onnx::write(folder, &onnx::stump(0.125, 0.125));
        onnx::write(&folder.join("next"), &onnx::stump(0.75, 0.75));
    });
    let shadow = admin(&server, "PUT", "/shadow", &json!({"model": "next", "tolerance": 0.5}));
    assert_eq!(shadow.status, 200, "{}", shadow.text());
    let mut client = Client::connect(server.address());
    for _ in 0..20 {
        let answer = client.post("/invocations", CSV, ROWS);
        assert_eq!((answer.status, answer.text()), (200, "[\"no\", \"no\"]"));
    }
    wait_until(&server, |state| state["shadow"]["requests"] == 20);
    let shadow = &state(&server)["shadow"];
    assert_eq!((&shadow["rows"], &shadow["label_flips"]), (&json!(40), &json!(40)));
    assert_eq!((&shadow["failed"], &shadow["dropped"]), (&json!(0), &json!(0)));
    // A body that cannot be read is nothing to see.
    assert_eq!(client.post("/invocations", CSV, "one,two\n1,2\n").status, 500);
    assert_eq!(state(&server)["shadow"]["requests"], 20);
    server.stop().unwrap();
}

#[test]
fn version_that_fails_at_first_is_taken_back_under_a_profile() {
    let (server, _root) = imitating(Container::Sklearn, "", |folder| {
        onnx::write(folder, &onnx::copies(1));
        onnx::write_failing(&folder.join("failing"));
        // One that threads of its own run.
        let apart = folder.join("apart");
        onnx::write_failing(&apart);
        let mut text = fs::read_to_string(apart.join("hotplate.toml")).unwrap();
        text.push_str("max_queue_delay = \"2ms\"\nmax_batch_rows = 64\n");
        fs::write(apart.join("hotplate.toml"), text).unwrap();
    });
    let mut client = Client::connect(server.address());
    let before = client.post("/invocations", CSV, ROWS);
    assert_eq!(before.status, 200, "{}", before.text());
    for (rolled_back, model) in (1..).zip(["failing", "apart"]) {
        let swapped = admin(&server, "PUT", "/variants/AllTraffic", &json!({ "model": model }));
        assert_eq!(swapped.status, 200, "{}", swapped.text());
        // Bad rows are not held against it.
        assert_eq!(client.post("/invocations", CSV, "one,two\n1,2\n").status, 500);
        assert!(!state(&server)["variants"][0]["probation"].is_null());
        // Nor does anybody see that it fails.
        let answer = client.post("/invocations", CSV, ROWS);
        assert_eq!((answer.status, &answer.body), (200, &before.body), "{model}");
        wait_until(&server, |state| {
            let events = state["events"].as_array().unwrap();
            events.iter().filter(|event| event["event"] == "rolled_back").count() == rolled_back
        });
    }
    assert!(state(&server)["variants"][0]["probation"].is_null());
    server.stop().unwrap();
}

#[test]
fn target_variant_sessions_and_times_are_as_without_a_profile() {
    const VARIANTS: &str = "[[variant]]\nname = \"v1\"\nmodel = \"a\"\n\n\
                            [[variant]]\nname = \"v2\"\nmodel = \"b\"\n";
    let (server, _root) = imitating(Container::Sklearn, VARIANTS, |folder| {
        onnx::write(&folder.join("a"), &onnx::stump(0.25, 0.25));
        onnx::write(&folder.join("b"), &onnx::stump(0.75, 0.75));
    });
    let mut client = Client::connect(server.address());
    for (variant, expected) in [("v1", "[\"no\", \"no\"]"), ("v2", "[\"yes\", \"yes\"]")] {
        let headers = format!("{CSV}X-Amzn-SageMaker-Target-Variant: {variant}\r\n");
        for _ in 0..4 {
            assert_eq!(client.post("/invocations", &headers, ROWS).text(), expected);
        }
    }
    let headers = format!("{CSV}X-Amzn-SageMaker-Target-Variant: v3\r\n");
    let refused = client.post("/invocations", &headers, ROWS);
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &"unknown_variant".into()));

    let session = |id: &str| format!("{CSV}X-Amzn-SageMaker-Session-Id: {id}\r\n");
    let opened = client.post("/invocations", &session("NEW_SESSION"), ROWS);
    assert_eq!(opened.status, 200);
    let id = opened.header("x-amzn-sagemaker-new-session-id").unwrap();
    let (id, _) = id.split_once("; Expires=").unwrap();
    assert_eq!(client.post("/invocations", &session(id), ROWS).status, 200);
    let refused = client.post("/invocations", &session("NEW_SESSION"), "one,two\n1,2\n");
    let new = refused.header("x-amzn-sagemaker-new-session-id");
    assert_eq!((refused.status, new), (500, None), "rows that are wrong open none");
    let closed = client.post("/invocations", &session(id), "{\"requestType\": \"CLOSE\"}");
    assert_eq!(closed.header("x-amzn-sagemaker-closed-session-id"), Some(id));
    let unknown = client.post("/invocations", &session(id), ROWS);
    assert_eq!((unknown.status, &unknown.json()["reason"]), (400, &"unknown_session".into()));

    let attributes = |text: &str| format!("{CSV}X-Amzn-SageMaker-Custom-Attributes: {text}\r\n");
    let timed = client.post("/invocations", &attributes("trace=1; timing"), ROWS);
    assert!(timed.header("server-timing").unwrap().starts_with("parse;dur="));
    let told = timed.header("x-amzn-sagemaker-custom-attributes").unwrap();
    assert!(told.starts_with("model=answers; variant=v"), "{told}");
    // The container takes no attributes, so that none can be wrong.
    let untold = client.post("/invocations", &attributes("timing=later; explain=all"), ROWS);
    assert_eq!((untold.status, untold.header("server-timing")), (200, None));

    // Whatever its length, a reply is whole.
    let many = client.post("/invocations", CSV, ROWS.repeat(5_000));
    assert_eq!((many.status, many.header("transfer-encoding")), (200, None));
    assert_eq!(many.json().as_array().unwrap().len(), 10_000);
    server.stop().unwrap();
}

#[test]
fn model_that_the_container_could_not_hold_is_refused_wherever_it_comes_from() {
    let server = bound(Serve {
        multi_model: Some(true),
        profile: Some(Container::Xgboost),
        ..Serve::default()
    });
    server.install(Registry::new());
    let mut client = Client::connect(server.address());
    let mut load = |name: &str, path: PathBuf| {
        let body = json!({"model_name": name, "url": path.to_str().unwrap()}).to_string();
        client.post("/models", "", body)
    };
    let refused = load("a", models().join("housing"));
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &"bad_model".into()));
    assert!(refused.text().contains("for models that XGBoost wrote"), "{}", refused.text());
    let loaded = load("a", folder().join("xgboost/binary-logistic"));
    assert_eq!(loaded.status, 200, "its name is free: {}", loaded.text());
    server.stop().unwrap();

    let server = bound(Serve {
        multi_model: Some(true),
        profile: Some(Container::Sklearn),
        ..Serve::default()
    });
    server.install(Registry::new());
    let body = json!({"model_name": "a", "url": models().join("churn").to_str().unwrap()});
    let refused = Client::connect(server.address()).post("/models", "", body.to_string());
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &"bad_model".into()));
    assert!(refused.text().contains("one table of numbers"), "{}", refused.text());
    server.stop().unwrap();

    // The admin API gives no variant a version of another kind.
    let (server, _root) = imitating(Container::Xgboost, "", |to| {
        let from = folder().join("xgboost/reg-squarederror");
        for file in fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    });
    let housing = models().join("housing");
    let body = json!({ "model": housing.to_str().unwrap() });
    let refused = admin(&server, "PUT", "/variants/AllTraffic", &body);
    assert_eq!((refused.status, &refused.json()["reason"]), (422, &"model_refused".into()));
    assert!(refused.text().contains("for models that XGBoost wrote"), "{}", refused.text());
    server.stop().unwrap();
}

#[test]
fn rows_that_are_not_asked_at_once_are_answered_in_their_places() {
    const ROWS: usize = 300_000;
    let handler = Handler::new(Format::Json).imitate(Profile::new(Container::Xgboost));
    let options = OpenOptions::new().instances(1);
    let path = folder().join("xgboost/binary-logistic");
    handler.install(Registry::open(&path, &options).unwrap());
    let mut scratch = Scratch::default();
    let mut ask = |body: &str| {
        let head = Head { method: "POST", path: "/invocations", ..Head::default() };
        let mut reply = Reply::default();
        handler.answer(&handler.admit(&head).unwrap(), body.as_bytes(), &mut scratch, &mut reply);
        assert_eq!((reply.status, reply.rows), (200, body.lines().count()));
        String::from_utf8(reply.body).unwrap()
    };
    // A table that lacks cells is made into rows block by block, each of some hundred thousand.
    let lines: Vec<String> =
        (0..ROWS).map(|row| format!("0 0:{} {}:1\n", row % 7, 1 + row % 3)).collect();
    let parts: String = lines.chunks(ROWS / 8).map(|part| ask(&part.concat())).collect();
    assert!(parts.lines().any(|line| Some(line) != parts.lines().next()));
    assert!(ask(&lines.concat()) == parts, "other answers");
}
