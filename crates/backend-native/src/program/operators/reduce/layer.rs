//! `LayerNormalization`: elements made to have mean zero and variance one, over the last axes.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::super::{
    linear::Float,
    support::{operand, optional},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType, axis_of},
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let axis = axis_of(node.int("axis")?.unwrap_or(-1), x.ty.rank())
        .map_err(|problem| NotTaken::invalid(node, problem))?;
    let (front, last) = x.ty.dims.split_at(axis);
    let fixed: Option<Vec<usize>> = last.iter().copied().map(Dim::fixed).collect();
    let count: usize = match fixed {
        Some(fixed) => fixed.iter().product(),
        None => return Err(NotTaken::unsupported("works along the rows")),
    };
    for parameter in [Some(operand(node, operands, 1)?), optional(operands, 2)] {
        let Some(parameter) = parameter else { continue };
        if parameter.ty.dtype != x.ty.dtype || parameter.ty.dims != last {
            return Err(NotTaken::unsupported(format!("{} scaled by {}", x.ty, parameter.ty)));
        }
    }
    let has_bias = optional(operands, 2).is_some();
    let epsilon = node.float("epsilon")?.unwrap_or(1e-5);
    // ONNX Runtime has the statistics in float32, or in double for doubles.
    if node.int("stash_type")?.unwrap_or(1) != 1 {
        return Err(NotTaken::unsupported("statistics of another type"));
    }
    let kept = front.iter().copied().chain(last.iter().map(|_| Dim::Fixed(1)));
    let kept = ValueType::new(x.ty.dtype, kept.collect()).map_err(NotTaken::unsupported)?;
    let types = [x.ty.clone(), kept];
    let outputs = vec![types[0].clone(), types[1].clone(), types[1].clone()];
    let kernel: Box<dyn Kernel> = match x.ty.dtype {
        DType::F32 => Box::new(Layer { count, epsilon, has_bias, types }),
        DType::F64 if node.outputs.len() == 1 => {
            Box::new(Layer { count, epsilon: f64::from(epsilon), has_bias, types })
        }
        other => return Err(NotTaken::unsupported(format!("normalization of {other}"))),
    };
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct Layer<T> {
    count: usize,
    epsilon: T,
    has_bias: bool,
    /// Of the values, and of their statistics.
    types: [ValueType; 2],
}

impl<T: Float> Kernel for Layer<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let [out, means, inverses] = outputs else { unreachable!("three outputs were compiled") };
        let rows = operands.rows();
        let out = out.reset::<T>(self.types[0].shape(rows));
        let statistics = self.types[1].shape(rows);
        let means = means.reset::<T>(statistics);
        let inverses = inverses.reset::<T>(statistics);
        let (x, scale) = (operands.elements::<T>(0), operands.elements::<T>(1));
        if self.count == 0 {
            means.fill(T::ZERO);
            inverses.fill(T::ZERO);
            return Ok(());
        }
        let count = T::of_count(self.count);
        let layers = out.chunks_exact_mut(self.count).zip(x.chunks_exact(self.count));
        for ((out, x), (mean, inverse)) in layers.zip(means.iter_mut().zip(inverses)) {
            *mean = x.iter().fold(T::ZERO, |sum, &x| sum.plus(x)).over(count);
            let squares = x.iter().fold(T::ZERO, |sum, x| {
                let by = x.minus(*mean);
                sum.plus(by.times(by))
            });
            *inverse = T::ONE.over(squares.over(count).plus(self.epsilon).root());
            for ((out, x), &scale) in out.iter_mut().zip(x).zip(scale) {
                *out = x.minus(*mean).times(*inverse).times(scale);
            }
            if self.has_bias {
                let bias = operands.elements::<T>(2);
                out.iter_mut().zip(bias).for_each(|(out, &bias)| *out = out.plus(bias));
            }
        }
        Ok(())
    }
}
