use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    json::{
        cursor::Cursor,
        rows::{Key, Order},
    },
    names::Named,
};

impl Decoder {
    /// Appends the rows of `{"col": [v, ..], ..}`, whose brace was peeked.
    ///
    /// Rows are filled one after the other, so the lists are first passed over to learn where they
    /// are, and then read side by side.
    pub(super) fn columns_of_lists(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let document = *cursor;
        self.find_lists(cursor)?;
        while let Some(&(first, position)) = self.lists.first() {
            let mut value = document.at(position);
            if value.peek() == Some(b']') {
                break;
            }
            let row = columns.rows();
            columns.begin_row();
            for index in 0..self.lists.len() {
                let (column, position) = self.lists[index];
                value = document.at(position);
                if value.peek() == Some(b']') {
                    return Err(uneven(&*self.schema, column, first, row));
                }
                self.json_cell(&mut value, column, columns).map_err(|error| error.with_row(row))?;
                self.lists[index].1 = next_value(value);
            }
        }
        let rows = columns.rows();
        for index in 1..self.lists.len() {
            let (column, position) = self.lists[index];
            if document.at(position).peek() != Some(b']') {
                return Err(uneven(&*self.schema, column, self.lists[0].0, rows));
            }
        }
        Ok(())
    }

    /// Passes the object at `cursor`, and notes the column and the first value of each list.
    fn find_lists(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        self.lists.clear();
        self.roll.begin();
        if cursor.opens(b'}') {
            loop {
                let key_start = *cursor;
                let key = self.json_key(cursor)?;
                let list = cursor.value_start();
                if key == Key::Tensor {
                    return Err(self.unknown_key(key_start));
                }
                if let Key::Column(column) = key {
                    if cursor.peek() != Some(b'[') {
                        return Err(DecodeError::new(DecodeErrorKind::WrongType)
                            .with_column(&self.schema.columns()[column].name)
                            .with_expected("a list of values".into())
                            .with_got(cursor.describe())
                            .with_offset(list));
                    }
                    self.lists.push((column, list + 1));
                }
                cursor.skip_value(&mut self.scratch)?;
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.roll.finish(&*self.schema)
    }

    /// Appends the rows of `{"columns": [..], "data": [[..], ..]}`, whose brace was peeked.
    ///
    /// Data that comes in front of the names is passed over and read when they are known.
    pub(super) fn split_frame(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let document = *cursor;
        let mut order = Order::Schema;
        let mut data = None;
        let mut decoded = false;
        if cursor.opens(b'}') {
            loop {
                if cursor.key_is("columns") {
                    if order == Order::Header {
                        return Err(cursor.malformed("\"columns\" once"));
                    }
                    self.split_names(cursor)?;
                    order = Order::Header;
                } else if cursor.key_is("data") {
                    if data.is_some() {
                        return Err(cursor.malformed("\"data\" once"));
                    }
                    data = Some(cursor.value_start());
                    if order == Order::Header {
                        self.split_rows(cursor, order, columns)?;
                        decoded = true;
                    } else {
                        cursor.skip_value(&mut self.scratch)?;
                    }
                } else if cursor.key_is("index") {
                    cursor.skip_value(&mut self.scratch)?;
                } else {
                    return Err(cursor.malformed("\"columns\", \"index\" or \"data\""));
                }
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        match data {
            Some(position) if !decoded => {
                self.split_rows(&mut document.at(position), order, columns)
            }
            Some(_) => Ok(()),
            None => Err(cursor.malformed("\"data\" beside \"columns\"")),
        }
    }

    /// Takes the header from the list of names at `cursor`.
    fn split_names(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        self.header.begin(&mut self.roll);
        if cursor.peek() != Some(b'[') {
            return Err(cursor.malformed("a list of names"));
        }
        let list = cursor.position();
        if cursor.opens(b']') {
            loop {
                let start = cursor.value_start();
                let name = match cursor.peek() {
                    Some(b'"') => cursor.string(&mut self.scratch)?,
                    // Frames without names of their own have numbers.
                    Some(b'-' | b'0'..=b'9') => cursor.number_text()?,
                    _ => return Err(cursor.malformed("a name")),
                };
                self.header
                    .push(name, &self.schema, &mut self.roll, self.ignore_unknown)
                    .map_err(|error| error.with_offset(start))?;
                if !cursor.goes_on(b']')? {
                    break;
                }
            }
        }
        self.roll.finish(&*self.schema).map_err(|error| error.with_offset(list))
    }

    fn split_rows(
        &mut self,
        cursor: &mut Cursor<'_>,
        order: Order,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if cursor.peek() != Some(b'[') {
            return Err(cursor.malformed("a list of rows"));
        }
        if !cursor.opens(b']') {
            return Ok(());
        }
        loop {
            let row = columns.rows();
            let result = match (cursor.peek(), order) {
                (Some(b'['), _) => self.row_by_position(cursor, order, columns),
                (_, Order::Schema) => self.json_row(cursor, columns),
                (_, Order::Header) => Err(self.not_a_row(*cursor)),
            };
            result.map_err(|error| error.with_row(row))?;
            if !cursor.goes_on(b']')? {
                return Ok(());
            }
        }
    }
}

/// The refusal of a column with more or fewer values than the first.
#[cold]
pub(super) fn uneven(names: impl Named, column: usize, first: usize, row: usize) -> DecodeError {
    let name = |column| names.name(column).unwrap_or_default();
    DecodeError::new(DecodeErrorKind::WrongArity)
        .with_row(row)
        .with_column(name(column))
        .with_expected(format!("as many values as column \"{}\" has", name(first)).into())
        .with_got("another number")
}

/// Where the value behind the one that `cursor` has passed begins, or the bracket is.
pub(super) fn next_value(mut cursor: Cursor<'_>) -> usize {
    if cursor.peek() == Some(b',') {
        cursor.bump();
    }
    cursor.position()
}
