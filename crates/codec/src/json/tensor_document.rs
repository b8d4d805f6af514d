//! Documents of rows that are made of tensors. How deep its lists are tells a row from a list of
//! rows.

use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    json::{
        columnar::{next_value, uneven},
        cursor::Cursor,
        document::{Holder, not_rows},
    },
    names::InputNames,
    tensors::{agree, is_one_element},
};

impl Decoder {
    /// Appends the rows of the list at `cursor`, which is a row of the only input or holds rows.
    pub(super) fn tensor_list(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let is_row = match self.schema.inputs() {
            [input] => {
                let (depth, next) = cursor.depth();
                let is_empty = depth == 1 && next == Some(b']');
                depth <= input.row_shape.dims().len() && next != Some(b'{') && !is_empty
            }
            _ => false,
        };
        if is_row {
            self.tensor_row(cursor, columns).map_err(|error| error.with_row(0))
        } else {
            self.row_list(cursor, columns)
        }
    }

    /// Whether the list at `cursor`, of a table of one input, is one row by the input's lists and
    /// not a list of rows by position.
    pub(super) fn is_nested_row(&mut self, cursor: Cursor<'_>) -> bool {
        let rank = self.schema.inputs()[0].row_shape.dims().len();
        let (depth, next) = cursor.depth();
        if depth != rank || next == Some(b'{') {
            return false;
        }
        let mut first = cursor;
        first.bump();
        depth > 2 || first.count_scalars(&mut self.scratch) != Some(self.width())
    }

    /// Appends the rows of the object at `cursor`, which is a row, holds rows, or holds the rows of
    /// each input.
    pub(super) fn tensor_object(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let start = *cursor;
        cursor.bump();
        while cursor.peek() == Some(b'"') {
            let key_start = cursor.position();
            let key = cursor.string(&mut self.scratch)?;
            let is_input = self.schema.input_index(key).is_some();
            let holder = Holder::of(key);
            cursor.colon()?;
            match (holder, cursor.peek()) {
                (Holder::RowList | Holder::Inputs, Some(b'['))
                    if !is_input || cursor.depth() == (1, Some(b'{')) =>
                {
                    self.tensor_list(cursor, columns)?;
                    return self.close_holder(cursor);
                }
                (Holder::Inputs, Some(b'{')) => {
                    self.named_tensors(cursor, columns)?;
                    return self.close_holder(cursor);
                }
                (Holder::RowList | Holder::Inputs, _) if !is_input => {
                    return Err(not_rows(start.at(key_start), *cursor));
                }
                (Holder::PassedOver, _) if !is_input => {
                    cursor.skip_value(&mut self.scratch)?;
                    if !cursor.goes_on(b'}')? {
                        break;
                    }
                }
                _ => break,
            }
        }
        *cursor = start;
        self.named_tensors(cursor, columns).map_err(DecodeError::or_suggest_holder)
    }

    /// Appends the row of the object at `cursor`, or the rows if it holds a list of them for each
    /// input.
    pub(super) fn named_tensors(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if self.holds_lists_of_rows(*cursor)? {
            self.lists_of_tensors(cursor, columns)
        } else {
            self.tensor_row(cursor, columns).map_err(|error| error.with_row(0))
        }
    }

    /// Whether the object at `cursor` holds a list of rows for each input: the first that tells.
    ///
    /// Where all lists are empty, those that hold nothing at all are lists of no rows.
    fn holds_lists_of_rows(&mut self, mut cursor: Cursor<'_>) -> Result<bool, DecodeError> {
        let mut are_empty = false;
        if !cursor.opens(b'}') {
            return Ok(are_empty);
        }
        loop {
            let key = cursor.key(&mut self.scratch)?;
            let input = self.schema.input_index(key);
            cursor.colon()?;
            if let Some(input) = input {
                let row_shape = &self.schema.inputs()[input].row_shape;
                let (depth, next) = cursor.depth();
                let rank = row_shape.dims().len();
                if depth <= rank && next == Some(b']') {
                    are_empty |= depth == 1;
                } else if depth != 1 || !is_one_element(row_shape) {
                    return Ok(depth > rank);
                }
                // Else one value in a list: a row, or a list of a row without its brackets.
            }
            cursor.skip_value(&mut self.scratch)?;
            if !cursor.goes_on(b'}')? {
                return Ok(are_empty);
            }
        }
    }

    /// Appends the rows of `{"input": [row, ..], ..}`, whose brace was peeked.
    ///
    /// Rows are filled one after the other, so the lists of several inputs are first passed over
    /// to learn where they are, and then read side by side.
    fn lists_of_tensors(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let document = *cursor;
        self.find_tensor_lists(cursor, columns)?;
        while let Some(&(first, position)) = self.lists.first() {
            let mut value = document.at(position);
            if value.peek() == Some(b']') {
                break;
            }
            let row = columns.rows();
            columns.begin_row();
            for index in 0..self.lists.len() {
                let (input, position) = self.lists[index];
                value = document.at(position);
                if value.peek() == Some(b']') {
                    return Err(uneven(InputNames(&self.schema), input, first, row));
                }
                self.tensor(&mut value, input, columns).map_err(|error| error.with_row(row))?;
                self.lists[index].1 = next_value(value);
            }
            agree(&self.schema, columns).map_err(|error| error.with_row(row))?;
        }
        let first = self.lists.first().map_or(0, |&(first, _)| first);
        let longer = |&&(_, position): &&(usize, usize)| document.at(position).peek() != Some(b']');
        match self.lists.iter().find(longer) {
            Some(&(input, _)) => {
                Err(uneven(InputNames(&self.schema), input, first, columns.rows()))
            }
            None => Ok(()),
        }
    }

    /// Passes the object at `cursor`, and notes the input and the first row of each list; the rows
    /// of an only input are read at once.
    fn find_tensor_lists(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let is_alone = self.schema.inputs().len() == 1;
        self.lists.clear();
        self.tensors.roll.begin();
        if cursor.opens(b'}') {
            loop {
                let input = self.input_key(cursor)?;
                let list = cursor.value_start();
                match input {
                    Some(input) if cursor.peek() != Some(b'[') => {
                        return Err(DecodeError::new(DecodeErrorKind::WrongType)
                            .with_column(&self.schema.inputs()[input].name)
                            .with_expected("a list of rows".into())
                            .with_got(cursor.describe())
                            .with_offset(list));
                    }
                    Some(_) if is_alone => self.tensors_alone(cursor, columns)?,
                    _ => {
                        self.lists.extend(input.map(|input| (input, list + 1)));
                        cursor.skip_value(&mut self.scratch)?;
                    }
                }
                if !cursor.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.tensors.roll.finish(InputNames(&self.schema))
    }
}
