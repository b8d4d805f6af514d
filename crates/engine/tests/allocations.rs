//! A prediction allocates nothing once its answer has grown, whatever the row.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../codec/tests/support/counting.rs"]
mod counting;
mod support;

use counting::allocations;
use hotplate::{Engine, Value};
use ndarray::{Array2, ArrayView1, s};
use support::{Golden, model, names};

/// Rows asked after the first one.
const ROWS: usize = 200;

#[test]
fn row_of_numbers_allocates_nothing() {
    let engine = Engine::open(model("housing")).unwrap();
    let golden = Golden::of("housing");
    let rows: Vec<[f32; 8]> = (0..ROWS).map(|row| golden.numbers(row)).collect();
    let mut answer = engine.answer();
    engine.predict_into(&rows[0], &mut answer).unwrap();
    for row in &rows {
        let count = allocations(|| engine.predict_into(row, &mut answer).unwrap());
        assert_eq!(count, 0, "{row:?}");
    }
}

#[test]
fn row_of_an_array_allocates_nothing() {
    let engine = Engine::open(model("housing")).unwrap();
    let golden = Golden::of("housing");
    let rows = Array2::from_shape_fn((ROWS, 8), |(row, at)| golden.numbers::<8>(row)[at]);
    // Columns in front: a row of this one is not contiguous, and is copied cell by cell.
    let strided = rows.t().as_standard_layout().into_owned();
    let mut answer = engine.answer();
    engine.predict_into(&strided.column(0), &mut answer).unwrap();
    for row in 0..ROWS {
        let ask = |row: ArrayView1<'_, f32>, answer: &mut _| {
            assert_eq!(allocations(|| engine.predict_into(&row, answer).unwrap()), 0, "{row}");
        };
        ask(rows.row(row), &mut answer);
        let score = answer.score(0);
        ask(strided.column(row), &mut answer);
        assert_eq!(answer.score(0), score);
    }
}

#[test]
fn batch_of_numbers_allocates_nothing() {
    let engine = Engine::open(model("housing")).unwrap();
    let golden = Golden::of("housing");
    let rows: Vec<[f32; 8]> = (0..ROWS).map(|row| golden.numbers(row)).collect();
    let array = Array2::from_shape_fn((ROWS, 8), |(row, at)| rows[row][at]);
    let mut answer = engine.answer();
    engine.predict_into(&rows[..64], &mut answer).unwrap();
    for first in 0..ROWS - 64 {
        let batch = first..first + 64;
        let count = allocations(|| engine.predict_into(&rows[batch.clone()], &mut answer).unwrap());
        assert_eq!(count, 0, "slice, rows {batch:?}");
        let view = array.slice(s![batch.clone(), ..]);
        let count = allocations(|| engine.predict_into(&view, &mut answer).unwrap());
        assert_eq!((count, answer.rows()), (0, 64), "array, rows {batch:?}");
    }
}

/// Each text column keeps room for its longest text so far, so the first call brings those.
#[test]
fn row_of_named_columns_allocates_nothing() {
    let engine = Engine::open(model("churn")).unwrap();
    let golden = Golden::of("churn");
    let names = names(&engine);
    assert_eq!(names.len(), 19);
    let bound = engine.bind(&names).unwrap();
    let rows: Vec<Vec<Value<'_>>> =
        (0..golden.rows()).map(|row| golden.values(&engine, row)).collect();
    let longest: Vec<Value<'_>> = (0..names.len())
        .filter_map(|column| rows.iter().map(|row| row[column]).max_by_key(text_bytes))
        .collect();
    let mut answer = engine.answer();
    bound.predict_into(&longest, &mut answer).unwrap();
    for row in &rows {
        let count = allocations(|| bound.predict_into(row, &mut answer).unwrap());
        assert_eq!(count, 0, "{row:?}");
    }

    let batches = || rows.chunks_exact(64);
    batches().for_each(|batch| bound.predict_rows_into(batch, &mut answer).unwrap());
    for batch in batches() {
        let count = allocations(|| bound.predict_rows_into(batch, &mut answer).unwrap());
        assert_eq!((count, answer.rows()), (0, 64));
    }
}

fn text_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) => text.len(),
        _ => 0,
    }
}
