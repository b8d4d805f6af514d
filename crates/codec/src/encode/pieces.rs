use super::Encoder;
use crate::{Field, Format};

impl<'f> Encoder<'f> {
    /// An encoder of rows within a reply, whose beginning and end others write: what it appends is
    /// a piece for [`piece`](Self::piece). It is never [finished](Self::finish).
    pub const fn within(format: Format, fields: Option<&'f [Field]>) -> Self {
        Self { format, fields, begun: true, has_rows: true }
    }

    /// Appends rows that an encoder [within](Self::within) a reply of this format wrote.
    pub fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.begin(out);
        // Within a list every row stands behind a comma, but the first row of all.
        let comma = usize::from(self.format == Format::Json && !self.has_rows);
        if let Some(rows) = piece.get(comma..).filter(|rows| !rows.is_empty()) {
            out.extend_from_slice(rows);
            self.has_rows = true;
        }
    }
}
