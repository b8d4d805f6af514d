use std::fs;

use serde_json::Value;

use crate::{
    served::Served,
    support::{hotplate, shipped},
};

#[test]
fn models_are_served_until_the_signal() {
    let served = Served::start(&["models", "--port", "0"], &[]);
    assert_eq!(served.ask("GET", "/ping", b"").0, 200);
    let rows = fs::read(shipped("churn/rows.json")).unwrap();
    let (status, body) = served.ask("POST", "/models/churn/invoke", &rows);
    assert_eq!(status, 200, "{body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["predictions"][4]["predicted_label"], "Yes");

    let address = served.address.clone();
    let (code, out, err) = served.stop();
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains("churn    native on cpu, 19 columns"), "{err}");
    assert!(err.contains("fraud    native on cpu, 30 columns"), "{err}");
    assert!(err.contains("1192 golden rows reproduced"), "{err}");
    let example = format!(
        "curl -s http://{address}/models/churn/invoke -H 'Content-Type: application/json' \
         --data @models/churn/rows.json"
    );
    assert!(err.contains(&example), "{err}");
}

#[test]
fn variables_say_what_flags_do_not() {
    let variables = [("HOTPLATE_MODEL", "models/churn"), ("HOTPLATE_PORT", "0")];
    let served = Served::start(&["--log-requests"], &variables);
    let rows = fs::read(shipped("churn/rows.json")).unwrap();
    assert_eq!(served.ask("POST", "/invocations", &rows).0, 200);
    let (code, out, err) = served.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("/invocations -H"), "{err}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let model = lines.iter().find(|line| line["event"] == "model_ready").unwrap();
    assert_eq!((&model["model"], &model["backend"]), (&"churn".into(), &"native".into()), "{out}");
    assert_eq!((&model["device"], &model["golden_rows"]), (&"cpu".into(), &1248.into()), "{out}");
    let request = lines.iter().find(|line| !line["status"].is_null()).unwrap();
    assert_eq!((&request["status"], &request["rows"]), (&200.into(), &6.into()), "{out}");
    assert!(request["bytes"].as_u64().unwrap() > 0, "{out}");
}

/// A body that came in chunks.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = chunks.split_once("\r\n") {
        let (chunk, rest) = rest.split_at(usize::from_str_radix(length, 16).unwrap());
        body.push_str(chunk);
        chunks = rest.strip_prefix("\r\n").unwrap();
    }
    body
}

#[test]
fn reply_in_pieces_is_logged_at_its_end() {
    const TIMES: usize = 2_000;
    let served = Served::start(&["models/housing", "--port", "0", "--log-requests"], &[]);
    let rows: Value =
        serde_json::from_slice(&fs::read(shipped("housing/rows.json")).unwrap()).unwrap();
    let rows = rows["instances"].as_array().unwrap();
    let many: Vec<&Value> = rows.iter().cycle().take(rows.len() * TIMES).collect();
    let body = serde_json::json!({ "instances": many }).to_string();
    let (status, chunks) = served.ask("POST", "/invocations", body.as_bytes());
    let reply = joined(&chunks);
    let answers: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!((status, answers["predictions"].as_array().unwrap().len()), (200, many.len()));
    assert!(chunks.matches("\r\n").count() > 4, "in several pieces");
    let (_, out, _) = served.stop();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| !line["status"].is_null()).collect();
    let [line] = requests[..] else { panic!("{out}") };
    assert_eq!((&line["status"], &line["rows"]), (&200.into(), &many.len().into()), "{line}");
    assert_eq!(
        (&line["bytes"], &line["model"]),
        (&reply.len().into(), &"housing".into()),
        "{line}"
    );
    assert!(line["reason"].is_null(), "{line}");
    let micros = |key: &str| line[key].as_u64().unwrap();
    assert!(micros("total_us") >= micros("parse_us") + micros("compute_us"), "{line}");
}

