//! Rows that are not the model's: each error has a kind for programs, and names the column, what
//! was expected and what came.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use hotplate::{DType, DataView, Engine, Error, ErrorKind, Shape, TensorView, Value};
use ndarray::{Array1, Array2};
use support::{Golden, model, names};

fn churn() -> Engine {
    Engine::open(model("churn")).unwrap()
}

fn housing() -> Engine {
    Engine::open(model("housing")).unwrap()
}

/// Checks the parts of an error, and that the message for a person has them all.
fn assert_says(
    error: &Error,
    kind: ErrorKind,
    row: Option<usize>,
    column: Option<&str>,
    expected: Option<&str>,
    got: Option<&str>,
) {
    let parts = (error.kind(), error.row(), error.column(), error.expected(), error.got());
    let expected = expected.map(str::to_owned);
    let got = got.map(str::to_owned);
    assert_eq!(parts, (kind, row, column, expected.clone(), got.clone()), "{error}");
    let message = error.to_string();
    // A message does not say `values` twice.
    let got = got.map(|got| got.trim_end_matches(" values").to_owned());
    for part in [column.map(str::to_owned), expected, got].into_iter().flatten() {
        assert!(message.contains(&part), "{message:?} does not say {part:?}");
    }
    if let Some(row) = row {
        assert!(message.contains(&format!("row {row}")), "{message}");
    }
}

#[test]
fn matrix_of_another_width_is_refused() {
    let engine = housing();
    let expected = "rows of 8 numbers (MedInc, HouseAge, AveRooms, AveBedrms, Population, \
                    AveOccup, Latitude, Longitude)";
    let refused = |error: &Error, got: &str| {
        assert_says(error, ErrorKind::WrongShape, None, None, Some(expected), Some(got));
        assert!(error.to_string().starts_with("input \""), "{error}");
    };
    refused(&engine.predict(&[0.0_f32; 7]).unwrap_err(), "7 numbers");
    refused(&engine.predict(&[0.0_f64; 9]).unwrap_err(), "9 numbers");
    refused(&engine.predict(&[[0.0_f32; 7]; 3][..]).unwrap_err(), "21 numbers");
    refused(&engine.predict(&Array1::<f32>::zeros(12)).unwrap_err(), "12 numbers");
    let error = engine.predict(&Array2::<f32>::zeros((8, 7))).unwrap_err();
    let (expected, got) = (Some("8 columns"), Some("7 columns"));
    assert_says(&error, ErrorKind::WrongShape, None, None, expected, got);
}

#[test]
fn tensor_of_another_type_or_shape_is_refused() {
    let engine = housing();
    let input = engine.signature().schema().inputs()[0].name.clone();
    let numbers = [0.0_f64; 16];
    let row = Shape::new(&[1, 8]).unwrap();
    let ask = |shape, data| {
        let view = TensorView::new(shape, data).unwrap();
        engine.predict(&[view][..]).unwrap_err()
    };
    let error = ask(row, DataView::F64(&numbers[..8]));
    let (expected, got) = (DType::F32.to_string(), DType::F64.to_string());
    let parts = (Some(expected.as_str()), Some(got.as_str()));
    assert_says(&error, ErrorKind::WrongType, None, None, parts.0, parts.1);
    assert!(error.to_string().contains(&format!("{input:?}")), "{error}");

    let error = ask(Shape::new(&[2, 4]).unwrap(), DataView::F32(&[0.0; 8]));
    let (expected, got) = (Some("shape [2, 8]"), Some("shape [2, 4]"));
    assert_says(&error, ErrorKind::WrongShape, None, None, expected, got);

    let view = TensorView::new(row, DataView::F32(&[0.0; 8])).unwrap();
    let error = engine.predict(&[view, view][..]).unwrap_err();
    let (expected, got) = (Some("1 tensors, one for each input"), Some("2"));
    assert_says(&error, ErrorKind::WrongShape, None, None, expected, got);
}

#[test]
fn numbers_alone_are_no_row_of_a_model_with_texts() {
    let error = churn().predict(&[0.0_f32; 19]).unwrap_err();
    let expected = Some("one tensor for each of 19 inputs, or a bound row");
    assert_says(&error, ErrorKind::WrongShape, None, None, expected, Some("a matrix"));
    let error = churn().predict(&housing().rows()).unwrap_err();
    let (expected, got) =
        (Some("19 inputs of the model's types and shapes"), Some("columns of another schema"));
    assert_says(&error, ErrorKind::WrongShape, None, None, expected, got);
}

