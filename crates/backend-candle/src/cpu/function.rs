//! Functions of vectors of numbers.

use super::simd::{Line, Loop, Simd, f32x16, i32x16, prelude::*};
use crate::network::Activation;

/// Beyond it `erf(x / sqrt 2)` is 1 to a single's precision.
const ERF_END: f32 = 5.5;

/// `erf(x / sqrt 2)` is `x * P(x^2) / Q(x^2)`, within 2e-8 up to [`ERF_END`]: least squares with
/// weights that were raised where the error was large, until it was even (Lawson's method).
const ERF_P: [f32; 6] =
    [0.797_884_46, 0.067_704_38, 0.009_354_464, 0.000_337_642_04, 1.270_417e-5, 4.549_948_3e-8];

/// As [`ERF_P`].
const ERF_Q: [f32; 6] =
    [1.0, 0.251_520_78, 0.028_645_609, 0.001_884_418_1, 7.364_601e-5, 1.197_512_6e-6];

/// The reciprocals of the factorials of 0 to 7.
const EXP: [f32; 8] =
    [1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];

/// `polynomial[0] + polynomial[1] * x + ...`
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: f32x16<S>, polynomial: &[f32; N]) -> f32x16<S> {
    let mut sum = f32x16::splat(simd, polynomial[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, f32x16::splat(simd, polynomial[i]));
    }
    sum
}

/// `e^x`, within 3e-7 of it. What is less than the least normal single is that one.
///
/// `x` is a power of two and a rest, whose series is taken to its seventh power.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let x = x.max(f32x16::splat(simd, -87.3)).min(f32x16::splat(simd, 88.3));
    let power = (x * std::f32::consts::LOG2_E).round_ties_even();
    // The logarithm of two in a part of few bits, whose products are exact, and what is left.
    let rest = power.mul_add(f32x16::splat(simd, -0.693_359_4), x);
    let rest = power.mul_add(f32x16::splat(simd, 2.121_944_4e-4), rest);
    let bits = (power.to_int::<i32x16<S>>() + 127) << 23;
    polynomial(simd, rest, &EXP) * bits.bitcast::<f32x16<S>>()
}

/// Within 3e-7 of it.
#[inline(always)]
fn tanh<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let one = f32x16::splat(simd, 1.0);
    one - f32x16::splat(simd, 2.0) / (exp(simd, x + x) + one)
}

/// Within 1e-6 of it, or 3e-7 of its size where that is more.
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let (one, end) = (f32x16::splat(simd, 1.0), f32x16::splat(simd, ERF_END));
    let near = x.min(end).max(-end);
    let square = near * near;
    let erf = near * polynomial(simd, square, &ERF_P) / polynomial(simd, square, &ERF_Q);
    // Below the end it is nearly nothing, and stays so.
    x.max(-end) * 0.5 * (erf.min(one) + one)
}

/// As [`gelu`], to nothing below -20 too; `1 + tanh(y)` is `2 / (1 + e^-2y)`.
#[inline(always)]
fn gelu_tanh<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let one = f32x16::splat(simd, 1.0);
    let slope =
        (x * x).mul_add(f32x16::splat(simd, 0.071_354_814), f32x16::splat(simd, 1.595_769_2));
    x.max(f32x16::splat(simd, -20.0)) / (exp(simd, -(x * slope)) + one)
}

/// Replaces every element by its activation; what is not a number stays so.
#[derive(Debug)]
pub(super) struct Activate<'a> {
    pub(super) activation: Activation,
    pub(super) lines: &'a mut [Line],
}

impl Loop for Activate<'_> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.activation {
            Activation::Identity => {}
            Activation::Relu => {
                for line in self.lines {
                    let (x, zero) = (line.load(simd), f32x16::splat(simd, 0.0));
                    line.store(x.simd_lt(zero).select(zero, x));
                }
            }
            Activation::Gelu => {
                for line in self.lines {
                    let x = line.load(simd);
                    line.store(x.simd_eq(x).select(gelu(simd, x), x));
                }
            }
            Activation::GeluTanh => {
                for line in self.lines {
                    let x = line.load(simd);
                    line.store(x.simd_eq(x).select(gelu_tanh(simd, x), x));
                }
            }
            Activation::Tanh => {
                for line in self.lines {
                    let x = line.load(simd);
                    line.store(x.simd_eq(x).select(tanh(simd, x), x));
                }
            }
        }
    }
}
