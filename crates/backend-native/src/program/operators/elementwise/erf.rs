//! The error function.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::super::exponential::exp;

/// Within 2e-7.
///
/// Norbert Juffa's minimax polynomials, published as an `erff` of less than one unit in the last
/// place, which ONNX Runtime computes too: on `|x| ≤ 475/512` one of `x`, above it one of
/// `ln(1 − erf |x|)`. Both are evaluated, so that a loop has no branch.
#[inline(always)]
pub(super) fn f32(x: f32) -> f32 {
    const NEAR: [f32; 6] = [
        -5.967_617e-4,
        4.991_194_2e-3,
        -2.676_813_5e-2,
        1.128_199_25e-1,
        -3.761_253_4e-1,
        1.283_791_7e-1,
    ];
    const FAR: [f32; 7] = [
        -1.728_534_7e-5,
        3.831_971_3e-4,
        -3.883_964_4e-3,
        2.425_462_2e-2,
        -1.067_778_8e-1,
        -6.348_467e-1,
        -1.287_175_1e-1,
    ];
    let square = x * x;
    let [a, b, c, d, e, f] = NEAR;
    let near = (((((a * square + b) * square + c) * square + d) * square + e) * square + f) * x + x;
    // From four on one is the nearest float32; NaN stays NaN.
    let size = if x.abs() > 4.0 { 4.0 } else { x.abs() };
    let [a, b, c, d, e, f, g] = FAR;
    let sum = (((((a * size + b) * size + c) * size + d) * size + e) * size + f) * size + g;
    let far = (1.0 - exp(sum * size - size)).copysign(x);
    if x.abs() <= 475.0 / 512.0 { near } else { far }
}

/// To about the last bit: the series of positive terms
/// `2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1 · 3 · … · (2n+1))` near zero, and further out the continued
/// fraction of the rest, both in Abramowitz and Stegun, 7.1.6 and 7.1.14.
pub(super) fn f64(x: f64) -> f64 {
    let size = x.abs();
    // Compared so that NaN goes through the series and comes out.
    if size >= 6.0 {
        return 1.0_f64.copysign(x);
    }
    let square = x * x;
    if size >= 3.0 {
        // x + (1/2)/(x + 1/(x + (3/2)/(x + …))), from within.
        let fraction = (1..=60).rev().fold(size, |sum, n| size + f64::from(n) / 2.0 / sum);
        let rest = (-square).exp() / fraction * (FRAC_2_SQRT_PI / 2.0);
        return (1.0 - rest).copysign(x);
    }
    let (mut sum, mut term) = (x, x);
    // No |x| below three needs more; the odd factors outgrow the squares.
    for n in 1..=80 {
        term *= 2.0 * square / f64::from(2 * n + 1);
        sum += term;
    }
    FRAC_2_SQRT_PI * (-square).exp() * sum
}

#[cfg(test)]
mod tests {
    /// From the C library.
    const VALUES: [(f64, f64); 9] = [
        (0.0, 0.0),
        (1e-10, 1.128_379_167_095_512_6e-10),
        (0.25, 0.276_326_390_168_236_9),
        (0.93, 0.811_563_558_584_557_8),
        (1.0, 0.842_700_792_949_714_9),
        (2.0, 0.995_322_265_018_952_7),
        (2.99, 0.999_976_474_396_919_4),
        (3.01, 0.999_979_261_036_362_9),
        (5.0, 0.999_999_999_998_462_6),
    ];

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "what is tested is for float32")]
    fn known_values_are_met() {
        for (x, y) in VALUES {
            for (x, y) in [(x, y), (-x, -y)] {
                assert!((super::f64(x) - y).abs() <= 4e-16, "erf({x}) is {}", super::f64(x));
                let got = f64::from(super::f32(x as f32));
                assert!((got - y).abs() <= 2e-7, "erf({x}) is {got}");
            }
        }
        for infinite in [f32::INFINITY, f32::MAX, 9.0] {
            assert_eq!((super::f32(infinite), super::f64(infinite.into())), (1.0, 1.0));
            assert_eq!((super::f32(-infinite), super::f64((-infinite).into())), (-1.0, -1.0));
        }
        assert!(super::f32(f32::NAN).is_nan() && super::f64(f64::NAN).is_nan());
    }
}
