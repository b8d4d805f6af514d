//! Operators on each element alone, and on elements side by side.
//!
//! - `map`: a kernel for one operand; `functions` and `activations` are what it is used for.
//! - `walk`: broadcasting, decided when a node is compiled. `pairs` is a kernel for two operands,
//!   `several` one for any number, `power` and `select` those of `Pow` and `Where`.
//! - `number`: arithmetic by type; `erf` is the one function that the standard library lacks.
//! - `cast`: from each type to each, with `texts` for what numbers look like.

/// Calls something generic for the type of elements that a value has.
macro_rules! with_type {
    ([$($variant:ident: $type:ident),+], $dtype:expr, $T:ident => $some:expr, else $other:expr) => {
        match $dtype {
            $(hotplate_tensor::DType::$variant => {
                type $T = $type;
                $some
            })+
            _ => $other,
        }
    };
    (reals, $($rest:tt)+) => {
        with_type!([F32: f32, F64: f64], $($rest)+)
    };
    (signed, $($rest:tt)+) => {
        with_type!([F32: f32, F64: f64, I64: i64, I32: i32, I16: i16, I8: i8], $($rest)+)
    };
    (integers, $($rest:tt)+) => {
        with_type!(
            [I64: i64, I32: i32, I16: i16, I8: i8, U64: u64, U32: u32, U16: u16, U8: u8],
            $($rest)+
        )
    };
    (numbers, $($rest:tt)+) => {
        with_type!(
            [F32: f32, F64: f64, I64: i64, I32: i32, I16: i16, I8: i8, U64: u64, U32: u32,
             U16: u16, U8: u8],
            $($rest)+
        )
    };
    (fixed_size, $($rest:tt)+) => {
        with_type!(
            [F32: f32, F64: f64, I64: i64, I32: i32, I16: i16, I8: i8, U64: u64, U32: u32,
             U16: u16, U8: u8, Bool: bool],
            $($rest)+
        )
    };
}

mod activations;
mod cast;
mod clip;
mod erf;
mod functions;
mod map;
mod number;
mod pairs;
mod power;
mod select;
mod several;
mod texts;
mod walk;

use hotplate_model::onnx::Node;
use hotplate_tensor::DType;

use super::Taken;
use crate::{
    operator::NotTaken,
    program::{kernel::Operand, opsets::Opsets},
};

pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    if !node.domain.is_empty() {
        return Ok(None);
    }
    match node.op_type {
        "Cast" | "CastLike" => cast::compile(node, operands, opsets).map(Some),
        "Clip" => clip::compile(node, operands, opsets).map(Some),
        "Pow" => power::compile(node, operands, opsets).map(Some),
        "Where" => select::compile(node, operands, opsets).map(Some),
        _ => {
            let of_one = functions::compile(node, operands)?;
            let taken =
                of_one.map_or_else(|| activations::compile(node, operands), |one| Ok(Some(one)))?;
            let taken = taken
                .map_or_else(|| pairs::compile(node, operands, opsets), |one| Ok(Some(one)))?;
            taken.map_or_else(|| several::compile(node, operands, opsets), |one| Ok(Some(one)))
        }
    }
}

/// The operands of a node that takes `N`, all of which must be there.
fn exactly<'o, 'g, const N: usize>(
    node: &Node<'_>,
    operands: &'o [Option<Operand<'g>>],
) -> Result<[&'o Operand<'g>; N], NotTaken> {
    let given: Option<Vec<&Operand<'g>>> = operands.iter().map(Option::as_ref).collect();
    given.and_then(|given| given.try_into().ok()).ok_or_else(|| {
        NotTaken::invalid(node, format!("reads {} inputs where it takes {N}", operands.len()))
    })
}

/// Checks that operands have elements of one type, which is returned.
fn one_type(node: &Node<'_>, operands: &[&Operand<'_>]) -> Result<DType, NotTaken> {
    let dtype = operands.first().map_or(DType::F32, |operand| operand.ty.dtype);
    match operands.iter().find(|operand| operand.ty.dtype != dtype) {
        None => Ok(dtype),
        Some(other) => {
            let problem = format!("{dtype} side by side with {}", other.ty.dtype);
            Err(NotTaken::invalid(node, problem))
        }
    }
}

/// The refusal of elements that an operator is not for.
fn not_of(dtype: DType) -> NotTaken {
    NotTaken::unsupported(format!("{dtype} elements"))
}
