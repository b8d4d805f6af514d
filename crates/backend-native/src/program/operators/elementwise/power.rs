//! Powers, whose exponents may be of another type than their bases.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Tensor};

use super::{
    cast::To,
    exactly, not_of,
    number::Number,
    walk::{Walk, together},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let [base, exponent] = exactly(node, operands)?;
    let (of, to) = (base.ty.dtype, exponent.ty.dtype);
    let ty = together(node, opsets, of, &[&base.ty, &exponent.ty])?;
    let walk = Walk::new(ty.clone(), [&base.ty, &exponent.ty]);
    if (of, to) == (DType::F32, DType::F32) {
        let kernel = Power { walk, function: f32::powf, types: PhantomData };
        return Ok(Compiled { kernel: Box::new(kernel), outputs: vec![ty] });
    }
    with_type!(
        [F32: f32, F64: f64, I64: i64, I32: i32], of,
        A => with_type!(numbers, to, B => {
            // As C++ does it where a type is not float32.
            let function = |base: A, exponent: B| -> A {
                let power: f64 = To::<f64>::to(base).powf(To::<f64>::to(exponent));
                To::<A>::to(power)
            };
            let kernel = Power { walk, function, types: PhantomData };
            Ok(Compiled { kernel: Box::new(kernel), outputs: vec![ty] })
        }, else Err(not_of(to))),
        else Err(not_of(of))
    )
}

struct Power<A, B, F> {
    walk: Walk<2>,
    function: F,
    types: PhantomData<fn(A, B)>,
}

impl<A: Number, B: Number, F> Kernel for Power<A, B, F>
where
    F: Fn(A, B) -> A + Send + Sync,
    B: To<f64>,
{
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let (bases, exponents) = (operands.elements::<A>(0), operands.elements::<B>(1));
        let rows = operands.rows();
        let to = outputs[0].reset::<A>(self.walk.shape(rows));
        let [base_moves, exponent_moves] = self.walk.moves();
        self.walk.each_run(rows, |at, len, [base, exponent]| {
            let to = &mut to[at..at + len];
            if exponent_moves {
                let step = usize::from(base_moves);
                let exponents = &exponents[exponent..exponent + len];
                for (index, (to, &exponent)) in to.iter_mut().zip(exponents).enumerate() {
                    *to = (self.function)(bases[base + index * step], exponent);
                }
                return;
            }
            // An exponent that is the same for all is a square or a cube most often, and those are
            // products: exact for integers, which a power in float64 is not.
            let step = usize::from(base_moves);
            let bases = &bases[base..base + 1 + (len - 1) * step];
            let exponent = exponents[exponent];
            let wide: f64 = exponent.to();
            if wide == 2.0 {
                fill(to, bases, |base| base.times(base));
            } else if wide == 3.0 {
                fill(to, bases, |base| base.times(base).times(base));
            } else {
                fill(to, bases, |base| (self.function)(base, exponent));
            }
        });
        Ok(())
    }
}

/// A function of each base, or of the only one.
fn fill<A: Element>(to: &mut [A], bases: &[A], function: impl Fn(A) -> A) {
    if let &[base] = bases {
        to.fill(function(base));
    } else {
        for (to, &base) in to.iter_mut().zip(bases) {
            *to = function(base);
        }
    }
}

impl<A: Element, B: Element, F> fmt::Debug for Power<A, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Power({} to {}, {:?})", A::DTYPE, B::DTYPE, self.walk)
    }
}
