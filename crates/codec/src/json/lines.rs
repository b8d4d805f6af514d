use hotplate_tensor::Columns;
use memchr::{memchr, memchr_iter};

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
                let rows = columns.rows();
                if let Err(error) = self.json_line(cursor, progress, columns) {
                    let is_of_other_shape = error.kind() == DecodeErrorKind::WrongShape;
                    if progress.splits_at_shapes && is_of_other_shape && rows > 0 {
                        columns.drop_row();
                        return Ok(start);
                    }
                    let lines = memchr_iter(b'\n', &text.as_bytes()[..start]).count();
                    let number = progress.lines + lines + 1 - progress.blank_lines;
                    let row = progress.rows + rows;
                    return Err(error.with_row(row).with_line(number).shifted(start));
                }
            }
            start += line.len() + 1;
        }
        Ok(text.len())
    }

    fn json_line(
        &mut self,
        mut cursor: Cursor<'_>,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if progress.blank_lines > 0 {
            return Err(DecodeError::new(DecodeErrorKind::Malformed)
                .with_expected("a row".into())
                .with_got("a blank line"));
        }
        progress.begun = true;
        self.json_row(&mut cursor, columns)?;
        cursor.finish()
    }
}
