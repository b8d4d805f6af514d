//! Nodes whose output is their input, under another name.

use hotplate_model::onnx::Node;

use super::{compile::Value, shape::Dim};
use crate::operator::NotTaken;

/// Whether a node is one.
pub(super) fn is_alias(node: &Node<'_>) -> bool {
    matches!((node.domain, node.op_type), ("", "Identity" | "Dropout") | ("ai.onnx.ml", "ZipMap"))
        && node.inputs.len() == 1
}

/// The value of a node whose output is its input.
pub(super) fn of(node: &Node<'_>, inputs: &[Option<Value>]) -> Result<Vec<Value>, NotTaken> {
    let [Some(value)] = inputs else {
        return Err(NotTaken::invalid(node, format!("reads {} inputs", inputs.len())));
    };
    if node.op_type != "ZipMap" {
        return match &node.outputs[..] {
            [_] => Ok(vec![value.clone()]),
            _ if node.op_type == "Dropout" => Err(NotTaken::unsupported("a mask of what is kept")),
            outputs => Err(NotTaken::invalid(node, format!("makes {} outputs", outputs.len()))),
        };
    }
    let texts = node.strings("classlabels_strings")?.map_or(0, |labels| labels.len());
    let integers = node.ints("classlabels_int64s")?.map_or(0, |labels| labels.len());
    match value.ty.dims.last() {
        Some(&Dim::Fixed(width)) if width == texts.max(integers) => {
            Ok(vec![Value { maps: true, ..value.clone() }])
        }
        Some(&Dim::Fixed(width)) => {
            let classes = texts.max(integers);
            Err(NotTaken::invalid(node, format!("{classes} classes for {width} scores")))
        }
        _ => Err(NotTaken::invalid(node, "names the columns of what has none")),
    }
}
