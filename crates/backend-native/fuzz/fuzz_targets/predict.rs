//! Any bytes as a model file: whatever is accepted predicts, and no row makes a worker panic.
//!
//! `cargo fuzz run predict` in the folder above; the models that ship make good seeds.

#![no_main]

use hotplate_backend::{Backend, CompileOptions, Limits, Part};
use hotplate_model::Model;
use hotplate_native::Native;
use hotplate_tensor::{Columns, DType, Tensor, Value};
use libfuzzer_sys::fuzz_target;

const NUMBERS: [f64; 5] = [0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    let Ok(plan) = Native.compile(&model, &CompileOptions::default()) else { return };
    let schema = plan.signature().schema();
    let mut rows = Columns::new(schema.clone());
    for number in NUMBERS {
        rows.begin_row();
        for (index, column) in schema.columns().iter().enumerate() {
            let value = match column.dtype {
                DType::Str if number.is_nan() => Value::Missing,
                DType::Str => Value::Text("Yes"),
                _ => Value::Number(number),
            };
            rows.set(index, value).expect("a column of a plan holds such values");
        }
    }
    let outputs = plan.signature().outputs();
    let mut answers: Vec<_> = outputs.iter().map(|output| Tensor::empty(output.dtype)).collect();
    let mut parts = [Part::new(rows.inputs(), &mut answers)];
    let limits = Limits { max_rows: NUMBERS.len(), threads: 1 };
    plan.worker(&limits).expect("a worker of the host").run(&mut parts);
    let [part] = parts;
    match part.outcome {
        Ok(()) => assert!(answers.iter().all(|answer| answer.shape().rows() == NUMBERS.len())),
        Err(error) => assert!(error.as_unknown_category().is_some(), "{error}"),
    }
});
