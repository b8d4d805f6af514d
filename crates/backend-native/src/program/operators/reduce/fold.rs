//! `ReduceSum` and its relatives: one element of many.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, MAX_RANK, Tensor};

use super::{
    super::{
        linear::{Float, Number},
        support::operand,
    },
    axes::{self, Groups},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
};

/// What is made of a group of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduction {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    L1,
    L2,
    SumSquare,
    LogSum,
    LogSumExp,
}

impl Reduction {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "ReduceSum" => Self::Sum,
            "ReduceMean" => Self::Mean,
            "ReduceMax" => Self::Max,
            "ReduceMin" => Self::Min,
            "ReduceProd" => Self::Prod,
            "ReduceL1" => Self::L1,
            "ReduceL2" => Self::L2,
            "ReduceSumSquare" => Self::SumSquare,
            "ReduceLogSum" => Self::LogSum,
            "ReduceLogSumExp" => Self::LogSumExp,
            _ => return None,
        })
    }
}

pub(super) fn compile(
    reduction: Reduction,
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let reduced = axes::reduced(node, operands, x.ty.rank())?;
    let output = output(node, &x.ty, &reduced)?;
    let groups = Groups::new(&x.ty, &reduced)?;
    let changes_one = matches!(
        reduction,
        Reduction::L1
            | Reduction::L2
            | Reduction::SumSquare
            | Reduction::LogSum
            | Reduction::LogSumExp
    );
    if changes_one && !reduced.contains(&true) && x.ty.rank() > 0 {
        // ONNX has it applied to every element, ONNX Runtime copies them.
        return Err(NotTaken::unsupported("no axes to reduce"));
    }
    let orders = matches!(reduction, Reduction::Max | Reduction::Min | Reduction::Mean);
    if orders && groups.count() == 0 {
        return Err(NotTaken::unsupported("the mean or the greatest of no elements"));
    }
    let outputs = vec![output.clone()];
    let kernel = match x.ty.dtype {
        DType::F32 => of_floats::<f32>(reduction, groups, output),
        DType::F64 => of_floats::<f64>(reduction, groups, output),
        DType::I32 => of_numbers::<i32>(reduction, groups, output),
        DType::I64 => of_numbers::<i64>(reduction, groups, output),
        DType::U32 => of_numbers::<u32>(reduction, groups, output),
        DType::U64 => of_numbers::<u64>(reduction, groups, output),
        DType::I8 => of_ordered::<i8>(reduction, groups, output),
        DType::U8 => of_ordered::<u8>(reduction, groups, output),
        DType::Bool => of_ordered::<bool>(reduction, groups, output),
        _ => None,
    };
    let kernel = kernel
        .ok_or_else(|| NotTaken::unsupported(format!("{} of {}", node.op_type, x.ty.dtype)))?;
    Ok(Compiled { kernel, outputs })
}

/// The type without the reduced axes, or with one element on each of them.
pub(super) fn output(
    node: &Node<'_>,
    ty: &ValueType,
    reduced: &[bool; MAX_RANK],
) -> Result<ValueType, NotTaken> {
    let keeps = node.int("keepdims")?.unwrap_or(1) != 0;
    let dims = ty.dims.iter().zip(reduced).filter_map(|(&dim, &reduced)| match (reduced, keeps) {
        (false, _) => Some(dim),
        (true, true) => Some(Dim::Fixed(1)),
        (true, false) => None,
    });
    ValueType::new(ty.dtype, dims.collect()).map_err(NotTaken::unsupported)
}

fn of_floats<T: Float>(
    reduction: Reduction,
    groups: Groups,
    output: ValueType,
) -> Option<Box<dyn Kernel>> {
    match reduction {
        Reduction::L2 => Some(kernel::<T, Sums<L2>>(groups, output)),
        Reduction::LogSum => Some(kernel::<T, Sums<LogSum>>(groups, output)),
        Reduction::LogSumExp => Some(kernel::<T, LogSumExp>(groups, output)),
        _ => of_numbers::<T>(reduction, groups, output),
    }
}

fn of_numbers<T: Number>(
    reduction: Reduction,
    groups: Groups,
    output: ValueType,
) -> Option<Box<dyn Kernel>> {
    match reduction {
        Reduction::Sum => Some(kernel::<T, Sums<Sum>>(groups, output)),
        Reduction::Mean => Some(kernel::<T, Sums<Mean>>(groups, output)),
        Reduction::Prod => Some(kernel::<T, Prod>(groups, output)),
        Reduction::L1 => Some(kernel::<T, Sums<L1>>(groups, output)),
        Reduction::SumSquare => Some(kernel::<T, Sums<SumSquare>>(groups, output)),
        _ => of_ordered::<T>(reduction, groups, output),
    }
}

fn of_ordered<T: Element + PartialOrd + fmt::Debug>(
    reduction: Reduction,
    groups: Groups,
    output: ValueType,
) -> Option<Box<dyn Kernel>> {
    match reduction {
        Reduction::Max => Some(kernel::<T, Max>(groups, output)),
        Reduction::Min => Some(kernel::<T, Min>(groups, output)),
        _ => None,
    }
}

