//! Other dimensions for the same elements: Reshape, Flatten, Squeeze, Unsqueeze.
//!
//! The rows must stay whole: as many elements in front of their axis as before, and as many behind.

use hotplate_model::onnx::Node;
use hotplate_tensor::MAX_RANK;

use super::{
    super::support::operand,
    copies::{Copied, compiled},
    lists,
    walk::Walk,
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Operand},
        opsets::Opsets,
        shape::{Dim, Extent, ValueType},
    },
};

/// The opset from which Squeeze and Unsqueeze read their axes as an input.
const AXES_ARE_AN_INPUT: i64 = 13;

/// The same elements, in order, as a value of this type.
fn same(value: &ValueType, dims: Vec<Dim>) -> Result<Compiled, NotTaken> {
    let ty = ValueType::new(value.dtype, dims).map_err(NotTaken::unsupported)?;
    Ok(compiled(vec![Copied::of(ty, Walk::straight(&value.dims))]))
}

pub(super) fn reshape(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let target = if opsets.main() < 5 {
        let shape = lists::attribute(node, "shape")?;
        let shape = shape.ok_or_else(|| NotTaken::invalid(node, "shape is not given"))?;
        shape.into_iter().map(Extent::Fixed).collect()
    } else {
        lists::known(operand(node, operands, 1)?, "dimensions")?
    };
    let zero_is_zero = node.int("allowzero")?.unwrap_or(0) != 0;
    same(value, reshaped(node, value, &target, zero_is_zero)?)
}

/// The dimensions that a value gets where `target` asks for them.
pub(super) fn reshaped(
    node: &Node<'_>,
    value: &ValueType,
    target: &[Extent],
    zero_is_zero: bool,
) -> Result<Vec<Dim>, NotTaken> {
    let mut dims = Vec::with_capacity(target.len());
    let mut open = None;
    for (axis, &extent) in target.iter().enumerate() {
        dims.push(match extent {
            Extent::Rows => Dim::Rows,
            Extent::Fixed(-1) if open.is_some() => {
                return Err(NotTaken::invalid(node, "leaves two dimensions open"));
            }
            Extent::Fixed(-1) => {
                open = Some(axis);
                Dim::Fixed(1)
            }
            Extent::Fixed(0) if !zero_is_zero => {
                let dim = value.dims.get(axis).copied();
                dim.ok_or_else(|| NotTaken::invalid(node, format!("keeps dimension {axis}")))?
            }
            Extent::Fixed(dim) => Dim::Fixed(usize::try_from(dim).map_err(|_| {
                NotTaken::invalid(node, format!("asks for {dim} elements along an axis"))
            })?),
        });
    }
    let width = width(&value.dims);
    let named = width_of(node, &dims)?;
    let has_rows = dims.contains(&Dim::Rows);
    if let Some(open) = open {
        dims[open] = if !value.is_fixed() && !has_rows && named == width {
            Dim::Rows
        } else if !value.is_fixed() && !has_rows {
            return Err(torn(value));
        } else {
            let dim = width.checked_div(named).filter(|dim| dim * named == width);
            Dim::Fixed(dim.ok_or_else(|| misfit(node, width, named))?)
        };
    } else if value.is_fixed() != has_rows && named != width {
        return Err(misfit(node, width, named));
    }
    keeps_rows(value, &dims)?;
    Ok(dims)
}

fn misfit(node: &Node<'_>, got: usize, named: usize) -> NotTaken {
    NotTaken::invalid(node, format!("{got} elements in dimensions for {named}"))
}

fn torn(value: &ValueType) -> NotTaken {
    NotTaken::unsupported(format!("rows are taken apart or put together: {value}"))
}

/// The elements of one row. Whoever made the type saw to it that they can be counted, unless there
/// are none.
fn width(dims: &[Dim]) -> usize {
    dims.iter().filter_map(|dim| dim.fixed()).fold(1, usize::saturating_mul)
}

fn width_of(node: &Node<'_>, dims: &[Dim]) -> Result<usize, NotTaken> {
    let mut fixed = dims.iter().filter_map(|dim| dim.fixed());
    let width = fixed.try_fold(1_usize, |width, dim| width.checked_mul(dim));
    width.ok_or_else(|| NotTaken::invalid(node, "asks for more elements than can be counted"))
}

/// Refuses dimensions that would put other elements into a row.
fn keeps_rows(value: &ValueType, dims: &[Dim]) -> Result<(), NotTaken> {
    let around = |dims: &[Dim]| {
        let axis = dims.iter().position(|&dim| dim == Dim::Rows)?;
        Some((width(&dims[..axis]), width(&dims[axis + 1..])))
    };
    match (around(&value.dims), around(dims)) {
        (before, after) if before == after => Ok(()),
        (Some(_), None) => {
            Err(NotTaken::unsupported(format!("dimensions for a number of rows: {value}")))
        }
        _ => Err(torn(value)),
    }
}

pub(super) fn flatten(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let axis = node.int("axis")?.unwrap_or(1);
    // One past the last axis is where everything is in front.
    let axis = match usize::try_from(axis) {
        Ok(axis) if axis == value.rank() => axis,
        _ => lists::axis(node, axis, value.rank())?,
    };
    let together = |dims: &[Dim]| match dims.contains(&Dim::Rows) {
        true if width(dims) == 1 => Ok(Dim::Rows),
        true => Err(torn(value)),
        false => Ok(Dim::Fixed(width(dims))),
    };
    same(value, vec![together(&value.dims[..axis])?, together(&value.dims[axis..])?])
}

pub(super) fn squeeze(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let dims = match axes(node, operands, opsets)? {
        // The rows axis stays, whatever the number of rows: one is no other than two.
        None => value.dims.iter().copied().filter(|&dim| dim != Dim::Fixed(1)).collect(),
        Some(axes) => {
            let axes = lists::axes(node, &axes, value.rank())?;
            for &axis in &axes {
                match value.dims[axis] {
                    Dim::Fixed(1) => {}
                    Dim::Rows => return Err(NotTaken::unsupported("squeezes the rows axis")),
                    Dim::Fixed(dim) => {
                        return Err(NotTaken::invalid(node, format!("squeezes {dim} elements")));
                    }
                }
            }
            let dims = value.dims.iter().enumerate();
            dims.filter(|(axis, _)| !axes.contains(axis)).map(|(_, &dim)| dim).collect()
        }
    };
    same(value, dims)
}

pub(super) fn unsqueeze(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let axes = axes(node, operands, opsets)?;
    let axes = axes.ok_or_else(|| NotTaken::invalid(node, "axes are not given"))?;
    let rank = value.rank() + axes.len();
    if rank > MAX_RANK {
        return Err(NotTaken::unsupported(format!("{rank} axes, at most {MAX_RANK} are taken")));
    }
    let axes = lists::axes(node, &axes, rank)?;
    let mut dims = value.dims.iter().copied();
    let is_new = |axis: &usize| axes.contains(axis);
    let dims = (0..rank).filter_map(|axis| match is_new(&axis) {
        true => Some(Dim::Fixed(1)),
        false => dims.next(),
    });
    same(value, dims.collect())
}

/// The axes that Squeeze or Unsqueeze names.
pub(super) fn axes(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Option<Vec<i64>>, NotTaken> {
    if opsets.main() < AXES_ARE_AN_INPUT {
        lists::attribute(node, "axes")
    } else {
        lists::optional_integers(operands, 1, "axes")
    }
}
