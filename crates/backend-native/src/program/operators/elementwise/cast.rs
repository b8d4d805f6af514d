//! From each type of element to each, as ONNX Runtime does it on x86.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::{ElementType, Node};
use hotplate_tensor::{DType, Element, Tensor};

use super::{
    exactly,
    map::map,
    not_of,
    pairs::texts,
    texts::{FromText, Printed, ToText, put},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
        shape::ValueType,
    },
};

/// `Cast` and `CastLike`.
pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let (operand, to) = if node.op_type == "CastLike" {
        let [operand, like] = exactly(node, operands)?;
        (operand, like.ty.dtype)
    } else {
        let [operand] = exactly(node, operands)?;
        if opsets.main() < 6 {
            return Err(NotTaken::unsupported("a cast before opset 6"));
        }
        let to = node.int("to")?.ok_or_else(|| NotTaken::invalid(node, "to is not given"))?;
        let element = ElementType::of_code(to).ok_or_else(|| {
            NotTaken::invalid(node, format!("{to} is the code of no element type"))
        })?;
        let dtype = element.dtype();
        (operand, dtype.ok_or_else(|| NotTaken::unsupported(format!("a cast to {element}")))?)
    };
    let of = operand.ty.dtype;
    let kernel: Box<dyn Kernel> = match (of, to) {
        (DType::Str, DType::Str) => Box::new(Copied),
        (DType::Str, _) => with_type!(
            fixed_size, to,
            T => Box::new(Read::<T>(PhantomData)),
            else return Err(not_of(to))
        ),
        (_, DType::Str) => with_type!(
            fixed_size, of,
            T => Box::new(Print::<T>(PhantomData)),
            else return Err(not_of(of))
        ),
        _ => {
            return with_type!(
                fixed_size, of,
                A => with_type!(fixed_size, to, B => map::<A, B>(operand, To::<B>::to),
                    else Err(not_of(to))),
                else Err(not_of(of))
            );
        }
    };
    let ty = ValueType { dtype: to, dims: operand.ty.dims.clone() };
    Ok(Compiled { kernel, outputs: vec![ty] })
}

/// The same number, or truth, as a `T`.
pub(super) trait To<T> {
    fn to(self) -> T;
}

macro_rules! plain_casts {
    ($($from:ident => $($to:ident)+;)+) => {
        $($(impl To<$to> for $from {
            #[expect(
                clippy::allow_attributes,
                reason = "which of them a pair of types brings about differs"
            )]
            #[allow(
                clippy::cast_lossless,
                clippy::cast_possible_truncation,
                clippy::cast_possible_wrap,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                trivial_numeric_casts,
                reason = "this is what a cast is: the low bits, or the nearest number"
            )]
            fn to(self) -> $to {
                self as $to
            }
        })+)+
    };
}

plain_casts! {
    i8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    f32 => f32 f64;
    f64 => f32 f64;
}

macro_rules! casts_of_truths {
    ($($type:ident)+) => {
        $(
            impl To<$type> for bool {
                fn to(self) -> $type {
                    u8::from(self).to()
                }
            }

            impl To<bool> for $type {
                /// NaN is true.
                fn to(self) -> bool {
                    self != $type::default()
                }
            }
        )+
    };
}

casts_of_truths! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

impl To<bool> for bool {
    fn to(self) -> bool {
        self
    }
}

/// Fractions are cut off. The instructions that do it are for 32 and 64 bits, give the least number
/// of those for whatever lies outside, and narrower types have its low bits.
macro_rules! casts_of_fractions {
    ($($from:ident via $wide:ident => $($to:ident)+;)+) => {
        $($(impl To<$to> for $from {
            fn to(self) -> $to {
                $wide(self.into()).to()
            }
        })+)+
    };
}

casts_of_fractions! {
    f32 via in_32_bits => i8 i16 i32 u8 u16;
    f64 via in_32_bits => i8 i16 i32 u8 u16;
    f32 via in_32_bits_unsigned => u32;
    f64 via in_32_bits_unsigned => u32;
    f32 via in_64_bits => i64;
    f64 via in_64_bits => i64;
    f32 via in_64_bits_unsigned => u64;
    f64 via in_64_bits_unsigned => u64;
}

#[expect(clippy::cast_possible_truncation, reason = "compared before")]
fn in_32_bits(number: f64) -> i32 {
    if number > -2_147_483_649.0 && number < 2_147_483_648.0 { number as i32 } else { i32::MIN }
}

/// As compilers do it that have an instruction for signed integers alone.
#[expect(clippy::cast_sign_loss, reason = "the bits count")]
fn in_32_bits_unsigned(number: f64) -> u32 {
    const BOUND: f64 = 2_147_483_648.0;
    if number >= BOUND {
        in_32_bits(number - BOUND) as u32 ^ (1 << 31)
    } else {
        in_32_bits(number) as u32
    }
}

/// 2⁶³
const BOUND: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation, reason = "compared before")]
fn in_64_bits(number: f64) -> i64 {
    if (-BOUND..BOUND).contains(&number) { number as i64 } else { i64::MIN }
}

/// As [`in_32_bits_unsigned`].
#[expect(clippy::cast_sign_loss, reason = "the bits count")]
fn in_64_bits_unsigned(number: f64) -> u64 {
    if number >= BOUND {
        in_64_bits(number - BOUND) as u64 ^ (1 << 63)
    } else {
        in_64_bits(number) as u64
    }
}

/// Text as text.
#[derive(Debug)]
struct Copied;

impl Kernel for Copied {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let to = outputs[0].reset_strings(*operands.view(0).shape());
        let mut texts = texts(operands, 0).iter().enumerate();
        texts.try_for_each(|(index, text)| put(to, index, text))
    }
}

/// Text as numbers.
#[derive(Debug)]
struct Read<T>(PhantomData<fn() -> T>);

impl<T: Element + FromText + fmt::Debug> Kernel for Read<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let to = outputs[0].reset::<T>(*operands.view(0).shape());
        for (to, text) in to.iter_mut().zip(texts(operands, 0).iter()) {
            *to = T::from_text(text).ok_or_else(|| refused(text, T::DTYPE))?;
        }
        Ok(())
    }
}

fn refused(text: &str, to: DType) -> BackendError {
    let shown: String = text.chars().take(64).collect();
    let problem = format!("{shown:?} is cast to {to}, and is no such number");
    BackendError::told(hotplate_backend::BackendErrorKind::RefusedRows, problem)
}

/// Numbers as text.
#[derive(Debug)]
struct Print<T>(PhantomData<fn() -> T>);

impl<T: Element + ToText + fmt::Debug> Kernel for Print<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let to = outputs[0].reset_strings(*operands.view(0).shape());
        let mut printed = Printed::default();
        for (index, &number) in operands.elements::<T>(0).iter().enumerate() {
            printed.clear();
            number.print(&mut printed);
            put(to, index, printed.text())?;
        }
        Ok(())
    }
}
