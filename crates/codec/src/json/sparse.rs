//! Sparse rows: `{"keys": [..], "shape": [n], "values": [..]}`, as SageMaker's own algorithms read
//! them.

use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    json::cursor::Cursor,
    number::Number,
    sparse::{MOST_ELEMENTS, SparseRow, beyond, too_many_elements},
};

/// The members of a sparse tensor.
const MEMBERS: [&str; 3] = ["keys", "shape", "values"];

impl Decoder {
    /// The sparse tensor that the object at `cursor` is or wraps, and the braces to close behind
    /// it. Where a column has a member's name, the object is a row by name.
    pub(super) fn sparse_tensor<'a>(&self, mut cursor: Cursor<'a>) -> Option<(Cursor<'a>, usize)> {
        let mut braces = 0;
        let mut inside = cursor;
        inside.bump();
        if inside.key_is("data") {
            if inside.peek() != Some(b'{') {
                return None;
            }
            braces = 1;
            cursor = inside;
            inside.bump();
        }
        if inside.key_is("features") {
            if inside.peek() != Some(b'{') {
                return None;
            }
            braces += 1;
            cursor = inside;
            inside.bump();
        }
        let begins = MEMBERS.iter().any(|name| {
            let mut ahead = inside;
            ahead.key_is(name) && ahead.peek() == Some(b'[')
        });
        let is_own = |name| {
            let is_column = self.schema.is_named() && self.schema.column_index(name).is_some();
            is_column || self.schema.input_index(name).is_some()
        };
        let is_tensor = begins && !MEMBERS.into_iter().any(is_own) && inside.names_all(&MEMBERS);
        is_tensor.then_some((cursor, braces))
    }

    /// Appends the row that the tensor at `cursor` is.
    pub(super) fn sparse_row(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let vectors = self.vectors("a sparse row")?;
        if (columns.rows() + 1).saturating_mul(vectors.width) > MOST_ELEMENTS {
            return Err(too_many_elements());
        }
        let [mut keys, mut shape, mut values] = [None; 3];
        cursor.bump();
        loop {
            let name = cursor.key(&mut self.scratch)?;
            let member = match name {
                "keys" => &mut keys,
                "shape" => &mut shape,
                _ => &mut values,
            };
            cursor.colon()?;
            if cursor.peek() != Some(b'[') || member.replace(*cursor).is_some() {
                return Err(cursor.malformed("a list under each of keys, shape and values"));
            }
            cursor.skip_value(&mut self.scratch)?;
            if !cursor.goes_on(b'}')? {
                break;
            }
        }
        let (Some(mut keys), Some(mut shape), Some(mut values)) = (keys, shape, values) else {
            return Err(cursor.malformed("a list under each of keys, shape and values"));
        };
        let mut elements = Some(1_usize);
        if shape.opens(b']') {
            loop {
                let dim = index(&mut shape)?;
                elements = elements.and_then(|elements| elements.checked_mul(dim));
                if !shape.goes_on(b']')? {
                    break;
                }
            }
        }
        if elements != Some(vectors.width) {
            let got = elements.map_or_else(|| "more".to_owned(), |elements| elements.to_string());
            return Err(Self::wrong_arity(vectors.width, got));
        }
        self.keys.clear();
        if keys.opens(b']') {
            loop {
                let key = index(&mut keys)?;
                if key >= vectors.width {
                    return Err(beyond(key, vectors.width, 0));
                }
                self.keys.push(key);
                if !keys.goes_on(b']')? {
                    break;
                }
            }
        }
        self.sparse_values(&mut values, columns)
    }

    /// Appends the row whose values are in the list at `cursor` and whose keys were read.
    fn sparse_values(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let vectors = self.vectors("a sparse row")?;
        let absent = self.sparse.absent;
        let schema = std::sync::Arc::clone(&self.schema);
        let mut said = std::mem::take(&mut self.said);
        let result =
            SparseRow::begin(&schema, &mut said, vectors, absent, columns).and_then(|mut cells| {
                let mut count = 0;
                if cursor.opens(b']') {
                    loop {
                        match self.keys.get(count) {
                            Some(&key) => {
                                let spot = cells.say(key)?;
                                self.json_cell(cursor, spot, columns)?;
                            }
                            None => cursor.skip_value(&mut self.scratch)?,
                        }
                        count += 1;
                        if !cursor.goes_on(b']')? {
                            break;
                        }
                    }
                }
                if count != self.keys.len() {
                    return Err(DecodeError::new(DecodeErrorKind::WrongArity)
                        .with_expected(
                            format!("as many values as keys, {}", self.keys.len()).into(),
                        )
                        .with_got(count.to_string()));
                }
                cells.finish()
            });
        self.said = said;
        result
    }
}

/// Passes a number that counts or numbers something.
fn index(cursor: &mut Cursor<'_>) -> Result<usize, DecodeError> {
    cursor.peek();
    let start = *cursor;
    let number = match cursor.number()? {
        Number::Integer(integer) => usize::try_from(integer).ok(),
        _ => None,
    };
    number.ok_or_else(|| start.malformed("a whole number"))
}
