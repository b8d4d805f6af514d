//! Numbers written as text.

/// A number as its text gives it, before a column rounds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// An integer, exactly.
    Integer(i64),
    /// Any other number, rounded once. Negative zero is one of these.
    Float(f64),
    /// A number beyond the greatest double.
    TooLarge,
}

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The digits that a `u64` always holds.
const MANTISSA_DIGITS: usize = 19;

/// Integers of at most this magnitude are doubles exactly.
pub(crate) const EXACT: u64 = 1 << 53;

/// Reads the JSON number at the start of `bytes`, and its length.
///
/// # Errors
///
/// The offset of the first byte that JSON's grammar does not allow.
pub(crate) fn json_number(bytes: &[u8]) -> Result<(Number, usize), usize> {
    let negative = bytes.first() == Some(&b'-');
    let start = usize::from(negative);
    let mut mantissa = 0;
    let mut at = digits(bytes, start, &mut mantissa);
    let whole = at - start;
    if whole == 0 || (whole > 1 && bytes[start] == b'0') {
        return Err(start + whole.min(1));
    }
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        let end = digits(bytes, at + 1, &mut mantissa);
        fraction = end - (at + 1);
        at = end;
        if fraction == 0 {
            return Err(at);
        }
    }
    let mut power = 0;
    let has_exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
    if has_exponent {
        (power, at) = exponent(bytes, at + 1)?;
    }

    if fraction == 0 && !has_exponent {
        return Ok((integer(&bytes[..at], negative, mantissa), at));
    }
    if whole + fraction <= MANTISSA_DIGITS && mantissa <= EXACT {
        // Both factors are exact, so the one rounding of IEEE 754 gives the nearest double.
        let scale = i64::from(power) - i64::try_from(fraction).unwrap_or(i64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
        let mantissa = mantissa as f64;
        let power = usize::try_from(scale.unsigned_abs()).ok().and_then(|index| POWERS.get(index));
        if let Some(power) = power {
            let magnitude = if scale < 0 { mantissa / power } else { mantissa * power };
            return Ok((Number::Float(if negative { -magnitude } else { magnitude }), at));
        }
    }
    Ok((nearest(&bytes[..at]), at))
}

/// Reads a number as spreadsheets and CSV writers print it: JSON's, and also `+1`, `.5`, `5.`,
/// `inf`, `nan` in any case, and truth values as one and zero.
pub(crate) fn csv_number(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    if let Ok((number, length)) = json_number(bytes)
        && length == bytes.len()
    {
        return Some(number);
    }
    if text.eq_ignore_ascii_case("true") {
        return Some(Number::Integer(1));
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(Number::Integer(0));
    }
    let number: f64 = fast_float2::parse(bytes).ok()?;
    if number.is_infinite() && bytes.iter().any(u8::is_ascii_digit) {
        return Some(Number::TooLarge);
    }
    Some(Number::Float(number))
}

