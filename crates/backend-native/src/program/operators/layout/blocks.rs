//! What is cut along two axes at once: DepthToSpace and SpaceToDepth, Trilu.

use hotplate_model::onnx::Node;

use super::{
    super::support::operand,
    copies::{Copied, compiled},
    lists, moves,
    walk::{Walk, strides},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Operand},
        shape::{Dim, ValueType},
    },
};

/// DepthToSpace, or SpaceToDepth where `back`.
pub(super) fn depth_and_space(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    back: bool,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let &[images, Dim::Fixed(depth), Dim::Fixed(height), Dim::Fixed(width)] = &value.dims[..]
    else {
        return Err(NotTaken::unsupported(format!("images of {value}")));
    };
    let size = node.int("blocksize")?.and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|&size| size > 0 && size.checked_mul(size).is_some());
    let size = size.ok_or_else(|| NotTaken::invalid(node, "blocksize is no size"))?;
    let depth_last = match node.string("mode")? {
        Some("CRD") if !back => false,
        None | Some("DCR") => true,
        Some(mode) => return Err(NotTaken::invalid(node, format!("{mode:?} is no mode"))),
    };
    let whole = |dim: usize, by: usize| {
        let misfit = || NotTaken::invalid(node, format!("{value} in blocks of {size}"));
        dim.is_multiple_of(by).then_some(dim / by).ok_or_else(misfit)
    };
    // The dimensions of the deep form, whose depth holds the blocks, and of the flat one.
    let (blocks, rows, columns) = match back {
        true => (depth, whole(height, size)?, whole(width, size)?),
        false => (whole(depth, size * size)?, height, width),
    };
    let deep = [blocks.saturating_mul(size * size), rows, columns];
    let flat = [blocks, rows.saturating_mul(size), columns.saturating_mul(size)];
    let of = |dims: [usize; 3]| {
        let dims: Vec<Dim> = [images].into_iter().chain(dims.map(Dim::Fixed)).collect();
        ValueType::new(value.dtype, dims).map_err(NotTaken::unsupported)
    };
    let (deep, flat) = (of(deep)?, of(flat)?);
    let (in_deep, in_flat) = (strides(&deep.dims), strides(&flat.dims));
    let signed = |number: usize| isize::try_from(number).unwrap_or(isize::MAX);
    let plane = in_deep[1];
    let (block_step, down_step, right_step) = match depth_last {
        true => (plane, plane.times(signed(size * blocks)), plane.times(signed(blocks))),
        false => (plane.times(signed(size * size)), plane.times(signed(size)), plane),
    };
    let axes = [
        (images, in_deep[0], in_flat[0]),
        (Dim::Fixed(blocks), block_step, in_flat[1]),
        (Dim::Fixed(rows), in_deep[2], in_flat[2].times(signed(size))),
        (Dim::Fixed(size), down_step, in_flat[2]),
        (Dim::Fixed(columns), in_deep[3], in_flat[3].times(signed(size))),
        (Dim::Fixed(size), right_step, in_flat[3]),
    ];
    let mut walk = Walk::new();
    for (dim, in_deep, in_flat) in axes {
        let (from, to) = if back { (in_flat, in_deep) } else { (in_deep, in_flat) };
        walk.push(dim, from, to);
    }
    Ok(compiled(vec![Copied::of(if back { deep } else { flat }, walk)]))
}

pub(super) fn trilu(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let upper = node.int("upper")?.unwrap_or(1) != 0;
    let diagonal = match lists::optional_integers(operands, 1, "diagonal")? {
        None => 0,
        Some(list) if list.len() == 1 => list[0],
        Some(list) => return Err(NotTaken::invalid(node, format!("{} diagonals", list.len()))),
    };
    let (front, &[Dim::Fixed(height), Dim::Fixed(width)]) =
        value.dims.split_at(value.rank().saturating_sub(2))
    else {
        return Err(NotTaken::unsupported(format!("triangles of {value}")));
    };
    let steps = strides(&value.dims);
    let (front_steps, [down, right]) = steps.split_at(front.len()) else {
        return Err(NotTaken::unsupported(format!("triangles of {value}")));
    };
    let mut walks = Vec::with_capacity(height);
    for row in 0..height {
        let column = |column: i64| usize::try_from(column.max(0)).unwrap_or(width).min(width);
        // The column that is on the diagonal, if this row has it.
        let here = i64::try_from(row).unwrap_or(i64::MAX).saturating_add(diagonal);
        let (start, end) = match upper {
            true => (column(here), width),
            false => (0, column(here.saturating_add(1))),
        };
        let mut walk = Walk::new();
        walk.skip_from(row, *down);
        walk.skip_to(row, *down);
        walk.skip_from(start, *right);
        walk.skip_to(start, *right);
        for (&dim, &step) in front.iter().zip(front_steps) {
            walk.push(dim, step, step);
        }
        walk.push(Dim::Fixed(end - start), *right, *right);
        walks.push((0, walk));
    }
    let background = Some(moves::number(value.dtype, 0.0)?);
    Ok(compiled(vec![Copied { ty: value.clone(), background, walks }]))
}
