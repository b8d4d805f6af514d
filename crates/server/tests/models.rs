//! SageMaker's multi-model API: models that come and go.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use hotplate::Registry;
use hotplate_server::{Serve, Server};
use serde_json::{Value, json};
use support::{Client, Response, bound, models};

const DISTRICT: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";
const CSV: &str = "Content-Type: text/csv\r\n";

fn empty(settings: Serve) -> Server {
    let server = bound(Serve { multi_model: Some(true), threads: Some(2), ..settings });
    server.install(Registry::new());
    server
}

fn load(client: &mut Client, name: &str, url: &str) -> Response {
    let body = json!({"model_name": name, "url": url}).to_string();
    client.post("/models", "Content-Type: application/json\r\n", body)
}

fn delete(client: &mut Client, path: &str) -> Response {
    client.ask("DELETE", path)
}

fn shipped(model: &str) -> String {
    models().join(model).to_str().unwrap().to_owned()
}

fn refused(response: &Response) -> (u16, String) {
    assert_eq!(response.header("content-type"), Some("application/json"));
    (response.status, response.json()["reason"].as_str().unwrap().to_owned())
}

#[test]
fn server_without_models_is_alive_and_says_so() {
    let server = bound(Serve { multi_model: Some(true), ..Serve::default() });
    let mut client = Client::connect(server.address());
    assert_eq!(client.get("/ping").status, 200, "even before it can load any");
    server.install(Registry::new());
    assert_eq!(client.get("/ping").status, 200);
    assert_eq!(client.get("/models").json(), json!({"models": []}));
    let nobody = client.post("/invocations", CSV, DISTRICT);
    assert_eq!(refused(&nobody), (404, "unknown_model".into()));
    server.stop().unwrap();

    // Where models do not come and go, there is nothing to manage, and ready means warm.
    let server = bound(Serve::default());
    let mut client = Client::connect(server.address());
    assert_eq!(client.get("/ping").status, 503);
    for path in ["/models", "/models/a"] {
        let response = client.get(path);
        assert_eq!(refused(&response), (404, "not_found".into()));
        assert!(!response.text().contains("/models and"), "{}", response.text());
    }
    server.stop().unwrap();
}

#[test]
fn loads_are_counted_as_sagemaker_names_them() {
    let server = empty(Serve::default());
    let mut client = Client::connect(server.address());
    let page = client.get("/metrics").text().to_owned();
    assert!(page.contains("LoadedModelCount 0\n") && !page.contains("ModelCacheHit"), "{page}");
    assert_eq!(load(&mut client, "4a8f", &shipped("housing")).status, 200);
    for _ in 0..3 {
        assert_eq!(client.post("/models/4a8f/invoke", CSV, DISTRICT).status, 200);
    }
    assert_eq!(client.post("/models/other/invoke", CSV, DISTRICT).status, 404);
    let of = "{EndpointName=\"4a8f\",VariantName=\"AllTraffic\"}";
    let shows = |page: &str, sample: &str| {
        assert!(page.lines().any(|line| line == sample), "no {sample} in\n{page}");
    };
    let page = client.get("/metrics").text().to_owned();
    shows(&page, "LoadedModelCount 1");
    // The first request is the one that it came for.
    shows(&page, &format!("ModelCacheHit_sum{of} 2"));
    shows(&page, &format!("ModelCacheHit_count{of} 3"));
    shows(&page, "ModelCacheHit_sum{EndpointName=\"\",VariantName=\"\"} 0");
    shows(&page, "ModelCacheHit_count{EndpointName=\"\",VariantName=\"\"} 1");
    shows(&page, &format!("ModelUnloadingTime_count{of} 0"));
    assert!(page.contains(&format!("ModelLoadingTime{of} ")), "{page}");
    assert_eq!(delete(&mut client, "/models/4a8f").status, 200);
    let page = client.get("/metrics").text().to_owned();
    shows(&page, "LoadedModelCount 0");
    shows(&page, &format!("ModelUnloadingTime_count{of} 1"));
    let took =
        page.lines().find_map(|line| line.strip_prefix(&format!("ModelUnloadingTime_sum{of} ")));
    assert!(took.unwrap().parse::<f64>().unwrap() > 0.0, "{page}");
    assert!(!page.contains(&format!("ModelLoadingTime{of} ")), "{page}");
    server.stop().unwrap();
}

