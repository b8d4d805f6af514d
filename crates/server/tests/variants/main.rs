//! Versions that share the traffic, watch it, and change while requests are answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod admin;
#[path = "../../../engine/tests/support/onnx.rs"]
mod onnx;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate::{Endpoint, Engine, OpenOptions, Registry, Shadow, ShadowTerms, Variant};
use hotplate_codec::Format;
use hotplate_server::{Admin, Handler, Head, Reply, Scratch, Serve, Server, Settings};
use serde_json::{Value, json};
use support::{Client, Response, bound};

const CSV: &str = "Content-Type: text/csv\r\n";
const ROW: &str = "-1,0\n";

/// A server with an admin API of what lies in a folder.
struct Served {
    server: Server,
    root: tempfile::TempDir,
}

impl Served {
    /// `config` is the folder's own; `write` puts the models into it.
    fn new(config: &str, write: impl FnOnce(&Path)) -> Self {
        let root = tempfile::tempdir().unwrap();
        write(root.path());
        let name = format!("[endpoint]\nname = \"answers\"\n{config}");
        fs::write(root.path().join("hotplate.toml"), name).unwrap();
        let server = bound(Settings {
            serve: Serve { threads: Some(2), ..Serve::default() },
            admin: Admin {
                port: Some(0),
                token: Some("secret".to_owned().into()),
                ..Admin::default()
            },
            ..Settings::default()
        });
        server.install(Registry::open(root.path(), &OpenOptions::new()).unwrap());
        Self { server, root }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Response {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.admin_with("Authorization: Bearer secret\r\n", method, path, &body)
    }

    fn admin_with(&self, headers: &str, method: &str, path: &str, body: &str) -> Response {
        let mut client = Client::connect(self.server.admin_address().unwrap());
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        client.send(request.as_bytes());
        client.receive()
    }

    fn state(&self) -> Value {
        let response = self.admin("GET", "/endpoints/answers", &Value::Null);
        assert_eq!(response.status, 200);
        response.json()
    }

    fn wait_until(&self, what: impl Fn(&Value) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !what(&self.state()) {
            assert!(Instant::now() < end, "it never came to that: {}", self.state());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One model in the folder, and `a`, `b`: three that differ in how likely they say `yes` is.
fn models(folder: &Path) {
    onnx::write(folder, &onnx::stump(0.125, 0.125));
    onnx::write(&folder.join("a"), &onnx::stump(0.25, 0.25));
    onnx::write(&folder.join("b"), &onnx::stump(0.75, 0.75));
}

/// The two below the folder.
fn two(folder: &Path) {
    models(folder);
    fs::remove_file(folder.join("model.onnx")).unwrap();
}

const TWO: &str = "[[variant]]\nname = \"v1\"\nmodel = \"a\"\nweight = 3\n\n\
                   [[variant]]\nname = \"v2\"\nmodel = \"b\"\n";

fn score(response: &Response) -> f64 {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["predictions"][0]["score"].as_f64().unwrap()
}

#[test]
fn traffic_is_shared_and_target_variant_overrides() {
    let served = Served::new(TWO, two);
    let mut client = Client::connect(served.address());
    let scores: Vec<f64> =
        (0..400).map(|_| score(&client.post("/invocations", CSV, ROW))).collect();
    let first = scores.iter().filter(|&&score| score == 0.25).count();
    assert!(first.abs_diff(300) <= 4, "{first}");
    for (name, expected) in [("v1", 0.25), ("v2", 0.75)] {
        let headers = format!("{CSV}X-Amzn-SageMaker-Target-Variant: {name}\r\n");
        for path in ["/invocations", "/models/answers/invoke"] {
            assert_eq!(score(&client.post(path, &headers, ROW)), expected);
        }
    }
    let headers = format!("{CSV}x-amzn-sagemaker-target-variant: v3\r\n");
    let refused = client.post("/invocations", &headers, ROW);
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &"unknown_variant".into()));
    assert!(refused.text().contains("there is v1 or v2"), "{}", refused.text());
    let metrics = client.get("/metrics");
    let share = "hotplate_variant_share{model=\"answers\",variant=\"v1\"} 0.75\n";
    assert!(metrics.text().contains(share), "{}", metrics.text());
    served.server.stop().unwrap();
}

/// A handler of one endpoint, with a shadow or without.
fn handler(shadow: Option<Shadow>) -> Handler {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), &onnx::copies(1));
    let engine = Engine::open(folder.path()).unwrap();
    let variant = Variant::new("v1", engine).unwrap();
    let registry = Registry::new();
    registry.insert(Endpoint::with_variants("copies", vec![variant], shadow).unwrap()).unwrap();
    let handler = Handler::new(Format::Json);
    handler.install(registry);
    handler
}

