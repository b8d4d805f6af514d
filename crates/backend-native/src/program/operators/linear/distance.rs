//! com.microsoft's `CDist`: the distance of every row of a matrix from every row of another, which
//! nearest neighbours are found by.

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
    let (a, b) = (operand(node, operands, 0)?, operand(node, operands, 1)?);
    let squared = match node.string("metric")?.unwrap_or("sqeuclidean") {
        "sqeuclidean" => true,
        "euclidean" => false,
        other => return Err(NotTaken::unsupported(format!("the distance {other:?}"))),
    };
    if a.ty.dtype != b.ty.dtype {
        return Err(NotTaken::invalid(node, format!("{} from {}", a.ty.dtype, b.ty.dtype)));
    }
    let (&[m, Dim::Fixed(k)], &[n, Dim::Fixed(other)]) = (&a.ty.dims[..], &b.ty.dims[..]) else {
        return Err(NotTaken::unsupported(format!("the distance of {} from {}", a.ty, b.ty)));
    };
    if k != other {
        return Err(NotTaken::invalid(node, format!("points of {k} and of {other} numbers")));
    }
    let output = ValueType::new(a.ty.dtype, vec![m, n]).map_err(NotTaken::unsupported)?;
    let outputs = vec![output.clone()];
    let kernel: Box<dyn Kernel> = match a.ty.dtype {
        DType::F32 => {
            Box::new(Distance::<f32> { root: (!squared).then_some(f32::sqrt), k, output })
        }
        DType::F64 => {
            Box::new(Distance::<f64> { root: (!squared).then_some(f64::sqrt), k, output })
        }
        other => return Err(NotTaken::invalid(node, format!("a distance of {other}"))),
    };
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct Distance<T> {
    /// The square root, unless squares are asked for.
    root: Option<fn(T) -> T>,
    k: usize,
    output: ValueType,
}

impl<T: Number> Kernel for Distance<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let &[_, columns] = shape.dims() else { unreachable!("distances are a matrix") };
        let (a, b) = (operands.elements::<T>(0), operands.elements::<T>(1));
        let out = outputs[0].reset::<T>(shape);
        if out.is_empty() {
            return Ok(());
        }
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            let a = &a[row * self.k..][..self.k];
            for (column, out) in out.iter_mut().enumerate() {
                *out = squared(a, &b[column * self.k..][..self.k]);
            }
        }
        if let Some(root) = self.root {
            out.iter_mut().for_each(|distance| *distance = root(*distance));
        }
        Ok(())
    }
}

/// The square of the distance of two points; four sums at a time, added up at the end.
fn squared<T: Number>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::ZERO; 4];
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    for (a, b) in a_fours.iter().zip(b_fours) {
        for (sum, (a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            let by = a.minus(b);
            *sum = sum.plus(by.times(by));
        }
    }
    for (sum, (a, &b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        let by = a.minus(b);
        *sum = sum.plus(by.times(by));
    }
    sums[0].plus(sums[1]).plus(sums[2].plus(sums[3]))
}
