//! The elements along one axis.

use hotplate_model::onnx::Node;
use hotplate_tensor::Shape;

use crate::{
    operator::NotTaken,
    program::shape::{Dim, ValueType, axis_of},
};

/// The axis that an operator works along, which is not that of the rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) index: usize,
    /// The number of elements along it.
    pub(super) count: usize,
}

/// A value as lanes: element `index` of lane (`outer`, `inner`) is at
/// `(outer · count + index) · inners + inner`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    pub(super) outers: usize,
    pub(super) count: usize,
    pub(super) inners: usize,
}

impl Axis {
    /// The axis that a node's attribute says.
    pub(super) fn read(node: &Node<'_>, default: i64, ty: &ValueType) -> Result<Self, NotTaken> {
        Self::new(node, node.int("axis")?.unwrap_or(default), ty)
    }

    pub(super) fn new(node: &Node<'_>, axis: i64, ty: &ValueType) -> Result<Self, NotTaken> {
        let index = axis_of(axis, ty.rank()).map_err(|problem| NotTaken::invalid(node, problem))?;
        match ty.dims[index] {
            Dim::Fixed(count) => Ok(Self { index, count }),
            Dim::Rows => Err(NotTaken::unsupported("works along the rows")),
        }
    }

    pub(super) fn lanes(self, shape: &Shape) -> Lanes {
        let (front, behind) = shape.dims().split_at(self.index);
        Lanes {
            outers: front.iter().product(),
            count: self.count,
            inners: behind.iter().skip(1).product(),
        }
    }
}

impl Lanes {
    /// The index of the first element of each lane, in order.
    pub(super) fn firsts(self) -> impl Iterator<Item = usize> {
        let Self { outers, count, inners } = self;
        (0..outers)
            .flat_map(move |outer| (0..inners).map(move |inner| outer * count * inners + inner))
    }

    /// The elements of the lane that begins at `first`.
    pub(super) fn lane<T: Copy>(self, data: &[T], first: usize) -> impl Iterator<Item = T> + Clone {
        (0..self.count).map(move |index| data[first + index * self.inners])
    }
}
