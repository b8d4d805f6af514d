//! A prediction allocates nothing once its answer has grown, whatever the row.

mod support {
    pub(crate) mod counting;
    #[path = "mod.rs"]
    pub(crate) mod golden;
}

use hotplate::{Engine, Value};
use ndarray::{Array2, ArrayView1, s};
use support::{
    counting::allocations,
    golden::{Golden, model, names},
};

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

/// Texts are of different lengths, so the first call is the one that has seen the longest row.
#[test]
fn row_of_named_columns_allocates_nothing() {
    let engine = Engine::open(model("churn")).unwrap();
    let golden = Golden::of("churn");
    let names = names(&engine);
    assert_eq!(names.len(), 19);
    let bound = engine.bind(&names).unwrap();
    let rows: Vec<Vec<Value<'_>>> = (0..ROWS).map(|row| golden.values(&engine, row)).collect();
    let mut answer = engine.answer();
    let longest = rows.iter().max_by_key(|row| text_bytes(row)).unwrap();
    bound.predict_into(longest, &mut answer).unwrap();
    for row in &rows {
        let count = allocations(|| bound.predict_into(row, &mut answer).unwrap());
        assert_eq!(count, 0, "{row:?}");
    }
    bound.predict_rows_into(&rows[..64], &mut answer).unwrap();
    let count = allocations(|| bound.predict_rows_into(&rows[..64], &mut answer).unwrap());
    assert_eq!((count, answer.rows()), (0, 64));
}

fn text_bytes(row: &[Value<'_>]) -> usize {
    let bytes = |value: &Value<'_>| match value {
        Value::Text(text) => text.len(),
        _ => 0,
    };
    row.iter().map(bytes).sum()
}
