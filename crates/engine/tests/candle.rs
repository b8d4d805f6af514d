//! Models in safetensors format, through the same engine.
#![cfg(feature = "candle")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};

use hotplate::{BackendChoice, Engine, ErrorKind, Label, OpenOptions, Value};

fn case(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases/safetensors");
    cases.join(name).join("model.safetensors")
}

#[test]
fn backend_of_other_formats_says_so_when_it_is_asked_for() {
    let options = OpenOptions::new().backend(BackendChoice::Native);
    let error = options.open(case("bert-mean")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("native: does not read safetensors"), "{error}");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let error = OpenOptions::new().backend(BackendChoice::Candle).open(models.join("housing"));
    assert!(error.unwrap_err().to_string().contains("candle: does not read ONNX"));
}

#[test]
fn text_is_answered_by_its_classes() {
    let engine = Engine::open(case("distilbert-topics")).unwrap();
    assert_eq!(engine.backend(), "candle");
    let bound = engine.bind(&["text"]).unwrap();
    let answer = bound.predict(&[Value::Text("Refund, please.")]).unwrap();
    let classes = ["billing", "delivery", "login", "praise", "other"];
    let Some(Label::Text(label)) = answer.label(0) else { panic!("{:?}", answer.label(0)) };
    let greatest =
        (0..5).max_by(|&a, &b| answer.probabilities(0)[a].total_cmp(&answer.probabilities(0)[b]));
    assert_eq!(label, classes[greatest.unwrap()]);
}

#[test]
fn text_over_the_cap_is_refused_by_row_and_column() {
    let engine = Engine::open(case("bert-mean")).unwrap();
    let long = "a".repeat(300_000);
    let rows = [[Value::Text("short")], [Value::Text(&long)]];
    let bound = engine.bind(&["text"]).unwrap();
    let error = bound.predict_rows_into(rows, &mut engine.answer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RefusedRows);
    assert_eq!((error.row(), error.column()), (Some(1), Some("text")));
    assert_eq!(error.expected().as_deref(), Some("a text of at most 262144 bytes"));
    assert_eq!(error.got().as_deref(), Some("300000 bytes"));
}
