use std::io::Write as _;

/// Appends a double as Python's `repr` and `str` write it: the fewest digits that are read back as
/// itself, with an exponent below 1e-4 and from 1e16 on.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        write_finite(number, out);
    } else if number.is_nan() {
        out.extend_from_slice(b"nan");
    } else {
        out.extend_from_slice(if number > 0.0 { b"inf" } else { b"-inf" });
    }
}

/// Appends a double as Python's `json.dumps` writes it, which has names for what JSON lacks.
pub fn write_json_float(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        write_finite(number, out);
    } else if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else {
        out.extend_from_slice(if number > 0.0 { b"Infinity" } else { b"-Infinity" });
    }
}

fn write_finite(number: f64, out: &mut Vec<u8>) {
    // Between these both notations are the same.
    if number == 0.0 || (1e-4..1e15).contains(&number.abs()) {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        return;
    }
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "{number:e}");
    let Some(mark) = out[start..].iter().position(|&byte| byte == b'e').map(|at| start + at) else {
        return;
    };
    let exponent = std::str::from_utf8(&out[mark + 1..]).ok().and_then(|text| text.parse().ok());
    let exponent: i32 = exponent.unwrap_or_default();
    out.truncate(mark);
    if exponent == 15 {
        return write_whole(start, out);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
}

/// Makes `d.ddd` from `start` on, the digits of a number from 1e15 to 1e16, that number.
fn write_whole(start: usize, out: &mut Vec<u8>) {
    const WHOLE: usize = 16;
    let digits = start + usize::from(out[start] == b'-');
    if out.len() > digits + 1 {
        out.remove(digits + 1);
    }
    let fraction = out.split_off(out.len().min(digits + WHOLE));
    out.resize(digits + WHOLE, b'0');
    out.push(b'.');
    out.extend_from_slice(if fraction.is_empty() { b"0" } else { &fraction });
}

/// The double that Python's `float` makes of a text: blanks around it and underscores between
/// digits do not matter. Digits other than ASCII's are not read.
pub fn float(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_blank);
    if text.contains('_') {
        return fast_float2::parse(without_underscores(text)?).ok();
    }
    fast_float2::parse(text).ok()
}

/// The number that Python's `int` makes of a text, if it is within 64 bits.
///
/// # Errors
///
/// `None` for a text that is no number, and `Some` of what is one that is too large.
pub fn integer(text: &str) -> Result<i64, Option<&str>> {
    let trimmed = text.trim_matches(is_blank);
    let plain = if trimmed.contains('_') { without_underscores(trimmed) } else { None };
    let digits = plain.as_deref().unwrap_or(trimmed);
    digits.parse().map_err(|_| {
        let magnitude = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        let is_number = !magnitude.is_empty() && magnitude.bytes().all(|b| b.is_ascii_digit());
        is_number.then_some(text)
    })
}

/// What `str.isspace` says of.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The text without its underscores, each of which must stand between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut underscores = (0..bytes.len()).filter(|&at| bytes[at] == b'_');
    let stand_well = underscores.all(|at| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    stand_well.then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: f64) -> String {
        let mut out = b"x".to_vec();
        write_float(number, &mut out);
        String::from_utf8(out.split_off(1)).unwrap()
    }

    #[test]
    fn exponents_are_where_python_has_them() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.790_592_312_812_805_2, "0.7905923128128052"),
            (1e-4, "0.0001"),
            (9.999_999_747_378_752e-5, "9.999999747378752e-05"),
            (-1e-5, "-1e-05"),
            (1.5e-300, "1.5e-300"),
            (5e-324, "5e-324"),
            (999_999_999_999_999.9, "999999999999999.9"),
            (1e15, "1000000000000000.0"),
            (-1_234_567_890_123_456.8, "-1234567890123456.8"),
            (9_990_000_514_957_312.0, "9990000514957312.0"),
            (1e16, "1e+16"),
            (1.234_567_905_190_871e17, "1.234567905190871e+17"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(written(number), text);
        }
        let mut json = Vec::new();
        [f64::NAN, f64::INFINITY, 0.5]
            .into_iter()
            .for_each(|number| write_json_float(number, &mut json));
        assert_eq!(json, b"NaNInfinity0.5");
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, number) in [
            (" 1.5\r", Some(1.5)),
            ("+.5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1_0.2_5e1_0", Some(10.25e10)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("1e400", Some(f64::INFINITY)),
            ("", None),
            ("_1", None),
            ("1__0", None),
            ("1_", None),
            ("0x10", None),
            ("1 0", None),
            ("e5", None),
        ] {
            assert_eq!(float(text), number, "{text}");
        }
        assert!(float("-NaN").is_some_and(f64::is_nan));
        assert_eq!(integer(" -1_0 "), Ok(-10));
        assert_eq!(integer("1.5"), Err(None));
        assert_eq!(integer(""), Err(None));
        assert_eq!(integer("99999999999999999999"), Err(Some("99999999999999999999")));
    }

    proptest! {
        #[test]
        fn doubles_come_back_bit_for_bit(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = written(number);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
            let has_exponent = number != 0.0 && !(1e-4..1e16).contains(&number.abs());
            prop_assert_eq!(text.contains('e'), has_exponent, "{}", text);
            prop_assert!(has_exponent || text.contains('.'), "{}", text);
        }
    }
}
