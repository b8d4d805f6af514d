//! libsvm: a row to a line, `label index:value ..`, of which the label may be absent.
//!
//! The label and `qid:..` are passed over, and so is what follows `#`. A line of nothing else is no
//! row; a row that says none of its cells is its label alone.

use hotplate_tensor::{CellError, Columns};
use memchr::memchr;

use crate::{
    DecodeError, DecodeErrorKind, Decoder, cell,
    decoder::Progress,
    error::{quoted_text, snippet},
    sparse::{IndexBase, MOST_ELEMENTS, SparseRow, at, beyond, too_many_elements},
    vector::Vectors,
};

impl Decoder {
    /// Appends the rows of `text`, and returns the length of the lines read: all of them, unless
    /// they are too much for one block.
    pub(crate) fn libsvm_rows(
        &mut self,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let mut start = 0;
        while start < text.len() {
            let rest = &text[start..];
            let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
            let row = &line[..memchr(b'#', line.as_bytes()).unwrap_or(line.len())];
            if !row.bytes().all(is_blank) {
                let vectors = self.vectors("libsvm")?;
                let base = self.index_base(text, progress);
                let rows = columns.rows();
                if (rows + 1).saturating_mul(vectors.width) > MOST_ELEMENTS {
                    if progress.in_blocks && rows > 0 {
                        return Ok(start);
                    }
                    return Err(too_many_elements());
                }
                progress.begun = true;
                self.by_position = true;
                if let Err(error) = self.libsvm_row(row, base, vectors, columns) {
                    columns.drop_row();
                    let error = error
                        .with_row(progress.record_behind(rows))
                        .with_line(progress.line_at(text, start));
                    progress.leave_out(rows, error.shifted(start))?;
                }
            }
            start += line.len() + 1;
        }
        Ok(text.len())
    }

    /// The number of the first column, in a body or file that `text` begins if nothing did.
    fn index_base(&self, text: &str, progress: &mut Progress) -> usize {
        *progress.index_base.get_or_insert_with(|| match self.sparse.index_base {
            IndexBase::Zero => 0,
            IndexBase::One => 1,
            IndexBase::Auto => usize::from(!names_column_zero(text)),
        })
    }

    fn libsvm_row(
        &mut self,
        row: &str,
        base: usize,
        vectors: Vectors,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let absent = self.sparse.absent;
        let mut cells = SparseRow::begin(&self.schema, &mut self.said, vectors, absent, columns)?;
        let mut is_first = true;
        for (start, token) in tokens(row) {
            let was_first = std::mem::replace(&mut is_first, false);
            let Some(colon) = memchr(b':', token.as_bytes()) else {
                if was_first {
                    continue;
                }
                return Err(malformed(token, start));
            };
            let (index, value) = (&token[..colon], &token[colon + 1..]);
            if index == "qid" {
                continue;
            }
            if index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(malformed(token, start));
            }
            let column = index.parse().ok().and_then(|index: usize| index.checked_sub(base));
            let Some(column) = column.filter(|&column| column < vectors.width) else {
                let error = beyond(snippet(index), vectors.width, base).with_offset(start);
                return Err(match base {
                    0 => error,
                    _ => error
                        .with_advice("where the first column is 0, the index base is to be set"),
                });
            };
            let spot = cells.say(column).map_err(|error| error.with_offset(start))?;
            cell::set_plain(columns, spot, value).map_err(|error| {
                let got = match error {
                    CellError::Missing { .. } if value.is_empty() => "no value".to_owned(),
                    CellError::WrongType { .. } => quoted_text(value),
                    _ => snippet(value),
                };
                at(spot, error, got, &self.schema).with_offset(start)
            })?;
        }
        cells.finish()
    }
}

/// Whether some row of `text` says a cell of column zero.
fn names_column_zero(text: &str) -> bool {
    let is_zero = |index: &str| !index.is_empty() && index.bytes().all(|byte| byte == b'0');
    text.lines().any(|line| {
        let row = &line[..memchr(b'#', line.as_bytes()).unwrap_or(line.len())];
        tokens(row).any(|(_, token)| token.split_once(':').is_some_and(|(index, _)| is_zero(index)))
    })
}

/// The tokens between blanks, each with where it begins.
fn tokens(row: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let bytes = row.as_bytes();
        while bytes.get(position).is_some_and(|&byte| is_blank(byte)) {
            position += 1;
        }
        let start = position;
        while bytes.get(position).is_some_and(|&byte| !is_blank(byte)) {
            position += 1;
        }
        (position > start).then(|| (start, &row[start..position]))
    })
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cold]
fn malformed(token: &str, start: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Malformed)
        .with_offset(start)
        .with_expected("index:value".into())
        .with_got(quoted_text(token))
}
