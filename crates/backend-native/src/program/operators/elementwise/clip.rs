//! Numbers kept between two bounds.

use std::marker::PhantomData;

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::{super::support::optional, exactly, map::map, not_of, number::Number};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
        shape::Dim,
    },
};

/// A bound is an attribute before opset 11, and an input from then on.
pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    if opsets.main() < 11 {
        let [operand] = exactly(node, operands)?;
        let least = node.float("min")?.unwrap_or(f32::MIN);
        let most = node.float("max")?.unwrap_or(f32::MAX);
        return match operand.ty.dtype {
            DType::F32 => map::<f32, f32>(operand, move |x| x.greatest(least).least(most)),
            DType::F64 => {
                // Left out, a bound is the type's own.
                let least = node.float("min")?.map_or(f64::MIN, f64::from);
                let most = node.float("max")?.map_or(f64::MAX, f64::from);
                map::<f64, f64>(operand, move |x| x.greatest(least).least(most))
            }
            other => Err(not_of(other)),
        };
    }
    let operand = super::super::support::operand(node, operands, 0)?;
    if operands.len() > 3 {
        return Err(NotTaken::invalid(node, format!("reads {} inputs", operands.len())));
    }
    let dtype = operand.ty.dtype;
    for bound in [1, 2].into_iter().filter_map(|index| optional(operands, index)) {
        if bound.ty.dtype != dtype {
            let problem = format!("{} elements between {}", dtype, bound.ty.dtype);
            return Err(NotTaken::invalid(node, problem));
        }
        if bound.ty.dims.iter().any(|&dim| dim != Dim::Fixed(1)) {
            return Err(NotTaken::unsupported(format!("a bound that is {}", bound.ty)));
        }
    }
    let has = |index| optional(operands, index).is_some();
    let (has_least, has_most) = (has(1), has(2));
    let kernel: Box<dyn Kernel> = with_type!(
        numbers, dtype,
        T => Box::new(Clip::<T> { has_least, has_most, of: PhantomData }),
        else return Err(not_of(dtype))
    );
    Ok(Compiled { kernel, outputs: vec![operand.ty.clone()] })
}

#[derive(Debug)]
struct Clip<T> {
    has_least: bool,
    has_most: bool,
    of: PhantomData<fn() -> T>,
}

impl<T: Number> Kernel for Clip<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let from = operands.elements::<T>(0);
        let to = outputs[0].reset::<T>(*operands.view(0).shape());
        let bound = |index| operands.elements::<T>(index)[0];
        // A bound that is left out is the type's own: infinities become its greatest numbers.
        let least = if self.has_least { bound(1) } else { T::LEAST };
        let most = if self.has_most { bound(2) } else { T::GREATEST };
        for (to, &from) in to.iter_mut().zip(from) {
            // The upper bound is last: it wins over a lower one that is above it.
            *to = from.greatest(least).least(most);
        }
        Ok(())
    }
}
