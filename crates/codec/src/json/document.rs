use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    decoder::Progress,
    json::cursor::Cursor,
    names::{unknown_column, unknown_input},
};

/// The keys that hold a list of rows.
const ROW_LISTS: [&str; 4] = ["instances", "inputs", "examples", "dataframe_records"];

/// The keys of a frame that is split into names and data.
const SPLIT: [&str; 3] = ["columns", "index", "data"];

/// What the clients of other servers send beside their rows, and a model has no use for.
pub(super) const PASSED_OVER: [&str; 2] = ["signature_name", "params"];

impl Decoder {
    /// Appends the rows of a whole document.
    pub(crate) fn json_document(
        &mut self,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let mut cursor = Cursor::new(text);
        match cursor.peek() {
            None => return Ok(()),
            Some(b'[') if !self.schema.is_table() => self.tensor_list(&mut cursor, columns)?,
            Some(b'{') if !self.schema.is_table() => self.tensor_object(&mut cursor, columns)?,
            Some(b'[') if holds_scalars(cursor) => {
                self.json_row(&mut cursor, columns).map_err(|error| error.with_row(0))?;
            }
            Some(b'[') => self.row_list(&mut cursor, columns)?,
            Some(b'{') => self.document_object(&mut cursor, columns)?,
            Some(_) => {
                let got = cursor;
                cursor.skip_value(&mut self.scratch)?;
                return Err(DecodeError::new(DecodeErrorKind::WrongType)
                    .with_expected("a list or an object that holds rows".into())
                    .with_offset(got.position())
                    .with_got(got.describe()));
            }
        }
        cursor.finish()?;
        progress.begun = true;
        Ok(())
    }

