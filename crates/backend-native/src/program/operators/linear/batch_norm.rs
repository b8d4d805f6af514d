//! `BatchNormalization` of a trained network: a factor and a summand for each channel.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::{super::support::operand, number::Number};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let training = node.int("training_mode")?.unwrap_or(0) != 0;
    if training || node.outputs.iter().skip(1).any(|output| !output.is_empty()) {
        return Err(NotTaken::unsupported("normalization by the batch itself"));
    }
    if node.int("spatial")?.unwrap_or(1) == 0 {
        return Err(NotTaken::unsupported("normalization that is not by channel"));
    }
    let channels = match x.ty.dims.get(1) {
        Some(Dim::Fixed(channels)) => *channels,
        Some(Dim::Rows) => return Err(NotTaken::unsupported("rows for channels")),
        None if x.ty.rank() == 1 => 1,
        None => return Err(NotTaken::invalid(node, "a scalar")),
    };
    match x.ty.dtype {
        DType::F32 => {
            let epsilon = node.float("epsilon")?.unwrap_or(1e-5);
            typed::<f32>(node, operands, channels, |variance| (variance + epsilon).sqrt())
        }
        DType::F64 => {
            let epsilon = f64::from(node.float("epsilon")?.unwrap_or(1e-5));
            typed::<f64>(node, operands, channels, |variance| (variance + epsilon).sqrt())
        }
        other => Err(NotTaken::invalid(node, format!("normalization of {other}"))),
    }
}

fn typed<T: Number>(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    channels: usize,
    deviation: impl Fn(T) -> T,
) -> Result<Compiled, NotTaken> {
    let output = operand(node, operands, 0)?.ty.clone();
    let constant = |index| {
        let operand = operand(node, operands, index)?;
        if operand.ty.dtype != T::DTYPE || operand.ty.dims[..] != [Dim::Fixed(channels)] {
            let problem = format!("input {index} is {} for {channels} channels", operand.ty);
            return Err(NotTaken::unsupported(problem));
        }
        let elements = operand.constant_elements::<T>();
        elements.ok_or_else(|| NotTaken::unsupported("normalization by what is computed"))
    };
    let (scale, bias, mean, variance) = (constant(1)?, constant(2)?, constant(3)?, constant(4)?);
    let factors: Vec<T> = scale
        .iter()
        .zip(variance)
        .map(|(scale, &variance)| scale.over(deviation(variance)))
        .collect();
    let summands = bias
        .iter()
        .zip(mean.iter().zip(&factors))
        .map(|(bias, (mean, &factor))| bias.minus(mean.times(factor)))
        .collect();
    // What lies behind the channel has no rows where the channel has: they are in front.
    let inner = output.dims.iter().skip(2).map(|dim| dim.fixed()).collect::<Option<Vec<_>>>();
    let inner = inner.map(|dims| dims.iter().product());
    let kernel = BatchNorm { factors, summands, inner, output };
    let outputs = vec![kernel.output.clone()];
    Ok(Compiled { kernel: Box::new(kernel), outputs })
}

#[derive(Debug)]
struct BatchNorm<T> {
    factors: Vec<T>,
    summands: Vec<T>,
    /// The number of elements of a channel, unless the rows are among them.
    inner: Option<usize>,
    output: ValueType,
}

impl<T: Number> Kernel for BatchNorm<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let x = operands.elements::<T>(0);
        let out = outputs[0].reset::<T>(shape);
        if out.is_empty() {
            return Ok(());
        }
        let channels = self.factors.len();
        let parameters = || self.factors.iter().zip(&self.summands);
        if self.inner == Some(1) {
            for (out, x) in out.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                for ((out, x), (&factor, &summand)) in out.iter_mut().zip(x).zip(parameters()) {
                    *out = x.times(factor).plus(summand);
                }
            }
            return Ok(());
        }
        let inner = shape.dims().iter().skip(2).product();
        let channels = out.chunks_exact_mut(inner).zip(x.chunks_exact(inner));
        for ((out, x), (&factor, &summand)) in channels.zip(parameters().cycle()) {
            for (out, x) in out.iter_mut().zip(x) {
                *out = x.times(factor).plus(summand);
            }
        }
        Ok(())
    }
}
