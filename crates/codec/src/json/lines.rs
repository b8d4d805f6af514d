use hotplate_tensor::Columns;
use memchr::memchr;

use crate::{DecodeError, DecodeErrorKind, Decoder, decoder::Progress, json::cursor::Cursor};

impl Decoder {
    /// Appends the rows of `text`, one to a line, and returns the length of the lines read.
    pub(crate) fn json_lines(
        &mut self,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let mut start = 0;
        while start < text.len() {
            let rest = &text[start..];
            let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
            let mut cursor = Cursor::new(line);
            if cursor.peek().is_none() {
                progress.blank_lines += 1;
            } else {
                self.json_blank_lines(text, start, progress, columns)?;
                progress.begun = true;
                let rows = columns.rows();
                let result = self.json_row(&mut cursor, columns).and_then(|()| cursor.finish());
                if let Err(error) = result {
                    if columns.rows() > rows {
                        columns.drop_row();
                    }
                    let begins_a_block = match error.kind() {
                        DecodeErrorKind::WrongShape => progress.splits_at_shapes,
                        DecodeErrorKind::TooLarge => progress.in_blocks,
                        _ => false,
                    };
                    if begins_a_block && rows > 0 {
                        return Ok(start);
                    }
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

    /// Leaves out the blank lines in front of the line at `start`, or refuses the first of them.
    pub(crate) fn json_blank_lines(
        &self,
        text: &str,
        start: usize,
        progress: &mut Progress,
        columns: &Columns,
    ) -> Result<(), DecodeError> {
        while progress.blank_lines > 0 {
            let rows = columns.rows();
            let error = DecodeError::new(DecodeErrorKind::Malformed)
                .with_expected("a row".into())
                .with_got("a blank line")
                .with_row(progress.record_behind(rows))
                .with_line(progress.line_at(text, start) - progress.blank_lines);
            progress.leave_out(rows, error)?;
            progress.blank_lines -= 1;
        }
        Ok(())
    }
}
