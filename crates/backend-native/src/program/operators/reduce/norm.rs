//! Elements divided by a norm of theirs: `LpNormalization`, and ai.onnx.ml's `Normalizer`.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Tensor};

use super::{
    super::{
        linear::{Float, Load},
        support::operand,
    },
    lanes::{Axis, Lanes},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::ValueType,
    },
};

/// What elements are divided by.
#[derive(Clone, Copy, Debug)]
enum Norm {
    /// The greatest element, with its sign.
    Max,
    /// The sum of magnitudes.
    L1,
    /// The root of the sum of squares.
    L2,
    /// The same, as ai.onnx.ml's operator has it: what is left is the root of a square's share.
    Shares,
}

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let axis = Axis::read(node, -1, &x.ty)?;
    let norm = match node.int("p")?.unwrap_or(2) {
        1 => Norm::L1,
        2 => Norm::L2,
        other => return Err(NotTaken::invalid(node, format!("the norm {other}"))),
    };
    let output = x.ty.clone();
    let outputs = vec![output.clone()];
    let kernel: Box<dyn Kernel> = match output.dtype {
        DType::F32 => boxed::<f32, f32>(norm, axis, output),
        DType::F64 => boxed::<f64, f64>(norm, axis, output),
        other => return Err(NotTaken::invalid(node, format!("a norm of {other}"))),
    };
    Ok(Compiled { kernel, outputs })
}

pub(super) fn normalizer(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let axis = match x.ty.rank() {
        1 => 0,
        2 => 1,
        _ => return Err(NotTaken::unsupported(format!("reads {}", x.ty))),
    };
    let axis = Axis::new(node, axis, &x.ty)?;
    let norm = match node.string("norm")?.unwrap_or("MAX") {
        "MAX" => Norm::Max,
        "L1" => Norm::L1,
        "L2" => Norm::Shares,
        other => return Err(NotTaken::invalid(node, format!("the norm {other:?}"))),
    };
    let output = ValueType::new(DType::F32, x.ty.dims.clone()).map_err(NotTaken::unsupported)?;
    let outputs = vec![output.clone()];
    let kernel: Box<dyn Kernel> = match x.ty.dtype {
        DType::F32 => boxed::<f32, f32>(norm, axis, output),
        DType::F64 => boxed::<f64, f32>(norm, axis, output),
        DType::I64 => boxed::<i64, f32>(norm, axis, output),
        DType::I32 => boxed::<i32, f32>(norm, axis, output),
        other => return Err(NotTaken::invalid(node, format!("a norm of {other}"))),
    };
    Ok(Compiled { kernel, outputs })
}

fn boxed<A: Load<T> + fmt::Debug, T: Float>(
    norm: Norm,
    axis: Axis,
    output: ValueType,
) -> Box<dyn Kernel> {
    Box::new(Normalize::<A, T> { norm, axis, output, of: PhantomData })
}

#[derive(Debug)]
struct Normalize<A, T> {
    norm: Norm,
    axis: Axis,
    output: ValueType,
    of: PhantomData<(A, T)>,
}

impl<A: Load<T> + fmt::Debug, T: Float> Kernel for Normalize<A, T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let lanes = self.axis.lanes(&shape);
        let x = operands.elements::<A>(0);
        let out = outputs[0].reset::<T>(shape);
        let over = T::over;
        match self.norm {
            Norm::Max => {
                // Passes over NaN, and over what is less than any number.
                let lowest = T::of_attribute(f32::MIN);
                let greater = |one, other| if other > one { other } else { one };
                divide(lanes, x, out, |lane| lane.fold(lowest, greater), over);
            }
            Norm::L1 => {
                let add = |sum: T, x: T| sum.plus(x.magnitude());
                divide(lanes, x, out, |lane| lane.fold(T::ZERO, add), over);
            }
            Norm::L2 => {
                let add = |sum: T, x: T| sum.plus(x.times(x));
                divide(lanes, x, out, |lane| lane.fold(T::ZERO, add).root(), over);
            }
            Norm::Shares => {
                let add = |sum: T, x: T| sum.plus(x.times(x));
                let share = |x: T, sum: T| {
                    let root = x.times(x).over(sum).root();
                    if x < T::ZERO { T::ZERO.minus(root) } else { root }
                };
                divide(lanes, x, out, |lane| lane.fold(T::ZERO, add), share);
            }
        }
        Ok(())
    }
}

/// The elements of one lane.
#[derive(Clone, Copy, Debug)]
struct Lane<'a, A> {
    lanes: Lanes,
    data: &'a [A],
    first: usize,
}

impl<A: Element> Lane<'_, A> {
    fn fold<T>(self, first: T, with: impl Fn(T, T) -> T) -> T
    where
        A: Load<T>,
    {
        self.lanes.lane(self.data, self.first).map(A::load).fold(first, with)
    }
}

/// Divides the elements of every lane by its norm, unless that is zero.
fn divide<A: Load<T>, T: Float>(
    lanes: Lanes,
    x: &[A],
    out: &mut [T],
    norm: impl Fn(Lane<'_, A>) -> T,
    over: impl Fn(T, T) -> T,
) {
    for first in lanes.firsts() {
        let norm = norm(Lane { lanes, data: x, first });
        for index in (0..lanes.count).map(|index| first + index * lanes.inners) {
            let element = x[index].load();
            out[index] = if norm == T::ZERO { element } else { over(element, norm) };
        }
    }
}
