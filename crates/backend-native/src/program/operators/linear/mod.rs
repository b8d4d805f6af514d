//! Products with matrices, and the linear models.

mod batch_norm;
mod distance;
mod gemm;
mod matmul;
mod models;
mod number;
mod packed;
mod product;

use hotplate_model::onnx::Node;

use super::Taken;
use crate::program::{kernel::Operand, opsets::Opsets};

pub(super) use number::{Float, Load, Number};

pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    let compiled = match (node.domain, node.op_type) {
        ("", "MatMul") => matmul::compile(node, operands),
        ("", "Gemm") => gemm::compile(node, operands, opsets),
        ("", "BatchNormalization") => batch_norm::compile(node, operands),
        ("ai.onnx.ml", "LinearClassifier") => models::classifier(node, operands),
        ("ai.onnx.ml", "LinearRegressor") => models::regressor(node, operands),
        ("com.microsoft", "CDist") => distance::compile(node, operands),
        _ => return Ok(None),
    };
    compiled.map(Some)
}
