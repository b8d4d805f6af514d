//! Records that are no rows, left out so that the others are not lost with them.

use std::mem;

use hotplate_tensor::Columns;
use memchr::{memchr, memchr_iter, memrchr};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, Format,
    decoder::{Counted, Progress},
};

/// A record that is no row, and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Its number among the records of the body or block, from zero, those left out counted as
    /// well. Rows stay in their order, and have the numbers that no bad record has.
    pub index: usize,
    /// Why it is no row. The row that it names is the record's number in the whole file.
    pub error: DecodeError,
}

impl Progress {
    /// The number in the file of the record that follows `rows` rows of the block at hand.
    pub(crate) fn record_behind(&self, rows: usize) -> usize {
        self.rows + rows + self.bad.as_ref().map_or(0, Vec::len)
    }

    /// Whether a bad record is left out, and does not refuse the block.
    pub(crate) const fn is_lenient(&self) -> bool {
        self.bad.is_some()
    }

    /// Leaves out the record that follows `rows` rows of the block, or refuses the block for it.
    pub(crate) fn leave_out(&mut self, rows: usize, error: DecodeError) -> Result<(), DecodeError> {
        let Some(bad) = &mut self.bad else { return Err(error) };
        let index = rows + bad.len();
        bad.push(BadRecord { index, error: error.shifted(self.bytes) });
        self.begun = true;
        Ok(())
    }
}

impl Decoder {
    /// As [`decode_part`](Self::decode_part), with the records that are no rows in `bad`.
    pub(crate) fn decode_part_lenient(
        &mut self,
        format: Format,
        part: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
        bad: &mut Vec<BadRecord>,
    ) -> Result<usize, DecodeError> {
        bad.clear();
        progress.bad = Some(mem::take(bad));
        let result = self.decode_part(format, part, progress, columns);
        *bad = progress.bad.take().unwrap_or_default();
        if result.is_err() {
            bad.clear();
        }
        result
    }

    /// Appends the rows of `bytes`, and returns the length of what was read. What is not UTF-8
    /// refuses all of them, or where bad records are left out, its line.
    pub(crate) fn text_rows(
        &mut self,
        format: Format,
        bytes: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let (first_byte, first_line) = (progress.bytes, progress.lines);
        let mut start = 0;
        // One turn, but for lines that are not UTF-8.
        while start < bytes.len() {
            let rest = &bytes[start..];
            let text = match std::str::from_utf8(rest) {
                Ok(text) => text,
                Err(error) => {
                    let valid = error.valid_up_to();
                    self.text_before(rest, valid, format, progress).ok_or_else(|| {
                        DecodeError::new(DecodeErrorKind::NotUtf8).with_offset(valid)
                    })?
                }
            };
            progress.counted = Counted::default();
            let mut end = start + self.lines_of_text(format, text, progress, columns)?;
            let is_cut = text.len() < rest.len();
            if is_cut && end == start + text.len() {
                // What is pending in front of the line comes before it.
                self.blank_lines_between(format, text, progress, columns)?;
                let length = memchr(b'\n', &bytes[end..]).map_or(bytes.len() - end, |at| at + 1);
                let line = &bytes[end..end + length];
                let fault = std::str::from_utf8(line).err().map_or(0, |error| error.valid_up_to());
                let error = DecodeError::new(DecodeErrorKind::NotUtf8)
                    .with_offset(text.len() + fault)
                    .with_row(progress.record_behind(columns.rows()))
                    .with_line(progress.line_at(text, text.len()));
                progress.leave_out(columns.rows(), error)?;
                end += length;
            } else if end < bytes.len() {
                // Rows of another shape begin the next block.
                start = end;
                break;
            }
            progress.bytes = first_byte + end;
            progress.lines += memchr_iter(b'\n', &bytes[start..end]).count();
            start = end;
        }
        (progress.bytes, progress.lines) = (first_byte, first_line);
        Ok(start)
    }

    fn lines_of_text(
        &mut self,
        format: Format,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        match format {
            Format::Csv => self.csv_rows(text, progress, columns)?,
            Format::Json => self.json_document(text, progress, columns)?,
            Format::JsonLines => return self.json_lines(text, progress, columns),
            Format::Libsvm => return self.libsvm_rows(text, progress, columns),
            Format::Text => self.plain_text(text, progress, columns)?,
            Format::Npy | Format::Npz | Format::RecordIo => {}
        }
        Ok(text.len())
    }

    /// Takes the blank lines at the end of `text` for what they are between records.
    fn blank_lines_between(
        &mut self,
        format: Format,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        match format {
            Format::Csv => self.csv_blank_lines(text, text.len(), progress, columns),
            Format::JsonLines => self.json_blank_lines(text, text.len(), progress, columns),
            _ => Ok(()),
        }
    }

    /// The whole lines of `bytes` in front of the first that is not UTF-8, which they are up to
    /// `valid`; none where bad records are not left out.
    fn text_before<'b>(
        &self,
        bytes: &'b [u8],
        valid: usize,
        format: Format,
        progress: &Progress,
    ) -> Option<&'b str> {
        let lines = memrchr(b'\n', &bytes[..valid]).map_or(0, |last| last + 1);
        // Nobody knows what a first line is that cannot be read.
        let may_be_header =
            format == Format::Csv && self.schema.is_named() && !progress.begun && lines == 0;
        if !progress.is_lenient() || matches!(format, Format::Json | Format::Text) || may_be_header
        {
            return None;
        }
        std::str::from_utf8(&bytes[..lines]).ok()
    }
}
