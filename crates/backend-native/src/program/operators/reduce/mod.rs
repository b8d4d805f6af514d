//! Operators that look at several elements of a row at once: sums and maxima, the greatest ones and
//! where they stand, norms and softmaxes.

mod axes;
mod cumulative;
mod extreme;
mod fold;
mod lanes;
mod layer;
mod norm;
mod softmax;
mod top_k;

use hotplate_model::onnx::Node;

use super::Taken;
use crate::program::{kernel::Operand, opsets::Opsets};

pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    let compiled = match (node.domain, node.op_type) {
        ("", "ArgMax" | "ArgMin") => extreme::compile(node, operands),
        ("", "TopK") => top_k::compile(node, operands),
        ("", "CumSum") => cumulative::compile(node, operands),
        ("", "Softmax" | "LogSoftmax" | "Hardmax") => softmax::compile(node, operands, opsets),
        ("", "LpNormalization") => norm::compile(node, operands),
        ("", "LayerNormalization") => layer::compile(node, operands),
        ("ai.onnx.ml", "Normalizer") => norm::normalizer(node, operands),
        ("", name) => match fold::Reduction::of_name(name) {
            Some(reduction) => fold::compile(reduction, node, operands),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    compiled.map(Some)
}
