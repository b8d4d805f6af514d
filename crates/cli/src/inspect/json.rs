//! An inspection as one JSON document.

use hotplate::{Error, Inspection, Labels, OutputSpec, Schema, Signature, Task};
use serde_json::{Value, json};

/// The document. A key whose value is not known is null: the signature's and the plan's parts of a
/// model that was refused, for which `problem` and `refusals` say why.
pub(super) fn document(inspection: &Inspection) -> Value {
    let signature = inspection.signature.as_ref().ok();
    let choice = inspection.choice.as_ref().ok();
    let problem = inspection.choice.as_ref().err();
    json!({
        "name": inspection.name,
        "file": inspection.file.to_string_lossy(),
        "format": inspection.format,
        "size_bytes": inspection.size_bytes,
        "sha256": inspection.sha256,
        "producer": inspection.producer,
        "opsets": inspection.opsets,
        "operators": inspection.operators,
        "inputs": signature.map(|signature| inputs(signature.schema())),
        "columns": signature.map(|signature| columns(signature.schema())),
        "outputs": signature.map(|signature| -> Vec<Value> {
            signature.outputs().iter().map(output).collect()
        }),
        "task": signature.map(task),
        "golden_rows": inspection.golden_rows.as_ref().map(|path| path.to_string_lossy()),
        "backend": choice.map(|choice| choice.backend),
        "steps": choice.map(|choice| &choice.steps),
        "problem": problem.map(ToString::to_string),
        "refusals": problem.map(refusals),
        "open_seconds": inspection.opened_in.as_secs_f64(),
    })
}

fn inputs(schema: &Schema) -> Vec<Value> {
    let input = schema.inputs().iter();
    input
        .map(|input| {
            json!({
                "name": input.name,
                "dtype": input.dtype.to_string(),
                "row_shape": input.row_shape.dims(),
            })
        })
        .collect()
}

fn columns(schema: &Schema) -> Vec<Value> {
    let columns = schema.columns().iter();
    columns
        .map(|column| json!({ "name": column.name, "dtype": column.dtype.to_string() }))
        .collect()
}

fn output(output: &OutputSpec) -> Value {
    json!({
        "name": output.name,
        "dtype": output.dtype.to_string(),
        "row_shape": output.row_dims,
    })
}

fn task(signature: &Signature) -> Value {
    match signature.task() {
        Task::Classifier { classes: Labels::Text(classes), .. } => {
            json!({ "kind": "classifier", "classes": classes })
        }
        Task::Classifier { classes: Labels::Integers(classes), .. } => {
            json!({ "kind": "classifier", "classes": classes })
        }
        Task::Regressor { .. } => json!({ "kind": "regressor" }),
        _ => json!({ "kind": "other" }),
    }
}

fn refusals(problem: &Error) -> Vec<Value> {
    let refusals = problem.refusals().iter();
    refusals
        .map(|refusal| {
            json!({
                "operator": refusal.operator,
                "node": refusal.node,
                "reason": refusal.reason,
            })
        })
        .collect()
}
