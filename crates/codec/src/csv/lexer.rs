use memchr::{memchr, memrchr};

use crate::{DecodeError, DecodeErrorKind, error::snippet, scan::cell_length};

/// Splits text into cells.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// Where a cell lies, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether the quotes within are doubled and one of each pair is to be dropped.
    pub(crate) doubled: bool,
    pub(crate) terminator: Terminator,
}

/// What a cell ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    Comma,
    Newline,
    EndOfText,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Goes to where a record begins.
    pub(crate) fn seek(&mut self, position: usize) {
        self.position = position;
    }

    /// Passes a record, whatever is wrong with it: one that is not well-formed ends with the line
    /// in which that shows.
    pub(crate) fn pass_record(&mut self) {
        loop {
            match self.cell() {
                Ok(cell) if cell.terminator == Terminator::Comma => {}
                Ok(_) => return,
                Err(error) => {
                    self.position = line_end(self.bytes, error.offset().unwrap_or_default())
                        .unwrap_or(self.bytes.len());
                    return;
                }
            }
        }
    }

    /// Whether no record follows. Asked between records.
    pub(crate) fn at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// Passes a line without a character. Asked between records.
    pub(crate) fn blank_line(&mut self) -> bool {
        let length = match self.bytes[self.position..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [b'\r'] => 1,
            _ => return false,
        };
        self.position += length;
        true
    }

    /// The next cell. After a comma there always is one.
    pub(crate) fn cell(&mut self) -> Result<Cell, DecodeError> {
        let start = self.position;
        if self.bytes.get(start) == Some(&b'"') {
            return self.quoted_cell(start + 1);
        }
        let end = start + cell_length(&self.bytes[start..]);
        let terminator = match self.bytes.get(end) {
            Some(b',') => Terminator::Comma,
            Some(_) => Terminator::Newline,
            None => Terminator::EndOfText,
        };
        self.position = end + usize::from(terminator != Terminator::EndOfText);
        let carriage_return =
            terminator != Terminator::Comma && end > start && self.bytes[end - 1] == b'\r';
        Ok(Cell { start, end: end - usize::from(carriage_return), doubled: false, terminator })
    }

    /// The cell whose text begins at `start`, behind its quote.
    fn quoted_cell(&mut self, start: usize) -> Result<Cell, DecodeError> {
        let mut doubled = false;
        let mut end = start;
        loop {
            let Some(length) = memchr(b'"', &self.bytes[end..]) else {
                return Err(DecodeError::new(DecodeErrorKind::Malformed)
                    .with_offset(start - 1)
                    .with_expected("a quote that ends the cell".into())
                    .with_got("the end of the body"));
            };
            end += length;
            if self.bytes.get(end + 1) != Some(&b'"') {
                break;
            }
            doubled = true;
            end += 2;
        }
        let (length, terminator) = match self.bytes[end + 1..] {
            [b',', ..] => (1, Terminator::Comma),
            [b'\n', ..] => (1, Terminator::Newline),
            [b'\r', b'\n', ..] => (2, Terminator::Newline),
            [b'\r'] => (1, Terminator::EndOfText),
            [] => (0, Terminator::EndOfText),
            ref rest => return Err(stray(rest, end + 1)),
        };
        self.position = end + 1 + length;
        Ok(Cell { start, end, doubled, terminator })
    }
}

#[cold]
fn stray(rest: &[u8], offset: usize) -> DecodeError {
    let shown = String::from_utf8_lossy(&rest[..rest.len().min(4)]);
    let first: String = shown.chars().take(1).collect();
    DecodeError::new(DecodeErrorKind::Malformed)
        .with_offset(offset)
        .with_expected("a comma or the end of the line after the closing quote".into())
        .with_got(format!("\"{}\"", snippet(&first)))
}

/// `text` with one quote for each two, in `scratch`.
pub(crate) fn undouble<'s>(text: &str, scratch: &'s mut String) -> &'s str {
    scratch.clear();
    let mut rest = text;
    while let Some(quote) = memchr(b'"', rest.as_bytes()) {
        scratch.push_str(&rest[..=quote]);
        rest = &rest[quote + 2..];
    }
    scratch.push_str(rest);
    scratch
}

/// The length of the records at the beginning of `buffer` whose line ends are there.
///
/// A record that is not well-formed ends with the line in which that shows, so that it is decoded
/// and refused for that.
pub(crate) fn whole_records(buffer: &[u8], at_start: bool) -> usize {
    if memchr(b'"', buffer).is_none() {
        return memrchr(b'\n', buffer).map_or(0, |last| last + 1);
    }
    let text = without_mark(buffer, at_start);
    let mark = buffer.len() - text.len();
    let mut lexer = Lexer::new(text);
    let mut whole = 0;
    while !lexer.at_end() {
        match lexer.cell() {
            Ok(cell) if cell.terminator == Terminator::Newline => whole = mark + lexer.position(),
            Ok(_) => {}
            Err(error) => {
                let fault = error.offset().unwrap_or_default();
                // A fault at the opening quote is one that more bytes may mend.
                if fault != lexer.position()
                    && let Some(end) = line_end(text, fault)
                {
                    whole = mark + end;
                }
                break;
            }
        }
    }
    whole
}

/// The length of the first record of `buffer` with its line end, or of all of `buffer` where the
/// record does not end or is not well-formed.
pub(crate) fn first_record(buffer: &[u8], at_start: bool) -> usize {
    let text = without_mark(buffer, at_start);
    let mut lexer = Lexer::new(text);
    while let Ok(cell) = lexer.cell() {
        match cell.terminator {
            Terminator::Comma => {}
            Terminator::Newline => return buffer.len() - text.len() + lexer.position(),
            Terminator::EndOfText => break,
        }
    }
    buffer.len()
}

/// `buffer` without the byte order mark that a file may begin with.
fn without_mark(buffer: &[u8], at_start: bool) -> &[u8] {
    let unmarked = buffer.strip_prefix("\u{feff}".as_bytes()).filter(|_| at_start);
    unmarked.unwrap_or(buffer)
}

/// The end of the line that `position` is in, if it is there.
fn line_end(text: &[u8], position: usize) -> Option<usize> {
    memchr(b'\n', &text[position..]).map(|length| position + length + 1)
}
