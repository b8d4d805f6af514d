use std::sync::Arc;

use hotplate_tensor::{Columns, Schema};

use crate::{DecodeError, Decoder, Format, csv, decoder::Progress};

/// Decodes a file block by block, so that it never has to be in memory at once.
///
/// The rules are those of [`Decoder`] over the whole file: a header is seen once, rows and lines
/// are numbered on, and blank lines are forgiven at the end only. A block ends where a record
/// does, which [`whole_records`](Self::whole_records) finds. A JSON document is one record, so
/// its only block is the whole file.
///
/// After an error the rest of the file is not decoded; make a new decoder.
#[derive(Debug)]
pub struct BlockDecoder {
    decoder: Decoder,
    format: Format,
    progress: Progress,
}

impl BlockDecoder {
    /// A decoder of a file of rows of `schema`.
    pub fn new(schema: Arc<Schema>, format: Format) -> Self {
        Self { decoder: Decoder::new(schema), format, progress: Progress::default() }
    }

    /// Whether names that no column has are passed over; see
    /// [`Decoder::ignore_unknown_columns`].
    #[must_use]
    pub fn ignore_unknown_columns(mut self, ignore: bool) -> Self {
        self.decoder = self.decoder.ignore_unknown_columns(ignore);
        self
    }

    /// Replaces what `columns` holds by the rows of the next block, of which there may be none.
    ///
    /// # Errors
    ///
    /// When the block does not hold rows of the schema. A file of no rows is no error; see
    /// [`is_blank`](Self::is_blank) for one of nothing at all.
    ///
    /// # Panics
    ///
    /// When `columns` is of another schema.
    pub fn decode(&mut self, block: &[u8], columns: &mut Columns) -> Result<(), DecodeError> {
        if block.is_empty() {
            columns.clear();
            return Ok(());
        }
        let start = self.progress.bytes;
        self.decoder.decode_part(self.format, block, &mut self.progress, columns)?;
        self.progress.bytes = start + block.len();
        self.progress.lines += memchr::memchr_iter(b'\n', block).count();
        self.progress.rows += columns.rows();
        Ok(())
    }

    /// The length of the whole records at the beginning of `buffer`, which continues the file
    /// where the last block ended. What is behind them needs more bytes, or is the file's last
    /// record if there are none.
    pub fn whole_records(&self, buffer: &[u8]) -> usize {
        match self.format {
            Format::Csv => csv::whole_records(buffer, self.progress.bytes == 0),
            Format::Json => 0,
            Format::JsonLines => memchr::memrchr(b'\n', buffer).map_or(0, |last| last + 1),
        }
    }

    /// The length of the first record of `buffer`, which continues the file where the last block
    /// ended: of all of `buffer` if no line end closes the record, or if it is one to be refused
    /// for its quotes. No byte behind the record is looked at otherwise, so that to walk a file
    /// record by record is one pass.
    pub fn first_record(&self, buffer: &[u8]) -> usize {
        match self.format {
            Format::Csv => csv::first_record(buffer, self.progress.bytes == 0),
            Format::Json => buffer.len(),
            Format::JsonLines => {
                memchr::memchr(b'\n', buffer).map_or(buffer.len(), |first| first + 1)
            }
        }
    }

    /// Whether nothing but blank lines was decoded so far. A whole file of that says nothing, not
    /// even that it has no rows, as a header alone or `[]` does; [`Decoder::decode`] refuses such
    /// a body.
    pub const fn is_blank(&self) -> bool {
        !self.progress.begun
    }
}