#[test]
fn model_comes_answers_and_goes() {
    let server = empty(Serve::default());
    let mut client = Client::connect(server.address());
    let url = shipped("housing");
    let loaded = load(&mut client, "4a8f", &url);
    assert_eq!((loaded.status, loaded.json()), (200, json!({"status": "Workers scaled"})));
    let headers = format!("{CSV}X-Amzn-SageMaker-Target-Model: houses/v1.tar.gz\r\n");
    let answer = client.post("/models/4a8f/invoke", &headers, DISTRICT);
    assert_eq!(answer.status, 200, "{}", answer.text());

    let about = json!({"modelName": "4a8f", "modelUrl": url});
    assert_eq!(client.get("/models/4a8f").json(), about);
    assert_eq!(client.get("/models").json(), json!({"models": [about]}));

    let again = load(&mut client, "4a8f", &url);
    assert_eq!(refused(&again), (409, "model_exists".into()));
    assert_eq!(again.json()["error"], "Model 4a8f is already registered.");

    let gone = delete(&mut client, "/models/4a8f");
    assert_eq!((gone.status, gone.json()), (200, json!({"status": "Model \"4a8f\" unregistered"})));
    for response in [
        delete(&mut client, "/models/4a8f"),
        client.get("/models/4a8f"),
        client.post("/models/4a8f/invoke", CSV, DISTRICT),
    ] {
        assert_eq!(refused(&response), (404, "unknown_model".into()));
    }
    assert_eq!(load(&mut client, "4a8f", &url).status, 200, "its name is free again");
    server.stop().unwrap();
}

#[test]
fn model_is_loaded_from_a_folder_or_a_file() {
    let server = bound(Serve { multi_model: Some(true), ..Serve::default() });
    let registry = Registry::new();
    server.install(registry.clone());
    let mut client = Client::connect(server.address());
    for url in [shipped("housing"), shipped("housing/model.onnx")] {
        assert_eq!(load(&mut client, "a", &url).status, 200, "{url}");
        assert_eq!(client.post("/models/a/invoke", CSV, DISTRICT).status, 200);
        let engine = Arc::downgrade(registry.load().get("a").unwrap().variants()[0].engine());
        assert_eq!(delete(&mut client, "/models/a").status, 200);
        assert!(engine.upgrade().is_none(), "nobody holds what is removed");
    }
    server.stop().unwrap();
}

#[test]
fn requests_to_load_that_are_wrong_are_refused() {
    let server = empty(Serve::default());
    let mut client = Client::connect(server.address());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.onnx"), b"no graph at all").unwrap();
    let broken = folder.path().to_str().unwrap();
    let pickled = tempfile::tempdir().unwrap();
    fs::write(pickled.path().join("model.pkl"), b"\x80\x04.").unwrap();
    let pickled = pickled.path().to_str().unwrap();
    let url = shipped("housing");
    let cases: &[(Value, u16, &str)] = &[
        (json!({"model_name": "a"}), 400, "bad_field"),
        (json!({"url": url}), 400, "bad_field"),
        (json!({"model_name": 7, "url": url}), 400, "bad_field"),
        (json!({"model_name": "", "url": url}), 400, "bad_field"),
        (json!({"model_name": "a/b", "url": url}), 400, "bad_field"),
        (json!({"model_name": "a", "url": ["x"]}), 400, "bad_field"),
        (json!([1]), 400, "bad_field"),
        (json!({"model_name": "a", "url": "/nowhere/at/all"}), 404, "no_model"),
        (json!({"model_name": "a", "url": shipped("../crates")}), 404, "no_model"),
        (json!({"model_name": "a", "url": broken}), 400, "bad_model"),
        (json!({"model_name": "a", "url": pickled}), 400, "bad_model"),
    ];
    for (body, status, reason) in cases {
        let response = client.post("/models", "", body.to_string());
        assert_eq!(refused(&response), (*status, (*reason).to_owned()), "{body}");
    }
    let response = client.post("/models", "", "{\"model_name\": ");
    assert_eq!(refused(&response), (400, "bad_field".into()));
    assert_eq!(client.get("/models").json(), json!({"models": []}));
    // A field that nobody knows is passed over, and a name that failed is free.
    let body = json!({"model_name": "a", "url": url, "initial_workers": 1}).to_string();
    assert_eq!(client.post("/models", "", body).status, 200);

    for (method, path, allow) in [
        ("PUT", "/models/a", "GET, DELETE"),
        ("POST", "/models/a", "GET, DELETE"),
        ("DELETE", "/models", "GET, POST"),
        ("GET", "/models/a/invoke", "POST"),
    ] {
        let response = client.ask(method, path);
        assert_eq!(refused(&response), (405, "method_not_allowed".into()), "{method} {path}");
        assert_eq!(response.header("allow"), Some(allow));
    }
    server.stop().unwrap();
}

#[test]
fn model_for_which_there_is_no_memory_is_refused() {
    let server = empty(Serve { model_memory: Some(1 << 20), ..Serve::default() });
    let mut client = Client::connect(server.address());
    let response = load(&mut client, "a", &shipped("housing"));
    assert_eq!(refused(&response), (507, "insufficient_memory".into()));
    assert_eq!(client.get("/models/a").status, 404);
    // The name is not taken by what did not come.
    let response = load(&mut client, "a", "/nowhere/at/all");
    assert_eq!(refused(&response), (404, "no_model".into()));
    server.stop().unwrap();
}

