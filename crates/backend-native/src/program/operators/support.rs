//! What operators of all families need.

use hotplate_model::onnx::Node;

use crate::{operator::NotTaken, program::kernel::Operand};

/// A node's input, which must be there.
pub(super) fn operand<'o, 'g>(
    node: &Node<'_>,
    operands: &'o [Option<Operand<'g>>],
    index: usize,
) -> Result<&'o Operand<'g>, NotTaken> {
    let operand = operands.get(index).and_then(Option::as_ref);
    operand.ok_or_else(|| NotTaken::invalid(node, format!("input {index} is left out")))
}

/// A node's input where it is given.
pub(super) fn optional<'o, 'g>(
    operands: &'o [Option<Operand<'g>>],
    index: usize,
) -> Option<&'o Operand<'g>> {
    operands.get(index).and_then(Option::as_ref)
}
