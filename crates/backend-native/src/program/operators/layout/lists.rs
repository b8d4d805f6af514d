//! Lists of integers that a node needs now: shapes, axes, bounds.

use hotplate_model::onnx::Node;

use super::super::support::optional;
use crate::{
    operator::NotTaken,
    program::{
        kernel::Operand,
        shape::{Extent, axis_of},
    },
};

/// The integers of a constant, or of what is made of the dimensions of values.
pub(super) fn list(operand: &Operand<'_>) -> Option<Vec<Extent>> {
    if let Some(extents) = operand.extents {
        return Some(extents.to_vec());
    }
    if let Some(integers) = operand.constant_elements::<i64>() {
        return Some(integers.iter().copied().map(Extent::Fixed).collect());
    }
    let integers = operand.constant_elements::<i32>()?;
    Some(integers.iter().map(|&integer| Extent::Fixed(integer.into())).collect())
}

/// The list that an input holds, which must be known now.
pub(super) fn known(operand: &Operand<'_>, what: &str) -> Result<Vec<Extent>, NotTaken> {
    list(operand).ok_or_else(|| NotTaken::unsupported(format!("computes its {what}")))
}

/// The integers that an input holds, which must be known now and the same for any rows.
pub(super) fn integers(operand: &Operand<'_>, what: &str) -> Result<Vec<i64>, NotTaken> {
    let integers = known(operand, what)?.into_iter().map(Extent::fixed).collect::<Option<_>>();
    integers.ok_or_else(|| NotTaken::unsupported(format!("{what} that depend on the rows")))
}

/// The integers that an optional input holds.
pub(super) fn optional_integers(
    operands: &[Option<Operand<'_>>],
    index: usize,
    what: &str,
) -> Result<Option<Vec<i64>>, NotTaken> {
    optional(operands, index).map(|operand| integers(operand, what)).transpose()
}

/// The integers of an attribute.
pub(super) fn attribute(node: &Node<'_>, name: &str) -> Result<Option<Vec<i64>>, NotTaken> {
    Ok(node.ints(name)?.map(Iterator::collect))
}

/// An axis that a node names.
pub(super) fn axis(node: &Node<'_>, axis: i64, rank: usize) -> Result<usize, NotTaken> {
    axis_of(axis, rank).map_err(|problem| NotTaken::invalid(node, problem))
}

/// The axes that a node names, each once.
pub(super) fn axes(node: &Node<'_>, axes: &[i64], rank: usize) -> Result<Vec<usize>, NotTaken> {
    let mut found: Vec<usize> = Vec::with_capacity(rank);
    for &index in axes {
        let index = axis(node, index, rank)?;
        if found.contains(&index) {
            return Err(NotTaken::invalid(node, format!("names axis {index} twice")));
        }
        found.push(index);
    }
    Ok(found)
}
