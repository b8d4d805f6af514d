//! Which axes an operator makes one of, and where the elements lie that go together.

use hotplate_model::onnx::Node;
use hotplate_tensor::{MAX_RANK, Shape};

use super::super::support::optional;
use crate::{
    operator::NotTaken,
    program::{
        kernel::Operand,
        shape::{Dim, ValueType, axis_of},
    },
};

/// The most elements that are made one where they do not lie side by side.
const MOST_SCATTERED: usize = 1 << 20;

/// The axes that a node reduces, from its attribute or its second input; none where it keeps all.
pub(super) fn reduced(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    rank: usize,
) -> Result<[bool; MAX_RANK], NotTaken> {
    let axes: Vec<i64> = match optional(operands, 1) {
        Some(operand) => match operand.constant_elements::<i64>() {
            Some(axes) => axes.to_vec(),
            None => return Err(NotTaken::unsupported("axes that are computed")),
        },
        None => match node.ints("axes")? {
            Some(axes) => axes.collect(),
            None => Vec::new(),
        },
    };
    let mut reduced = [false; MAX_RANK];
    if axes.is_empty() {
        if node.int("noop_with_empty_axes")?.unwrap_or(0) == 0 {
            reduced[..rank].fill(true);
        }
        return Ok(reduced);
    }
    for axis in axes {
        let axis = axis_of(axis, rank).map_err(|problem| NotTaken::invalid(node, problem))?;
        reduced[axis] = true;
    }
    Ok(reduced)
}

/// The elements that go together.
#[derive(Debug)]
pub(super) enum Groups {
    /// As many as this, side by side, from the first on.
    Adjacent(usize),
    /// Elements that are as far from the first of a group as `offsets` say.
    Scattered(Scattered),
}

#[derive(Debug)]
pub(super) struct Scattered {
    /// Two parts for each element: one that counts as often as there are rows, and one that counts
    /// once.
    offsets: Vec<[usize; 2]>,
    /// Whether an axis distinguishes groups.
    kept: Vec<bool>,
    /// Whether the value has rows.
    has_rows: bool,
}

impl Groups {
    /// The groups of a value's elements that differ only in the reduced axes.
    pub(super) fn new(ty: &ValueType, reduced: &[bool; MAX_RANK]) -> Result<Self, NotTaken> {
        let reduced = &reduced[..ty.rank()];
        let mut count = 1_usize;
        for (dim, _) in ty.dims.iter().zip(reduced).filter(|(_, reduced)| **reduced) {
            match dim {
                Dim::Rows => return Err(NotTaken::unsupported("rows that are made one")),
                // A value has no more elements than the limit, unless one of its axes is empty.
                Dim::Fixed(dim) => count = count.saturating_mul(*dim),
            }
        }
        let behind = ty.dims.iter().zip(reduced).skip_while(|(_, reduced)| !**reduced);
        if behind.clone().all(|(dim, &reduced)| reduced || *dim == Dim::Fixed(1)) {
            return Ok(Self::Adjacent(count));
        }
        if count > MOST_SCATTERED {
            return Err(NotTaken::unsupported(format!("{count} elements made one, far apart")));
        }
        let mut offsets = vec![[0; 2]];
        let mut strides = [0, 1];
        for (dim, &reduced) in ty.dims.iter().zip(reduced).rev() {
            match *dim {
                Dim::Rows => strides = [strides[1], 0],
                Dim::Fixed(dim) => {
                    if reduced {
                        offsets = (0..dim)
                            .flat_map(|index| {
                                let by = strides.map(|stride| stride * index);
                                offsets.iter().map(move |of| [of[0] + by[0], of[1] + by[1]])
                            })
                            .collect();
                    }
                    strides = strides.map(|stride| stride * dim);
                }
            }
        }
        let kept = reduced.iter().map(|reduced| !reduced).collect();
        Ok(Self::Scattered(Scattered { offsets, kept, has_rows: !ty.is_fixed() }))
    }

    /// The number of elements of a group.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Adjacent(count) => *count,
            Self::Scattered(scattered) => scattered.offsets.len(),
        }
    }
}

impl Scattered {
    /// Calls `of` with the index of the first element of each group, in the order of the groups,
    /// and what the first part of an offset counts.
    pub(super) fn for_each(&self, shape: &Shape, rows: usize, mut of: impl FnMut(Elements<'_>)) {
        let rank = shape.rank();
        let mut strides = [0; MAX_RANK];
        let mut stride = 1;
        for (axis, &dim) in shape.dims().iter().enumerate().rev() {
            strides[axis] = stride;
            stride *= dim;
        }
        let scale = if self.has_rows { rows } else { 1 };
        let kept = |axis: &usize| self.kept[*axis];
        let groups: usize = (0..rank).filter(kept).map(|axis| shape.dims()[axis]).product();
        let mut index = [0; MAX_RANK];
        let mut first = 0;
        for _ in 0..groups {
            of(Elements { offsets: &self.offsets, first, scale });
            for axis in (0..rank).rev().filter(kept) {
                index[axis] += 1;
                first += strides[axis];
                if index[axis] < shape.dims()[axis] {
                    break;
                }
                first -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }
}

/// Where the elements of one group lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a> {
    offsets: &'a [[usize; 2]],
    first: usize,
    scale: usize,
}

impl<'a> Elements<'a> {
    pub(super) fn of<T: Copy>(self, data: &'a [T]) -> impl Iterator<Item = T> + Clone + use<'a, T> {
        self.offsets
            .iter()
            .map(move |[by_rows, once]| data[self.first + by_rows * self.scale + once])
    }
}
