//! Whole values in another order, side by side or repeated: Transpose, Concat, Tile, Expand, Pad.

use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Shape, Tensor};

use super::{
    super::support::{operand, optional},
    cells::by_type,
    copies::{Copied, compiled},
    lists,
    walk::{Linear, Walk, strides},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Operand},
        opsets::Opsets,
        shape::{Dim, Extent, ValueType, broadcast},
    },
};

pub(super) fn transpose(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let order = match lists::attribute(node, "perm")? {
        None => (0..value.rank()).rev().collect(),
        Some(order) if order.len() == value.rank() => lists::axes(node, &order, value.rank())?,
        Some(order) => {
            let problem = format!("{} axes in another order of {}", value.rank(), order.len());
            return Err(NotTaken::invalid(node, problem));
        }
    };
    let dims: Vec<Dim> = order.iter().map(|&axis| value.dims[axis]).collect();
    let (from, to) = (strides(&value.dims), strides(&dims));
    let mut walk = Walk::new();
    for ((&axis, &dim), to) in order.iter().zip(&dims).zip(to) {
        walk.push(dim, from[axis], to);
    }
    Ok(compiled(vec![Copied::of(ValueType { dtype: value.dtype, dims }, walk)]))
}

pub(super) fn concat(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let first = &operand(node, operands, 0)?.ty;
    let axis = match node.int("axis")? {
        Some(axis) => axis,
        None if opsets.main() < 4 => 1,
        None => return Err(NotTaken::invalid(node, "axis is not given")),
    };
    let axis = lists::axis(node, axis, first.rank())?;
    let mut together = first.dims[axis];
    for index in 1..operands.len() {
        let other = &operand(node, operands, index)?.ty;
        together = beside(node, first, other, axis, together)?;
    }
    let mut dims = first.dims.clone();
    dims[axis] = together;
    let ty = ValueType::new(first.dtype, dims).map_err(NotTaken::unsupported)?;
    let to = strides(&ty.dims);
    let mut start = 0;
    let mut walks = Vec::with_capacity(operands.len());
    for index in 0..operands.len() {
        let value = &operand(node, operands, index)?.ty;
        let mut walk = Walk::new();
        walk.skip_to(start, to[axis]);
        for ((&dim, from), &to) in value.dims.iter().zip(strides(&value.dims)).zip(&to) {
            walk.push(dim, from, to);
        }
        walks.push((index, walk));
        start += value.dims[axis].fixed().unwrap_or_default();
    }
    Ok(compiled(vec![Copied { ty, background: None, walks }]))
}

/// The dimension along `axis` of what has `other` behind `together` elements.
fn beside(
    node: &Node<'_>,
    first: &ValueType,
    other: &ValueType,
    axis: usize,
    together: Dim,
) -> Result<Dim, NotTaken> {
    if other.dtype != first.dtype || other.rank() != first.rank() {
        return Err(NotTaken::invalid(node, format!("puts {other} beside {first}")));
    }
    for (at, (&one, &other_dim)) in first.dims.iter().zip(&other.dims).enumerate() {
        if at != axis && one != other_dim {
            let problem = format!("puts {other} beside {first}");
            return Err(match (one, other_dim) {
                (Dim::Fixed(_), Dim::Fixed(_)) => NotTaken::invalid(node, problem),
                _ => NotTaken::unsupported(problem),
            });
        }
    }
    match (together, other.dims[axis]) {
        (Dim::Fixed(one), Dim::Fixed(other)) => one
            .checked_add(other)
            .map(Dim::Fixed)
            .ok_or_else(|| NotTaken::invalid(node, "more elements than can be counted")),
        _ => Err(NotTaken::unsupported("puts rows behind one another")),
    }
}

pub(super) fn tile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let repeats = dims(node, &lists::known(operand(node, operands, 1)?, "repeats")?)?;
    if repeats.len() != value.rank() {
        let problem = format!("{} repeats of {} axes", repeats.len(), value.rank());
        return Err(NotTaken::invalid(node, problem));
    }
    let tiled = value.dims.iter().zip(&repeats).map(|pair| match pair {
        (Dim::Fixed(dim), Dim::Fixed(count)) => dim
            .checked_mul(*count)
            .map(Dim::Fixed)
            .ok_or_else(|| NotTaken::invalid(node, "more elements than can be counted")),
        (Dim::Rows, Dim::Fixed(1)) | (Dim::Fixed(1), Dim::Rows) => Ok(Dim::Rows),
        _ => Err(NotTaken::unsupported("repeats the rows")),
    });
    let ty = ValueType::new(value.dtype, tiled.collect::<Result<_, _>>()?)
        .map_err(NotTaken::unsupported)?;
    let from = strides(&value.dims);
    let mut walk = Walk::new();
    for (axis, to) in strides(&ty.dims).into_iter().enumerate() {
        let dim = value.dims[axis];
        let again = dim.fixed().map_or(to, |dim| to.times(isize::try_from(dim).unwrap_or(0)));
        walk.push(repeats[axis], Linear::default(), again);
        walk.push(dim, from[axis], to);
    }
    Ok(compiled(vec![Copied::of(ty, walk)]))
}

