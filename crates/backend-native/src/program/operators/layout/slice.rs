//! Parts of a value: Slice and Split.

use hotplate_model::onnx::Node;

use super::{
    super::support::{operand, optional},
    copies::{Copied, compiled},
    lists,
    walk::{Walk, strides},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Operand},
        opsets::Opsets,
        shape::{Dim, Extent, ValueType},
    },
};

/// From here on a bound means the end of an axis, of whatever length. Exporters write the greatest
/// integer of either size.
const THE_END: i64 = i32::MAX as i64;

/// The elements that are taken along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) step: isize,
}

/// What a node says of one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) axis: usize,
    start: Extent,
    end: Extent,
    step: i64,
}

impl Bounds {
    /// The elements of an axis of `dim` elements.
    pub(super) fn range(self, node: &Node<'_>, dim: usize) -> Result<Range, NotTaken> {
        let (Some(start), Some(end)) = (self.start.fixed(), self.end.fixed()) else {
            return Err(NotTaken::unsupported("bounds that depend on the rows"));
        };
        if self.step == 0 {
            return Err(NotTaken::invalid(node, "takes steps of zero"));
        }
        if dim == 0 {
            return Ok(Range { start: 0, count: 0, step: 1 });
        }
        // Nothing overflows in twice the bits.
        let (dim, step) = (dim as i128, i128::from(self.step));
        let from_front = |bound: i64| {
            let bound = i128::from(bound);
            if bound < 0 { bound + dim } else { bound }
        };
        let backwards = step < 0;
        let start = from_front(start).clamp(0, if backwards { dim - 1 } else { dim });
        let end = match end {
            // The end of what is taken backwards is in front, for ONNX Runtime.
            THE_END | i64::MAX if backwards => -1,
            _ => from_front(end).clamp(if backwards { -1 } else { 0 }, dim),
        };
        let distance = if backwards { start - end } else { end - start };
        let count = (distance + step.abs() - 1).div_euclid(step.abs()).max(0);
        let index = |number: i128| usize::try_from(number).unwrap_or(usize::MAX);
        // A step beyond the end is taken by nobody.
        let step = isize::try_from(step.clamp(-dim, dim)).unwrap_or(1);
        Ok(Range { start: index(start), count: index(count), step })
    }

    /// Whether all elements are taken, however many there are.
    const fn takes_all(self) -> bool {
        matches!(self.start, Extent::Fixed(0))
            && self.step == 1
            && match self.end {
                Extent::Rows => true,
                Extent::Fixed(end) => end >= THE_END,
            }
    }
}

/// The bounds that a Slice gives, by attributes or by inputs.
pub(super) fn bounds(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    by_inputs: bool,
    rank: usize,
) -> Result<Vec<Bounds>, NotTaken> {
    let fixed = |list: Vec<i64>| list.into_iter().map(Extent::Fixed).collect::<Vec<_>>();
    let absent = |name: &str| NotTaken::invalid(node, format!("{name} are not given"));
    let attribute = |name: &str| lists::attribute(node, name);
    let (starts, ends, axes, steps) = if by_inputs {
        (
            lists::known(operand(node, operands, 1)?, "bounds")?,
            lists::known(operand(node, operands, 2)?, "bounds")?,
            lists::optional_integers(operands, 3, "axes")?,
            lists::optional_integers(operands, 4, "steps")?,
        )
    } else {
        let starts = attribute("starts")?.ok_or_else(|| absent("starts"))?;
        let ends = attribute("ends")?.ok_or_else(|| absent("ends"))?;
        (fixed(starts), fixed(ends), attribute("axes")?, None)
    };
    let axes = match axes {
        Some(axes) => lists::axes(node, &axes, rank)?,
        None => (0..starts.len()).collect(),
    };
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] || starts.len() > rank {
        let lens = [starts.len(), ends.len(), axes.len(), steps.len()];
        return Err(NotTaken::invalid(
            node,
            format!("starts, ends, axes and steps of {lens:?} for {rank} axes"),
        ));
    }
    let bounds = axes.into_iter().zip(starts.into_iter().zip(ends)).zip(steps);
    Ok(bounds.map(|((axis, (start, end)), step)| Bounds { axis, start, end, step }).collect())
}

