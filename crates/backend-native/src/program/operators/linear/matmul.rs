//! `MatMul`, with NumPy's rules: a vector is a row on the left and a column on the right, and what
//! stands in front of the last two axes is broadcast.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, MAX_RANK, Shape, Tensor};

use super::{
    super::support::operand,
    number::Number,
    packed::{Packed, Strides},
    product::product,
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType, broadcast},
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let (a, b) = (operand(node, operands, 0)?, operand(node, operands, 1)?);
    if a.ty.dtype != b.ty.dtype {
        return Err(NotTaken::invalid(node, format!("{} times {}", a.ty.dtype, b.ty.dtype)));
    }
    match a.ty.dtype {
        DType::F32 => typed::<f32>(node, a, b),
        DType::F64 => typed::<f64>(node, a, b),
        DType::I32 => typed::<i32>(node, a, b),
        DType::I64 => typed::<i64>(node, a, b),
        DType::U32 => typed::<u32>(node, a, b),
        DType::U64 => typed::<u64>(node, a, b),
        other => Err(NotTaken::invalid(node, format!("a product of {other}"))),
    }
}

fn typed<T: Number>(
    node: &Node<'_>,
    a: &Operand<'_>,
    b: &Operand<'_>,
) -> Result<Compiled, NotTaken> {
    let dims = Dims::new(node, &a.ty, &b.ty)?;
    let (k, n) = (dims.k, dims.b_columns);
    let output = dims.output(a.ty.dtype).map_err(NotTaken::unsupported)?;
    let kernel: Box<dyn Kernel> = match (b.constant_elements::<T>(), b.ty.rank(), n) {
        (Some(weights), 1 | 2, Dim::Fixed(n)) => {
            let weights = Packed::new(weights, k, n, Strides { row: n, element: 1 });
            Box::new(Weights { weights, k, output: output.clone() })
        }
        _ => {
            let of = |ty: &ValueType| ty.rank().saturating_sub(2);
            let batch = [of(&a.ty), of(&b.ty)];
            let is_vector = [a.ty.rank() == 1, b.ty.rank() == 1];
            Box::new(Matrices { k, batch, is_vector, output: output.clone() }.typed::<T>())
        }
    };
    Ok(Compiled { kernel, outputs: vec![output] })
}

/// What goes into the product of two matrices, and what stands in front.
struct Dims {
    k: usize,
    a_rows: Option<Dim>,
    b_columns: Dim,
    b_is_vector: bool,
    batch: Vec<Dim>,
}

impl Dims {
    fn new(node: &Node<'_>, a: &ValueType, b: &ValueType) -> Result<Self, NotTaken> {
        let (a_batch, a_rows, a_k) = match a.dims[..] {
            [] => return Err(NotTaken::invalid(node, "the product of a scalar")),
            [k] => (&[][..], None, k),
            [ref batch @ .., rows, k] => (batch, Some(rows), k),
        };
        let (b_batch, b_k, b_columns) = match b.dims[..] {
            [] => return Err(NotTaken::invalid(node, "the product with a scalar")),
            [k] => (&[][..], k, Dim::Fixed(1)),
            [ref batch @ .., k, columns] => (batch, k, columns),
        };
        let k = match (a_k, b_k) {
            (Dim::Fixed(k), Dim::Fixed(other)) if k == other => k,
            (Dim::Fixed(k), Dim::Fixed(other)) => {
                return Err(NotTaken::invalid(node, format!("rows of {k} times {other}")));
            }
            _ => return Err(NotTaken::unsupported("a product that adds rows up")),
        };
        let batch = |dims: &[Dim]| ValueType::new(a.dtype, dims.to_vec());
        let batch = batch(a_batch)
            .and_then(|a_batch| broadcast(a.dtype, &a_batch, &batch(b_batch)?))
            .map_err(NotTaken::unsupported)?;
        Ok(Self { k, a_rows, b_columns, b_is_vector: b.rank() == 1, batch: batch.dims })
    }

    fn output(&self, dtype: DType) -> Result<ValueType, String> {
        let columns = (!self.b_is_vector).then_some(self.b_columns);
        let dims = self.batch.iter().copied().chain(self.a_rows).chain(columns);
        ValueType::new(dtype, dims.collect())
    }
}

/// The product with a constant matrix: whatever stands in front is rows.
#[derive(Debug)]
struct Weights<T: Number> {
    weights: Packed<T>,
    k: usize,
    output: ValueType,
}

impl<T: Number> Kernel for Weights<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let out = outputs[0].reset::<T>(shape);
        if self.weights.n() > 0 {
            let rows = out.len() / self.weights.n();
            let strides = Strides { row: self.k, element: 1 };
            let a = operands.elements::<T>(0);
            self.weights.product(operands.level, a, strides, rows, out);
        }
        Ok(())
    }
}

/// The product of whatever matrices.
#[derive(Debug)]
struct Matrices {
    k: usize,
    /// The number of axes in front of the last two.
    batch: [usize; 2],
    is_vector: [bool; 2],
    output: ValueType,
}

#[derive(Debug)]
struct Typed<T> {
    of: Matrices,
    element: std::marker::PhantomData<T>,
}

impl Matrices {
    const fn typed<T>(self) -> Typed<T> {
        Typed { of: self, element: std::marker::PhantomData }
    }

    /// For each axis in front of the output's matrices, how many matrices of a factor lie between
    /// neighbours.
    fn strides(&self, factor: usize, shape: &Shape, axes: usize) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let own = self.batch[factor];
        let mut stride = 1;
        for axis in (0..own).rev() {
            let dim = shape.dims()[axis];
            strides[axes - own + axis] = if dim == 1 { 0 } else { stride };
            stride *= dim;
        }
        strides
    }
}

impl<T: Number> Kernel for Typed<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let Matrices { k, batch, is_vector, ref output } = self.of;
        let shapes = [*operands.view(0).shape(), *operands.view(1).shape()];
        let [a, b] = [operands.elements::<T>(0), operands.elements::<T>(1)];
        let shape = output.shape(operands.rows());
        let out = outputs[0].reset::<T>(shape);
        let last = |shape: &Shape, back: usize| shape.dims()[shape.rank() - back];
        let rows = if is_vector[0] { 1 } else { last(&shapes[0], 2) };
        let columns = if is_vector[1] { 1 } else { last(&shapes[1], 1) };
        if out.is_empty() {
            return Ok(());
        }
        let axes = batch[0].max(batch[1]);
        let strides = [self.of.strides(0, &shapes[0], axes), self.of.strides(1, &shapes[1], axes)];
        let mut index = [0; MAX_RANK];
        for out in out.chunks_exact_mut(rows * columns) {
            let at = |strides: &[usize; MAX_RANK]| -> usize {
                strides[..axes].iter().zip(&index).map(|(stride, index)| stride * index).sum()
            };
            let a = &a[at(&strides[0]) * rows * k..][..rows * k];
            let b = &b[at(&strides[1]) * k * columns..][..k * columns];
            let strides = |row| Strides { row, element: 1 };
            let (a, b) = ((a, strides(k)), (b, strides(columns)));
            product(operands.level, a, b, k, columns, out);
            for axis in (0..axes).rev() {
                index[axis] += 1;
                if index[axis] < shape.dims()[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(())
    }
}
