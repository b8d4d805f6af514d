//! Contributions sum up to scores, whatever file the model came from.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::path::{Path, PathBuf};

use hotplate::{Columns, Covers, Engine, ErrorKind, Label, UnknownCategories, Value};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The rows of a CSV file with a header, for this engine.
fn rows(engine: &Engine, file: &str) -> Columns {
    let mut rows = engine.rows();
    let body = std::fs::read(repository(file)).unwrap();
    hotplate_codec::Decoder::new(engine.signature().schema().clone())
        .ignore_unknown_columns(true)
        .decode(hotplate_codec::Format::Csv, &body, &mut rows)
        .unwrap();
    rows
}

fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

#[test]
fn contributions_of_a_pipeline_are_of_the_columns_that_clients_send() {
    let churn = Engine::open(repository("models/churn")).unwrap();
    let rows = rows(&churn, "models/churn/rows.csv");
    let explanations = churn.explain(&rows).unwrap();
    let answer = churn.predict(&rows).unwrap();
    assert_eq!((explanations.rows(), explanations.scores()), (answer.rows(), 1));
    assert_eq!(explanations.class(0), Some(Label::Text("Yes")));
    // An ONNX file says nothing of training rows, and the folder has golden ones.
    assert_eq!(explanations.covers(), Covers::Background);
    for row in 0..answer.rows() {
        let probability = logistic(explanations.score(row, 0));
        assert!((probability - answer.score(row)).abs() < 1e-5, "{probability}");
        assert_eq!(explanations.contributions(row, 0).len(), 19);
    }
    let top = explanations.top(0, 0, 3);
    assert_eq!(top.len(), 3);
    assert!(top[0].1.abs() >= top[1].1.abs() && top[1].1.abs() >= top[2].1.abs());
    assert!(top.iter().any(|(column, _)| *column == "Contract"), "{top:?}");
}

#[test]
fn unknown_texts_are_counted_by_answers_alone_and_refused_by_both() {
    let path = repository("models/churn");
    let churn = Engine::open(&path).unwrap();
    let mut rows = rows(&churn, "models/churn/rows.csv");
    let contract = churn.columns().position(|column| column.name == "Contract").unwrap();
    rows.begin_row();
    for (at, column) in churn.columns().enumerate() {
        let is_text = column.dtype == hotplate::DType::Str;
        let value = if is_text { Value::Missing } else { Value::from(1.0) };
        rows.set(at, if at == contract { "for life".into() } else { value }).unwrap();
    }
    let counted = || churn.unknown_categories().map(|(_, count)| count).sum::<u64>();
    churn.explain(&rows).unwrap();
    churn.trace(&rows).unwrap();
    assert_eq!(counted(), 0);
    churn.predict(&rows).unwrap();
    assert_eq!(counted(), 1);
    let strict = hotplate::OpenOptions::new().unknown_categories(UnknownCategories::Refuse);
    let error = strict.open(&path).unwrap().explain(&rows).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownCategory, "{error}");
}

#[test]
fn without_golden_rows_leaves_are_counted() {
    let housing = Engine::open(repository("models/housing/model.onnx")).unwrap();
    let row = [8.3, 41.0, 7.0, 1.0, 322.0, 2.6, 37.9, -122.2];
    let explanations = housing.explain(&row).unwrap();
    assert_eq!(explanations.covers(), Covers::Leaves);
    assert_eq!(explanations.class(0), None);
    let value = housing.predict(&row).unwrap().score(0);
    assert!((explanations.score(0, 0) - value).abs() < 1e-4, "{value}");
}

#[test]
fn files_of_libraries_say_their_covers_themselves() {
    for (file, scores) in [
        ("lightgbm/models/binary.txt", 1),
        ("lightgbm/models/multiclass.txt", 3),
        ("xgboost/3.2.0/binary-logistic.ubj", 1),
        ("xgboost/3.2.0/softprob.ubj", 3),
    ] {
        let engine = Engine::open(repository("crates/model/tests").join(file)).unwrap();
        let names: Vec<String> = engine.columns().map(|column| column.name.clone()).collect();
        let mut rows = engine.rows();
        for value in [0.25, -1.5, f64::NAN] {
            rows.begin_row();
            for column in 0..names.len() {
                rows.set(column, Value::from(value)).unwrap();
            }
        }
        let explanations = engine.explain(&rows).unwrap();
        let answer = engine.predict(&rows).unwrap();
        assert_eq!((explanations.scores(), explanations.covers()), (scores, Covers::Training));
        for row in 0..3 {
            let of = |score| explanations.score(row, score);
            let probability = match scores {
                1 => logistic(of(0)),
                _ => {
                    let powers = (0..scores).map(|score| of(score).exp());
                    powers.clone().fold(0.0, f64::max) / powers.sum::<f64>()
                }
            };
            let expected = answer.score(row);
            assert!((probability - expected).abs() < 1e-5, "{file}: {probability}, {expected}");
        }
    }
}

#[test]
fn what_is_no_ensemble_is_not_explained() {
    let linear = repository("crates/conformance/cases/skl2onnx/SklearnTfidfTransform/model.onnx");
    let engine = Engine::open(linear).unwrap();
    let error = engine.explain(&engine.rows()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("ensemble of trees"), "{error}");
}