    /// Appends the rows of the list at `cursor`, whose bracket was peeked.
    pub(super) fn row_list(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if self.tensors.nested_in_table && self.is_nested_row(*cursor) {
            return self.tensor_row(cursor, columns).map_err(|error| error.with_row(0));
        }
        if !cursor.opens(b']') {
            return Ok(());
        }
        loop {
            let row = columns.rows();
            self.json_row(cursor, columns).map_err(|error| error.with_row(row))?;
            if !cursor.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Appends the rows of the object at `cursor`, which is a row or holds rows.
    fn document_object(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if self.is_text && self.text_document(cursor, columns)? {
            return Ok(());
        }
        let start = *cursor;
        if self.sparse_tensor(start).is_some() {
            return self.row_by_name(cursor, columns).map_err(|error| error.with_row(0));
        }
        cursor.bump();
        while cursor.peek() == Some(b'"') {
            let key_start = cursor.position();
            let key = cursor.string(&mut self.scratch)?;
            let is_column = self.schema.is_named() && self.schema.column_index(key).is_some();
            let is_tensor = !is_column
                && self.tensors.input_named(&self.schema, self.ignore_unknown, key).is_some();
            let holder = Holder::of(key);
            cursor.colon()?;
            let first = cursor.peek();
            match (holder, first) {
                (Holder::Nothing, _) if is_tensor => {
                    *cursor = start;
                    return self.named_tensors(cursor, columns);
                }
                (Holder::RowList | Holder::Inputs | Holder::PartOfSplit, Some(b'['))
                    if is_tensor && holds_scalars(*cursor) =>
                {
                    *cursor = start;
                    return self.named_tensors(cursor, columns);
                }
                (Holder::RowList | Holder::Inputs, Some(b'['))
                    if !(is_column && holds_scalars(*cursor)) =>
                {
                    self.row_list(cursor, columns)?;
                    return self.close_holder(cursor);
                }
                (Holder::Inputs, Some(b'{')) => {
                    if self.begins_with_tensor(*cursor) {
                        self.named_tensors(cursor, columns)?;
                    } else {
                        self.columns_of_lists(cursor, columns)?;
                    }
                    return self.close_holder(cursor);
                }
                (Holder::Split, Some(b'{')) => {
                    self.split_frame(cursor, columns)?;
                    return self.close_holder(cursor);
                }
                (Holder::PartOfSplit, Some(b'[')) if !(is_column && holds_scalars(*cursor)) => {
                    *cursor = start;
                    return self.split_frame(cursor, columns);
                }
                (Holder::PassedOver, _) if !is_column => {
                    cursor.skip_value(&mut self.scratch)?;
                    if !cursor.goes_on(b'}')? {
                        break;
                    }
                }
                (Holder::RowList | Holder::Inputs | Holder::Split, _) if !is_column => {
                    return Err(not_rows(start.at(key_start), *cursor));
                }
                (Holder::Features, Some(b'[')) if !is_column => break,
                (_, Some(b'[')) => {
                    *cursor = start;
                    return self
                        .columns_of_lists(cursor, columns)
                        .map_err(DecodeError::or_suggest_holder);
                }
                _ => break,
            }
        }
        *cursor = start;
        self.row_by_name(cursor, columns).map_err(|error| error.with_row(0).or_suggest_holder())
    }

    /// Whether the first key of the object at `cursor` is an input's and not a column's.
    fn begins_with_tensor(&mut self, mut cursor: Cursor<'_>) -> bool {
        cursor.bump();
        let Ok(key) = cursor.key(&mut self.scratch) else { return false };
        self.tensors.input_named(&self.schema, self.ignore_unknown, key).is_some()
    }

    /// Passes what may stand behind the rows, up to the brace.
    pub(super) fn close_holder(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        while cursor.goes_on(b'}')? {
            let key = cursor.key(&mut self.scratch)?;
            if !PASSED_OVER.contains(&key) {
                let unknown = if self.schema.is_table() { unknown_column } else { unknown_input };
                return Err(unknown(&self.schema, key).with_offset(cursor.position()));
            }
            cursor.colon()?;
            cursor.skip_value(&mut self.scratch)?;
        }
        Ok(())
    }
}

/// What a key of a document may hold, if it is not a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    RowList,
    /// A list of rows, or an object of columns.
    Inputs,
    Split,
    PartOfSplit,
    PassedOver,
    Features,
    Nothing,
}

impl Holder {
    pub(super) fn of(key: &str) -> Self {
        match key {
            "inputs" => Self::Inputs,
            "dataframe_split" => Self::Split,
            "features" => Self::Features,
            _ if ROW_LISTS.contains(&key) => Self::RowList,
            _ if SPLIT.contains(&key) => Self::PartOfSplit,
            _ if PASSED_OVER.contains(&key) => Self::PassedOver,
            _ => Self::Nothing,
        }
    }
}

impl DecodeError {
    /// Suggests the key that holds rows, when an unknown name is nearly that.
    #[cold]
    pub(super) fn or_suggest_holder(self) -> Self {
        if self.kind() != DecodeErrorKind::UnknownColumn || self.has_suggestion() {
            return self;
        }
        let name = self.column().unwrap_or_default();
        let near = crate::names::nearest(name, ROW_LISTS.into_iter().chain(["dataframe_split"]));
        self.with_suggestion(near)
    }
}

/// The refusal of `value` under `key`, which should hold rows.
#[cold]
pub(super) fn not_rows(mut key: Cursor<'_>, value: Cursor<'_>) -> DecodeError {
    let mut scratch = String::new();
    let name = key.string(&mut scratch).unwrap_or_default();
    DecodeError::new(DecodeErrorKind::WrongType)
        .with_expected(format!("rows under \"{name}\"").into())
        .with_got(value.describe())
        .with_offset(value.value_start())
}

/// Whether the list whose bracket was peeked begins with something that a cell can be.
fn holds_scalars(mut cursor: Cursor<'_>) -> bool {
    cursor.bump();
    !matches!(cursor.peek(), Some(b'[' | b'{' | b']'))
}