#[test]
fn list_comes_in_pages() {
    let server = empty(Serve::default());
    let mut client = Client::connect(server.address());
    let url = shipped("housing/model.onnx");
    let names = ["a", "b", "c", "d", "e"];
    // Not in the order of the list.
    for name in names.iter().rev() {
        assert_eq!(load(&mut client, name, &url).status, 200);
    }
    let mut page = |query: &str| {
        let document = client.get(&format!("/models{query}")).json();
        let models = document["models"].as_array().unwrap();
        let names: Vec<String> =
            models.iter().map(|model| model["modelName"].as_str().unwrap().to_owned()).collect();
        (names.concat(), document["nextPageToken"].as_str().map(str::to_owned))
    };
    let next = |token: &str| Some(token.to_owned());
    assert_eq!(page(""), ("abcde".into(), None));
    assert_eq!(page("?limit=2"), ("ab".into(), next("2")));
    assert_eq!(page("?limit=2&next_page_token=2"), ("cd".into(), next("4")));
    assert_eq!(page("?limit=2&next_page_token=4"), ("e".into(), None));
    assert_eq!(page("?limit=5"), ("abcde".into(), None), "a full page may be the last");
    assert_eq!(page("?limit=0"), (String::new(), next("0")));
    assert_eq!(page("?limit=500&next_page_token=garbage"), ("abcde".into(), None));
    server.stop().unwrap();
}

#[test]
fn others_are_answered_while_models_come_and_go() {
    let server = empty(Serve::default());
    let address = server.address();
    let mut client = Client::connect(address);
    assert_eq!(load(&mut client, "stays", &shipped("housing")).status, 200);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                while !done.load(Relaxed) {
                    let answer = client.post("/models/stays/invoke", CSV, DISTRICT);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
        // One is loaded once, by however many at once.
        let loads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    load(&mut Client::connect(address), "comes", &shipped("churn")).status
                })
            })
            .collect();
        let mut statuses: Vec<u16> = loads.into_iter().map(|load| load.join().unwrap()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
        for _ in 0..5 {
            assert_eq!(delete(&mut client, "/models/comes").status, 200);
            assert_eq!(load(&mut client, "comes", &shipped("churn")).status, 200);
        }
        done.store(true, Relaxed);
    });
    server.stop().unwrap();
}

#[test]
fn removal_waits_for_the_requests_at_hand() {
    let server = empty(Serve::default());
    let mut client = Client::connect(server.address());
    assert_eq!(load(&mut client, "a", &shipped("housing")).status, 200);
    let mut slow = Client::connect(server.address());
    let head = format!("POST /models/a/invoke HTTP/1.1\r\nHost: t\r\n{CSV}Content-Length: ");
    slow.send(format!("{head}{}\r\n\r\n8.3252,", DISTRICT.len()).as_bytes());
    thread::sleep(Duration::from_millis(100));
    client.send(b"DELETE /models/a HTTP/1.1\r\nHost: t\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    assert!(!client.has_reply(), "somebody still asks the model");
    let mut other = Client::connect(server.address());
    assert_eq!(other.post("/models/a/invoke", CSV, DISTRICT).status, 404, "it is not to be had");
    let again = load(&mut other, "a", &shipped("housing"));
    assert_eq!(again.status, 409, "its memory is not free yet");
    slow.send(&DISTRICT.as_bytes()[7..]);
    assert_eq!(slow.receive().status, 200, "who came before is answered");
    assert_eq!(client.receive().status, 200);
    server.stop().unwrap();
}

#[test]
fn execution_parameters_are_told() {
    let server = bound(Serve { threads: Some(2), ..Serve::default() });
    let mut client = Client::connect(server.address());
    let expected = json!({"MaxConcurrentTransforms": 2, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 25});
    assert_eq!(client.get("/execution-parameters").json(), expected);
    assert_eq!(client.ask("POST", "/execution-parameters").status, 405);
    server.stop().unwrap();
}

/// Compiling steps back behind those who answer; what then answers must not.
#[cfg(target_os = "linux")]
#[test]
fn threads_of_a_model_that_came_later_are_as_good_as_others() {
    let serve = Serve { multi_model: Some(true), port: Some(0), ..Serve::default() };
    let mut config = hotplate_server::Settings::from(serve).into_config().unwrap();
    config.open = hotplate::OpenOptions::new().max_queue_delay(Duration::from_millis(1));
    let server = Server::bind(&config).unwrap();
    server.install(Registry::new());
    let mut client = Client::connect(server.address());
    assert_eq!(load(&mut client, "a", &shipped("housing")).status, 200);
    let mut lanes = 0;
    for thread in fs::read_dir("/proc/self/task").unwrap() {
        // Others may end meanwhile.
        let Ok(stat) = fs::read_to_string(thread.unwrap().path().join("stat")) else { continue };
        let (name, fields) = stat.rsplit_once(") ").unwrap();
        if name.contains("(hotplate-lane-") {
            lanes += 1;
            assert_eq!(fields.split(' ').nth(16), Some("0"), "{stat}");
        }
    }
    assert!(lanes > 0);
    server.stop().unwrap();
}
