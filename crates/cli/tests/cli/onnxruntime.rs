//! Which backend runs a model, on which device, and what is said when it cannot.

use std::fs;

use serde_json::Value;

use crate::{
    needs,
    served::Served,
    support::{assert_scores, golden, hotplate, program},
};

const HOUSING: &str = "models/housing/model.onnx";

fn inspected(path: &str, flags: &[&str]) -> Value {
    let run = hotplate(&[&["inspect", path, "--json"], flags].concat());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn missing_library_is_told_with_the_places_and_the_way_to_get_it() {
    let flags = ["--backend", "onnxruntime", "--onnxruntime", "/nonexistent"];
    let run = hotplate(&[&["predict", HOUSING], &flags[..]].concat());
    if run.code == Some(0) {
        return needs::skip("missing_library", "the system has an ONNX Runtime");
    }
    let message = run.failed(1);
    for part in [
        "no backend runs this model",
        "configuration: /nonexistent",
        "beside the executable",
        "the system's loader",
        "pip install onnxruntime",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }

    let document = inspected(HOUSING, &flags);
    assert!(document["backend"].is_null() && document["device"].is_null());
    assert_eq!(document["passed_over"][0]["backend"], "onnxruntime");
    let reason = document["passed_over"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("/nonexistent"), "{reason}");
    let text = hotplate(&[&["inspect", HOUSING], &flags[..]].concat()).out;
    assert!(text.contains("nothing on this machine"), "{text}");
    assert!(text.contains("pip install onnxruntime"), "{text}");
}

#[test]
fn native_models_need_no_library() {
    let run = hotplate(&["predict", HOUSING, "--onnxruntime", "/nonexistent", "--input", "-"]);
    assert!(run.failed(1).contains("no rows"), "{}", run.err);
    let document = inspected("models/churn", &["--onnxruntime", "/nonexistent"]);
    assert_eq!((&document["backend"], &document["device"]), (&"native".into(), &"cpu".into()));
    assert_eq!((&document["batching"], &document["fell_back"]), (&"rows".into(), &Value::Null));
    assert_eq!(document["passed_over"], Value::Array(Vec::new()));
    assert!(document["onnxruntime"].is_null());
}

#[test]
fn backend_is_forced_by_a_flag_over_its_variable() {
    let Some(library) = needs::onnxruntime("backend_is_forced") else { return };
    let variables = [("HOTPLATE_BACKEND", "native"), ("HOTPLATE_ONNXRUNTIME", &library)];
    let run = |arguments: &[&str]| {
        let arguments = [&["inspect", HOUSING, "--json"], arguments].concat();
        let output = program().args(arguments).envs(variables).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(run(&[])["backend"], "native");
    let forced = run(&["--backend", "onnxruntime", "--device", "cpu"]);
    assert_eq!(forced["backend"], "onnxruntime");
    assert!(forced["nodes"]["cpu"].is_u64(), "{forced}");
    assert_eq!(forced["onnxruntime"]["path"], library.as_str());
    assert!(forced["onnxruntime"]["version"].as_str().unwrap().starts_with("1."), "{forced}");
}

#[test]
fn configuration_file_chooses_where_nothing_else_does() {
    let Some(library) = needs::onnxruntime("configuration_file_chooses") else { return };
    let folder = crate::support::folder_with("housing", &["model.onnx"]);
    let settings = format!(
        "[model]\nbackend = \"onnxruntime\"\ndevice = \"cpu\"\nonnxruntime = {library:?}\n"
    );
    fs::write(folder.path().join("hotplate.toml"), settings).unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(inspected(path, &[])["backend"], "onnxruntime");
    assert_eq!(inspected(path, &["--backend", "native"])["backend"], "native");
}

#[test]
fn onnxruntime_scores_as_the_native_engine_does() {
    let Some(library) = needs::onnxruntime("onnxruntime_scores") else { return };
    let rows = ["--input", "models/housing/golden.csv", "--ignore-unknown-columns"];
    let flags = ["--backend", "onnxruntime", "--onnxruntime", &library];
    let run = hotplate(&[&["predict", HOUSING], &rows[..], &flags[..]].concat());
    assert_scores(&run.lines(), &golden("housing", "output.price"));
}

#[test]
fn device_that_is_not_there_is_an_error_where_it_is_required() {
    let Some(library) = needs::onnxruntime("device_is_required") else { return };
    let flags = ["--backend", "onnxruntime", "--onnxruntime", &library, "--device", "cuda"];
    let rows = ["--input", "models/housing/rows.csv"];
    let run =
        hotplate(&[&["predict", HOUSING, "--require-device"], &rows[..], &flags[..]].concat());
    if run.code == Some(0) {
        return needs::skip("device_is_required", "a GPU is there");
    }
    assert!(run.failed(1).contains("cuda:0"), "{}", run.err);

    // Without that, the processor does it, which is said.
    let run = hotplate(&[&["predict", HOUSING], &rows[..], &flags[..]].concat());
    assert_eq!((run.code, run.out.lines().count()), (Some(0), 6), "{}", run.err);
    let warning = "warning: model runs on cpu and not on cuda:0, as was asked: ";
    assert!(run.err.starts_with(warning), "{}", run.err);
    let document = inspected(HOUSING, &flags);
    assert_eq!(document["device"], "cpu");
    assert!(document["fell_back"].is_string(), "{document}");
    let served = Served::start(&[&[HOUSING, "--port", "0"], &flags[..]].concat(), &[]);
    let (_, health) = served.ask("GET", "/ping", b"");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["models"][0]["device"], "cpu");
    assert!(health["models"][0]["fell_back"].as_str().unwrap().contains("cuda:0"), "{health}");
    let (_, metrics) = served.ask("GET", "/metrics", b"");
    assert!(metrics.contains("device=\"cpu\",requested_device=\"cuda:0\"} 1"), "{metrics}");
    assert!(metrics.contains("device_fallback{model=\"model\"} 1"), "{metrics}");
    let (_, _, err) = served.stop();
    assert!(err.contains("model  onnxruntime on cpu, 8 columns"), "{err}");
    assert!(err.contains(warning), "{err}");
}

#[test]
fn auto_says_in_passing_that_it_found_no_gpu() {
    let Some(library) = needs::onnxruntime("auto_says_in_passing") else { return };
    let flags = ["--backend", "onnxruntime", "--onnxruntime", &library];
    if inspected(HOUSING, &flags)["fell_back"].is_null() {
        return needs::skip("auto_says_in_passing", "a GPU is there");
    }
    let rows = ["--input", "models/housing/rows.csv"];
    let run = hotplate(&[&["predict", HOUSING], &rows[..], &flags[..]].concat());
    assert_eq!(run.lines().len(), 6, "a note is not for who scores a file");
    let served = Served::start(&[&[HOUSING, "--port", "0"], &flags[..]].concat(), &[]);
    let (_, _, err) = served.stop();
    assert!(err.contains("note: model runs on cpu; cuda:0: "), "{err}");
    assert!(!err.contains("warning"), "{err}");
}

#[test]
fn texts_are_classified_over_http() {
    let test = "texts_are_classified_over_http";
    let Some(library) = needs::onnxruntime(test) else { return };
    let Some(tickets) = needs::recipe(test, "tickets") else { return };
    let flags = ["--port", "0", "--onnxruntime", &library, "--device", "cpu"];
    let served = Served::start(&[&[tickets.as_str()], &flags[..]].concat(), &[]);
    let health = served.ask("GET", "/ping", b"").1;
    let expected = "{\"status\":\"ready\",\"models\":[{\"name\":\"tickets\",\"backend\":\
                    \"onnxruntime\",\"device\":\"cpu\"}]}\n";
    assert_eq!(health, expected);

    let body = br#"{"instances": ["my invoice is wrong", {"text": "where is my parcel"}]}"#;
    let (status, reply) = served.ask("POST", "/invocations", body);
    assert_eq!(status, 200, "{reply}");
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(reply["predictions"][0]["predicted_label"], "billing");
    assert_eq!(reply["predictions"][1]["predicted_label"], "delivery");
    assert_eq!(reply["predictions"][1]["probabilities"].as_array().unwrap().len(), 3);

    // A text that ends in the middle for a library of C.
    let (status, reply) = served.ask("POST", "/invocations", br#"{"instances": ["a\u0000b"]}"#);
    let problem: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!((status, &problem["reason"]), (400, &"refused_rows".into()), "{reply}");
    assert!(problem["error"].as_str().unwrap().contains("NUL"), "{reply}");
    assert_eq!(served.ask("POST", "/invocations", body).0, 200, "and nothing else is harmed");

    let (code, _, err) = served.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("tickets  onnxruntime on cpu, 1 column"), "{err}");
    assert!(err.contains(r#"--data '{"instances": [{"text": ""}]}'"#), "{err}");
}