fn kernel<T: Element + fmt::Debug, F: Fold<T>>(
    groups: Groups,
    output: ValueType,
) -> Box<dyn Kernel> {
    Box::new(Reduce::<T, F> { groups, output, of: PhantomData })
}

#[derive(Debug)]
struct Reduce<T, F> {
    groups: Groups,
    output: ValueType,
    of: PhantomData<(T, F)>,
}

impl<T: Element + fmt::Debug, F: Fold<T>> Kernel for Reduce<T, F> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let x = operands.elements::<T>(0);
        let rows = operands.rows();
        let out = outputs[0].reset::<T>(self.output.shape(rows));
        match &self.groups {
            Groups::Adjacent(count) => {
                for (group, out) in out.iter_mut().enumerate() {
                    *out = F::adjacent(&x[group * count..(group + 1) * count]);
                }
            }
            Groups::Scattered(scattered) => {
                let mut out = out.iter_mut();
                scattered.for_each(operands.view(0).shape(), rows, |elements| {
                    if let Some(out) = out.next() {
                        *out = F::fold(elements.of(x));
                    }
                });
            }
        }
        Ok(())
    }
}

/// A way to make one element of many, always in the same order.
trait Fold<T: Element>: fmt::Debug + Send + Sync + 'static {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T;

    /// Of elements that lie side by side.
    fn adjacent(elements: &[T]) -> T {
        Self::fold(elements.iter().copied())
    }
}

/// What is added up of elements, and what is made of the sum.
trait Summed<T: Number>: fmt::Debug + Send + Sync + 'static {
    fn of(element: T) -> T {
        element
    }

    fn finish(sum: T, _count: usize) -> T {
        sum
    }
}

#[derive(Debug)]
struct Sums<S>(PhantomData<S>);

impl<T: Number, S: Summed<T>> Fold<T> for Sums<S> {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T {
        let sum = |(sum, count): (T, usize), element| (sum.plus(S::of(element)), count + 1);
        let (sum, count) = elements.fold((T::ZERO, 0), sum);
        S::finish(sum, count)
    }

    /// Eight sums side by side, which are added up at the end.
    fn adjacent(elements: &[T]) -> T {
        let (chunks, rest) = elements.as_chunks::<8>();
        let mut sums = [T::ZERO; 8];
        for chunk in chunks {
            for (sum, &element) in sums.iter_mut().zip(chunk) {
                *sum = sum.plus(S::of(element));
            }
        }
        for (sum, &element) in sums.iter_mut().zip(rest) {
            *sum = sum.plus(S::of(element));
        }
        let [a, b, c, d, e, f, g, h] = sums;
        let sum = a.plus(b).plus(c.plus(d)).plus(e.plus(f).plus(g.plus(h)));
        S::finish(sum, elements.len())
    }
}

#[derive(Debug)]
struct Sum;

impl<T: Number> Summed<T> for Sum {}

#[derive(Debug)]
struct Mean;

impl<T: Number> Summed<T> for Mean {
    fn finish(sum: T, count: usize) -> T {
        sum.over(T::of_count(count))
    }
}

#[derive(Debug)]
struct L1;

impl<T: Number> Summed<T> for L1 {
    fn of(element: T) -> T {
        element.magnitude()
    }
}

#[derive(Debug)]
struct SumSquare;

impl<T: Number> Summed<T> for SumSquare {
    fn of(element: T) -> T {
        element.times(element)
    }
}

#[derive(Debug)]
struct L2;

impl<T: Float> Summed<T> for L2 {
    fn of(element: T) -> T {
        element.times(element)
    }

    fn finish(sum: T, _: usize) -> T {
        sum.root()
    }
}

#[derive(Debug)]
struct LogSum;

impl<T: Float> Summed<T> for LogSum {
    fn finish(sum: T, _: usize) -> T {
        sum.logarithm()
    }
}

#[derive(Debug)]
struct Prod;

impl<T: Number> Fold<T> for Prod {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T {
        elements.fold(T::ONE, T::times)
    }
}

/// The greatest; NaN only where it stands first, as in ONNX Runtime.
#[derive(Debug)]
struct Max;

impl<T: Element + PartialOrd> Fold<T> for Max {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T {
        let greater = |one: T, other: T| if other > one { other } else { one };
        elements.reduce(greater).unwrap_or_default()
    }
}

/// The least; NaN only where it stands first, as in ONNX Runtime.
#[derive(Debug)]
struct Min;

impl<T: Element + PartialOrd> Fold<T> for Min {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T {
        let less = |one: T, other: T| if other < one { other } else { one };
        elements.reduce(less).unwrap_or_default()
    }
}

/// The greatest is taken off first, so that no exponential overflows.
#[derive(Debug)]
struct LogSumExp;

impl<T: Float> Fold<T> for LogSumExp {
    fn fold(elements: impl Iterator<Item = T> + Clone) -> T {
        let greatest = Max::fold(elements.clone());
        let greatest = if greatest.is_finite() { greatest } else { T::ZERO };
        let sum =
            elements.fold(T::ZERO, |sum, element| sum.plus(element.minus(greatest).exponential()));
        sum.logarithm().plus(greatest)
    }
}
