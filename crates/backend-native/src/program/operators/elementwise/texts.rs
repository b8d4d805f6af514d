//! Numbers as text and back, as ONNX Runtime writes and reads them: with C's `printf("%.8g")`, and
//! with C++'s `stod`, `stoll` and `stoull`.

use std::fmt::Write;

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_tensor::StrBuf;

/// Sets an element of a string tensor.
pub(super) fn put(to: &mut StrBuf, index: usize, text: &str) -> Result<(), BackendError> {
    to.set(index, text)
        .map_err(|error| BackendError::told(BackendErrorKind::RefusedRows, error.to_string()))
}

/// The text of one number.
#[derive(Debug, Default)]
pub(super) struct Printed {
    /// No number has more: a sign, 20 digits.
    bytes: [u8; 32],
    len: usize,
}

impl Printed {
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn put(&mut self, text: &str) {
        let end = self.len + text.len();
        if let Some(to) = self.bytes.get_mut(self.len..end) {
            to.copy_from_slice(text.as_bytes());
            self.len = end;
        }
    }
}

impl Write for Printed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.put(text);
        Ok(())
    }
}

/// What can be cast to text.
pub(super) trait ToText {
    fn print(self, to: &mut Printed);
}

macro_rules! integers_to_text {
    ($($type:ident)+) => {
        $(impl ToText for $type {
            fn print(self, to: &mut Printed) {
                // Printed takes every text.
                let _ = write!(to, "{self}");
            }
        })+
    };
}

integers_to_text! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl ToText for bool {
    fn print(self, to: &mut Printed) {
        to.put(if self { "1" } else { "0" });
    }
}

impl ToText for f32 {
    fn print(self, to: &mut Printed) {
        f64::from(self).print(to);
    }
}

/// The digits that a fraction is printed with.
const DIGITS: i32 = 8;

impl ToText for f64 {
    fn print(self, to: &mut Printed) {
        if self.is_nan() {
            return to.put("NaN");
        }
        if self.is_infinite() {
            return to.put(if self > 0.0 { "INF" } else { "-INF" });
        }
        let mut scientific = Printed::default();
        let _ = write!(scientific, "{self:.*e}", 7);
        let (mantissa, exponent) = scientific.text().split_once('e').unwrap_or(("0", "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..DIGITS).contains(&exponent) {
            let mut fixed = Printed::default();
            let places = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
            let _ = write!(fixed, "{self:.places$}");
            return to.put(without_zeros(fixed.text()));
        }
        to.put(without_zeros(mantissa));
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(to, "e{sign}{:02}", exponent.abs());
    }
}

/// A number with a point, without the zeros at its end.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// What text can be cast to.
pub(super) trait FromText: Sized {
    /// The number at the front of a text, past spaces; nothing where there is none, or where it
    /// is outside the widest type of its kind.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! integers_from_text {
    ($($type:ident as $wide:ident),+) => {
        $(impl FromText for $type {
            #[expect(
                clippy::allow_attributes,
                reason = "which of them a pair of types brings about differs"
            )]
            #[allow(
                clippy::cast_possible_truncation,
                trivial_numeric_casts,
                reason = "narrower types have the low bits"
            )]
            fn from_text(text: &str) -> Option<Self> {
                $wide(text).map(|number| number as $type)
            }
        })+
    };
}

integers_from_text! {
    i8 as signed, i16 as signed, i32 as signed, i64 as signed,
    u8 as unsigned, u16 as unsigned, u32 as unsigned, u64 as unsigned
}

impl FromText for bool {
    fn from_text(text: &str) -> Option<Self> {
        unsigned(text).map(|number| number != 0)
    }
}

impl FromText for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the nearest float32 is asked for")]
    fn from_text(text: &str) -> Option<Self> {
        f64::from_text(text).map(|number| number as Self)
    }
}

impl FromText for f64 {
    fn from_text(text: &str) -> Option<Self> {
        let (negative, text) = signed_text(text);
        let number = magnitude(text)?;
        Some(if negative { -number } else { number })
    }
}

/// Whether a number is negative, and the text behind spaces and its sign.
fn signed_text(text: &str) -> (bool, &str) {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    }
}

/// The decimal digits in front of a text; nothing where there are none.
fn digits(text: &str) -> &str {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    &text[..end.unwrap_or(text.len())]
}

