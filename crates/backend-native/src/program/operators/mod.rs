//! The operators, by family. Each family's `compile` takes the nodes that are its own.

mod classical;
mod elementwise;
mod ensembles;
mod exponential;
mod layout;
mod linear;
mod reduce;
mod support;

use hotplate_backend::TreeLayout;
use hotplate_model::onnx::Node;
use hotplate_tensor::DType;

use super::{
    kernel::{Compiled, Operand},
    opsets::Opsets,
    shape::Extent,
};
use crate::operator::NotTaken;

/// A list of integers among which the number of rows may be.
#[derive(Debug)]
pub(super) struct Extents {
    pub(super) dtype: DType,
    /// The shape of the list: one axis, or none for a scalar.
    pub(super) dims: Vec<usize>,
    pub(super) elements: Vec<Extent>,
}

/// What one family makes of a node: nothing where it is another family's.
type Taken = Result<Option<Compiled>, NotTaken>;

/// Follows the dimensions of values, where a node works on nothing else.
pub(super) fn extents(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<Extents>, NotTaken> {
    layout::extents(node, operands, opsets)
}

/// Compiles a node.
///
/// # Errors
///
/// Why this engine does not take it, or what is wrong with it.
pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
    tree_layout: Option<TreeLayout>,
) -> Result<Compiled, NotTaken> {
    // Such a list is no tensor: only what takes it for a shape can read it.
    if operands.iter().flatten().any(|operand| operand.extents.is_some()) {
        let compiled = layout::compile(node, operands, opsets)?;
        return compiled.ok_or_else(|| NotTaken::unsupported("computes with the number of rows"));
    }
    let families = [
        elementwise::compile,
        layout::compile,
        reduce::compile,
        linear::compile,
        classical::compile,
    ];
    for family in families {
        if let Some(compiled) = family(node, operands, opsets)? {
            return Ok(compiled);
        }
    }
    let ensemble = ensembles::compile(node, operands, tree_layout)?;
    ensemble.ok_or_else(|| NotTaken::unsupported("the native engine has no such operator"))
}