#[test]
fn names_that_are_not_the_models_are_refused() {
    let engine = churn();
    let right = names(&engine);
    let refused = |change: fn(&mut Vec<&str>)| {
        let mut names = right.clone();
        change(&mut names);
        engine.bind(&names).unwrap_err()
    };
    let kind = ErrorKind::UnknownColumn;
    let error = refused(|names| names[4] = "tenur");
    assert_says(&error, kind, None, Some("tenur"), Some("tenure"), None);
    let error = refused(|names| names[4] = "customerID");
    assert_says(&error, kind, None, Some("customerID"), None, None);
    // Names are compared as they are.
    let error = refused(|names| names[4] = "TENURE");
    assert_eq!((error.kind(), error.column()), (kind, Some("TENURE")));

    let error = refused(|names| _ = names.remove(4));
    assert_says(&error, ErrorKind::MissingColumn, None, Some("tenure"), None, None);
    let error = refused(|names| names.clear());
    assert_says(&error, ErrorKind::MissingColumn, None, Some("gender"), None, None);
    let error = refused(|names| names.push("Contract"));
    assert_says(&error, ErrorKind::DuplicateColumn, None, Some("Contract"), None, None);
}

#[test]
fn names_may_come_in_any_order() {
    let engine = churn();
    let golden = Golden::of("churn");
    let mut names = names(&engine);
    let mut values = golden.values(&engine, 7);
    let score = engine.bind(&names).unwrap().predict(&values).unwrap().score(0);
    names.reverse();
    values.reverse();
    assert_eq!(engine.bind(&names).unwrap().predict(&values).unwrap().score(0), score);
}

#[test]
fn values_that_are_not_their_columns_are_refused() {
    let engine = churn();
    let golden = Golden::of("churn");
    let names = names(&engine);
    let bound = engine.bind(&names).unwrap();
    let row = golden.values(&engine, 0);
    let mut answer = engine.answer();
    let mut refused = |column: &str, value: Value<'static>| {
        let mut wrong = row.clone();
        wrong[names.iter().position(|&name| name == column).unwrap()] = value;
        let error = bound.predict_rows_into([&row, &row, &wrong], &mut answer).unwrap_err();
        assert_eq!(answer.rows(), 0, "no row is answered");
        error
    };
    let kind = ErrorKind::WrongType;
    let error = refused("tenure", "two years".into());
    let (expected, got) = (Some("a number"), Some("text \"two years\""));
    assert_says(&error, kind, Some(2), Some("tenure"), expected, got);
    let error = refused("Contract", 12.into());
    assert_says(&error, kind, Some(2), Some("Contract"), Some("text"), Some("12"));
    let error = refused("Contract", true.into());
    assert_says(&error, kind, Some(2), Some("Contract"), Some("text"), Some("true"));
}

#[test]
fn row_with_another_number_of_values_is_refused() {
    let engine = churn();
    let golden = Golden::of("churn");
    let bound = engine.bind(&names(&engine)).unwrap();
    let row = golden.values(&engine, 0);
    let kind = ErrorKind::WrongArity;
    let error = bound.predict(&row[..18]).unwrap_err();
    assert_says(&error, kind, Some(0), None, Some("19 values"), Some("18 values"));
    let long = [&row[..], &row[..1]].concat();
    let error = bound.predict(&long).unwrap_err();
    assert_says(&error, kind, Some(0), None, Some("19 values"), Some("20 values"));
    let error = bound.predict(&[]).unwrap_err();
    assert_says(&error, kind, Some(0), None, Some("19 values"), Some("0 values"));
}

/// What was refused leaves the answer and the engine as good as new.
#[test]
fn engine_answers_on_after_a_refusal() {
    let engine = housing();
    let golden = Golden::of("housing");
    let row = golden.numbers::<8>(0);
    let mut answer = engine.answer();
    engine.predict_into(&row, &mut answer).unwrap();
    let score = answer.score(0);
    assert!(engine.predict_into(&row[..5], &mut answer).is_err());
    assert_eq!(answer.rows(), 0);
    engine.predict_into(&row, &mut answer).unwrap();
    assert_eq!(answer.score(0), score);
}