pub(super) fn expand(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let target = lists::known(operand(node, operands, 1)?, "dimensions")?;
    let target =
        ValueType::new(value.dtype, dims(node, &target)?).map_err(NotTaken::unsupported)?;
    let ty = broadcast(value.dtype, value, &target).map_err(|problem| {
        if value.is_fixed() && target.is_fixed() {
            NotTaken::invalid(node, problem)
        } else {
            NotTaken::unsupported(problem)
        }
    })?;
    let from = strides(&value.dims);
    let new_axes = ty.rank() - value.rank();
    let mut walk = Walk::new();
    for (axis, (&dim, to)) in ty.dims.iter().zip(strides(&ty.dims)).enumerate() {
        let here = axis.checked_sub(new_axes).filter(|&axis| value.dims[axis] == dim);
        walk.push(dim, here.map_or(Linear::default(), |axis| from[axis]), to);
    }
    Ok(compiled(vec![Copied::of(ty, walk)]))
}

/// Dimensions that a node is given, none of them open.
pub(super) fn dims(node: &Node<'_>, list: &[Extent]) -> Result<Vec<Dim>, NotTaken> {
    let dim = |extent: &Extent| match *extent {
        Extent::Rows => Ok(Dim::Rows),
        Extent::Fixed(dim) => usize::try_from(dim)
            .map(Dim::Fixed)
            .map_err(|_| NotTaken::invalid(node, format!("{dim} elements along an axis"))),
    };
    list.iter().map(dim).collect()
}

pub(super) fn pad(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    match node.string("mode")? {
        None | Some("constant") => {}
        Some(mode @ ("edge" | "reflect" | "wrap")) => {
            return Err(NotTaken::unsupported(format!("the mode {mode:?}")));
        }
        Some(mode) => return Err(NotTaken::invalid(node, format!("{mode:?} is no mode"))),
    }
    let (pads, background) = if opsets.main() < 11 {
        let name = if opsets.main() < 2 { "paddings" } else { "pads" };
        let pads = lists::attribute(node, name)?;
        let pads = pads.ok_or_else(|| NotTaken::invalid(node, format!("{name} are not given")))?;
        (pads, number(value.dtype, node.float("value")?.unwrap_or(0.0))?)
    } else {
        let pads = lists::integers(operand(node, operands, 1)?, "widths of edges")?;
        let background = match optional(operands, 2) {
            None => number(value.dtype, 0.0)?,
            Some(operand) => operand
                .constant
                .filter(|one| one.dtype() == value.dtype && one.shape().elements() == 1)
                .cloned()
                .ok_or_else(|| NotTaken::unsupported("an edge of values that are computed"))?,
        };
        (pads, background)
    };
    let axes = match lists::optional_integers(operands, 3, "axes")? {
        Some(axes) => lists::axes(node, &axes, value.rank())?,
        None => (0..value.rank()).collect(),
    };
    if Some(pads.len()) != axes.len().checked_mul(2) {
        let problem = format!("{} widths for the edges of {} axes", pads.len(), axes.len());
        return Err(NotTaken::invalid(node, problem));
    }
    let mut edges = vec![(0, 0); value.rank()];
    for (at, &axis) in axes.iter().enumerate() {
        edges[axis] = (pads[at], pads[axes.len() + at]);
    }
    Ok(compiled(vec![padded(node, value, &edges, background)?]))
}

/// A value with so many elements more in front and behind along each axis, or fewer.
fn padded(
    node: &Node<'_>,
    value: &ValueType,
    edges: &[(i64, i64)],
    background: Tensor,
) -> Result<Copied, NotTaken> {
    let dims = value.dims.iter().zip(edges).map(|(&dim, &(front, behind))| match dim {
        Dim::Rows if (front, behind) == (0, 0) => Ok(dim),
        Dim::Rows => Err(NotTaken::unsupported("adds rows")),
        Dim::Fixed(dim) => i64::try_from(dim)
            .ok()
            .and_then(|dim| dim.checked_add(front)?.checked_add(behind))
            .and_then(|dim| usize::try_from(dim).ok())
            .map(Dim::Fixed)
            .ok_or_else(|| NotTaken::invalid(node, format!("{dim} and edges {front}, {behind}"))),
    });
    let dims = dims.collect::<Result<_, _>>()?;
    let ty = ValueType::new(value.dtype, dims).map_err(NotTaken::unsupported)?;
    let more = |edge: i64| usize::try_from(edge).unwrap_or(0);
    let fewer = |edge: i64| usize::try_from(edge.saturating_neg()).unwrap_or(0);
    let mut walk = Walk::new();
    for (axis, (from, to)) in strides(&value.dims).into_iter().zip(strides(&ty.dims)).enumerate() {
        let (front, behind) = edges[axis];
        let kept = match value.dims[axis] {
            Dim::Rows => Dim::Rows,
            Dim::Fixed(dim) => {
                Dim::Fixed(dim.saturating_sub(fewer(front)).saturating_sub(fewer(behind)))
            }
        };
        walk.skip_from(fewer(front), from);
        walk.skip_to(more(front), to);
        walk.push(kept, from, to);
    }
    Ok(Copied { ty, background: Some(background), walks: vec![(0, walk)] })
}

/// A scalar of this type.
pub(super) fn number(dtype: DType, number: f32) -> Result<Tensor, NotTaken> {
    let mut tensor = Tensor::empty(dtype);
    match dtype {
        DType::F32 => tensor.reset::<f32>(Shape::default())[0] = number,
        DType::F64 => tensor.reset::<f64>(Shape::default())[0] = number.into(),
        _ if number != 0.0 => {
            return Err(NotTaken::unsupported(format!("edges of {number} around {dtype}")));
        }
        _ => by_type!(
            dtype,
            T => tensor.reset::<T>(Shape::default())[0] = T::default(),
            text => { tensor.reset_strings(Shape::default()); }
        ),
    }
    Ok(tensor)
}
