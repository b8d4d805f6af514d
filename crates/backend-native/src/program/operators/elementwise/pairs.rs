//! Operators on two elements side by side.

use std::{fmt, marker::PhantomData};

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, DataView, Element, StrView, Tensor};

use super::{
    super::Taken,
    exactly, not_of,
    number::Number,
    one_type,
    walk::{Walk, together},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
    },
};

/// Takes an operator on two operands.
pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    /// Makes the pairs of elements of type `T`, and of type `$to` of them.
    macro_rules! of_pairs {
        ($types:tt, $to:ident, $function:expr) => {{
            let [one, other] = exactly(node, operands)?;
            let dtype = one_type(node, &[one, other])?;
            with_type!($types, dtype, T => {
                let ty = together(node, opsets, $to::<T>::DTYPE, &[&one.ty, &other.ty])?;
                let walk = Walk::new(ty, [&one.ty, &other.ty]);
                Ok(pairs::<T, $to<T>>(walk, None, $function))
            }, else Err(not_of(dtype)))
        }};
    }
    let compiled = match node.op_type {
        "Add" => of_pairs!(numbers, Same, |a, b| a.plus(b)),
        "Sub" => of_pairs!(numbers, Same, |a, b| a.minus(b)),
        "Mul" => of_pairs!(numbers, Same, |a, b| a.times(b)),
        "Div" | "Mod" => divide(node, operands, opsets),
        "Less" => of_pairs!(numbers, Truth, |a, b| a < b),
        "LessOrEqual" => of_pairs!(numbers, Truth, |a, b| a <= b),
        "Greater" => of_pairs!(numbers, Truth, |a, b| a > b),
        "GreaterOrEqual" => of_pairs!(numbers, Truth, |a, b| a >= b),
        "Equal" => {
            let [one, other] = exactly(node, operands)?;
            if one_type(node, &[one, other])? == DType::Str {
                same_texts(node, one, other, opsets)
            } else {
                of_pairs!(fixed_size, Truth, |a, b| a == b)
            }
        }
        "And" => of_pairs!([Bool: bool], Truth, |a, b| a & b),
        "Or" => of_pairs!([Bool: bool], Truth, |a, b| a | b),
        "Xor" => of_pairs!([Bool: bool], Truth, |a, b| a ^ b),
        "PRelu" => parametric_relu(node, operands, opsets),
        _ => return Ok(None),
    };
    compiled.map(Some)
}

type Same<T> = T;
type Truth<T> = <T as Judged>::Truth;

/// What can be compared.
trait Judged {
    type Truth: Element;
}

impl<T: Element> Judged for T {
    type Truth = bool;
}

/// `Div`, and `Mod` of both kinds.
fn divide(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let [one, other] = exactly(node, operands)?;
    let dtype = one_type(node, &[one, other])?;
    let ty = together(node, opsets, dtype, &[&one.ty, &other.ty])?;
    let walk = Walk::new(ty, [&one.ty, &other.ty]);
    let as_c_does = node.int("fmod")?.unwrap_or(0) != 0;
    if node.op_type == "Mod" && dtype.is_float() && !as_c_does {
        return Err(NotTaken::unsupported("fractions without fmod"));
    }
    with_type!(numbers, dtype, T => {
        // Only fractions can be divided by zero.
        let refused = T::IS_INTEGER.then_some(T::ZERO);
        Ok(match (node.op_type, as_c_does) {
            ("Div", _) => pairs::<T, T>(walk, refused, |a, b| a.over(b)),
            (_, true) => pairs::<T, T>(walk, refused, |a, b| a.rest(b)),
            (_, false) => pairs::<T, T>(walk, refused, |a, b| a.floored_rest(b)),
        })
    }, else Err(not_of(dtype)))
}

