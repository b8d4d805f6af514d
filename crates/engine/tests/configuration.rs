//! What configuration cannot ask for, and what it must not pass over in silence.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{fs, path::Path};

use hotplate::{Engine, ErrorKind, OpenOptions, Registry, Value};
use support::{copy_of, model, names};

fn configure(folder: &Path, text: &str) {
    fs::write(folder.join("hotplate.toml"), text).unwrap();
}

fn refusal_of(folder: &Path, text: &str) -> String {
    configure(folder, text);
    let error = Engine::open(folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    error.to_string()
}

#[test]
fn output_that_the_model_does_not_have_is_refused() {
    let housing = copy_of("housing");
    for output in ["[\"probabilities\"]", "[\"score\", \"predicted_label\"]", "[]"] {
        let error = refusal_of(housing.path(), &format!("[model]\noutput = {output}"));
        assert!(error.contains("expected \"score\" or \"predicted_score\""), "{error}");
    }
    configure(housing.path(), "[model]\noutput = [\"score\"]");
    assert!(Engine::open(housing.path()).is_ok());
    let error = refusal_of(housing.path(), "[model]\nthreshold = 0.5");
    assert!(error.contains("two classes"), "{error}");
}

#[test]
fn tables_that_nobody_would_read_are_refused() {
    let root = tempfile::tempdir().unwrap();
    for name in ["churn", "housing"] {
        fs::create_dir(root.path().join(name)).unwrap();
        let file = Path::new(name).join("model.onnx");
        fs::copy(model(name).join("model.onnx"), root.path().join(file)).unwrap();
    }
    let open = || Registry::open(root.path(), &OpenOptions::new());
    configure(root.path(), "[serve]\nport = 1");
    assert_eq!(open().unwrap().load().len(), 2);

    configure(root.path(), "[model]\nthreshold = 0.5");
    let error = open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("beside several models"), "{error}");

    configure(root.path(), "");
    configure(&root.path().join("churn"), "[serve]\nport = 1");
    let error = open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("the folder above"), "{error}");
}

#[test]
fn error_among_several_models_names_the_model() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).unwrap();
        let file = Path::new(name).join("model.onnx");
        fs::copy(model("housing").join("model.onnx"), root.path().join(file)).unwrap();
    }
    configure(&root.path().join("b"), "[model]\nthreshold = 0.5");
    let error = Registry::open(root.path(), &OpenOptions::new()).unwrap_err();
    assert!(error.to_string().starts_with("model b: "), "{error}");
}

#[test]
fn golden_rows_that_are_cut_short_are_refused() {
    let housing = copy_of("housing");
    let golden = housing.path().join("golden.csv");
    let text = fs::read_to_string(&golden).unwrap();
    fs::write(&golden, text.lines().next().unwrap()).unwrap();
    let error = Engine::open(housing.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidGoldenRows, "{error}");
}

#[test]
fn pickle_is_known_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("xgboost-model"), b"\x80\x04\x95\x10\x00\x00\x00").unwrap();
    let error = Engine::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsafeModel, "{error}");
}

#[test]
fn categories_are_counted_from_the_first_request_on() {
    let churn = Engine::open(model("churn")).unwrap();
    assert!(churn.unknown_categories().all(|(_, count)| count == 0));
    let names = names(&churn);
    let mut row = vec![Value::Missing; names.len()];
    let contract = names.iter().position(|name| *name == "Contract").unwrap();
    row[contract] = "Ten years".into();
    churn.bind(&names).unwrap().predict(&row).unwrap();
    let counted: Vec<_> = churn.unknown_categories().filter(|&(_, count)| count > 0).collect();
    assert_eq!(counted, [("Contract", 1)]);
}

#[test]
fn refused_row_leaves_no_answer_behind() {
    let churn = Engine::open(model("churn")).unwrap();
    let names = names(&churn);
    let bound = churn.bind(&names).unwrap();
    let mut row = vec![Value::Missing; names.len()];
    let mut answer = churn.answer();
    bound.predict_into(&row, &mut answer).unwrap();
    assert_eq!(answer.rows(), 1);
    row[1] = "text".into();
    assert!(bound.predict_into(&row, &mut answer).is_err());
    assert_eq!(answer.rows(), 0);
}
