use std::fs;

use serde_json::Value;

use crate::support::{folder_with, hotplate, replaced, shipped};

fn inspected(path: &str) -> Value {
    let run = hotplate(&["inspect", path, "--json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn document_has_what_a_program_asks_for() {
    let churn = inspected("models/churn");
    assert_eq!(churn["name"], "churn");
    assert_eq!(churn["file"], "models/churn/model.onnx");
    assert_eq!(churn["format"], "ONNX");
    assert_eq!(churn["size_bytes"], fs::metadata(shipped("churn/model.onnx")).unwrap().len());
    let readme = fs::read_to_string(shipped("churn/README.md")).unwrap();
    assert!(readme.contains(churn["sha256"].as_str().unwrap()));
    assert!(churn["producer"].as_str().unwrap().starts_with("skl2onnx"));
    assert!(churn["opsets"]["ai.onnx"].is_u64());
    assert_eq!(churn["operators"]["ai.onnx.ml.OneHotEncoder"], 15);
    assert_eq!(churn["columns"].as_array().unwrap().len(), 19);
    assert_eq!(churn["columns"][0]["name"], "gender");
    assert_eq!(churn["columns"][0]["dtype"], "string");
    assert_eq!(churn["outputs"][1]["name"], "probabilities");
    assert_eq!(churn["task"]["kind"], "classifier");
    assert_eq!(churn["task"]["classes"][1], "Yes");
    assert_eq!(churn["golden_rows"], "models/churn/golden.csv");
    assert_eq!(churn["backend"], "native");
    assert!(!churn["steps"].as_array().unwrap().is_empty());
    assert!(churn["open_seconds"].as_f64().unwrap() > 0.0);
    assert!(churn["problem"].is_null());

    let housing = inspected("models/housing/model.onnx");
    assert_eq!(housing["name"], "model");
    assert_eq!(housing["task"]["kind"], "regressor");
    assert_eq!(housing["inputs"][0]["row_shape"][0], 8);
    assert!(housing["golden_rows"].is_null());
}

#[test]
fn text_tells_a_person_the_same() {
    let run = hotplate(&["inspect", "models/housing"]);
    let text = run.lines().join("\n");
    for part in ["housing", "MedInc", "float32", "TreeEnsembleRegressor", "native", "100 trees"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn model_that_nothing_runs_is_described_all_the_same() {
    let folder = folder_with("churn", &["golden.csv"]);
    let model = fs::read(shipped("churn/model.onnx")).unwrap();
    let model = replaced(model, b"Imputer", b"Reputer");
    fs::write(folder.path().join("model.onnx"), model).unwrap();
    let path = folder.path().to_str().unwrap();

    let document = inspected(path);
    assert!(document["backend"].is_null() && document["steps"].is_null());
    assert_eq!(document["refusals"][0]["operator"], "ai.onnx.ml.Reputer");
    assert_eq!(document["passed_over"][0]["backend"], "native");
    assert_eq!(document["passed_over"][0]["refusals"], document["refusals"]);
    assert_eq!(document["columns"].as_array().unwrap().len(), 19);

    let run = hotplate(&["inspect", path]);
    let text = run.lines().join("\n");
    assert!(text.contains("runs on      nothing"), "{text}");
    assert!(text.contains("ai.onnx.ml.Reputer"), "{text}");

    let run = hotplate(&["predict", path]);
    let message = run.failed(1);
    assert!(message.contains(path) && message.contains("Reputer"), "{message}");
}

#[test]
fn file_that_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8], words: &str| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        let run = hotplate(&["inspect", file.to_str().unwrap()]);
        let message = run.failed(1);
        assert!(message.contains(words), "{message}");
    };
    refused("text.onnx", b"hello", "not a model in ONNX, LightGBM, XGBoost or safetensors format");
    refused("empty.onnx", b"", "empty");
    refused("model.pkl", b"\x80\x04", "a pickle is never loaded");
    refused("renamed.onnx", b"\x80\x04\x95\x10\0\0", "skl2onnx.to_onnx");
    let model = fs::read(shipped("churn/model.onnx")).unwrap();
    refused("cut.onnx", &model[..3000], "cut short");
}

#[test]
fn folder_with_a_pickle_says_how_to_export() {
    let folder = folder_with("churn", &["model.onnx"]);
    fs::write(folder.path().join("model.joblib"), b"x").unwrap();
    for command in ["inspect", "predict", "verify", "serve"] {
        let mut arguments = vec![command, folder.path().to_str().unwrap()];
        if command == "serve" {
            arguments.extend(["--port", "0"]);
        }
        let run = hotplate(&arguments);
        let message = run.failed(1);
        assert!(message.contains("skl2onnx.to_onnx"), "{message}");
    }
}
