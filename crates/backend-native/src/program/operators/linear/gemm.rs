//! `Gemm`: `alpha · A · B + beta · C`, either factor transposed if the file says so.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::{
    super::support::{operand, optional},
    number::Number,
    packed::{Packed, Strides},
    product::product,
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
        shape::{Dim, ValueType, broadcast},
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let dtype = operand(node, operands, 0)?.ty.dtype;
    if opsets.main() < 7 && node.int("broadcast")?.unwrap_or(0) == 0 && operands.len() > 2 {
        return Err(NotTaken::unsupported("Gemm without broadcasting, of an opset below 7"));
    }
    let (alpha, beta) = (node.float("alpha")?.unwrap_or(1.0), node.float("beta")?.unwrap_or(1.0));
    match dtype {
        DType::F32 => typed::<f32>(node, operands, [alpha, beta]),
        DType::F64 => typed::<f64>(node, operands, [alpha.into(), beta.into()]),
        other => Err(NotTaken::unsupported(format!("a product of {other}"))),
    }
}

fn typed<T: Number>(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    [alpha, beta]: [T; 2],
) -> Result<Compiled, NotTaken> {
    let (a, b) = (operand(node, operands, 0)?, operand(node, operands, 1)?);
    let c = optional(operands, 2);
    if [Some(b), c].into_iter().flatten().any(|other| other.ty.dtype != a.ty.dtype) {
        return Err(NotTaken::invalid(node, "matrices of several types"));
    }
    let flag = |name| Ok::<_, NotTaken>(node.int(name)?.unwrap_or(0) != 0);
    let (a_turned, b_turned) = (flag("transA")?, flag("transB")?);
    let matrix = |ty: &ValueType, turned: bool| match ty.dims[..] {
        [row, column] if turned => Ok((column, row)),
        [row, column] => Ok((row, column)),
        _ => Err(NotTaken::invalid(node, format!("{ty} is no matrix"))),
    };
    let ((m, a_k), (b_k, n)) = (matrix(&a.ty, a_turned)?, matrix(&b.ty, b_turned)?);
    let k = match (a_k, b_k) {
        (Dim::Fixed(k), Dim::Fixed(other)) if k == other => k,
        (Dim::Fixed(k), Dim::Fixed(other)) => {
            return Err(NotTaken::invalid(node, format!("rows of {k} times {other}")));
        }
        _ => return Err(NotTaken::unsupported("a product that adds rows up")),
    };
    let output = ValueType::new(a.ty.dtype, vec![m, n]).map_err(NotTaken::unsupported)?;
    if let Some(c) = c {
        let both = broadcast(output.dtype, &output, &c.ty).map_err(NotTaken::unsupported)?;
        if both != output {
            return Err(NotTaken::invalid(node, format!("{} added to {output}", c.ty)));
        }
    }
    let weights = match (b.constant_elements::<T>(), n) {
        (Some(weights), Dim::Fixed(n)) => {
            let strides = if b_turned {
                Strides { row: 1, element: k }
            } else {
                Strides { row: n, element: 1 }
            };
            Some(Packed::new(weights, k, n, strides))
        }
        _ => None,
    };
    let added = c.map(|c| {
        let spreads = |back: usize| {
            c.ty.rank().checked_sub(back).is_some_and(|axis| c.ty.dims[axis] != Dim::Fixed(1))
        };
        Added { by_row: spreads(2), by_column: spreads(1) }
    });
    let kernel = Gemm { k, a_turned, b_turned, weights, alpha, beta, added, output };
    let outputs = vec![kernel.output.clone()];
    Ok(Compiled { kernel: Box::new(kernel), outputs })
}

#[derive(Debug)]
struct Gemm<T: Number> {
    k: usize,
    a_turned: bool,
    b_turned: bool,
    /// B, where it is constant.
    weights: Option<Packed<T>>,
    alpha: T,
    beta: T,
    added: Option<Added>,
    output: ValueType,
}

/// How C is spread over the product.
#[derive(Clone, Copy, Debug)]
struct Added {
    /// Whether each row has its own.
    by_row: bool,
    /// Whether each column has its own.
    by_column: bool,
}

impl<T: Number> Kernel for Gemm<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let level = operands.level;
        let shape = self.output.shape(operands.rows());
        let &[rows, columns] = shape.dims() else { unreachable!("a product is a matrix") };
        let out = outputs[0].reset::<T>(shape);
        if out.is_empty() {
            return Ok(());
        }
        let strides = |turned: bool, rows: usize, columns: usize| {
            if turned {
                Strides { row: 1, element: rows }
            } else {
                Strides { row: columns, element: 1 }
            }
        };
        let a = (operands.elements::<T>(0), strides(self.a_turned, rows, self.k));
        match &self.weights {
            Some(weights) => weights.product(level, a.0, a.1, rows, out),
            None => {
                let b = (operands.elements::<T>(1), strides(self.b_turned, self.k, columns));
                product(level, a, b, self.k, columns, out);
            }
        }
        if self.alpha != T::ONE {
            out.iter_mut().for_each(|sum| *sum = self.alpha.times(*sum));
        }
        if let Some(added) = self.added {
            let c = operands.elements::<T>(2);
            level.call(
                #[inline(always)]
                || self.add(added, c, columns, out),
            );
        }
        Ok(())
    }
}

impl<T: Number> Gemm<T> {
    #[inline(always)]
    fn add(&self, added: Added, c: &[T], columns: usize, out: &mut [T]) {
        let width = if added.by_column { columns } else { 1 };
        for (row, sums) in out.chunks_exact_mut(columns).enumerate() {
            let from = if added.by_row { row * width } else { 0 };
            let c = &c[from..from + width];
            if let &[one] = c {
                sums.iter_mut().for_each(|sum| *sum = sum.plus(self.beta.times(one)));
            } else {
                for (sum, &one) in sums.iter_mut().zip(c) {
                    *sum = sum.plus(self.beta.times(one));
                }
            }
        }
    }
}