fn parametric_relu(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let [x, slope] = exactly(node, operands)?;
    let dtype = one_type(node, &[x, slope])?;
    let ty = together(node, opsets, dtype, &[&x.ty, &slope.ty])?;
    let walk = Walk::new(ty, [&x.ty, &slope.ty]);
    with_type!(
        signed, dtype,
        T => Ok(pairs::<T, T>(walk, None, |x, slope| if x < T::ZERO { slope.times(x) } else { x })),
        else Err(not_of(dtype))
    )
}

struct Pairs<A, B, F> {
    walk: Walk<2>,
    /// What the second operand must not hold.
    refused: Option<A>,
    function: F,
    types: PhantomData<fn(A) -> B>,
}

fn pairs<A: Element, B: Element>(
    walk: Walk<2>,
    refused: Option<A>,
    function: impl Fn(A, A) -> B + Send + Sync + 'static,
) -> Compiled {
    let outputs = vec![walk.output().clone()];
    Compiled { kernel: Box::new(Pairs { walk, refused, function, types: PhantomData }), outputs }
}

impl<A: Element, B: Element, F: Fn(A, A) -> B + Send + Sync> Kernel for Pairs<A, B, F> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let (ones, others) = (operands.elements::<A>(0), operands.elements::<A>(1));
        if self.refused.is_some_and(|refused| others.contains(&refused)) {
            let problem = "an integer is divided by zero";
            return Err(BackendError::told(BackendErrorKind::RefusedRows, problem));
        }
        let rows = operands.rows();
        let to = outputs[0].reset::<B>(self.walk.shape(rows));
        let function = &self.function;
        let moves = self.walk.moves();
        self.walk.each_run(rows, |at, len, [one, other]| {
            let to = &mut to[at..at + len];
            match moves {
                [true, true] => {
                    let operands = ones[one..one + len].iter().zip(&others[other..other + len]);
                    for (to, (&one, &other)) in to.iter_mut().zip(operands) {
                        *to = function(one, other);
                    }
                }
                [true, false] => {
                    let other = others[other];
                    for (to, &one) in to.iter_mut().zip(&ones[one..one + len]) {
                        *to = function(one, other);
                    }
                }
                [false, true] => {
                    let one = ones[one];
                    for (to, &other) in to.iter_mut().zip(&others[other..other + len]) {
                        *to = function(one, other);
                    }
                }
                [false, false] => to.fill(function(ones[one], others[other])),
            }
        });
        Ok(())
    }
}

impl<A: Element, B: Element, F> fmt::Debug for Pairs<A, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairs({} to {}, {:?})", A::DTYPE, B::DTYPE, self.walk)
    }
}

/// Whether texts are the same.
#[derive(Debug)]
struct SameTexts {
    walk: Walk<2>,
}

fn same_texts(
    node: &Node<'_>,
    one: &Operand<'_>,
    other: &Operand<'_>,
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let ty = together(node, opsets, DType::Bool, &[&one.ty, &other.ty])?;
    let walk = Walk::new(ty.clone(), [&one.ty, &other.ty]);
    Ok(Compiled { kernel: Box::new(SameTexts { walk }), outputs: vec![ty] })
}

impl Kernel for SameTexts {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let (ones, others) = (texts(operands, 0), texts(operands, 1));
        let rows = operands.rows();
        let to = outputs[0].reset::<bool>(self.walk.shape(rows));
        let steps = self.walk.moves().map(usize::from);
        self.walk.each_run(rows, |at, len, [one, other]| {
            for (index, to) in to[at..at + len].iter_mut().enumerate() {
                let [one_step, other_step] = steps;
                *to = ones.get(one + index * one_step) == others.get(other + index * other_step);
            }
        });
        Ok(())
    }
}

/// The elements of an operand that is text.
pub(super) fn texts<'a>(operands: Operands<'a>, index: usize) -> StrView<'a> {
    match operands.view(index).data() {
        DataView::Str(texts) => texts,
        other => unreachable!("compiled for text, given {}", other.dtype()),
    }
}
