//! Each model answers as its library does, whatever else is in the batch.

use hotplate::{Answer, DType, Engine, Label, tolerance::Tolerance};
use libtest_mimic::Trial;
use proptest::{
    collection::vec,
    prelude::ProptestConfig,
    test_runner::{TestCaseError, TestRunner},
};

use crate::{
    ask::{ask, numbers_of, open},
    golden::{CASES, Golden, Row, folder},
    told, trial,
};

/// How far a logit may be off, whatever its size.
const LOGITS: f64 = 1e-4;

/// What the library calls it, and our output's name.
const OUTPUTS: [(&str, &str); 4] = [
    ("embedding", "embedding"),
    ("logits", "logits"),
    ("scores", "probabilities"),
    ("value", "value"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &'static str| {
        [
            trial(format!("answers/{name}"), move || answers(name)),
            trial(format!("rows/{name}"), move || rows(name)),
        ]
    };
    CASES.into_iter().flat_map(of).collect()
}

fn answers(name: &str) -> Result<(), String> {
    let golden = Golden::read(name)?;
    let engine = open(&folder(name), &golden)?;
    if engine.backend() != "candle" {
        return Err(format!("it is the backend {} that answers", engine.backend()));
    }
    let all: Vec<&Row> = golden.rows.iter().collect();
    check(&engine, &golden, &all)?;
    all.iter().try_for_each(|&row| check(&engine, &golden, &[row]))
}

/// Rows in any order and number, each as the library answers it alone.
fn rows(name: &str) -> Result<(), String> {
    const MOST_ROWS: usize = 12;
    let golden = Golden::read(name)?;
    let engine = open(&folder(name), &golden)?;
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let picked = vec(0..golden.rows.len(), 1..=MOST_ROWS);
    TestRunner::new(config)
        .run(&picked, |picked| {
            let rows: Vec<&Row> = picked.iter().map(|&row| &golden.rows[row]).collect();
            check(&engine, &golden, &rows).map_err(TestCaseError::fail)
        })
        .map_err(told)
}

fn check(engine: &Engine, golden: &Golden, rows: &[&Row]) -> Result<(), String> {
    let answer = ask(engine, rows)?;
    if answer.rows() != rows.len() {
        return Err(format!("{} answers for {} rows", answer.rows(), rows.len()));
    }
    let tolerance = Tolerance::of_engine(engine, DType::F32);
    for (at, row) in rows.iter().enumerate() {
        check_row(&answer, at, row, golden, tolerance).map_err(|problem| {
            format!("{:?} in a batch of {}: {problem}", row.cells, rows.len())
        })?;
    }
    Ok(())
}

fn check_row(
    answer: &Answer,
    at: usize,
    row: &Row,
    golden: &Golden,
    tolerance: Tolerance,
) -> Result<(), String> {
    // The one logit of a regression is its value, and so is its score.
    let is_value = golden.labels.len() == 1;
    let mut compared = 0;
    for (name, output) in OUTPUTS {
        let Some(expected) = row.expected(name) else { continue };
        let got = numbers_of(answer, if is_value { "value" } else { output }, at)?;
        if got.len() != expected.len() {
            return Err(format!("{output}: {} numbers, expected {}", got.len(), expected.len()));
        }
        for (&got, &expected) in got.iter().zip(expected) {
            let close = (f64::from(got) - f64::from(expected)).abs() <= LOGITS;
            if !close || !tolerance.accepts(got.into(), expected.into()) {
                return Err(format!("{output}: got {got}, expected {expected}"));
            }
        }
        compared += expected.len();
    }
    if compared == 0 {
        return Err("nothing is expected of the row".to_owned());
    }
    if golden.labels.len() > 1 {
        let scores = row.expected("scores").ok_or("no scores")?;
        let greatest = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let expected = greatest.map(|class| golden.labels[class].as_str());
        match answer.label(at) {
            Some(Label::Text(label)) if Some(label) == expected => {}
            other => return Err(format!("label: got {other:?}, expected {expected:?}")),
        }
    }
    Ok(())
}