fn signed(text: &str) -> Option<i64> {
    let (negative, text) = signed_text(text);
    let size: u64 = digits(text).parse().ok()?;
    if negative { 0_i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

/// A number with a sign is what it wraps around to.
fn unsigned(text: &str) -> Option<u64> {
    let (negative, text) = signed_text(text);
    let size: u64 = digits(text).parse().ok()?;
    Some(if negative { size.wrapping_neg() } else { size })
}

/// The longest number at the front of a text without a sign.
fn magnitude(text: &str) -> Option<f64> {
    let starts =
        |word: &str| text.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
    if starts("inf") {
        return Some(f64::INFINITY);
    }
    if starts("nan") {
        return Some(f64::NAN);
    }
    // C reads base 16, which nobody writes into a table: no number rather than a zero.
    if starts("0x") {
        return None;
    }
    let whole = digits(text).len();
    let mut end = whole;
    let mut count = whole;
    if text[end..].starts_with('.') {
        let places = digits(&text[end + 1..]).len();
        count += places;
        end += 1 + places;
    }
    if count == 0 {
        return None;
    }
    let mantissa = &text[..end];
    let rest = &text[end..];
    if rest.starts_with(['e', 'E']) {
        let sign = usize::from(rest[1..].starts_with(['+', '-']));
        let exponent = digits(&rest[1 + sign..]).len();
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let number: f64 = text[..end].parse().ok()?;
    // What overflows or loses digits to underflow is out of range.
    let is_zero = mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    (is_zero || number.is_normal()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_printed(number: impl ToText, expected: &str) {
        let mut printed = Printed::default();
        number.print(&mut printed);
        assert_eq!(printed.text(), expected);
    }

    #[test]
    fn numbers_are_printed_as_c_does() {
        for (number, expected) in [
            (1.0, "1"),
            (1.5, "1.5"),
            (1e-5, "9.9999997e-06"),
            (1e-4, "9.9999997e-05"),
            (1e10, "1e+10"),
            (123_456_789.0, "1.2345679e+08"),
            (99_999_999.0, "1e+08"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.33333334"),
            (3.4e38, "3.4e+38"),
            (-0.0, "-0"),
            (f32::NAN, "NaN"),
            (f32::INFINITY, "INF"),
            (f32::NEG_INFINITY, "-INF"),
        ] {
            assert_printed(number, expected);
        }
        assert_printed(1e300, "1e+300");
        assert_printed(-f64::MIN_POSITIVE, "-2.2250739e-308");
        assert_printed(1.0 / 3.0, "0.33333333");
        assert_printed(1e-4, "0.0001");
        assert_printed(12_345_678.0, "12345678");
        assert_printed(-100.0, "-100");
        assert_printed(i64::MIN, "-9223372036854775808");
        assert_printed(u64::MAX, "18446744073709551615");
        assert_printed(true, "1");
    }

    #[test]
    fn fractions_are_read_as_c_does() {
        for (text, expected) in [
            ("1", 1.0),
            (" \t-1.5e2 ", -150.0),
            ("1.5abc", 1.5),
            ("1e", 1.0),
            ("1e+", 1.0),
            ("1,5", 1.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+3", 3.0),
            ("1_0", 1.0),
            ("-Infinity", f64::NEG_INFINITY),
            ("0e999999", 0.0),
        ] {
            assert_eq!(f64::from_text(text), Some(expected), "{text:?}");
        }
        assert!(f64::from_text("NaN(1)").is_some_and(f64::is_nan));
        assert_eq!(f32::from_text("3.5e38"), Some(f32::INFINITY));
        assert_eq!(f32::from_text("1e-46"), Some(0.0));
        for text in ["", " ", "abc", "-", ".", "e5", "1e400", "1e-400", "0x10", "--1", "é"] {
            assert_eq!(f64::from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn integers_are_read_as_c_does() {
        for (text, expected) in [("7", 7), (" -7x", -7), ("1.9", 1), ("1e3", 1), ("+3", 3)] {
            assert_eq!(i64::from_text(text), Some(expected), "{text:?}");
        }
        assert_eq!(i64::from_text("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(i8::from_text("300"), Some(44));
        assert_eq!((u8::from_text("-5"), u64::from_text("-5")), (Some(251), Some(u64::MAX - 4)));
        assert_eq!((bool::from_text("2"), bool::from_text("0")), (Some(true), Some(false)));
        for text in ["", "abc", "-", ".5", "true", "99999999999999999999"] {
            assert_eq!((i64::from_text(text), bool::from_text(text)), (None, None), "{text:?}");
        }
        assert_eq!(i64::from_text("9223372036854775808"), None);
    }
}
