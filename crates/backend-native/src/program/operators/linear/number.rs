//! Numbers that are added and multiplied; integers wrap around, as they do in ONNX Runtime.
//!
//! Where large terms cancel, sums of float32 differ visibly by how they are rounded. ONNX Runtime
//! adds a product without rounding it first, in the order of k whenever there is more than one row:
//! [`Sums::plus_product`] does the same.

use std::{convert::identity, fmt};

use hotplate_tensor::Element;

use super::super::exponential;
use crate::simd::{Simd, f32x4, f32x16, prelude::*};

/// Sums side by side in a product.
pub(in super::super) const WIDE: usize = 16;
/// For the few sums of a last layer or a regression.
pub(in super::super) const NARROW: usize = 4;

/// An element that can be added and multiplied.
pub(in super::super) trait Number: Element + PartialOrd + fmt::Debug {
    type Wide<S: Simd>: Sums<S, Self, WIDE>;
    type Narrow<S: Simd>: Sums<S, Self, NARROW>;

    const ZERO: Self;
    const ONE: Self;

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The quotient; of integers by zero, zero.
    fn over(self, other: Self) -> Self;
    fn magnitude(self) -> Self;
    /// A count as a number of this type; integers keep the low bits.
    fn of_count(count: usize) -> Self;
}

/// Sums side by side.
pub(in super::super) trait Sums<S: Simd, T, const N: usize>: Copy {
    fn zero(simd: S) -> Self;
    /// Each with one product more, which is not rounded first where the numbers are float32.
    fn plus_product(self, simd: S, factor: T, weights: &[T; N]) -> Self;
    fn plus(self, other: Self) -> Self;
    fn into_array(self) -> [T; N];
}

/// A number with roots and logarithms.
pub(in super::super) trait Float: Number {
    fn root(self) -> Self;
    /// Fast for one number at a time.
    fn exponential(self) -> Self;
    /// Fast in a loop that is vectorised.
    fn exponential_in_loop(self) -> Self;
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
                type Wide<S: Simd> = [Self; WIDE];
                type Narrow<S: Simd> = [Self; NARROW];

                const ZERO: Self = 0;
                const ONE: Self = 1;

                #[inline(always)]
                fn plus(self, other: Self) -> Self {
                    self.wrapping_add(other)
                }

                #[inline(always)]
                fn minus(self, other: Self) -> Self {
                    self.wrapping_sub(other)
                }

                #[inline(always)]
                fn times(self, other: Self) -> Self {
                    self.wrapping_mul(other)
                }

                #[inline(always)]
                fn over(self, other: Self) -> Self {
                    if other == 0 { 0 } else { self.wrapping_div(other) }
                }

                #[inline(always)]
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
    ($($type:ty: $wide:ty, $narrow:ty, $in_loop:path;)+) => {
        $(
            impl Number for $type {
                type Wide<S: Simd> = $wide;
                type Narrow<S: Simd> = $narrow;

                const ZERO: Self = 0.0;
                const ONE: Self = 1.0;

                #[inline(always)]
                fn plus(self, other: Self) -> Self {
                    self + other
                }

                #[inline(always)]
                fn minus(self, other: Self) -> Self {
                    self - other
                }

                #[inline(always)]
                fn times(self, other: Self) -> Self {
                    self * other
                }

                #[inline(always)]
                fn over(self, other: Self) -> Self {
                    self / other
                }

                #[inline(always)]
                fn magnitude(self) -> Self {
                    self.abs()
                }

                #[expect(clippy::cast_precision_loss, reason = "counts are small")]
                fn of_count(count: usize) -> Self {
                    count as Self
                }
            }

            impl Float for $type {
                #[inline(always)]
                fn root(self) -> Self {
                    self.sqrt()
                }

                #[inline(always)]
                fn exponential(self) -> Self {
                    self.exp()
                }

                #[inline(always)]
                fn exponential_in_loop(self) -> Self {
                    $in_loop(self)
                }

                #[inline(always)]
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

floats! {
    f32: f32x16<S>, f32x4<S>, exponential::exp;
    f64: [f64; WIDE], [f64; NARROW], f64::exp;
}

impl<S: Simd, T: Number, const N: usize> Sums<S, T, N> for [T; N] {
    #[inline(always)]
    fn zero(_: S) -> Self {
        [T::ZERO; N]
    }

    #[inline(always)]
    fn plus_product(mut self, _: S, factor: T, weights: &[T; N]) -> Self {
        for (sum, &weight) in self.iter_mut().zip(weights) {
            *sum = sum.plus(factor.times(weight));
        }
        self
    }

    #[inline(always)]
    fn plus(mut self, other: Self) -> Self {
        self.iter_mut().zip(other).for_each(|(sum, other)| *sum = sum.plus(other));
        self
    }

    #[inline(always)]
    fn into_array(self) -> Self {
        self
    }
}

macro_rules! vectors {
    ($($vector:ident: $count:ident),+) => {
        $(
            impl<S: Simd> Sums<S, f32, $count> for $vector<S> {
                #[inline(always)]
                fn zero(simd: S) -> Self {
                    Self::splat(simd, 0.0)
                }

                #[inline(always)]
                fn plus_product(self, simd: S, factor: f32, weights: &[f32; $count]) -> Self {
                    let weights = Self::load_array_ref(simd, weights);
                    Self::splat(simd, factor).mul_add_precise(weights, self)
                }

                #[inline(always)]
                fn plus(self, other: Self) -> Self {
                    self + other
                }

                #[inline(always)]
                fn into_array(self) -> [f32; $count] {
                    self.to_array()
                }
            }
        )+
    };
}

vectors!(f32x4: NARROW, f32x16: WIDE);

impl<T: Number> Load<T> for T {
    #[inline(always)]
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
                #[inline(always)]
                fn load(self) -> f32 {
                    self as f32
                }
            }
        )+
    };
}

rounded!(f64, i32, i64);
