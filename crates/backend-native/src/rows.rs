//! Whether a model's rows are ones that this engine computes: of a known size.

use hotplate_backend::{BackendError, CompileOptions, Refusal};
use hotplate_model::{Batching, Model, ModelErrorKind, Signature, onnx::OnnxModel};
use hotplate_tensor::{InputSpec, Schema};

/// The model's signature, or a refusal that says why it has none.
pub(crate) fn signature(
    model: &Model,
    options: &CompileOptions,
) -> Result<Signature, BackendError> {
    model.signature(options.column_names.clone()).map_err(|error| match error.kind() {
        ModelErrorKind::UnsupportedSignature => {
            let graph = model.onnx().map_or("", |onnx| onnx.graph.name);
            BackendError::unsupported(vec![refusal("signature", graph, error.to_string())])
        }
        _ => error.into(),
    })
}

/// Refuses what has no rows of a known size, or has parts outside the file.
pub(crate) fn check(model: &OnnxModel<'_>, signature: &Signature) -> Result<(), BackendError> {
    let mut refusals = inputs(signature);
    let optional = signature.outputs().iter().filter(|output| output.optional);
    refusals
        .extend(optional.map(|output| refusal("output", &output.name, "may be absent".to_owned())));
    let outside = model.graph.initializers.iter().filter(|tensor| tensor.external.is_some());
    let reason = "its elements are in another file";
    refusals.extend(outside.map(|tensor| refusal("initializer", tensor.name, reason.to_owned())));
    if refusals.is_empty() { Ok(()) } else { Err(BackendError::unsupported(refusals)) }
}

/// What is to blame, where the inputs are no table.
fn inputs(signature: &Signature) -> Vec<Refusal> {
    let schema = signature.schema();
    let is_open = |input: &InputSpec| input.row_shape.fixed().is_none();
    let any_open = schema.inputs().iter().any(is_open);
    let reason = |input: &InputSpec| {
        let shape = &input.row_shape;
        match signature.batching() {
            Batching::Rows | Batching::OneRow if is_open(input) => {
                Some(format!("a row of shape {shape}, which is open"))
            }
            Batching::Rows | Batching::OneRow if any_open || schema.is_table() => None,
            Batching::Rows | Batching::OneRow => {
                Some(format!("rows of more than {} elements", Schema::MAX_COLUMNS))
            }
            _ if is_open(input) => Some(format!("tensors of shape {shape}, which is open")),
            _ => None,
        }
    };
    let inputs = schema.inputs().iter();
    inputs.filter_map(|input| Some(refusal("input", &input.name, reason(input)?))).collect()
}

fn refusal(operator: &str, node: &str, reason: String) -> Refusal {
    Refusal { operator: operator.to_owned(), node: node.to_owned(), reason }
}
