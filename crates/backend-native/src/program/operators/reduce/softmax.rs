//! `Softmax`, `LogSoftmax` and `Hardmax`: along one axis, or before opset 13 along all from one on.

use std::marker::PhantomData;

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::{
    super::{linear::Float, support::operand},
    lanes::{Axis, Lanes},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
        shape::{Dim, ValueType, axis_of},
    },
};

/// What becomes of the elements of a lane.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Shares of one.
    Shares,
    /// Their logarithms.
    Logarithms,
    /// One for the first of the greatest, zero for the others.
    Indicator,
}

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let along = if opsets.main() < 13 {
        Along::flattened(node, &x.ty)?
    } else {
        Along::Axis(Axis::read(node, -1, &x.ty)?)
    };
    let kind = match node.op_type {
        "Softmax" => Kind::Shares,
        "LogSoftmax" => Kind::Logarithms,
        _ => Kind::Indicator,
    };
    let output = x.ty.clone();
    let outputs = vec![output.clone()];
    let kernel: Box<dyn Kernel> = match output.dtype {
        DType::F32 => Box::new(Softmax { along, kind, output, of: PhantomData::<f32> }),
        DType::F64 => Box::new(Softmax { along, kind, output, of: PhantomData::<f64> }),
        other => return Err(NotTaken::invalid(node, format!("{} of {other}", node.op_type))),
    };
    Ok(Compiled { kernel, outputs })
}

#[derive(Clone, Copy, Debug)]
enum Along {
    Axis(Axis),
    /// As many elements as this, side by side.
    Last(usize),
}

impl Along {
    /// All axes from the attribute's on.
    fn flattened(node: &Node<'_>, ty: &ValueType) -> Result<Self, NotTaken> {
        let axis = node.int("axis")?.unwrap_or(1);
        let axis = if usize::try_from(axis) == Ok(ty.rank()) {
            ty.rank()
        } else {
            axis_of(axis, ty.rank()).map_err(|problem| NotTaken::invalid(node, problem))?
        };
        let fixed: Option<Vec<usize>> = ty.dims[axis..].iter().copied().map(Dim::fixed).collect();
        match fixed {
            Some(fixed) => Ok(Self::Last(fixed.iter().product())),
            None => Err(NotTaken::unsupported("works along the rows")),
        }
    }
}

#[derive(Debug)]
struct Softmax<T> {
    along: Along,
    kind: Kind,
    output: ValueType,
    of: PhantomData<T>,
}

impl<T: Float> Kernel for Softmax<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let x = operands.elements::<T>(0);
        let out = outputs[0].reset::<T>(shape);
        out.copy_from_slice(x);
        if out.is_empty() {
            return Ok(());
        }
        let lanes = match self.along {
            Along::Axis(axis) => axis.lanes(&shape),
            Along::Last(count) => Lanes { outers: out.len() / count, count, inners: 1 },
        };
        if let (Kind::Shares, 1) = (self.kind, lanes.inners) {
            operands.level.call(
                #[inline(always)]
                || {
                    for lane in out.chunks_exact_mut(lanes.count) {
                        shares(lane);
                    }
                },
            );
            return Ok(());
        }
        for first in lanes.firsts() {
            let last = first + (lanes.count - 1) * lanes.inners;
            let lane = &mut out[first..=last];
            // Of its own, so that the stride is known to be one.
            match lanes.inners {
                1 => self.kind.apply(lane, 1),
                inners => self.kind.apply(lane, inners),
            }
        }
        Ok(())
    }
}

/// Shares of one, of elements side by side; eight at a time, whose sums are added up at the end.
#[inline(always)]
fn shares<T: Float>(lane: &mut [T]) {
    // NaN only where it stands first, but then no share is a number either.
    let mut greatest = [lane[0]; 8];
    in_eights(lane, |index, element| {
        if element > greatest[index] {
            greatest[index] = element;
        }
    });
    let greater = |one: T, other: T| if other > one { other } else { one };
    let greatest = greatest.into_iter().fold(lane[0], greater);
    for element in &mut *lane {
        *element = element.minus(greatest).exponential_in_loop();
    }
    let mut sums = [T::ZERO; 8];
    in_eights(lane, |index, element| sums[index] = sums[index].plus(element));
    let [a, b, c, d, e, f, g, h] = sums;
    let sum = a.plus(b).plus(c.plus(d)).plus(e.plus(f).plus(g.plus(h)));
    lane.iter_mut().for_each(|element| *element = element.over(sum));
}

/// Calls a function with each element and its index among eight.
#[inline(always)]
fn in_eights<T: Copy>(elements: &[T], mut function: impl FnMut(usize, T)) {
    let (eights, rest) = elements.as_chunks::<8>();
    for eight in eights {
        for (index, &element) in eight.iter().enumerate() {
            function(index, element);
        }
    }
    for (index, &element) in rest.iter().enumerate() {
        function(index, element);
    }
}

impl Kind {
    /// Works on every `stride`-th element.
    #[inline(always)]
    fn apply<T: Float>(self, lane: &mut [T], stride: usize) {
        let len = lane.len();
        let each = || (0..len).step_by(stride);
        let greatest =
            lane.iter().step_by(stride).copied().fold(lane[0], |greatest, element| {
                if element > greatest { element } else { greatest }
            });
        match self {
            Self::Shares => {
                let mut sum = T::ZERO;
                for index in each() {
                    lane[index] = lane[index].minus(greatest).exponential();
                    sum = sum.plus(lane[index]);
                }
                for index in each() {
                    lane[index] = lane[index].over(sum);
                }
            }
            Self::Logarithms => {
                let mut sum = T::ZERO;
                for index in each() {
                    lane[index] = lane[index].minus(greatest);
                    sum = sum.plus(lane[index].exponential());
                }
                let logarithm = sum.logarithm();
                for index in each() {
                    lane[index] = lane[index].minus(logarithm);
                }
            }
            Self::Indicator => {
                let mut place = None;
                for index in each() {
                    if place.is_none() && lane[index] == greatest {
                        place = Some(index);
                    }
                    lane[index] = T::ZERO;
                }
                if let Some(place) = place {
                    lane[place] = T::ONE;
                }
            }
        }
    }
}
