//! Rows that are made of tensors: an object of the inputs' nested lists, or the list of the only
//! input.

use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    json::{cursor::Cursor, rows::wrapped_list},
    names::{InputNames, unknown_input},
    tensors::{agree, example},
};

impl Decoder {
    /// Appends the row that begins at `cursor`, whatever its form.
    pub(super) fn tensor_row(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let is_alone = self.schema.inputs().len() == 1;
        match cursor.peek() {
            Some(b'{') if is_alone && let Some((list, braces)) = self.wrapped_tensor(*cursor) => {
                *cursor = list;
                self.tensor_alone(cursor, columns)?;
                cursor.close_braces(braces)
            }
            Some(b'{') if is_alone && let Some((tensor, braces)) = self.sparse_tensor(*cursor) => {
                *cursor = tensor;
                self.sparse_row(cursor, columns)?;
                cursor.close_braces(braces)
            }
            Some(b'{') => {
                columns.begin_row();
                self.tensors_by_name(cursor, columns)
            }
            Some(b']' | b'}' | b',' | b':') | None => Err(cursor.malformed("a row")),
            Some(_) if is_alone => self.tensor_alone(cursor, columns),
            Some(_) => {
                let got = *cursor;
                cursor.skip_value(&mut self.scratch)?;
                Err(DecodeError::new(DecodeErrorKind::WrongType)
                    .with_expected(format!("a row such as {}", example(&self.schema)).into())
                    .with_offset(got.position())
                    .with_got(got.describe()))
            }
        }
    }

    /// Appends a row of the only input from the value at `cursor`.
    fn tensor_alone(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        columns.begin_row();
        self.tensor(cursor, 0, columns)?;
        agree(&self.schema, columns)
    }

    /// Appends the rows of the list at `cursor`, whose bracket was peeked; each is of the only
    /// input.
    pub(super) fn tensors_alone(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if !cursor.opens(b']') {
            return Ok(());
        }
        loop {
            let row = columns.rows();
            self.tensor_alone(cursor, columns).map_err(|error| error.with_row(row))?;
            if !cursor.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Fills the last row from the object at `cursor`, whose brace was peeked.
    pub(super) fn tensors_by_name(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let start = cursor.position();
        self.tensors.roll.begin();
        if cursor.opens(b'}') {
            loop {
                match self.input_key(cursor)? {
                    Some(input) => self.tensor(cursor, input, columns)?,
                    None => cursor.skip_value(&mut self.scratch)?,
                }
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        let roll = self.tensors.roll.finish(InputNames(&self.schema));
        roll.map_err(|error| error.with_offset(start))?;
        agree(&self.schema, columns)
    }

    /// Passes a key and its colon, and finds the key's input; none is one to pass over.
    pub(super) fn input_key(
        &mut self,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<usize>, DecodeError> {
        let start = *cursor;
        let at_fault = |error: DecodeError| error.with_offset(start.value_start());
        let names = InputNames(&self.schema);
        let roll = &mut self.tensors.roll;
        if self.tensors.has_plain_names
            && let guess = roll.guess()
            && let Some(input) = self.schema.inputs().get(guess)
            && cursor.key_is(&input.name)
        {
            return roll.confirm(names, guess).map(Some).map_err(at_fault);
        }
        let key = cursor.key(&mut self.scratch)?;
        let input = match roll.answer(names, key) {
            Ok(None) if !self.ignore_unknown => Err(unknown_input(&self.schema, key)),
            answer => answer,
        }
        .map_err(at_fault)?;
        cursor.colon()?;
        Ok(input)
    }

    /// The list in an object that wraps it, where no input has the wrapper's name.
    fn wrapped_tensor<'a>(&self, cursor: Cursor<'a>) -> Option<(Cursor<'a>, usize)> {
        let is_input = |name| self.schema.input_index(name).is_some();
        wrapped_list(cursor).filter(|_| !is_input("features") && !is_input("data"))
    }
}