fn ask(handler: &Handler, scratch: &mut Scratch, body: &[u8]) -> (u16, Vec<u8>) {
    let head = Head { method: "POST", path: "/invocations", ..Head::default() };
    let admitted = handler.admit(&head).unwrap();
    let mut reply = Reply::default();
    handler.answer(&admitted, body, scratch, &mut reply);
    (reply.status, reply.body)
}

#[test]
fn shadow_that_fails_or_dawdles_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write_failing(&folder.path().join("failing"));
    onnx::write(&folder.path().join("slow"), &onnx::copies(1));
    let slow = OpenOptions::new().max_queue_delay(Duration::from_millis(300)).max_batch_rows(64);
    for (name, options) in [("failing", OpenOptions::new()), ("slow", slow)] {
        let engine = options.instances(1).open(folder.path().join(name)).unwrap();
        let variant = Variant::new(name, engine).unwrap();
        let handler = handler(Some(Shadow::start(variant, ShadowTerms::default()).unwrap()));
        let mut scratch = Scratch::default();
        let start = Instant::now();
        for _ in 0..2_000 {
            let (status, body) = ask(&handler, &mut scratch, b"1,2\n");
            assert_eq!((status, &body[..]), (200, &b"{\"predictions\":[{\"y\":[1.0,2.0]}]}"[..]));
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{name}: {:?}", start.elapsed());
        // Bad rows are no matter for a shadow.
        assert_eq!(ask(&handler, &mut scratch, b"1,two\n").0, 400);
    }
}

#[test]
fn shadow_sees_what_was_asked_and_never_answers() {
    let served = Served::new("", models);
    let mut client = Client::connect(served.address());
    let shadow = json!({"model": "b", "name": "next", "tolerance": 0.5});
    let response = served.admin("PUT", "/endpoints/answers/shadow", &shadow);
    assert_eq!(response.status, 200, "{}", response.text());
    for _ in 0..20 {
        assert_eq!(score(&client.post("/invocations", CSV, "1,2\n3,4\n")), 0.125);
    }
    served.wait_until(|state| state["shadow"]["requests"] == 20);
    let shadow = &served.state()["shadow"];
    assert_eq!(shadow["name"], "next");
    assert_eq!((&shadow["rows"], &shadow["beyond_tolerance"]), (&json!(40), &json!(40)));
    assert_eq!(
        (&shadow["label_flips"], &shadow["largest_difference"]),
        (&json!(40), &json!(0.625))
    );
    let metrics = client.get("/metrics").text().to_owned();
    let flips = "hotplate_shadow_label_flips_total{model=\"answers\",variant=\"next\"} 40\n";
    assert!(metrics.contains(flips), "{metrics}");
    let headers = format!("{CSV}X-Amzn-SageMaker-Target-Variant: next\r\n");
    assert_eq!(client.post("/invocations", &headers, ROW).status, 400, "not even when it is asked");
    // Many rows, which are answered in pieces where nobody watches.
    let many = client.post("/invocations", CSV, "1,2\n".repeat(5000));
    assert_eq!(many.json()["predictions"].as_array().unwrap().len(), 5000);
    served.wait_until(|state| state["shadow"]["rows"] == 5040);
    let none = served.admin("DELETE", "/endpoints/answers/shadow", &Value::Null);
    assert_eq!((none.status, &none.json()["shadow"]), (200, &Value::Null));
    served.server.stop().unwrap();
}

/// Says that something is done, come what may.
struct Done<'d>(&'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Asks from two connections until `change` is done; nothing may fail. Gives the number of requests.
fn under_load(address: SocketAddr, row: &str, change: impl FnOnce()) -> usize {
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                while !done.load(Relaxed) {
                    let response = client.post("/invocations", CSV, row);
                    assert_eq!(response.status, 200, "{}", response.text());
                    asked.fetch_add(1, Relaxed);
                }
            });
        }
        let _done = Done(&done);
        change();
    });
    asked.load(Relaxed)
}

#[test]
fn swap_under_load_fails_no_request() {
    let served = Served::new("probation = 50\n", models);
    let asked = under_load(served.address(), ROW, || {
        for model in ["a", "b", "a", "b", "a", "b"] {
            let body = json!({ "model": model });
            let path = "/endpoints/answers/variants/AllTraffic";
            let response = served.admin("PUT", path, &body);
            assert_eq!(response.status, 200, "{}", response.text());
            // It is routable when that is said.
            let mut client = Client::connect(served.address());
            let expected = if model == "a" { 0.25 } else { 0.75 };
            assert_eq!(score(&client.post("/invocations", CSV, ROW)), expected);
            served.wait_until(|state| state["variants"][0]["probation"].is_null());
        }
    });
    assert!(asked >= 300, "{asked}");
    let state = served.state();
    assert_eq!(state["events"].as_array().unwrap().len(), 12, "{state}");
    served.server.stop().unwrap();
}

