//! Values as clients write them, into cells of the last row.

use hotplate_tensor::{CellError, Columns, DType};

use crate::number::{EXACT, Number, csv_number};

/// Sets a cell to a number that was read from text.
///
/// The number reaches a float column as the nearest double, so that the column's rounding is the
/// second and last; an integer column gets the integer itself.
pub(crate) fn set_number(
    columns: &mut Columns,
    column: usize,
    number: Number,
) -> Result<(), CellError> {
    match number {
        Number::Integer(integer) if integer.unsigned_abs() <= EXACT => {
            columns.set_integer(column, integer)
        }
        Number::Integer(integer) => {
            if dtype(columns, column).is_float() {
                #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
                let nearest = integer as f64;
                columns.set_number(column, nearest)
            } else {
                columns.set_integer(column, integer)
            }
        }
        Number::Float(number) if number.is_nan() => columns.set_missing(column),
        Number::Float(number) => {
            if number.abs() > f64::from(f32::MAX) && number.is_finite() {
                let expected = dtype(columns, column);
                #[expect(clippy::cast_possible_truncation, reason = "to see whether it overflows")]
                if expected == DType::F32 && (number as f32).is_infinite() {
                    return Err(CellError::OutOfRange { expected });
                }
            }
            columns.set_number(column, number)
        }
        Number::TooLarge => Err(match dtype(columns, column) {
            DType::Str => CellError::WrongType { expected: DType::Str },
            expected => CellError::OutOfRange { expected },
        }),
    }
}

/// Sets a cell to text without marks around it, as CSV has it: a number or text by the column.
pub(crate) fn set_plain(columns: &mut Columns, column: usize, text: &str) -> Result<(), CellError> {
    let expected = dtype(columns, column);
    if expected == DType::Str {
        return columns.set_text(column, text);
    }
    let text = trim_blanks(text);
    if text.is_empty() {
        return columns.set_missing(column);
    }
    let number = csv_number(text).ok_or(CellError::WrongType { expected })?;
    set_number(columns, column, number)
}

/// `text` without the spaces and tabs around it.
pub(crate) fn trim_blanks(text: &str) -> &str {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    match text.as_bytes() {
        [first, .., last] if is_blank(first) || is_blank(last) => text.trim_matches([' ', '\t']),
        [only] if is_blank(only) => "",
        _ => text,
    }
}

/// Sets a cell to text that says that it is text; in a numeric column only blanks will do.
pub(crate) fn set_text(columns: &mut Columns, column: usize, text: &str) -> Result<(), CellError> {
    match columns.set_text(column, text) {
        Err(CellError::WrongType { .. }) if text.bytes().all(|byte| byte == b' ') => {
            columns.set_missing(column)
        }
        result => result,
    }
}

fn dtype(columns: &Columns, column: usize) -> DType {
    columns.schema().columns()[column].dtype
}