pub(super) fn slice(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let mut ranges = vec![None; value.rank()];
    for bounds in bounds(node, operands, opsets.main() >= 10, value.rank())? {
        match value.dims[bounds.axis] {
            Dim::Fixed(dim) => ranges[bounds.axis] = Some(bounds.range(node, dim)?),
            Dim::Rows if bounds.takes_all() => {}
            Dim::Rows => return Err(NotTaken::unsupported("takes some of the rows")),
        }
    }
    Ok(compiled(vec![part(value, &ranges)?]))
}

/// The elements of a value that lie in these ranges of its axes, or anywhere along one without.
pub(super) fn part(value: &ValueType, ranges: &[Option<Range>]) -> Result<Copied, NotTaken> {
    let dims = value.dims.iter().zip(ranges);
    let dims = dims.map(|(&dim, range)| range.map_or(dim, |range| Dim::Fixed(range.count)));
    let ty = ValueType::new(value.dtype, dims.collect()).map_err(NotTaken::unsupported)?;
    let mut walk = Walk::new();
    let steps = strides(&value.dims).into_iter().zip(strides(&ty.dims));
    for ((&dim, range), (from, to)) in ty.dims.iter().zip(ranges).zip(steps) {
        let Range { start, step, .. } = range.unwrap_or(Range { start: 0, count: 0, step: 1 });
        walk.skip_from(start, from);
        walk.push(dim, from.times(step), to);
    }
    Ok(Copied::of(ty, walk))
}

pub(super) fn split(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let value = &operand(node, operands, 0)?.ty;
    let axis = lists::axis(node, node.int("axis")?.unwrap_or(0), value.rank())?;
    let lens = match opsets.main() {
        ..13 if optional(operands, 1).is_none() => lists::attribute(node, "split")?,
        _ => lists::optional_integers(operands, 1, "lengths of parts")?,
    };
    let Dim::Fixed(dim) = value.dims[axis] else {
        return Err(NotTaken::unsupported("splits the rows axis"));
    };
    let lens = match lens {
        Some(lens) => given(node, &lens, dim)?,
        None => equal(node, opsets, dim)?,
    };
    if lens.len() != node.outputs.len() {
        let problem = format!("{} parts for {} outputs", lens.len(), node.outputs.len());
        return Err(NotTaken::invalid(node, problem));
    }
    let mut start = 0;
    let parts = lens.into_iter().map(|count| {
        let mut ranges = vec![None; value.rank()];
        ranges[axis] = Some(Range { start, count, step: 1 });
        start += count;
        part(value, &ranges)
    });
    Ok(compiled(parts.collect::<Result<_, _>>()?))
}

fn given(node: &Node<'_>, lens: &[i64], dim: usize) -> Result<Vec<usize>, NotTaken> {
    let parts: Option<Vec<usize>> = lens.iter().map(|&len| usize::try_from(len).ok()).collect();
    let sum = |parts: &[usize]| parts.iter().try_fold(0_usize, |sum, &len| sum.checked_add(len));
    parts
        .filter(|parts| sum(parts) == Some(dim))
        .ok_or_else(|| NotTaken::invalid(node, format!("splits {dim} elements into {lens:?}")))
}

/// Parts of one length; from opset 18 on the last may be shorter.
fn equal(node: &Node<'_>, opsets: &Opsets, dim: usize) -> Result<Vec<usize>, NotTaken> {
    let uneven = || {
        let parts = node.outputs.len();
        NotTaken::invalid(node, format!("splits {dim} elements into {parts} equal parts"))
    };
    let parts = match node.int("num_outputs")? {
        Some(parts) if opsets.main() >= 18 => usize::try_from(parts).map_err(|_| uneven())?,
        _ => node.outputs.len(),
    };
    if parts != node.outputs.len() || parts == 0 {
        return Err(uneven());
    }
    let len = dim.div_ceil(parts);
    // Shorter is the last alone: more would have nothing left.
    let last = (parts - 1).checked_mul(len).and_then(|others| dim.checked_sub(others));
    let last = last.filter(|&last| last == len || opsets.main() >= 18).ok_or_else(uneven)?;
    let mut lens = vec![len; parts];
    lens[parts - 1] = last;
    Ok(lens)
}
