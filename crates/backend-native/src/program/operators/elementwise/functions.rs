//! Functions of one element that have no attributes, and the tests of one element.

use hotplate_model::onnx::Node;

use super::{
    super::Taken,
    exactly,
    map::map,
    not_of,
    number::{Number, Real},
};
use crate::program::kernel::Operand;

/// Takes a function that has no attributes.
pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>]) -> Taken {
    macro_rules! of_each {
        ($types:ident, |$x:ident| $y:expr) => {{
            let [operand] = exactly(node, operands)?;
            let dtype = operand.ty.dtype;
            with_type!(
                $types, dtype,
                T => map::<T, T>(operand, #[inline(always)] |$x| $y),
                else Err(not_of(dtype))
            )
        }};
    }
    let compiled = match node.op_type {
        "Abs" => of_each!(numbers, |x| x.magnitude()),
        "Neg" => of_each!(signed, |x| x.negative()),
        "Sign" => of_each!(numbers, |x| x.sign()),
        "Floor" => of_each!(reals, |x| x.floor()),
        "Ceil" => of_each!(reals, |x| x.ceil()),
        "Round" => of_each!(reals, |x| x.round_ties_even()),
        "Sqrt" => of_each!(reals, |x| x.sqrt()),
        "Reciprocal" => of_each!(reals, |x| T::ONE / x),
        // By the trait: the methods of float32 itself are calls, one number at a time.
        "Exp" => of_each!(reals, |x| Real::exp(x)),
        "Log" => of_each!(reals, |x| x.ln()),
        "Sin" => of_each!(reals, |x| x.sin()),
        "Cos" => of_each!(reals, |x| x.cos()),
        "Tan" => of_each!(reals, |x| x.tan()),
        "Asin" => of_each!(reals, |x| x.asin()),
        "Acos" => of_each!(reals, |x| x.acos()),
        "Atan" => of_each!(reals, |x| x.atan()),
        "Sinh" => of_each!(reals, |x| x.sinh()),
        "Cosh" => of_each!(reals, |x| x.cosh()),
        "Tanh" => of_each!(reals, |x| Real::tanh(x)),
        "Asinh" => of_each!(reals, |x| x.asinh()),
        "Acosh" => of_each!(reals, |x| x.acosh()),
        "Atanh" => of_each!(reals, |x| x.atanh()),
        "Erf" => of_each!(reals, |x| x.error_function()),
        "Not" => {
            let [operand] = exactly(node, operands)?;
            with_type!([Bool: bool], operand.ty.dtype, T => map::<T, T>(operand, |x| !x),
                else Err(not_of(operand.ty.dtype)))
        }
        "IsNaN" => {
            let [operand] = exactly(node, operands)?;
            with_type!(reals, operand.ty.dtype, T => map::<T, bool>(operand, |x| x.is_nan()),
                else Err(not_of(operand.ty.dtype)))
        }
        "IsInf" => {
            let [operand] = exactly(node, operands)?;
            let positive = node.int("detect_positive")?.unwrap_or(1) != 0;
            let negative = node.int("detect_negative")?.unwrap_or(1) != 0;
            with_type!(reals, operand.ty.dtype, T => map::<T, bool>(operand, move |x| {
                (positive & (x == T::INFINITY)) | (negative & (x == T::NEG_INFINITY))
            }), else Err(not_of(operand.ty.dtype)))
        }
        _ => return Ok(None),
    };
    compiled.map(Some)
}
