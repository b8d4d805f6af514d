//! Ensembles of trees, of any number of scores.
//!
//! - `read`: the attributes of TreeEnsembleClassifier and TreeEnsembleRegressor.
//! - `read5`: those of TreeEnsemble, version 5 of ai.onnx.ml.
//! - `trees`: nodes, checked and laid out to be walked.
//! - `head`: what is made of the scores of a row.
//! - `kernel`: from rows to answers.

mod head;
mod kernel;
mod read;
mod read5;
mod real;
mod trees;

use hotplate_model::onnx::Node;
use hotplate_tensor::DType;

use super::{Taken, support::operand};
use crate::{
    operator::NotTaken,
    program::{kernel::Operand, opsets::Opsets, shape::Dim},
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    _opsets: &Opsets,
) -> Taken {
    if node.domain != "ai.onnx.ml" {
        return Ok(None);
    }
    let is_five = match node.op_type {
        "TreeEnsembleClassifier" | "TreeEnsembleRegressor" => false,
        "TreeEnsemble" => true,
        _ => return Ok(None),
    };
    let x = operand(node, operands, 0)?;
    let table = Table::of(x)?;
    let compiled = match (x.ty.dtype, is_five) {
        (DType::F32, true) => kernel::compile(node, table, read5::read::<f32>(node)?, DType::F32),
        (DType::F64, true) => kernel::compile(node, table, read5::read::<f64>(node)?, DType::F64),
        // Doubles are compared and added up in double precision, and answered in single.
        (DType::F64, false) => kernel::compile(node, table, read::read::<f64>(node)?, DType::F32),
        (DType::F32 | DType::I64 | DType::I32, false) => {
            kernel::compile(node, table, read::read::<f32>(node)?, DType::F32)
        }
        (other, _) => Err(NotTaken::unsupported(format!("trees on {other}"))),
    };
    compiled.map(Some)
}

/// The rows of features that an ensemble reads.
#[derive(Clone, Copy, Debug)]
struct Table {
    rows: Dim,
    features: usize,
}

impl Table {
    fn of(x: &Operand<'_>) -> Result<Self, NotTaken> {
        let (rows, features) = match x.ty.dims[..] {
            [features] => (Dim::Fixed(1), features),
            [rows, features] => (rows, features),
            _ => return Err(NotTaken::unsupported(format!("trees on {}", x.ty))),
        };
        match features.fixed() {
            Some(features) if features > 0 => Ok(Self { rows, features }),
            _ => Err(NotTaken::unsupported(format!("trees on {}", x.ty))),
        }
    }
}