/// Appends the digits from `start` on to `mantissa`, which wraps, and returns where they end.
fn digits(bytes: &[u8], start: usize, mantissa: &mut u64) -> usize {
    let mut at = start;
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// The exponent whose sign or first digit is at `start`, and where it ends.
fn exponent(bytes: &[u8], start: usize) -> Result<(i32, usize), usize> {
    let negative = bytes.get(start) == Some(&b'-');
    let first = start + usize::from(matches!(bytes.get(start), Some(b'+' | b'-')));
    let mut at = first;
    let mut power = 0_i32;
    while let Some(byte) = bytes.get(at)
        && byte.is_ascii_digit()
    {
        power = power.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
        at += 1;
    }
    if at == first {
        return Err(at);
    }
    Ok((if negative { -power } else { power }, at))
}

fn integer(text: &[u8], negative: bool, mantissa: u64) -> Number {
    if text.len() < MANTISSA_DIGITS
        && let Ok(magnitude) = i64::try_from(mantissa)
    {
        return match (negative, magnitude) {
            (true, 0) => Number::Float(-0.0),
            (true, _) => Number::Integer(-magnitude),
            (false, _) => Number::Integer(magnitude),
        };
    }
    let exact = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    exact.map_or_else(|| nearest(text), Number::Integer)
}

/// The double nearest to `text`, which follows the grammar.
fn nearest(text: &[u8]) -> Number {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) if number.is_finite() => Number::Float(number),
        _ => Number::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> Option<Number> {
        json_number(text.as_bytes())
            .ok()
            .filter(|&(_, length)| length == text.len())
            .map(|(number, _)| number)
    }

    #[test]
    fn grammar_is_json() {
        for text in ["", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e1", "--1", "0x1"] {
            assert_eq!(json(text), None, "{text}");
        }
        assert_eq!(json("0"), Some(Number::Integer(0)));
        assert_eq!(json("-12"), Some(Number::Integer(-12)));
        assert_eq!(json("1e2"), Some(Number::Float(100.0)));
        assert_eq!(json("1.5E-1"), Some(Number::Float(0.15)));
    }

    #[test]
    fn integers_are_exact_as_far_as_they_go() {
        for integer in [i64::MAX, i64::MIN, 999_999_999_999_999_999, -1_000_000_000_000_000_000] {
            assert_eq!(json(&integer.to_string()), Some(Number::Integer(integer)));
        }
        assert_eq!(json("9223372036854775808"), Some(Number::Float(9_223_372_036_854_775_808.0)));
        let Some(Number::Float(zero)) = json("-0") else { panic!("negative zero is a double") };
        assert!(zero == 0.0 && zero.is_sign_negative());
        let hundred_digits = "1".repeat(100);
        assert_eq!(json(&hundred_digits), Some(Number::Float(hundred_digits.parse().unwrap())));
    }

    #[test]
    fn numbers_beyond_a_double_are_told_apart_from_infinity() {
        for text in ["1e999", "-1e999", "1e99999999999999999999"] {
            assert_eq!(json(text), Some(Number::TooLarge), "{text}");
            assert_eq!(csv_number(text), Some(Number::TooLarge), "{text}");
        }
        assert_eq!(json(&"9".repeat(400)), Some(Number::TooLarge));
        assert_eq!(json("1e-999"), Some(Number::Float(0.0)));
        assert_eq!(csv_number("-inf"), Some(Number::Float(f64::NEG_INFINITY)));
        assert_eq!(csv_number("Infinity"), Some(Number::Float(f64::INFINITY)));
    }

    #[test]
    fn csv_takes_what_spreadsheets_write() {
        assert_eq!(csv_number("+1.5"), Some(Number::Float(1.5)));
        assert_eq!(csv_number(".5"), Some(Number::Float(0.5)));
        assert_eq!(csv_number("5."), Some(Number::Float(5.0)));
        assert_eq!(csv_number("True"), Some(Number::Integer(1)));
        assert!(matches!(csv_number("NaN"), Some(Number::Float(nan)) if nan.is_nan()));
        for text in ["", "1,5", "0x10", "1_000", "one", "1 2", "infinit"] {
            assert_eq!(csv_number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn doubles_come_back_bit_for_bit(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let printed = format!("{number:e}");
            let read = match json(&printed) {
                Some(Number::Float(read)) => read,
                #[expect(clippy::cast_precision_loss, reason = "the oracle rounds too")]
                Some(Number::Integer(read)) => read as f64,
                other => panic!("{printed} read as {other:?}"),
            };
            prop_assert_eq!(read.to_bits(), number.to_bits());
        }

        #[test]
        fn decimals_are_read_as_the_standard_library_reads_them(
            text in "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,20}([eE][+-]?[0-9]{1,2})?"
        ) {
            let Some(Number::Float(read)) = json(&text) else { panic!("{text}") };
            prop_assert_eq!(read.to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }
}
