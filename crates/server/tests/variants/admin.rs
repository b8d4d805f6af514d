//! The admin API: who may ask, and every status.

use std::{process::Command, thread};

use super::*;

fn reason(response: &Response) -> (u16, String) {
    (response.status, response.json()["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn nobody_without_the_token_is_answered() {
    let served = Served::new("", models);
    let ask = |headers: &str| served.admin_with(headers, "GET", "/endpoints", "");
    let none = ask("");
    assert_eq!(reason(&none), (401, "unauthorized".into()));
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    assert_eq!(ask("Authorization: Basic secret\r\n").status, 401);
    assert_eq!(reason(&ask("Authorization: Bearer secrets\r\n")), (403, "forbidden".into()));
    let body = "{\"model\": \"b\"}";
    let path = "/endpoints/answers/variants/AllTraffic";
    assert_eq!(served.admin_with("", "PUT", path, body).status, 401);
    assert_eq!(served.state()["events"], json!([]), "nothing happened");

    // The doors lead to different rooms.
    let mut container = Client::connect(served.address());
    assert_eq!(container.get("/endpoints").status, 404);
    assert_eq!(served.admin("GET", "/ping", &Value::Null).status, 404);
    served.server.stop().unwrap();
}

#[test]
fn admin_api_is_off_and_on_loopback_unless_said_otherwise() {
    let config = |admin: Admin| Settings::from(admin).into_config();
    assert!(config(Admin::default()).unwrap().admin.is_none());
    let token = || Some("secret".to_owned().into());
    let admin = config(Admin { port: Some(81), token: token(), ..Admin::default() });
    let addresses = admin.unwrap().admin.unwrap().addresses;
    assert_eq!(addresses, ["127.0.0.1:81".parse().unwrap()]);
    let host = Some("0.0.0.0".to_owned());
    let admin = config(Admin { port: Some(81), token: token(), host, ..Admin::default() });
    assert_eq!(admin.unwrap().admin.unwrap().addresses, ["0.0.0.0:81".parse().unwrap()]);

    let error = config(Admin { port: Some(81), ..Admin::default() }).unwrap_err();
    assert!(error.to_string().contains("HOTPLATE_ADMIN_TOKEN"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let of_file =
        || config(Admin { port: Some(81), token_file: Some(file.clone()), ..Admin::default() });
    assert!(of_file().unwrap_err().to_string().contains("token_file"));
    fs::write(&file, "\n").unwrap();
    assert!(of_file().unwrap_err().to_string().contains("first line is empty"));
    fs::write(&file, " from a file \nmore\n").unwrap();
    let config = of_file().unwrap().admin.unwrap();
    assert_eq!(config.token.reveal(), "from a file");
    assert!(!format!("{config:?}").contains("from a file"), "a secret is not printed");
}

#[test]
fn endpoints_are_told() {
    let served = Served::new(TWO, two);
    let all = served.admin("GET", "/endpoints", &Value::Null).json();
    assert_eq!(all["endpoints"].as_array().unwrap().len(), 1);
    let state = served.state();
    assert_eq!(all["endpoints"][0], state);
    assert_eq!(state["name"], "answers");
    let variant = &state["variants"][1];
    assert_eq!((&variant["name"], &variant["weight"]), (&json!("v2"), &json!(1.0)));
    assert_eq!((&variant["share"], &variant["backend"]), (&json!(0.25), &json!("native")));
    assert_eq!(variant["model"], served.root.path().join("b").to_str().unwrap());
    assert_eq!(state["probation"], json!({"answers": 1000, "max_failures": 0}));
    served.server.stop().unwrap();
}

#[test]
fn variants_come_go_and_share_as_they_are_told() {
    let served = Served::new(TWO, two);
    let weights = json!({"v1": 0.0, "v2": 5});
    let state = served.admin("PUT", "/endpoints/answers/weights", &weights);
    assert_eq!(state.status, 200, "{}", state.text());
    assert_eq!(state.json()["variants"][1]["share"], 1.0);
    let mut client = Client::connect(served.address());
    assert!((0..50).all(|_| score(&client.post("/invocations", CSV, ROW)) == 0.75));

    let further = json!({"model": "a", "weight": 5.0});
    let state = served.admin("PUT", "/endpoints/answers/variants/v3", &further);
    assert_eq!(state.status, 200, "{}", state.text());
    assert_eq!(state.json()["variants"][2]["share"], 0.5);
    let trial = &state.json()["variants"][2]["probation"];
    assert_eq!((&trial["of"], &trial["before"]), (&json!(1000), &Value::Null));

    let gone = served.admin("DELETE", "/endpoints/answers/variants/v1", &Value::Null);
    assert_eq!((gone.status, gone.json()["variants"].as_array().unwrap().len()), (200, 2));
    let swap = json!({"model": "a"});
    assert_eq!(served.admin("PUT", "/endpoints/answers/variants/v2", &swap).status, 200);
    assert!((0..50).all(|_| score(&client.post("/invocations", CSV, ROW)) == 0.25));

    // Back to what was: the further variant goes, the other has its version again.
    let back = served.admin("POST", "/endpoints/answers/rollback", &Value::Null);
    assert_eq!(back.status, 200, "{}", back.text());
    assert!((0..50).all(|_| score(&client.post("/invocations", CSV, ROW)) == 0.75));
    assert_eq!(served.state()["variants"].as_array().unwrap().len(), 1);
    served.server.stop().unwrap();
}

#[test]
fn changes_that_cannot_be_made_are_refused() {
    let served = Served::new(TWO, |folder| {
        two(folder);
        onnx::write(&folder.join("other"), &onnx::copies(1));
        fs::create_dir(folder.join("empty")).unwrap();
        onnx::write(&folder.join("broken"), b"no model");
    });
    let before = served.state()["variants"].clone();
    let v1 = "/endpoints/answers/variants/v1";
    let weights = "/endpoints/answers/weights";
    let shadow = "/endpoints/answers/shadow";
    let back = "/endpoints/answers/rollback";
    for (method, path, body, status, expected) in [
        ("GET", "/endpoints/others", Value::Null, 404, "unknown_endpoint"),
        ("PUT", "/endpoints/others/weights", json!({"v1": 1}), 404, "unknown_endpoint"),
        ("PUT", "/endpoints/others/variants/v1", json!({"model": "a"}), 404, "unknown_endpoint"),
        ("DELETE", "/endpoints/answers/variants/v3", Value::Null, 404, "unknown_variant"),
        ("GET", "/endpoints/answers/more", Value::Null, 404, "not_found"),
        ("GET", "/", Value::Null, 404, "not_found"),
        ("POST", "/endpoints", Value::Null, 405, "method_not_allowed"),
        ("GET", weights, Value::Null, 405, "method_not_allowed"),
        ("PUT", weights, json!({"v3": 1}), 404, "unknown_variant"),
        ("PUT", weights, json!({"v1": -1}), 400, "bad_change"),
        ("PUT", weights, json!({"v1": "much"}), 400, "bad_change"),
        ("PUT", weights, json!([1]), 400, "bad_change"),
        ("PUT", weights, json!({"v1": 0, "v2": 0}), 422, "wrong_variants"),
        ("PUT", v1, json!({}), 400, "bad_change"),
        ("PUT", v1, json!({"model": 3}), 400, "bad_change"),
        ("PUT", v1, json!({"model": "a", "wieght": 1}), 400, "bad_change"),
        ("PUT", v1, json!({"model": "nowhere"}), 422, "no_model"),
        ("PUT", v1, json!({"model": "empty"}), 422, "no_model"),
        ("PUT", v1, json!({"model": "broken"}), 422, "model_refused"),
        ("PUT", v1, json!({"model": "other"}), 422, "variants_differ"),
        ("PUT", "/endpoints/answers/variants/v:1", json!({"model": "a"}), 422, "wrong_variants"),
        ("PUT", shadow, json!({"model": "other"}), 422, "variants_differ"),
        ("PUT", shadow, json!({"model": "a", "sample": 2}), 400, "bad_change"),
        ("PUT", shadow, json!({"model": "a", "name": "v1"}), 422, "wrong_variants"),
        ("POST", back, Value::Null, 409, "nothing_before"),
        ("POST", back, json!({"variant": "v3"}), 404, "unknown_variant"),
    ] {
        let response = served.admin(method, path, &body);
        assert_eq!(reason(&response), (status, expected.into()), "{method} {path} {body}");
    }
    let hint = served.admin("PUT", v1, &json!({"model": "a", "wieght": 1}));
    assert!(hint.text().contains("did you mean \\\"weight\\\"?"), "{}", hint.text());
    let authorized = "Authorization: Bearer secret\r\n";
    let broken = served.admin_with(authorized, "PUT", weights, "{\"v1\":");
    assert_eq!(reason(&broken), (400, "bad_change".into()));
    let long = served.admin_with(authorized, "PUT", weights, &" ".repeat(70_000));
    assert_eq!(reason(&long), (413, "body_too_large".into()));
    assert_eq!(served.state()["variants"], before, "everything is as it was");
    served.server.stop().unwrap();
}

#[test]
fn server_without_models_has_nothing_to_change() {
    let server = bound(Settings::from(Admin {
        port: Some(0),
        token: Some("secret".to_owned().into()),
        ..Admin::default()
    }));
    let mut client = Client::connect(server.admin_address().unwrap());
    client.send(b"GET /endpoints HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer secret\r\n\r\n");
    assert_eq!(reason(&client.receive()), (503, "not_ready".into()));
    server.stop().unwrap();
}

#[test]
fn one_model_is_opened_at_a_time() {
    let served = Served::new(TWO, two);
    onnx::write(&served.root.path().join("late"), &onnx::stump(0.5, 0.5));
    let pipe = served.root.path().join("late/golden.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let path = "/endpoints/answers/variants/v1";
    thread::scope(|scope| {
        // Whoever opens a pipe waits until somebody writes to it. A change of the other side may be the one that runs first.
        let first = scope.spawn(|| {
            loop {
                let first = served.admin("PUT", path, &json!({"model": "late"}));
                if first.status != 409 {
                    break first;
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let end = Instant::now() + Duration::from_secs(20);
        let second = loop {
            let second = served.admin("PUT", path, &json!({"model": "b"}));
            if second.status == 409 || Instant::now() > end {
                break second;
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(reason(&second), (409, "change_running".into()));
        // What needs no model to be opened goes on, and so do requests.
        let weights = json!({"v1": 1, "v2": 1});
        assert_eq!(served.admin("PUT", "/endpoints/answers/weights", &weights).status, 200);
        let mut client = Client::connect(served.address());
        assert_eq!(client.post("/invocations", CSV, ROW).status, 200);
        fs::write(&pipe, b"no golden rows").unwrap();
        assert_eq!(first.join().unwrap().status, 422);
    });
    assert_eq!(served.admin("PUT", path, &json!({"model": "b"})).status, 200);
    served.server.stop().unwrap();
}
