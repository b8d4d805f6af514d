//! The exponential function of float32 and its relatives, without branches or calls, so that loops
//! over them are vectorised. Nothing is fused: every processor gives the same bits.
//!
//! The argument is `n · ln 2 + r` with a whole n, so that `eˣ` is `2ⁿ · eʳ`, and a polynomial is
//! close to `eʳ − 1` (W. J. Cody and W. Waite, "Software Manual for the Elementary Functions"). Its
//! coefficients come from Remez's exchange, for the least absolute error.

/// Adding it rounds what is small to a whole number, which is then in the low bits.
const WHOLE: f32 = 12_582_912.0;

/// `ln 2`, of which the first part times any n is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// `n` and `eʳ − 1` of a number between −104 and 89; NaN comes out.
#[inline(always)]
fn parts(x: f32) -> (i32, f32) {
    const TERMS: [f32; 5] = [1.395_049_2e-3, 8.368_89e-3, 4.166_620_6e-2, 0.166_665_2, 0.5];
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let [a, b, c, d, e] = TERMS;
    let sum = (((a * r + b) * r + c) * r + d) * r + e;
    let whole = shifted.to_bits().wrapping_sub(WHOLE.to_bits()).cast_signed();
    (whole, sum * (r * r) + r)
}

/// `2ⁿ`, where that is no subnormal number and not infinite.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23).cast_unsigned())
}

/// The greater of a number and a constant; NaN where the number is.
#[inline(always)]
fn at_least(x: f32, least: f32) -> f32 {
    if x < least { least } else { x }
}

/// The smaller of a number and a constant; NaN where the number is.
#[inline(always)]
fn at_most(x: f32, most: f32) -> f32 {
    if x > most { most } else { x }
}

/// `eˣ`, within two units in the last place.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Beyond these it is zero or infinite.
    let (n, sum) = parts(at_most(at_least(x, -104.0), 89.0));
    // In two factors, because one would have to be subnormal or infinite.
    let half = n >> 1;
    (1.0 + sum) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// The hyperbolic tangent, within four units in the last place.
///
/// From `e⁻²ˣ − 1`, which loses nothing near zero.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    // From here on one is the nearest float32.
    let size = at_most(x.abs(), 10.0);
    let (n, sum) = parts(-2.0 * size);
    let power = power_of_two(n);
    let less_one = power * sum + (power - 1.0);
    (-less_one / (less_one + 2.0)).copysign(x)
}

/// The logarithm of one more than a number between zero and one, within two units in the last
/// place.
///
/// `ln (1 + x)` is `2 artanh (x / (2 + x))`, an odd function that a polynomial is close to.
#[inline(always)]
pub(super) fn ln_of_one_and(x: f32) -> f32 {
    const TERMS: [f32; 4] = [0.280_251_4, 0.279_990_14, 0.400_217_06, 0.666_664_1];
    let share = x / (2.0 + x);
    let square = share * share;
    let [a, b, c, d] = TERMS;
    let sum = ((a * square + b) * square + c) * square + d;
    2.0 * share + share * (square * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units in the last place between a number and the right one.
    fn off(got: f32, right: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "the nearest float32")]
        let nearest = right as f32;
        if got == nearest || (got.is_nan() && nearest.is_nan()) {
            return 0.0;
        }
        let unit = f64::from(nearest.abs().next_up()) - f64::from(nearest.abs());
        (f64::from(got) - right).abs() / unit
    }

    /// Float32 numbers of every size and both signs, most of them where the functions are steep.
    fn numbers() -> impl Iterator<Item = f32> {
        let steep =
            (-110_000..=110_000_i32).step_by(3).map(|thousandths| thousandths as f32 * 1e-3);
        (0..=u32::MAX).step_by(39_989).map(f32::from_bits).chain(steep)
    }

    #[test]
    fn numbers_of_every_size_have_the_right_exponential() {
        let worst = numbers().map(|x| off(exp(x), f64::from(x).exp())).fold(0.0, f64::max);
        assert!(worst <= 2.0, "{worst} units");
    }

    #[test]
    fn numbers_of_every_size_have_the_right_hyperbolic_tangent() {
        let worst = numbers().map(|x| off(tanh(x), f64::from(x).tanh())).fold(0.0, f64::max);
        assert!(worst <= 4.0, "{worst} units");
    }

    #[test]
    fn numbers_between_zero_and_one_have_the_right_logarithm_of_one_more() {
        let numbers = numbers().filter(|x| (0.0..=1.0).contains(x));
        let worst = numbers.map(|x| off(ln_of_one_and(x), f64::from(x).ln_1p()));
        let worst = worst.fold(0.0, f64::max);
        assert!(worst <= 2.0, "{worst} units");
        assert_eq!(ln_of_one_and(0.0), 0.0);
        assert!(ln_of_one_and(f32::NAN).is_nan());
    }

    #[test]
    fn the_ends_are_exact() {
        for (x, y) in [(0.0, 1.0), (f32::INFINITY, f32::INFINITY), (f32::NEG_INFINITY, 0.0)] {
            assert_eq!(exp(x), y);
        }
        assert_eq!((tanh(f32::INFINITY), tanh(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!(tanh(-0.0).to_bits(), (-0.0_f32).to_bits());
        assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
