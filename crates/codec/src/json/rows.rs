use hotplate_tensor::{CellError, Columns, DType};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, cell, json::cursor::Cursor, names::unknown_column,
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

impl Decoder {
    /// Appends the row that begins at `cursor`, whatever its form.
    pub(super) fn json_row(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        match cursor.peek() {
            Some(b'[') => self.row_by_position(cursor, Order::Schema, columns),
            Some(b'{') => self.row_by_name(cursor, columns),
            Some(b']' | b'}' | b',' | b':') | None => Err(cursor.malformed("a row")),
            Some(_) if self.width() == 1 => {
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
            Order::Schema => self.width(),
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
            for _ in 0..braces {
                if cursor.peek() != Some(b'}') {
                    return Err(cursor.malformed("\"}\""));
                }
                cursor.bump();
            }
            return Ok(());
        }
        columns.begin_row();
        self.roll.begin();
        if cursor.opens(b'}') {
            loop {
                match self.json_key(cursor)? {
                    Some(column) => self.json_cell(cursor, column, columns)?,
                    None => cursor.skip_value(&mut self.scratch)?,
                }
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.roll.finish(&self.schema).map_err(|error| error.with_offset(start))
    }

    /// Passes a key and its colon, and finds the key's column; none is one to pass over.
    #[inline]
    pub(super) fn json_key(
        &mut self,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<usize>, DecodeError> {
        let start = *cursor;
        let at_fault = |error: DecodeError| error.with_offset(start.value_start());
        if self.has_plain_names
            && let guess = self.roll.guess()
            && let Some(column) = self.schema.columns().get(guess)
            && cursor.key_is(&column.name)
        {
            return self.roll.confirm(&self.schema, guess).map(Some).map_err(at_fault);
        }
        let key = cursor.key(&mut self.scratch)?;
        let column = match self.roll.answer(&self.schema, key) {
            Ok(None) if !self.ignore_unknown => Err(unknown_column(&self.schema, key)),
            answer => answer,
        }
        .map_err(at_fault)?;
        cursor.colon()?;
        Ok(column)
    }

    /// Sets a cell of the last row to the value at `cursor`.
    #[inline]
    pub(super) fn json_cell(
        &mut self,
        cursor: &mut Cursor<'_>,
        column: usize,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let first = cursor.peek();
        let start = *cursor;
        let result = match first {
            Some(b'"') => cell::set_text(columns, column, cursor.string(&mut self.scratch)?),
            Some(b'-' | b'0'..=b'9') => cell::set_number(columns, column, cursor.number()?),
            Some(b'n') => {
                cursor.word("null")?;
                columns.set_missing(column)
            }
            Some(b'N') => {
                cursor.word("NaN")?;
                columns.set_missing(column)
            }
            Some(b't') => {
                cursor.word("true")?;
                columns.set_bool(column, true)
            }
            Some(b'f') => {
                cursor.word("false")?;
                columns.set_bool(column, false)
            }
            Some(b'I') => {
                cursor.word("Infinity")?;
                cell::set_number(columns, column, Number::Float(f64::INFINITY))
            }
            Some(b'[' | b'{') => {
                // Passed, so that a row's number of cells can be told.
                cursor.skip_value(&mut self.scratch)?;
                Err(CellError::WrongType { expected: self.dtype(column) })
            }
            _ => return Err(cursor.malformed("a value")),
        };
        result.map_err(|error| self.json_cell_error(error, column, start))
    }

    #[cold]
    fn json_cell_error(&self, error: CellError, column: usize, value: Cursor<'_>) -> DecodeError {
        DecodeError::cell(error, value.describe())
            .with_column(&self.schema.columns()[column].name)
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

    fn dtype(&self, column: usize) -> DType {
        self.schema.columns()[column].dtype
    }
}

/// The list inside `{"features": [..]}` or `{"data": {"features": {"values": [..]}}}`, and the
/// number of braces to close behind it.
fn wrapped_list(mut cursor: Cursor<'_>) -> Option<(Cursor<'_>, usize)> {
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
