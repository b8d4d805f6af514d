//! What the cells of a row hold, and how numbers are written.

use hotplate::{Columns, DType, Value};

pub(super) use crate::rows::value;

/// The value of a column of the only row.
pub(super) fn of_column(columns: &Columns, column: usize) -> Value<'_> {
    let column = &columns.schema().columns()[column];
    value(columns.data(column.input), column.offset)
}

/// A value for a person, of this type.
pub(super) fn shown(value: Value<'_>, dtype: DType) -> String {
    match value {
        Value::Missing => "missing".to_owned(),
        Value::Number(x) => number(x, dtype),
        Value::Integer(integer) => integer.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Text(text) => quoted(text),
    }
}

/// The most characters of a text that are shown.
const SHOWN_CHARS: usize = 60;

/// A text in quotes, its end left out where it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// The shortest digits that mean this number in this precision.
#[expect(clippy::cast_possible_truncation, reason = "it was float32 before")]
pub(super) fn number(number: f64, precision: DType) -> String {
    if number.is_nan() {
        return "missing".to_owned();
    }
    let digits = match precision {
        DType::F32 => format!("{:?}", number as f32),
        _ => format!("{number:?}"),
    };
    digits.strip_suffix(".0").map_or(digits.clone(), ToOwned::to_owned)
}

/// A number that was added up, in as many digits as say something, with its sign.
pub(super) fn addend(number: f64) -> String {
    match number.abs() {
        0.0 | 0.001.. => format!("{number:+.6}"),
        _ => format!("{number:+.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_precision() {
        assert_eq!(number(f64::from(0.1_f32), DType::F32), "0.1");
        assert_eq!(number(0.1, DType::F64), "0.1");
        assert_eq!(number(57.0, DType::F32), "57");
        assert_eq!(number(1e-20, DType::F64), "1e-20");
        assert_eq!(number(f64::NAN, DType::F32), "missing");
    }

    #[test]
    fn small_addend_is_not_nothing() {
        assert_eq!(["-0.250000", "+0.000000"], [addend(-0.25), addend(0.0)]);
        assert_eq!(addend(-0.000_012_34), "-1.234e-5");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert_eq!(quoted(&"é".repeat(61)).chars().count(), SHOWN_CHARS + 3);
    }
}
