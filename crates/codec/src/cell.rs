//! Values as clients write them, into cells of the last row.

use hotplate_tensor::{CellError, Columns, DType, Schema, Value};

use crate::number::{EXACT, Number, csv_number};

/// Where a value of the last row goes.
pub(crate) trait Place: Copy {
    /// The type of what belongs there.
    fn dtype(self, schema: &Schema) -> DType;

    /// What a person calls it.
    fn name(self, schema: &Schema) -> &str;

    fn put_missing(self, columns: &mut Columns) -> Result<(), CellError>;

    fn put_number(self, columns: &mut Columns, number: f64) -> Result<(), CellError>;

    fn put_integer(self, columns: &mut Columns, integer: i64) -> Result<(), CellError>;

    fn put_bool(self, columns: &mut Columns, truth: bool) -> Result<(), CellError>;

    fn put_text(self, columns: &mut Columns, text: &str) -> Result<(), CellError>;
}

/// A column of a table.
impl Place for usize {
    #[inline]
    fn dtype(self, schema: &Schema) -> DType {
        schema.columns()[self].dtype
    }

    fn name(self, schema: &Schema) -> &str {
        &schema.columns()[self].name
    }

    #[inline]
    fn put_missing(self, columns: &mut Columns) -> Result<(), CellError> {
        columns.set_missing(self)
    }

    #[inline]
    fn put_number(self, columns: &mut Columns, number: f64) -> Result<(), CellError> {
        columns.set_number(self, number)
    }

    #[inline]
    fn put_integer(self, columns: &mut Columns, integer: i64) -> Result<(), CellError> {
        columns.set_integer(self, integer)
    }

    #[inline]
    fn put_bool(self, columns: &mut Columns, truth: bool) -> Result<(), CellError> {
        columns.set_bool(self, truth)
    }

    #[inline]
    fn put_text(self, columns: &mut Columns, text: &str) -> Result<(), CellError> {
        columns.set_text(self, text)
    }
}

/// An element of an input's tensor; its name is the input's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) input: usize,
    pub(crate) index: usize,
}

impl Element {
    #[inline]
    fn put(self, columns: &mut Columns, value: Value<'_>) -> Result<(), CellError> {
        columns.set_element(self.input, self.index, value)
    }
}

impl Place for Element {
    #[inline]
    fn dtype(self, schema: &Schema) -> DType {
        schema.inputs()[self.input].dtype
    }

    fn name(self, schema: &Schema) -> &str {
        &schema.inputs()[self.input].name
    }

    #[inline]
    fn put_missing(self, columns: &mut Columns) -> Result<(), CellError> {
        self.put(columns, Value::Missing)
    }

    #[inline]
    fn put_number(self, columns: &mut Columns, number: f64) -> Result<(), CellError> {
        self.put(columns, Value::Number(number))
    }

    #[inline]
    fn put_integer(self, columns: &mut Columns, integer: i64) -> Result<(), CellError> {
        self.put(columns, Value::Integer(integer))
    }

    #[inline]
    fn put_bool(self, columns: &mut Columns, truth: bool) -> Result<(), CellError> {
        self.put(columns, Value::Bool(truth))
    }

    #[inline]
    fn put_text(self, columns: &mut Columns, text: &str) -> Result<(), CellError> {
        self.put(columns, Value::Text(text))
    }
}

/// Sets a cell to a number that was read from text.
///
/// The number reaches a float column as the nearest double, so that the column's rounding is the
/// second and last; an integer column gets the integer itself.
#[inline]
pub(crate) fn set_number(
    columns: &mut Columns,
    place: impl Place,
    number: Number,
) -> Result<(), CellError> {
    match number {
        Number::Integer(integer) if integer.unsigned_abs() <= EXACT => {
            place.put_integer(columns, integer)
        }
        Number::Integer(integer) => {
            if place.dtype(columns.schema()).is_float() {
                #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
                let nearest = integer as f64;
                place.put_number(columns, nearest)
            } else {
                place.put_integer(columns, integer)
            }
        }
        Number::Float(number) if number.is_nan() => place.put_missing(columns),
        Number::Float(number) => {
            if number.abs() > f64::from(f32::MAX) && number.is_finite() {
                let expected = place.dtype(columns.schema());
                #[expect(clippy::cast_possible_truncation, reason = "to see whether it overflows")]
                if expected == DType::F32 && (number as f32).is_infinite() {
                    return Err(CellError::OutOfRange { expected });
                }
            }
            place.put_number(columns, number)
        }
        Number::TooLarge => Err(match place.dtype(columns.schema()) {
            DType::Str => CellError::WrongType { expected: DType::Str },
            expected => CellError::OutOfRange { expected },
        }),
    }
}

/// Sets a cell to text without marks around it, as CSV has it: a number or text by the column.
#[inline]
pub(crate) fn set_plain(
    columns: &mut Columns,
    place: impl Place,
    text: &str,
) -> Result<(), CellError> {
    let expected = place.dtype(columns.schema());
    if expected == DType::Str {
        return place.put_text(columns, text);
    }
    let text = trim_blanks(text);
    if text.is_empty() {
        return place.put_missing(columns);
    }
    let number = csv_number(text).ok_or(CellError::WrongType { expected })?;
    set_number(columns, place, number)
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
pub(crate) fn set_text(
    columns: &mut Columns,
    place: impl Place,
    text: &str,
) -> Result<(), CellError> {
    match place.put_text(columns, text) {
        Err(CellError::WrongType { .. }) if text.bytes().all(|byte| byte == b' ') => {
            place.put_missing(columns)
        }
        result => result,
    }
}
