mod independent;

use std::sync::Arc;

use hotplate_tensor::{Columns, Schema};

use crate::{
    BadRecord, DecodeError, Decoder, Format, Sparse, TextRequest, csv, decoder::Progress, npy,
    record_io,
};

/// Of lines whose shapes may differ, what is looked through at once.
const LINES_BYTES: usize = 16 << 10;

/// Decodes a file block by block, so that it never has to be in memory at once.
///
/// The rules are those of [`Decoder`] over the whole file: a header is seen once, rows and lines
/// are numbered on, and blank lines are forgiven at the end only. A block ends where a record
/// does, which [`whole_records`](Self::whole_records) finds. A JSON document is one record, so
/// its only block is the whole file.
///
/// The rows of a block are of one shape. Where rows are made of tensors whose shape is open, the
/// lines of a file may have different ones: [`decode`](Self::decode) then ends a block early.
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
        let has_open_shapes = schema.inputs().iter().any(|input| input.row_shape.fixed().is_none());
        let splits_at_shapes =
            matches!(format, Format::JsonLines | Format::RecordIo) && has_open_shapes;
        let progress = Progress { splits_at_shapes, in_blocks: true, ..Progress::default() };
        Self { decoder: Decoder::new(schema), format, progress }
    }

    /// Whether names that no column has are passed over; see
    /// [`Decoder::ignore_unknown_columns`].
    #[must_use]
    pub fn ignore_unknown_columns(mut self, ignore: bool) -> Self {
        self.decoder = self.decoder.ignore_unknown_columns(ignore);
        self
    }

    /// How sparse rows are read; see [`Decoder::sparse`].
    #[must_use]
    pub fn sparse(mut self, sparse: Sparse) -> Self {
        self.decoder = self.decoder.sparse(sparse);
        self
    }

    /// Whether bodies in Hugging Face's form are taken; see [`Decoder::text_requests`].
    #[must_use]
    pub fn text_requests(mut self, taken: bool) -> Self {
        self.decoder = self.decoder.text_requests(taken);
        self
    }

    /// What the last block asked for beside its rows; see [`Decoder::text_request`].
    pub const fn text_request(&self) -> Option<TextRequest> {
        self.decoder.text_request()
    }

    /// Replaces what `columns` holds by the rows of the next block, of which there may be none, and
    /// returns the length of what was decoded.
    ///
    /// That is all of `block`, unless the shape of rows is open: then it is some whole lines, at
    /// least one, and what is behind them begins the next block.
    ///
    /// # Errors
    ///
    /// When the block does not hold rows of the schema. A file of no rows is no error; see
    /// [`is_blank`](Self::is_blank) for one of nothing at all.
    ///
    /// # Panics
    ///
    /// When `columns` is of another schema.
    pub fn decode(&mut self, block: &[u8], columns: &mut Columns) -> Result<usize, DecodeError> {
        if block.is_empty() {
            columns.clear();
            return Ok(0);
        }
        let start = self.progress.bytes;
        let part = self.part(block);
        let length = self.decoder.decode_part(self.format, part, &mut self.progress, columns)?;
        self.pass(start, &block[..length], columns.rows());
        Ok(length)
    }

    /// As [`decode`](Self::decode), but a record that is no row is left out of `columns` and told
    /// in `bad`, whose content is replaced. So one bad line does not lose a file: of a block's
    /// `columns.rows() + bad.len()` records, each has a row or a reason, in order.
    ///
    /// Blank lines between records are bad ones where they are no rows. In CSV, a record with a
    /// quote that is misplaced or never closed ends with the line that the quote is in. A JSON
    /// document is one record and is refused as a whole.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use hotplate_codec::{BlockDecoder, Format};
    /// # use hotplate_tensor::{Columns, DType, InputSpec, Schema};
    /// # let input = InputSpec { name: "x".into(), dtype: DType::F32, row_shape: 1.into() };
    /// # let schema = Arc::new(Schema::new(vec![input])?);
    /// let mut columns = Columns::new(Arc::clone(&schema));
    /// let mut bad = Vec::new();
    /// let mut decoder = BlockDecoder::new(schema, Format::Csv);
    /// decoder.decode_lenient(b"1.5\noops\n2.5\n", &mut columns, &mut bad)?;
    /// assert_eq!((columns.rows(), bad.len(), bad[0].index), (2, 1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the block is refused as a whole: for a CSV header that does not fit the schema, for
    /// UTF-16, or for what is wrong in a format that is not a list of records.
    ///
    /// # Panics
    ///
    /// When `columns` is of another schema.
    pub fn decode_lenient(
        &mut self,
        block: &[u8],
        columns: &mut Columns,
        bad: &mut Vec<BadRecord>,
    ) -> Result<usize, DecodeError> {
        bad.clear();
        if block.is_empty() {
            columns.clear();
            return Ok(0);
        }
        let start = self.progress.bytes;
        let part = self.part(block);
        let progress = &mut self.progress;
        let length = self.decoder.decode_part_lenient(self.format, part, progress, columns, bad)?;
        self.pass(start, &block[..length], columns.rows() + bad.len());
        Ok(length)
    }

    /// Counts a block, which began at `start` and is these bytes.
    fn pass(&mut self, start: usize, block: &[u8], records: usize) {
        self.progress.bytes = start + block.len();
        self.progress.lines += memchr::memchr_iter(b'\n', block).count();
        self.progress.rows += records;
    }

    /// What of `block` is worth a look: all, or some lines when each could be of another shape than
    /// the one in front, so that to decode a file is one pass.
    fn part<'b>(&self, block: &'b [u8]) -> &'b [u8] {
        if !self.progress.splits_at_shapes || self.format != Format::JsonLines {
            return block;
        }
        let near = &block[..block.len().min(LINES_BYTES)];
        let length = match memchr::memrchr(b'\n', near) {
            _ if near.len() == block.len() => block.len(),
            Some(last) => last + 1,
            None => self.first_record(block),
        };
        &block[..length]
    }

    /// The length of the whole records at the beginning of `buffer`, which continues the file
    /// where the last block ended. What is behind them needs more bytes, or is the file's last
    /// record if there are none.
    pub fn whole_records(&self, buffer: &[u8]) -> usize {
        match self.format {
            Format::Csv => csv::whole_records(buffer, self.progress.bytes == 0),
            Format::Json | Format::Npz | Format::Text => 0,
            Format::Npy => npy::whole_rows(buffer, self.progress.array.as_ref()),
            Format::RecordIo => record_io::whole_records(buffer),
            Format::JsonLines | Format::Libsvm => {
                memchr::memrchr(b'\n', buffer).map_or(0, |last| last + 1)
            }
        }
    }

    /// The length of the first record of `buffer`, which continues the file where the last block
    /// ended: of all of `buffer` if no line end closes the record, or if it is one to be refused
    /// for its quotes. No byte behind the record is looked at otherwise, so that to walk a file
    /// record by record is one pass.
    pub fn first_record(&self, buffer: &[u8]) -> usize {
        match self.format {
            Format::Csv => csv::first_record(buffer, self.progress.bytes == 0),
            Format::Json | Format::Npz | Format::Text => buffer.len(),
            Format::Npy => npy::first_row(buffer, self.progress.array.as_ref()),
            Format::RecordIo => record_io::first_record(buffer),
            Format::JsonLines | Format::Libsvm => {
                memchr::memchr(b'\n', buffer).map_or(buffer.len(), |first| first + 1)
            }
        }
    }

    /// Refuses a file that ended here and announced more than came, as an array does that was cut
    /// between rows.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::Malformed`](crate::DecodeErrorKind::Malformed), with what should have
    /// come.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.progress.check_complete()
    }

    /// Whether nothing but blank lines was decoded so far. A whole file of that says nothing, not
    /// even that it has no rows, as a header alone or `[]` does; [`Decoder::decode`] refuses such
    /// a body.
    pub const fn is_blank(&self) -> bool {
        !self.progress.begun
    }

    /// Whether some row of a table so far was cells without names, so that their order alone says
    /// which columns they are.
    pub const fn has_rows_by_position(&self) -> bool {
        match self.format {
            Format::Csv => self.progress.begun && !self.progress.has_header,
            _ => self.decoder.by_position,
        }
    }
}