#[test]
fn swap_in_a_handler_under_load_fails_no_request() {
    let root = tempfile::tempdir().unwrap();
    onnx::write(root.path(), &onnx::copies(1));
    let registry = Registry::open(root.path(), &OpenOptions::new().name("copies")).unwrap();
    let handler = Handler::new(Format::Json);
    handler.install(registry.clone());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut scratch = Scratch::default();
                while !done.load(Relaxed) {
                    assert_eq!(ask(&handler, &mut scratch, b"1,2\n").0, 200);
                }
            });
        }
        let _done = Done(&done);
        for _ in 0..20 {
            let version = registry.open_version(root.path()).unwrap();
            let swap = |endpoint: &Endpoint| endpoint.with_version("AllTraffic", version, None);
            registry.update("copies", swap).unwrap();
        }
    });
}

#[test]
fn version_that_fails_at_first_is_taken_back_and_no_client_sees_it() {
    let served = Served::new("", |folder| {
        onnx::write(folder, &onnx::copies(1));
        onnx::write_failing(&folder.join("failing"));
        // One that threads of its own run.
        let apart = folder.join("apart");
        onnx::write_failing(&apart);
        let mut text = fs::read_to_string(apart.join("hotplate.toml")).unwrap();
        text.push_str("max_queue_delay = \"2ms\"\nmax_batch_rows = 64\n");
        fs::write(apart.join("hotplate.toml"), text).unwrap();
    });
    let path = "/endpoints/answers/variants/AllTraffic";
    let asked = under_load(served.address(), "1,2\n", || {
        for (rolled_back, model) in (1..).zip(["failing", "apart", "failing"]) {
            let response = served.admin("PUT", path, &json!({ "model": model }));
            assert_eq!(response.status, 200, "{}", response.text());
            served.wait_until(|state| {
                let events = state["events"].as_array().unwrap();
                events.iter().filter(|event| event["event"] == "rolled_back").count() == rolled_back
            });
        }
    });
    assert!(asked > 0);
    let state = served.state();
    assert_eq!(state["variants"][0]["model"], served.root.path().to_str().unwrap());
    assert!(state["events"][1]["problem"].as_str().unwrap().contains("answers failed"), "{state}");
    let metrics = Client::connect(served.address()).get("/metrics");
    let changes = "hotplate_variant_changes_total{model=\"answers\",change=\"rolled_back\"} 3\n";
    assert!(metrics.text().contains(changes), "{}", metrics.text());
    served.server.stop().unwrap();
}

#[test]
fn bad_rows_do_not_take_a_version_back() {
    let served = Served::new("probation = 20\n", models);
    let path = "/endpoints/answers/variants/AllTraffic";
    assert_eq!(served.admin("PUT", path, &json!({"model": "b"})).status, 200);
    let mut client = Client::connect(served.address());
    for _ in 0..10 {
        assert_eq!(client.post("/invocations", CSV, "one,two\n").status, 400);
        assert_eq!(score(&client.post("/invocations", CSV, ROW)), 0.75);
    }
    assert!(served.state()["variants"][0]["probation"].is_null());
    assert_eq!(served.state()["events"][1]["event"], "confirmed");
    served.server.stop().unwrap();
}

#[test]
fn version_that_does_not_reproduce_its_golden_rows_is_never_routable() {
    let names = "[model]\ncolumns = [\"p\", \"q\"]\n";
    let served = Served::new(names, |folder| {
        models(folder);
        fs::write(folder.join("b/hotplate.toml"), names).unwrap();
        let golden = "p,q,output.label\n-1,0,yes\n1,0,no\n";
        fs::write(folder.join("b/golden.csv"), golden).unwrap();
    });
    let asked = under_load(served.address(), ROW, || {
        let path = "/endpoints/answers/variants/AllTraffic";
        let response = served.admin("PUT", path, &json!({"model": "b"}));
        assert_eq!(response.status, 422, "{}", response.text());
        assert_eq!(response.json()["reason"], "wrong_answers");
        assert!(response.text().contains("1 of 2 golden rows"), "{}", response.text());
    });
    assert!(asked > 0);
    assert_eq!(score(&Client::connect(served.address()).post("/invocations", CSV, ROW)), 0.125);
    assert_eq!(served.state()["events"][0]["event"], "refused");
    served.server.stop().unwrap();
}
