use std::borrow::Cow;

use crate::{
    DecodeError,
    csv::lexer::{Lexer, Terminator, undouble},
};

/// The records of CSV text, with all their cells as text: for files that carry more than rows of a
/// schema, such as the answers beside them.
///
/// Nothing is known of a header here: it is the first record. Blank lines at the end are not
/// records; a blank line in between is a record of one empty cell. After an error there are no
/// more records.
///
/// ```
/// let text = "id,answer\n1,\"yes, \"\"sir\"\"\"\n";
/// let records: Vec<_> = hotplate_codec::csv::records(text).collect::<Result<_, _>>()?;
/// assert_eq!(records[1], ["1", "yes, \"sir\""]);
/// # Ok::<(), hotplate_codec::DecodeError>(())
/// ```
pub fn records(text: &str) -> Records<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let trimmed = text.trim_end_matches(['\r', '\n']);
    // One line end stays, so that a last record of one empty cell in quotes is seen to end.
    let text = &text[..text.len().min(trimmed.len() + 1)];
    Records { text, lexer: Lexer::new(text.as_bytes()), failed: trimmed.is_empty() }
}

/// An iterator over the records of CSV text, made by [`records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    failed: bool,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Vec<Cow<'a, str>>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.lexer.at_end() {
            return None;
        }
        let mut record = Vec::new();
        loop {
            let cell = match self.lexer.cell() {
                Ok(cell) => cell,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            };
            let text = &self.text[cell.start..cell.end];
            record.push(if cell.doubled {
                let mut owned = String::new();
                undouble(text, &mut owned);
                Cow::Owned(owned)
            } else {
                Cow::Borrowed(text)
            });
            if cell.terminator != Terminator::Comma {
                return Some(Ok(record));
            }
        }
    }
}