#[test]
fn variants_in_a_container_share_the_traffic() {
    // As SageMaker unpacks a model.tar.gz that holds two versions.
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("model");
    for version in ["v1", "v2"] {
        fs::create_dir_all(folder.join(version)).unwrap();
        let model = folder.join(version).join("model.onnx");
        fs::copy(shipped("housing/model.onnx"), model).unwrap();
    }
    let text = "[endpoint]\nname = \"prices\"\n\n[[variant]]\nname = \"v1\"\nmodel = \"v1\"\n\n\
                [[variant]]\nname = \"v2\"\nmodel = \"v2\"\nshadow = true\n\n\
                [serve]\nhost = \"127.0.0.1\"\nport = 0\n";
    fs::write(folder.join("hotplate.toml"), text).unwrap();
    let variables = [
        ("SAGEMAKER_BASE_DIR", base.path().to_str().unwrap()),
        ("HOTPLATE_ADMIN_PORT", "0"),
        ("HOTPLATE_ADMIN_TOKEN", "secret"),
    ];
    let served = Served::start(&[], &variables);
    let rows = fs::read(shipped("housing/rows.json")).unwrap();
    assert_eq!(served.ask("POST", "/models/prices/invoke", &rows).0, 200);
    let metrics = served.ask("GET", "/metrics", b"").1;
    assert!(metrics.contains("hotplate_shadow_dropped_total{model=\"prices\""), "{metrics}");
    let (code, _, err) = served.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("prices/v1 (100.000%)  native on cpu, 8 columns"), "{err}");
    assert!(err.contains("prices/v2 (shadow)"), "{err}");
    assert!(err.contains("admin API on http://127.0.0.1:"), "{err}");
    assert!(!err.contains("secret"), "{err}");
}

#[test]
fn admin_api_without_a_token_is_refused() {
    let run = hotplate(&["serve", "models/churn", "--port", "0", "--admin-port", "0"]);
    assert!(run.failed(1).contains("HOTPLATE_ADMIN_TOKEN"), "{}", run.err);
}

#[test]
fn port_that_is_taken_is_told_at_once() {
    let served = Served::start(&["models/churn", "--port", "0"], &[]);
    let (_, port) = served.address.rsplit_once(':').unwrap();
    let run = hotplate(&["serve", "models/churn", "--port", port]);
    assert!(run.failed(1).contains("--port 0"), "{}", run.err);
    let admin = ["--port", "0", "--admin-token", "x", "--admin-port", port];
    let run = hotplate(&[&["serve", "models/churn"], &admin[..]].concat());
    assert!(run.failed(1).contains("--admin-port 0"), "{}", run.err);
}

#[test]
fn nothing_to_serve_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let run = hotplate(&["serve", folder.path().to_str().unwrap(), "--port", "0"]);
    assert!(run.failed(1).contains("no model in this folder"), "{}", run.err);
    let run = hotplate(&["serve", "models", "--port", "0", "--default-accept", "text/html"]);
    assert!(run.failed(2).contains("--default-accept"), "{}", run.err);
}

#[test]
fn profile_answers_as_the_container_does() {
    let models = "crates/server/tests/profiles/xgboost/binary-logistic";
    let variables = [("HOTPLATE_PROFILE", "xgboost"), ("HOTPLATE_PORT", "0")];
    let served = Served::start(&[models], &variables);
    let (status, body) = served.ask("POST", "/invocations", b"[[1, 2, 3, 4]]");
    let expected = "application/json is not an accepted ContentType: csv, libsvm, ";
    assert!(status == 415 && body.starts_with(expected), "{status} {body}");
    assert_eq!(served.ask("POST", "/invocations", b"").0, 204);

    let run = hotplate(&["serve", "models/churn", "--port", "0", "--profile", "xgboost"]);
    assert!(run.failed(1).contains("for models that XGBoost wrote"), "{}", run.err);
    let run = hotplate(&["serve", "models/churn", "--port", "0", "--profile", "pytorch"]);
    assert!(run.failed(2).contains("xgboost or sklearn"), "{}", run.err);
}
