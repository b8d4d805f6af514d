//! The arithmetic of each type of number.

use std::{fmt, ops};

use hotplate_tensor::Element;

use super::{super::exponential, cast::To, erf};

/// A type of number, with the operators that all of them have. Integers wrap around.
pub(super) trait Number: Element + PartialOrd + fmt::Debug {
    const ZERO: Self;
    /// The least number, which of floats is finite.
    const LEAST: Self;
    /// The greatest number, which of floats is finite.
    const GREATEST: Self;
    /// Whether division by zero has no result.
    const IS_INTEGER: bool;

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// Rounded towards zero where the numbers are integers, which must not be divided by zero.
    fn over(self, other: Self) -> Self;
    /// The rest of a division that is rounded towards zero; no integer is divided by zero. In
    /// float64, as ONNX Runtime does it even for integers that need more bits.
    fn rest(self, other: Self) -> Self;
    /// The rest that has the sign of the divisor; no integer is divided by zero.
    fn floored_rest(self, other: Self) -> Self;
    /// The smaller; NaN where either is.
    fn least(self, other: Self) -> Self;
    /// The larger; NaN where either is.
    fn greatest(self, other: Self) -> Self;
    fn negative(self) -> Self;
    fn magnitude(self) -> Self;
    /// −1, 0 or 1; NaN of NaN.
    fn sign(self) -> Self;
}

macro_rules! integers {
    ($($type:ty: |$value:ident| $magnitude:expr, $sign:expr;)+) => {
        $(impl Number for $type {
            const ZERO: Self = 0;
            const LEAST: Self = Self::MIN;
            const GREATEST: Self = Self::MAX;
            const IS_INTEGER: bool = true;

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
                self.wrapping_div(other)
            }

            #[inline(always)]
            fn rest(self, other: Self) -> Self {
                let rest = To::<f64>::to(self) % To::<f64>::to(other);
                rest.to()
            }

            #[inline(always)]
            fn floored_rest(self, other: Self) -> Self {
                let rest = self.wrapping_rem(other);
                if rest != 0 && (rest < 0) != (other < 0) { rest.wrapping_add(other) } else { rest }
            }

            #[inline(always)]
            fn least(self, other: Self) -> Self {
                self.min(other)
            }

            #[inline(always)]
            fn greatest(self, other: Self) -> Self {
                self.max(other)
            }

            #[inline(always)]
            fn negative(self) -> Self {
                self.wrapping_neg()
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                let $value = self;
                $magnitude
            }

            #[inline(always)]
            fn sign(self) -> Self {
                let $value = self;
                $sign
            }
        })+
    };
}

#[expect(unused_comparisons, reason = "the sign of what has none")]
mod integers {
    use super::{Number, To};

    integers! {
        i8: |value| value.wrapping_abs(), value.signum();
        i16: |value| value.wrapping_abs(), value.signum();
        i32: |value| value.wrapping_abs(), value.signum();
        i64: |value| value.wrapping_abs(), value.signum();
        u8: |value| value, value.min(1);
        u16: |value| value, value.min(1);
        u32: |value| value, value.min(1);
        u64: |value| value, value.min(1);
    }
}

/// A type of number with fractions.
pub(super) trait Real:
    Number
    + ops::Add<Output = Self>
    + ops::Sub<Output = Self>
    + ops::Mul<Output = Self>
    + ops::Div<Output = Self>
    + ops::Neg<Output = Self>
{
    const ONE: Self;

    fn of(number: f32) -> Self;
    fn exp(self) -> Self;
    /// The logarithm of one more than a number between zero and one.
    fn ln_of_one_and(self) -> Self;
    fn tanh(self) -> Self;
    fn sqrt(self) -> Self;
    fn error_function(self) -> Self;
}

macro_rules! reals {
    ($($type:ident: $exp:path, $ln_of_one_and:path, $tanh:path;)+) => {
        $(
            impl Number for $type {
                const ZERO: Self = 0.0;
                const LEAST: Self = Self::MIN;
                const GREATEST: Self = Self::MAX;
                const IS_INTEGER: bool = false;

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
                fn rest(self, other: Self) -> Self {
                    self % other
                }

                #[inline(always)]
                fn floored_rest(self, other: Self) -> Self {
                    let rest = self % other;
                    if rest != 0.0 && (rest < 0.0) != (other < 0.0) { rest + other } else { rest }
                }

                #[inline(always)]
                fn least(self, other: Self) -> Self {
                    if self < other || self.is_nan() { self } else { other }
                }

                #[inline(always)]
                fn greatest(self, other: Self) -> Self {
                    if self > other || self.is_nan() { self } else { other }
                }

                #[inline(always)]
                fn negative(self) -> Self {
                    -self
                }

                #[inline(always)]
                fn magnitude(self) -> Self {
                    self.abs()
                }

                #[inline(always)]
                fn sign(self) -> Self {
                    if self > 0.0 {
                        1.0
                    } else if self < 0.0 {
                        -1.0
                    } else if self.is_nan() {
                        self
                    } else {
                        0.0
                    }
                }
            }

            impl Real for $type {
                const ONE: Self = 1.0;

                #[inline(always)]
                fn of(number: f32) -> Self {
                    number.into()
                }

                #[inline(always)]
                fn exp(self) -> Self {
                    $exp(self)
                }

                #[inline(always)]
                fn ln_of_one_and(self) -> Self {
                    $ln_of_one_and(self)
                }

                #[inline(always)]
                fn tanh(self) -> Self {
                    $tanh(self)
                }

                #[inline(always)]
                fn sqrt(self) -> Self {
                    $type::sqrt(self)
                }

                #[inline(always)]
                fn error_function(self) -> Self {
                    erf::$type(self)
                }
            }
        )+
    };
}

reals! {
    f32: exponential::exp, exponential::ln_of_one_and, exponential::tanh;
    f64: f64::exp, f64::ln_1p, f64::tanh;
}
