//! What `Engine::open` lets in: whole files, right answers, and what `hotplate.toml` says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{fs, path::Path};

use hotplate::{Engine, Error, ErrorKind, Label, OpenOptions};
use support::{Golden, copy_of, model, names};

/// The error of opening a file of these bytes.
fn refusal(bytes: &[u8]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    fs::write(&file, bytes).unwrap();
    match Engine::open(&file) {
        Ok(_) => panic!("{} bytes were opened", bytes.len()),
        Err(error) => error,
    }
}

#[test]
fn file_that_breaks_off_is_refused() {
    let whole = fs::read(model("churn").join("model.onnx")).unwrap();
    let len = whole.len();
    let lengths = (0..64).chain((64..len - 64).step_by(997)).chain(len - 64..len);
    for length in lengths {
        let error = refusal(&whole[..length]);
        assert_eq!(error.kind(), ErrorKind::InvalidModel, "{length} of {len} bytes: {error}");
    }
}

#[test]
fn file_of_random_bytes_is_refused() {
    let mut state = 1_u64;
    let mut random = || {
        // Knuth's MMIX constants; the high byte is random enough for this.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    for length in [1, 2, 3, 10, 100, 1_000, 10_000, 100_000] {
        for _ in 0..20 {
            let bytes: Vec<u8> = (0..length).map(|_| random()).collect();
            let error = refusal(&bytes);
            assert_eq!(error.kind(), ErrorKind::InvalidModel, "{length} bytes: {error}");
        }
    }
}

/// A byte changed anywhere is an error or another model, and never a panic.
#[test]
fn file_with_a_changed_byte_does_no_harm() {
    let whole = fs::read(model("churn").join("model.onnx")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    let at_front = 0..128;
    let elsewhere = (128..whole.len()).step_by(997);
    for at in at_front.chain(elsewhere) {
        for flip in [0x01, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            fs::write(&file, bytes).unwrap();
            let _ = Engine::open(&file);
        }
    }
}

#[test]
fn empty_file_and_no_file_are_told_apart() {
    assert_eq!(refusal(&[]).kind(), ErrorKind::InvalidModel);
    let folder = tempfile::tempdir().unwrap();
    let error = Engine::open(folder.path().join("model.onnx")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoModel, "{error}");
    let error = Engine::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoModel, "{error}");
}

/// Replaces the cell of a golden row under `column`, and opens the folder.
fn open_with_golden(folder: &Path, row: usize, column: &str, cell: &str) -> Error {
    let file = folder.join("golden.csv");
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines[0].split(',').position(|name| name == column).unwrap();
    let mut cells: Vec<&str> = lines[row + 1].split(',').collect();
    cells[at] = cell;
    lines[row + 1] = cells.join(",");
    fs::write(&file, lines.join("\n")).unwrap();
    Engine::open(folder).unwrap_err()
}

#[test]
fn model_that_does_not_reproduce_its_golden_rows_is_refused() {
    let folder = copy_of("housing");
    let right = Golden::of("housing").cell(40, "output.price").parse::<f64>().unwrap();
    // Ten times the tolerance.
    let wrong = format!("{}", right + 10.0 * (1e-6 + 1e-5 * right));
    let error = open_with_golden(folder.path(), 40, "output.price", &wrong);
    assert_eq!(error.kind(), ErrorKind::WrongAnswers);
    let message = error.to_string();
    for part in ["1 of 1192 golden rows", "row 40 (line 42)", "output.price", wrong.as_str()] {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
    let unverified = OpenOptions::new().golden_rows(false).open(folder.path()).unwrap();
    assert_eq!(unverified.golden_rows(), 0);

    let folder = copy_of("churn");
    let flipped = match Golden::of("churn").cell(3, "output.label") {
        "Yes" => "No",
        _ => "Yes",
    };
    let error = open_with_golden(folder.path(), 3, "output.label", flipped);
    assert_eq!(error.kind(), ErrorKind::WrongAnswers);
    assert!(error.to_string().contains("row 3 (line 5), output.label: expected"), "{error}");
}

#[test]
fn threshold_of_the_configuration_decides_the_label() {
    let folder = copy_of("churn");
    fs::write(folder.path().join("hotplate.toml"), "[model]\nthreshold = 0.3\n").unwrap();
    // The golden rows' own labels know of no threshold, and still hold.
    let engine = Engine::open(folder.path()).unwrap();
    let golden = Golden::of("churn");
    assert_eq!(engine.golden_rows(), golden.rows());
    let plain = Engine::open(model("churn")).unwrap();
    let (bound, plain_bound) =
        (engine.bind(&names(&engine)).unwrap(), plain.bind(&names(&plain)).unwrap());
    let mut changed = 0;
    for row in 0..golden.rows() {
        let values = golden.values(&engine, row);
        let answer = bound.predict(&values).unwrap();
        let plain = plain_bound.predict(&values).unwrap();
        assert_eq!(answer.probabilities(0), plain.probabilities(0));
        let expected = if answer.score(0) >= 0.3 { "Yes" } else { "No" };
        assert_eq!(answer.label(0), Some(Label::Text(expected)), "row {row}");
        changed += usize::from(answer.label(0) != plain.label(0));
    }
    assert!(changed > 0, "some rows lie between the thresholds");

    // What the program says wins over the folder.
    let engine = OpenOptions::new().threshold(1.0).open(folder.path()).unwrap();
    let answer = engine.bind(&names(&engine)).unwrap().predict(&golden.values(&engine, 0)).unwrap();
    assert_eq!(answer.label(0), Some(Label::Text("No")));
}

#[test]
fn columns_of_the_configuration_name_the_rows() {
    let folder = copy_of("housing");
    // Golden rows go by name, and the file's names are no longer the model's.
    fs::remove_file(folder.path().join("golden.csv")).unwrap();
    let columns =
        ["income", "age", "rooms", "bedrooms", "people", "household", "latitude", "longitude"];
    let text = format!("[model]\nname = \"prices\"\ncolumns = {columns:?}\n");
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    assert_eq!((engine.name(), names(&engine)), ("prices", columns.to_vec()));

    let row = Golden::of("housing").numbers::<8>(0);
    let score = engine.predict(&row).unwrap().score(0);
    let values = row.map(Into::into);
    assert_eq!(engine.bind(&columns).unwrap().predict(&values).unwrap().score(0), score);
    let error = engine.bind(&["MedInc"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownColumn);

    fs::write(folder.path().join("hotplate.toml"), "[model]\ncolumns = [\"income\"]\n").unwrap();
    assert!(Engine::open(folder.path()).is_err(), "one name for eight columns");
}

#[test]
fn threshold_of_a_model_without_classes_is_refused() {
    let error = OpenOptions::new().threshold(0.3).open(model("housing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
}
