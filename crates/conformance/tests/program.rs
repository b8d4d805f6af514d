//! The program: what it prints, and its exit codes.
#![expect(clippy::unwrap_used, reason = "a test's helpers are part of the test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const CASE: &str = "SklearnRegDecisionTreeRegressor";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/skl2onnx").join(name)
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotplate-conformance")).args(arguments).output().unwrap()
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = folder.to_str().unwrap();
    let output = program(&[&[folder], arguments].concat());
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn right_case_is_counted() {
    let (code, json) = run(&case(CASE), &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["backend"]), (Some(0), &"native".into()));
    assert_eq!([&json["right"], &json["handed_on"], &json["wrong"]], [1, 0, 0]);
    assert_eq!(json["cases"][CASE], "right");
}

#[test]
fn wrong_answer_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let data_set = folder.path().join("test_data_set_0");
    fs::create_dir(&data_set).unwrap();
    for file in ["model.onnx", "test_data_set_0/input_0.pb", "test_data_set_0/output_0.pb"] {
        fs::copy(case(CASE).join(file), folder.path().join(file)).unwrap();
    }
    let path = data_set.join("output_0.pb");
    let mut output = fs::read(&path).unwrap();
    // The high byte of the last element, whose sign is turned.
    *output.last_mut().unwrap() ^= 0x80;
    fs::write(&path, output).unwrap();

    let (code, text) = run(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("test_data_set_0, output \"variable\", element ["), "{text}");
    assert!(text.contains("expected -"), "{text}");
    let (code, json) = run(folder.path(), &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["wrong"]), (Some(1), &1.into()));
    assert_eq!(json["differences"][0]["output"], "variable");

    fs::remove_file(&path).unwrap();
    let (code, text) = run(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("has no output_0.pb"), "{text}");
}

#[test]
fn folder_without_cases_is_wrong_usage() {
    let empty = tempfile::tempdir().unwrap();
    let (code, text) = run(empty.path(), &[]);
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert_eq!(program(&[]).status.code(), Some(2));
    let library = empty.path().join("nothing");
    let library = library.to_str().unwrap();
    let (code, _) = run(&case(CASE), &["--backend", "both", "--onnxruntime", library]);
    assert_eq!(code, Some(2));
}

#[test]
fn help_teaches() {
    let output = program(&["--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for word in ["handed on", "Examples:", "Exit codes:", "test_data_set_K", "ORT_DYLIB_PATH"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
}
