//! Preprocessing of classical models: scalers, encoders, imputers.
//!
//! - `numbers`: from numbers to numbers of the same shape.
//! - `one_hot`: from a category to one of several columns.
//! - `labels`: from one label to another, by a table.
//! - `vectorize`: several inputs side by side in one matrix.
//! - `table`: what labels and categories are looked up in.
//! - `unknown`: what is found in no table.

mod labels;
mod numbers;
mod one_hot;
mod table;
mod unknown;
mod vectorize;

use hotplate_model::onnx::Node;

use super::Taken;
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Operand},
        opsets::Opsets,
        shape::{Dim, ValueType},
    },
};

pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    if node.domain != "ai.onnx.ml" {
        return Ok(None);
    }
    let compile: fn(&Node<'_>, &[Option<Operand<'_>>]) -> Result<Compiled, NotTaken> =
        match node.op_type {
            "Scaler" => numbers::scaler,
            "Imputer" => numbers::imputer,
            "Binarizer" => numbers::binarizer,
            "OneHotEncoder" => one_hot::one_hot,
            "FeatureVectorizer" => vectorize::vectorizer,
            "CategoryMapper" => labels::mapper,
            "LabelEncoder" => return labels::encoder(node, operands, opsets.ml()).map(Some),
            _ => return Ok(None),
        };
    compile(node, operands).map(Some)
}

/// A value's type, its sentence being why the node is not taken.
fn value_type(dtype: hotplate_tensor::DType, dims: Vec<Dim>) -> Result<ValueType, NotTaken> {
    ValueType::new(dtype, dims).map_err(NotTaken::unsupported)
}

/// The shape of a matrix of a type that was bounded when it was compiled.
fn matrix(rows: usize, width: usize) -> hotplate_tensor::Shape {
    hotplate_tensor::Shape::new(&[rows, width])
        .unwrap_or_else(|_| unreachable!("rows times a bounded width"))
}
