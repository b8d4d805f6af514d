//! Numbers that are added and multiplied; integers wrap around, as they do in ONNX Runtime.
//!
//! Where large terms cancel, sums of float32 differ visibly by how they are rounded. ONNX Runtime
//! adds a product without rounding it first (a fused multiply-add), in the order of k whenever there
//! is more than one row. [`Number::fused`] does the same in float64, which holds the product of two
//! float32 exactly, and rounds every sum to float32.

use std::{convert::identity, fmt};

use hotplate_tensor::Element;

/// An element that can be added and multiplied.
pub(in super::super) trait Number: Element + PartialOrd + fmt::Debug {
    /// What holds the product of two.
    type Wide: Number;

    const ZERO: Self;
    const ONE: Self;

    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
    /// `sum + factor · weight`, rounded as a number of this type.
    fn fused(sum: Self::Wide, factor: Self::Wide, weight: Self::Wide) -> Self::Wide {
        Self::narrow(sum.plus(factor.times(weight))).widen()
    }

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The quotient; of integers by zero, zero.
    fn over(self, other: Self) -> Self;
    fn magnitude(self) -> Self;
    /// A count as a number of this type; integers keep the low bits.
    fn of_count(count: usize) -> Self;
}

/// A number with roots and logarithms.
pub(in super::super) trait Float: Number {
    fn root(self) -> Self;
    fn exponential(self) -> Self;
    fn logarithm(self) -> Self;
    fn is_finite(self) -> bool;
    /// A float32 attribute as a number of this type.
    fn of_attribute(number: f32) -> Self;
}

/// What is multiplied, read from an element.
pub(in super::super) trait Load<T>: Element {
    fn load(self) -> T;
}

macro_rules! integers {
    ($($type:ty: $magnitude:path),+) => {
        $(
            impl Number for $type {
                type Wide = Self;

                const ZERO: Self = 0;
                const ONE: Self = 1;

                fn widen(self) -> Self {
                    self
                }

                fn narrow(wide: Self) -> Self {
                    wide
                }

                fn plus(self, other: Self) -> Self {
                    self.wrapping_add(other)
                }

                fn minus(self, other: Self) -> Self {
                    self.wrapping_sub(other)
                }

                fn times(self, other: Self) -> Self {
                    self.wrapping_mul(other)
                }

                fn over(self, other: Self) -> Self {
                    if other == 0 { 0 } else { self.wrapping_div(other) }
                }

                fn magnitude(self) -> Self {
                    $magnitude(self)
                }

                #[expect(
                    clippy::allow_attributes,
                    reason = "some of these types are as wide as a count"
                )]
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_possible_wrap,
                    reason = "the low bits are what is asked for"
                )]
                fn of_count(count: usize) -> Self {
                    count as Self
                }
            }
        )+
    };
}

integers! {
    i32: i32::wrapping_abs, i64: i64::wrapping_abs, u32: identity, u64: identity
}

macro_rules! floats {
    ($($type:ty),+) => {
        $(
            impl Number for $type {
                type Wide = f64;

                const ZERO: Self = 0.0;
                const ONE: Self = 1.0;

                fn widen(self) -> f64 {
                    self.into()
                }

                #[expect(
                    clippy::allow_attributes,
                    reason = "one of these types is as wide as what it is rounded from"
                )]
                #[allow(clippy::cast_possible_truncation, reason = "a sum is rounded once")]
                fn narrow(wide: f64) -> Self {
                    wide as Self
                }

                fn plus(self, other: Self) -> Self {
                    self + other
                }

                fn minus(self, other: Self) -> Self {
                    self - other
                }

                fn times(self, other: Self) -> Self {
                    self * other
                }

                fn over(self, other: Self) -> Self {
                    self / other
                }

                fn magnitude(self) -> Self {
                    self.abs()
                }

                #[expect(clippy::cast_precision_loss, reason = "counts are small")]
                fn of_count(count: usize) -> Self {
                    count as Self
                }
            }

            impl Float for $type {
                fn root(self) -> Self {
                    self.sqrt()
                }

                fn exponential(self) -> Self {
                    self.exp()
                }

                fn logarithm(self) -> Self {
                    self.ln()
                }

                fn is_finite(self) -> bool {
                    self.is_finite()
                }

                fn of_attribute(number: f32) -> Self {
                    number.into()
                }
            }
        )+
    };
}

floats!(f32, f64);

impl<T: Number> Load<T> for T {
    fn load(self) -> T {
        self
    }
}

macro_rules! rounded {
    ($($type:ty),+) => {
        $(
            impl Load<f32> for $type {
                #[expect(
                    clippy::allow_attributes,
                    reason = "which lint it is depends on the type"
                )]
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    reason = "rounded once, as the linear models do"
                )]
                fn load(self) -> f32 {
                    self as f32
                }
            }
        )+
    };
}

rounded!(f64, i32, i64);
