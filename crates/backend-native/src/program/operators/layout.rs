//! Operators that move elements and change none, and the dimensions that they are told.
//!
//! - `walk`: a regular way through two values; `cells`: elements on their way; `copies`: the kernel
//!   that takes such ways.
//! - `reshape`, `moves`, `slice`, `blocks`: operators whose ways are fixed.
//! - `gather`: elements by their index.
//! - `one_hot`: ONNX's own.
//! - `constants`: values that are there beforehand.
//! - `lists`: integers that a node needs while it is compiled, and `extents`: those among which the
//!   number of rows may be.

mod blocks;
mod cells;
mod constants;
mod copies;
mod extents;
mod gather;
mod lists;
mod moves;
mod one_hot;
mod reshape;
mod slice;
mod walk;

use hotplate_model::onnx::Node;

use super::Taken;
use crate::{
    operator::NotTaken,
    program::{kernel::Operand, opsets::Opsets},
};

pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    if reads_extents_as_tensor(node, operands) {
        return Ok(None);
    }
    match (node.domain, node.op_type) {
        ("", "Reshape") => reshape::reshape(node, operands, opsets),
        ("", "Flatten") => reshape::flatten(node, operands),
        ("", "Squeeze") => reshape::squeeze(node, operands, opsets),
        ("", "Unsqueeze") => reshape::unsqueeze(node, operands, opsets),
        ("", "Transpose") => moves::transpose(node, operands),
        ("", "Concat") => moves::concat(node, operands, opsets),
        ("", "Slice") => slice::slice(node, operands, opsets),
        ("", "Split") => slice::split(node, operands, opsets),
        ("", "Tile") => moves::tile(node, operands),
        ("", "Expand") => moves::expand(node, operands),
        ("", "Pad") => moves::pad(node, operands, opsets),
        ("", "Gather") => gather::gather(node, operands),
        ("", "GatherElements") => gather::gather_elements(node, operands),
        ("", "GatherND") => gather::gather_nd(node, operands),
        ("ai.onnx.ml", "ArrayFeatureExtractor") => gather::array_feature_extractor(node, operands),
        ("", "Constant") => constants::constant(node),
        ("", "ConstantOfShape") => constants::constant_of_shape(node, operands),
        ("", "Range") => constants::range(node, operands),
        ("", "OneHot") => one_hot::compile(node, operands),
        ("", "DepthToSpace") => blocks::depth_and_space(node, operands, false),
        ("", "SpaceToDepth") => blocks::depth_and_space(node, operands, true),
        ("", "Trilu") => blocks::trilu(node, operands),
        _ => return Ok(None),
    }
    .map(Some)
}

/// Whether the number of rows would have to be a number: anywhere but where dimensions or bounds
/// are read.
fn reads_extents_as_tensor(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> bool {
    operands.iter().enumerate().any(|(index, operand)| {
        operand.as_ref().is_some_and(|operand| operand.extents.is_some())
            && !matches!(
                (node.op_type, index),
                ("Reshape" | "Expand" | "Tile", 1) | ("ConstantOfShape", 0) | ("Slice", 1 | 2)
            )
    })
}

pub(super) fn extents(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<super::Extents>, NotTaken> {
    if node.domain.is_empty() { extents::of(node, operands, opsets) } else { Ok(None) }
}
