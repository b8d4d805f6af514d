//! A function of each element.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_tensor::{DType, Element, Tensor};

use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::ValueType,
    },
};

struct Map<A, B, F> {
    function: F,
    types: PhantomData<fn(A) -> B>,
}

/// The node that makes a `B` of each `A` of its first operand, which has elements of that type.
pub(super) fn map<A: Element, B: Element>(
    operand: &Operand<'_>,
    function: impl Fn(A) -> B + Send + Sync + 'static,
) -> Result<Compiled, NotTaken> {
    let ty = ValueType { dtype: B::DTYPE, dims: operand.ty.dims.clone() };
    Ok(Compiled { kernel: Box::new(Map { function, types: PhantomData }), outputs: vec![ty] })
}

impl<A: Element, B: Element, F: Fn(A) -> B + Send + Sync> Kernel for Map<A, B, F> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let from = operands.elements::<A>(0);
        let to = outputs[0].reset::<B>(*operands.view(0).shape());
        // The other types have no functions that take longer than reading the elements does.
        if const { matches!(A::DTYPE, DType::F32) } {
            operands.level.call(
                #[inline(always)]
                || apply(&self.function, from, to),
            );
        } else {
            apply(&self.function, from, to);
        }
        Ok(())
    }
}

#[inline(always)]
fn apply<A: Copy, B>(function: impl Fn(A) -> B, from: &[A], to: &mut [B]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = function(from);
    }
}

impl<A: Element, B: Element, F> fmt::Debug for Map<A, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({} to {})", A::DTYPE, B::DTYPE)
    }
}
