//! Any bytes as a model file: whatever is accepted predicts, no row makes a worker panic, and the
//! answers are the same in several turns and in every layout of trees, bit for bit.
//!
//! `cargo fuzz run predict` in the folder above; the models of the readers' tests make good seeds.

#![no_main]

use std::{ops::Range, sync::Arc};

use hotplate_backend::{
    Backend, BackendError, BackendErrorKind, CompileOptions, Limits, Part, Plan, TreeLayout,
    UnknownCategories,
};
use hotplate_model::Model;
use hotplate_native::Native;
use hotplate_tensor::{Columns, DType, DataView, Schema, Tensor, Value};
use libfuzzer_sys::fuzz_target;

/// More than go through an engine at once.
const ROWS: usize = 37;

/// Where a request takes its second turn.
const TURN: usize = 33;

/// Elements of all rows together, so that rows which a file declares long take no longer.
const ELEMENTS: usize = 1 << 16;

const FLOATS: [f64; 12] = [
    f64::NAN,
    0.0,
    -0.0,
    1.5,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1.0,
    2.0,
    -1.0,
    16_777_217.0,
    1e-320,
    1e300,
];

/// A cell that has no room for one of these holds zero.
const INTEGERS: [i64; 7] = [0, 1, 2, -1, 127, i64::MIN, i64::MAX];

/// Missing, known to no model, and known to models whose files are seeds.
const TEXTS: [&str; 6] = ["", "nowhere", "Yes", "Bonn", "small", "Paris"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    let Ok(plan) = Native.compile(&model, &CompileOptions::default()) else { return };
    let rows = rows(plan.signature().schema());
    let all = rows.rows();
    let unknown = UnknownCategories::AsModelSays;
    let whole = answers(&*plan, &rows, &[0..all], unknown);
    if let Err(error) = &whole {
        assert_eq!(error.kind(), BackendErrorKind::RefusedRows, "{error}");
    }
    let turn = TURN.min(all);
    same(&whole, &answers(&*plan, &rows, &[0..turn, turn..all], unknown));
    if let Err(error) = answers(&*plan, &rows, &[0..all], UnknownCategories::Refuse) {
        assert!(whole.is_err() || error.as_unknown_category().is_some(), "{error}");
    }
    for layout in TreeLayout::ALL {
        let options = CompileOptions { tree_layout: Some(layout), ..CompileOptions::default() };
        if let Ok(plan) = Native.compile(&model, &options) {
            same(&whole, &answers(&*plan, &rows, &[0..all], unknown));
        }
    }
});

/// Rows of one value in every cell, and behind them rows of different ones.
fn rows(schema: &Arc<Schema>) -> Columns {
    let mut rows = Columns::new(Arc::clone(schema));
    let width = |input: usize| schema.inputs()[input].row_shape.width().expect("they are fixed");
    let elements: usize = (0..schema.inputs().len()).map(width).sum();
    for row in 0..ROWS.min(ELEMENTS / elements.max(1)).max(1) {
        rows.begin_row();
        for (input, spec) in schema.inputs().iter().enumerate() {
            for element in 0..width(input) {
                let turn = if row < FLOATS.len() { row } else { row + 5 * input + 7 * element };
                let _ = rows.set_element(input, element, value(spec.dtype, turn));
            }
        }
    }
    rows
}

fn value(dtype: DType, turn: usize) -> Value<'static> {
    match dtype {
        DType::Str => Value::Text(TEXTS[turn % TEXTS.len()]),
        DType::F32 | DType::F64 => Value::Number(FLOATS[turn % FLOATS.len()]),
        DType::Bool => Value::Bool(turn % 2 == 1),
        _ => Value::Integer(INTEGERS[turn % INTEGERS.len()]),
    }
}

/// What a new worker answers these turns with.
fn answers(
    plan: &dyn Plan,
    rows: &Columns,
    turns: &[Range<usize>],
    unknown_categories: UnknownCategories,
) -> Result<Vec<Tensor>, BackendError> {
    let outputs = plan.signature().outputs();
    let mut answers: Vec<_> = outputs.iter().map(|output| Tensor::empty(output.dtype)).collect();
    let limits = Limits { max_rows: ROWS, threads: 1 };
    let mut worker = plan.worker(&limits).expect("a worker of the host");
    for turn in turns {
        let whole = Part::new(rows.inputs(), &mut answers);
        let mut parts = [Part { rows: turn.clone(), unknown_categories, ..whole }];
        worker.run(&mut parts);
        let [part] = parts;
        part.outcome?;
    }
    assert!(answers.iter().all(|answer| answer.shape().rows() == rows.rows()));
    Ok(answers)
}

/// Both refuse the rows, or the answers are the same.
fn same(one: &Result<Vec<Tensor>, BackendError>, other: &Result<Vec<Tensor>, BackendError>) {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            for (one, other) in one.iter().zip(other) {
                assert_eq!(one.shape(), other.shape());
                assert!(are_same(one.data(), other.data()), "{one:?}\n{other:?}");
            }
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("refused only once: {error}"),
    }
}

/// Equal but for the payloads of NaN.
fn are_same(one: DataView<'_>, other: DataView<'_>) -> bool {
    match (one, other) {
        (DataView::F32(one), DataView::F32(other)) => one
            .iter()
            .zip(other)
            .all(|(one, other)| one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()),
        (DataView::F64(one), DataView::F64(other)) => one
            .iter()
            .zip(other)
            .all(|(one, other)| one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()),
        _ => one == other,
    }
}
