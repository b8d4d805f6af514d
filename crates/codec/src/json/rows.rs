use hotplate_tensor::{CellError, Columns};

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    cell::{self, Place},
    json::cursor::Cursor,
    names::unknown_column,
    number::Number,
};

/// How the cells of a row by position find their columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// In the order of the schema.
    Schema,
    /// In the order of the names that came with the rows.
    Header,
}

/// What a key of a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A cell of this column follows.
    Column(usize),
    /// Nothing; the value is to be passed over.
    PassedOver,
    /// An input, so that its tensor follows and the row is none of cells.
    Tensor,
}

impl Decoder {
    /// Appends the row that begins at `cursor`, whatever its form.
    pub(super) fn json_row(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let first = cursor.peek();
        if !self.schema.is_table() {
            return self.tensor_row(cursor, columns);
        }
        match first {
            Some(b'[') if self.tensors.nested_in_table && cursor.depth().0 > 1 => {
                self.tensor_row(cursor, columns)
            }
            Some(b'[') => self.row_by_position(cursor, Order::Schema, columns),
            Some(b'{') if self.is_text && self.text_row(cursor, columns)? => Ok(()),
            Some(b'{') => self.row_by_name(cursor, columns),
            Some(b']' | b'}' | b',' | b':') | None => Err(cursor.malformed("a row")),
            Some(_) if self.width() == 1 => {
                self.by_position = true;
                columns.begin_row();
                self.json_cell(cursor, 0, columns)
            }
            Some(_) => {
                let got = *cursor;
                cursor.skip_value(&mut self.scratch)?;
                Err(self.not_a_row(got))
            }
        }
    }

    /// Appends a row from the list at `cursor`, whose bracket was peeked.
    pub(super) fn row_by_position(
        &mut self,
        cursor: &mut Cursor<'_>,
        order: Order,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        columns.begin_row();
        let width = match order {
            Order::Schema => {
                self.by_position = true;
                self.width()
            }
            Order::Header => self.header.targets().len(),
        };
        let start = cursor.position();
        let mut index = 0;
        if cursor.opens(b']') {
            if cursor.peek() == Some(b'[') {
                return Err(Self::wrong_arity(width, "a list of lists").with_offset(start));
            }
            loop {
                let target = match order {
                    Order::Schema if index < width => Some(index),
                    Order::Schema => None,
                    Order::Header => self.header.targets().get(index).copied().flatten(),
                };
                match target {
                    Some(column) => self.json_cell(cursor, column, columns).map_err(|error| {
                        arity_or(error, width, index, *cursor, &mut self.scratch)
                    })?,
                    None => cursor.skip_value(&mut self.scratch)?,
                }
                index += 1;
                if !cursor.goes_on(b']')? {
                    break;
                }
            }
        }
        if index == width {
            Ok(())
        } else {
            Err(Self::wrong_arity(width, index.to_string()).with_offset(start))
        }
    }

