use super::{Encoder, npy::Array};
use crate::{Field, Format};

impl<'f> Encoder<'f> {
    /// An encoder of rows within a reply, whose beginning and end others write: what it appends is
    /// a piece for [`piece`](Self::piece). It is never [finished](Self::finish).
    ///
    /// # Panics
    ///
    /// When the format is only read; see [`Format::is_written`].
    pub fn within(format: Format, fields: Option<&'f [Field]>) -> Self {
        Self { begun: true, has_rows: true, is_within: true, ..Self::new(format, fields) }
    }

    /// Appends rows that an encoder [within](Self::within) a reply of this format wrote.
    pub fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.begin(out);
        if self.format == Format::Npy {
            return self.array.piece(piece, out);
        }
        // Within a list every row stands behind a comma, but the first row of all.
        let comma = usize::from(self.format == Format::Json && !self.has_rows);
        if let Some(rows) = piece.get(comma..).filter(|rows| !rows.is_empty()) {
            out.extend_from_slice(rows);
            self.has_rows = true;
        }
    }
}

impl Array {
    /// Takes in arrays that another wrote, one behind the other.
    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some((layout, rows, start)) = Self::split(rest) {
            let end = start + rows * layout.row_bytes();
            self.expect(layout, out);
            self.rows += rows;
            self.elements.extend_from_slice(&rest[start..end]);
            rest = &rest[end..];
        }
    }
}
