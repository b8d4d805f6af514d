//! An inspection as one JSON document. `hotplate inspect --help` says what its keys are.

use hotplate::{
    Batching, Error, Inspection, Labels, LibraryFound, ModelFile, OutputSpec, PassedOver,
    Placement, Refusal, RowDim, Schema, Signature, Task,
};
use serde_json::{Value, json};

use super::architecture;

/// The document. A key whose value is not known is null: the signature's and the plan's parts of a
/// model that was refused, for which `problem` and `refusals` say why.
pub(super) fn document(inspection: &Inspection) -> Value {
    let signature = inspection.signature.as_ref().ok();
    let choice = inspection.choice.as_ref().ok();
    let problem = inspection.choice.as_ref().err();
    let placement = choice.map(|choice| &choice.placement);
    let passed = match &inspection.choice {
        Ok(choice) => &choice.passed_over,
        Err(error) => error.passed_over(),
    };
    json!({
        "name": inspection.name,
        "file": inspection.file.to_string_lossy(),
        "format": inspection.format,
        "size_bytes": inspection.size_bytes,
        "sha256": inspection.sha256,
        "combined_with": inspection.combined_with.iter().map(model_file).collect::<Vec<Value>>(),
        "producer": inspection.producer,
        "opsets": inspection.opsets,
        "operators": inspection.operators,
        "architecture": inspection.architecture.as_ref().map(architecture::document),
        "inputs": signature.map(|signature| inputs(signature.schema())),
        "columns": signature.map(|signature| columns(signature.schema())),
        "outputs": signature.map(|signature| -> Vec<Value> {
            signature.outputs().iter().map(output).collect()
        }),
        "batching": signature.map(|signature| batching(signature.batching())),
        "task": signature.map(task),
        "golden_rows": inspection.golden_rows.as_ref().map(|path| path.to_string_lossy()),
        "backend": choice.map(|choice| choice.backend),
        "device": placement.map(|placement| placement.device.to_string()),
        "fell_back": placement.map(|placement| &placement.fell_back),
        "nodes": placement.and_then(nodes),
        "steps": choice.map(|choice| &choice.steps),
        "passed_over": passed.iter().map(passed_over).collect::<Vec<Value>>(),
        "onnxruntime": inspection.onnxruntime.as_ref().map(library),
        "problem": problem.map(ToString::to_string),
        "refusals": problem.map(Error::refusals).map(refusals),
        "open_seconds": inspection.opened_in.as_secs_f64(),
    })
}

fn model_file(other: &ModelFile) -> Value {
    json!({
        "file": other.file.to_string_lossy(),
        "format": other.format,
        "size_bytes": other.size_bytes,
        "sha256": other.sha256,
    })
}

fn inputs(schema: &Schema) -> Vec<Value> {
    let input = schema.inputs().iter();
    input
        .map(|input| {
            json!({
                "name": input.name,
                "dtype": input.dtype.to_string(),
                "row_shape": input.row_shape.dims().iter().map(dim).collect::<Vec<Value>>(),
            })
        })
        .collect()
}

fn dim(dim: &RowDim) -> Value {
    match dim {
        RowDim::Fixed(dim) => json!(dim),
        RowDim::Open(name) => json!(name),
    }
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

fn batching(batching: Batching) -> Option<&'static str> {
    match batching {
        Batching::Rows => Some("rows"),
        Batching::OneRow => Some("one_row"),
        Batching::None => Some("none"),
        _ => None,
    }
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
        Task::Embedding { .. } => json!({ "kind": "embedding" }),
        _ => json!({ "kind": "other" }),
    }
}

/// None where the backend does not tell.
fn nodes(placement: &Placement) -> Option<Value> {
    let nodes = placement.nodes.iter();
    let nodes: serde_json::Map<_, _> =
        nodes.map(|(device, nodes)| (device.clone(), json!(nodes))).collect();
    (!nodes.is_empty()).then_some(nodes.into())
}

fn passed_over(passed: &PassedOver) -> Value {
    json!({
        "backend": passed.backend,
        "reason": passed.reason,
        "refusals": refusals(&passed.refusals),
    })
}

fn library(found: &LibraryFound) -> Value {
    json!({
        "version": found.version,
        "path": found.path.to_string_lossy(),
        "failures": found.failures,
    })
}

fn refusals(refusals: &[Refusal]) -> Vec<Value> {
    let refusals = refusals.iter();
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