    /// Appends a row from the object at `cursor`, whose brace was peeked.
    pub(super) fn row_by_name(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let start = cursor.position();
        if let Some((list, braces)) = wrapped_list(*cursor) {
            *cursor = list;
            self.row_by_position(cursor, Order::Schema, columns)?;
            return cursor.close_braces(braces);
        }
        if let Some((tensor, braces)) = self.sparse_tensor(*cursor) {
            *cursor = tensor;
            self.sparse_row(cursor, columns).map_err(|error| error.with_offset(start))?;
            return cursor.close_braces(braces);
        }
        columns.begin_row();
        self.roll.begin();
        if cursor.opens(b'}') {
            loop {
                let key_start = *cursor;
                match self.json_key(cursor)? {
                    Key::Column(column) => self.json_cell(cursor, column, columns)?,
                    Key::PassedOver => cursor.skip_value(&mut self.scratch)?,
                    Key::Tensor if self.roll.is_untouched() => {
                        *cursor = cursor.at(start);
                        return self.tensors_by_name(cursor, columns);
                    }
                    Key::Tensor => return Err(self.unknown_key(key_start)),
                }
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.roll.finish(&*self.schema).map_err(|error| error.with_offset(start))
    }

    /// Passes a key and its colon, and finds what it means.
    #[inline]
    pub(super) fn json_key(&mut self, cursor: &mut Cursor<'_>) -> Result<Key, DecodeError> {
        let start = *cursor;
        let at_fault = |error: DecodeError| error.with_offset(start.value_start());
        if self.has_plain_names
            && let guess = self.roll.guess()
            && let Some(column) = self.schema.columns().get(guess)
            && cursor.key_is(&column.name)
        {
            return self.roll.confirm(&*self.schema, guess).map(Key::Column).map_err(at_fault);
        }
        let key = cursor.key(&mut self.scratch)?;
        let meaning = match self.roll.answer(&*self.schema, key) {
            Ok(Some(column)) => Ok(Key::Column(column)),
            Ok(None) => {
                let tensor = self.tensors.input_named(&self.schema, self.ignore_unknown, key);
                match tensor {
                    Some(_) => Ok(Key::Tensor),
                    None if self.ignore_unknown => Ok(Key::PassedOver),
                    None => Err(unknown_column(&self.schema, key)),
                }
            }
            Err(error) => Err(error),
        }
        .map_err(at_fault)?;
        cursor.colon()?;
        Ok(meaning)
    }

    /// The refusal of the key at `cursor`, which no column has.
    #[cold]
    pub(super) fn unknown_key(&mut self, mut cursor: Cursor<'_>) -> DecodeError {
        let start = cursor.value_start();
        match cursor.key(&mut self.scratch) {
            Ok(key) => unknown_column(&self.schema, key).with_offset(start),
            Err(error) => error,
        }
    }

    /// Sets a cell of the last row to the value at `cursor`.
    #[inline]
    pub(super) fn json_cell(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: impl Place,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let first = cursor.peek();
        let start = *cursor;
        let result = match first {
            Some(b'"') => cell::set_text(columns, place, cursor.string(&mut self.scratch)?),
            Some(b'-' | b'0'..=b'9') => cell::set_number(columns, place, cursor.number()?),
            Some(b'n') => {
                cursor.word("null")?;
                place.put_missing(columns)
            }
            Some(b'N') => {
                cursor.word("NaN")?;
                place.put_missing(columns)
            }
            Some(b't') => {
                cursor.word("true")?;
                place.put_bool(columns, true)
            }
            Some(b'f') => {
                cursor.word("false")?;
                place.put_bool(columns, false)
            }
            Some(b'I') => {
                cursor.word("Infinity")?;
                cell::set_number(columns, place, Number::Float(f64::INFINITY))
            }
            Some(b'[' | b'{') => {
                // Passed, so that a row's number of cells can be told.
                cursor.skip_value(&mut self.scratch)?;
                Err(CellError::WrongType { expected: place.dtype(&self.schema) })
            }
            _ => return Err(cursor.malformed("a value")),
        };
        result.map_err(|error| self.json_cell_error(error, place, start))
    }

    #[cold]
    fn json_cell_error(
        &self,
        error: CellError,
        place: impl Place,
        value: Cursor<'_>,
    ) -> DecodeError {
        DecodeError::cell(error, value.describe())
            .with_column(place.name(&self.schema))
            .with_offset(value.position())
    }

    /// The refusal of the value at `cursor`, where a row belongs.
    #[cold]
    pub(super) fn not_a_row(&self, cursor: Cursor<'_>) -> DecodeError {
        let width = self.width();
        let cells = if width == 1 { "cell" } else { "cells" };
        let by_name = if self.schema.is_named() { ", or an object" } else { "" };
        DecodeError::new(DecodeErrorKind::WrongType)
            .with_expected(format!("a row: a list of {width} {cells}{by_name}").into())
            .with_offset(cursor.value_start())
            .with_got(cursor.describe())
    }
}

/// The list inside `{"features": [..]}` or `{"data": {"features": {"values": [..]}}}`, and the
/// number of braces to close behind it.
pub(super) fn wrapped_list(mut cursor: Cursor<'_>) -> Option<(Cursor<'_>, usize)> {
    cursor.bump();
    let braces = if cursor.key_is("features") {
        1
    } else if cursor.key_is("data") {
        for key in ["features", "values"] {
            if cursor.peek() != Some(b'{') {
                return None;
            }
            cursor.bump();
            if !cursor.key_is(key) {
                return None;
            }
        }
        3
    } else {
        return None;
    };
    (cursor.peek() == Some(b'[')).then_some((cursor, braces))
}

/// `error`, unless the list has a cell too many or too few: then that is what shifted a value into
/// a column where it does not fit. `cursor` is behind the cell at `index`, which was at fault.
#[cold]
fn arity_or(
    error: DecodeError,
    width: usize,
    index: usize,
    mut cursor: Cursor<'_>,
    scratch: &mut String,
) -> DecodeError {
    if error.kind() == DecodeErrorKind::Malformed {
        return error;
    }
    let mut cells = index + 1;
    loop {
        match cursor.goes_on(b']') {
            Ok(false) if cells == width => return error,
            Ok(false) => return Decoder::wrong_arity(width, cells.to_string()),
            Ok(true) if cursor.skip_value(scratch).is_ok() => cells += 1,
            _ => return error,
        }
    }
}
