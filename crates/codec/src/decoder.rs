use std::sync::Arc;

use hotplate_tensor::{Columns, Schema};
use memchr::memchr_iter;

use crate::{
    BadRecord, DecodeError, DecodeErrorKind, Format, Sparse, cell,
    names::{Header, RollCall},
    npy::ArrayProgress,
    npz::Archived,
    scan::plain_length,
    sparse::Said,
    tensors::Tensors,
    texts::{self, TextRequest},
};

/// U+FEFF, which some programs put in front of UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Decodes bodies of one schema, and keeps its scratch between them.
///
/// ```
/// use std::sync::Arc;
///
/// use hotplate_codec::{Decoder, Format};
/// use hotplate_tensor::{Columns, DType, DataView, InputSpec, Schema};
///
/// let input = |name: &str, dtype| InputSpec { name: name.into(), dtype, row_shape: 1.into() };
/// let inputs = vec![input("tenure", DType::F32), input("contract", DType::Str)];
/// let schema = Arc::new(Schema::new(inputs)?);
///
/// let mut columns = Columns::new(Arc::clone(&schema));
/// let mut decoder = Decoder::new(schema);
/// decoder.decode(Format::Csv, b"12,Two year\n,One year\n", &mut columns)?;
/// assert_eq!(columns.rows(), 2);
///
/// let body = br#"{"instances": [{"contract": "Two year", "tenur": 12}]}"#;
/// let error = decoder.decode(Format::Json, body, &mut columns).unwrap_err();
/// assert_eq!(error.to_string(), r#"row 0: unknown column "tenur"; did you mean "tenure"?"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    pub(crate) schema: Arc<Schema>,
    pub(crate) ignore_unknown: bool,
    /// Whether a record of the columns' names could be a row as well.
    pub(crate) header_may_fit: bool,
    /// Whether columns have names, and each stands in JSON as it is, without escapes.
    pub(crate) has_plain_names: bool,
    /// Whether rows are texts, and bodies may be in Hugging Face's form.
    pub(crate) is_text: bool,
    /// What the last body asked for, if it was in that form.
    pub(crate) text_request: Option<TextRequest>,
    pub(crate) roll: RollCall,
    pub(crate) header: Header,
    /// Text whose escapes were undone; valid until the next cell is read.
    pub(crate) scratch: String,
    pub(crate) tensors: Tensors,
    /// Of a document in column form: each column or input and where its next value begins.
    pub(crate) lists: Vec<(usize, usize)>,
    /// Whether some JSON row was cells without names.
    pub(crate) by_position: bool,
    pub(crate) sparse: Sparse,
    pub(crate) said: Said,
    /// The keys of the sparse row at hand.
    pub(crate) keys: Vec<usize>,
    /// The text of an element of an archive.
    pub(crate) cell_text: String,
    pub(crate) archived: Archived,
}

/// How far into a body or a file a decoder has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Whether anything but blank lines was seen, so that no header can follow.
    pub(crate) begun: bool,
    /// Whether the first record was a header.
    pub(crate) has_header: bool,
    /// Whether rows that are too many for one block may be left for the next.
    pub(crate) in_blocks: bool,
    /// The array that rows are read of, once its header is known.
    pub(crate) array: Option<ArrayProgress>,
    /// The number of the first column of libsvm, once it is known.
    pub(crate) index_base: Option<usize>,
    /// Whether rows of another shape than the ones in front are left for the next block.
    pub(crate) splits_at_shapes: bool,
    /// The blank lines since the last record; the end of a body forgives them.
    pub(crate) blank_lines: usize,
    /// Rows, lines and bytes in front of the block at hand.
    pub(crate) rows: usize,
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
    /// The records of the block at hand that are no rows; none where the first refuses the block.
    pub(crate) bad: Option<Vec<BadRecord>>,
    /// How many lines end in front of this byte of the text at hand, so that none is counted twice.
    pub(crate) counted: Counted,
}

/// A place in text and the lines in front of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    byte: usize,
    lines: usize,
}

impl Progress {
    /// The line in the file of what is at `byte` of the text at hand; places are asked for in their
    /// order.
    pub(crate) fn line_at(&mut self, text: &str, byte: usize) -> usize {
        let between = &text.as_bytes()[self.counted.byte..byte];
        let lines = self.counted.lines + memchr_iter(b'\n', between).count();
        self.counted = Counted { byte, lines };
        self.lines + lines + 1
    }

    /// Refuses the whole of a body that ended here, if more should have come.
    pub(crate) fn check_complete(&self) -> Result<(), DecodeError> {
        self.array.as_ref().map_or(Ok(()), ArrayProgress::check_complete)
    }

    /// Refuses a body that says nothing, or not all that it should.
    fn check_body(&self) -> Result<(), DecodeError> {
        if self.begun {
            self.check_complete()
        } else {
            Err(DecodeError::new(DecodeErrorKind::Empty))
        }
    }
}

impl Decoder {
    /// A decoder of rows of `schema`.
    pub fn new(schema: Arc<Schema>) -> Self {
        let columns = schema.columns();
        Self {
            ignore_unknown: false,
            header_may_fit: header_may_fit(&schema),
            has_plain_names: schema.is_named()
                && columns
                    .iter()
                    .all(|column| plain_length(column.name.as_bytes()) == column.name.len()),
            is_text: texts::are_rows_of(&schema),
            text_request: None,
            roll: RollCall::new(columns.len()),
            header: Header::default(),
            scratch: String::new(),
            tensors: Tensors::of(&schema),
            lists: Vec::new(),
            by_position: false,
            sparse: Sparse::default(),
            said: Said::default(),
            keys: Vec::new(),
            cell_text: String::new(),
            archived: Archived::default(),
            schema,
        }
    }

    /// Whether names that no column has are passed over with their values, as for a file that
    /// carries the target. They are refused unless this is set.
    #[must_use]
    pub fn ignore_unknown_columns(mut self, ignore: bool) -> Self {
        self.ignore_unknown = ignore;
        self
    }

    /// How sparse rows are read. The default is [`Sparse::default`].
    #[must_use]
    pub fn sparse(mut self, sparse: Sparse) -> Self {
        self.sparse = sparse;
        self
    }

    /// Whether bodies in Hugging Face's form are taken where rows are texts. They are, unless this
    /// is unset, as for a model from elsewhere, whose clients mean TensorFlow Serving's `inputs`.
    #[must_use]
    pub const fn text_requests(mut self, taken: bool) -> Self {
        self.is_text &= taken;
        self
    }

    /// What the last body asked for beside its rows, if it was in Hugging Face's form.
    pub const fn text_request(&self) -> Option<TextRequest> {
        self.text_request
    }

    /// Replaces what `columns` holds by the rows of a whole body; by none when it is refused.
    ///
    /// # Errors
    ///
    /// When the body does not hold rows of the schema. A body without bytes is
    /// [`DecodeErrorKind::Empty`]; one that says that it has no rows, such as `[]`, is fine.
    ///
    /// # Panics
    ///
    /// When `columns` is of another schema.
    pub fn decode(
        &mut self,
        format: Format,
        body: &[u8],
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let mut progress = Progress::default();
        self.decode_part(format, body, &mut progress, columns)?;
        progress.check_body().inspect_err(|_| columns.clear())
    }

    /// As [`decode`](Self::decode), but a record that is no row is left out of `columns` and told
    /// in `bad`, whose content is replaced; see [`BlockDecoder::decode_lenient`].
    ///
    /// # Errors
    ///
    /// When the body is refused as a whole.
    ///
    /// # Panics
    ///
    /// When `columns` is of another schema.
    ///
    /// [`BlockDecoder::decode_lenient`]: crate::BlockDecoder::decode_lenient
    pub fn decode_lenient(
        &mut self,
        format: Format,
        body: &[u8],
        columns: &mut Columns,
        bad: &mut Vec<BadRecord>,
    ) -> Result<(), DecodeError> {
        let mut progress = Progress::default();
        self.decode_part_lenient(format, body, &mut progress, columns, bad)?;
        progress.check_body().inspect_err(|_| {
            columns.clear();
            bad.clear();
        })
    }

    /// Replaces what `columns` holds by the rows of the part of a body at `progress`. Returns the
    /// length of what was decoded, which is all of it unless rows are left for the next block.
    pub(crate) fn decode_part(
        &mut self,
        format: Format,
        part: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        assert!(
            Arc::ptr_eq(&self.schema, columns.schema())
                || (self.schema.columns() == columns.schema().columns()
                    && self.schema.inputs() == columns.schema().inputs()),
            "the columns are of another schema than the decoder"
        );
        columns.clear();
        self.text_request = None;
        let result = self.rows(format, part, progress, columns);
        result.map_err(|error| {
            columns.clear();
            error.shifted(progress.bytes)
        })
    }

    fn rows(
        &mut self,
        format: Format,
        part: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        match format {
            Format::Npy => return self.npy_rows(part, progress, columns),
            Format::Npz => return self.npz_rows(part, progress, columns),
            Format::RecordIo => return self.record_io_rows(part, progress, columns),
            Format::Csv | Format::Json | Format::JsonLines | Format::Libsvm | Format::Text => {}
        }
        if progress.bytes > 0 {
            return self.text_rows(format, part, progress, columns);
        }
        refuse_utf16(part)?;
        let text = part.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(part);
        progress.bytes = part.len() - text.len();
        let read = self.text_rows(format, text, progress, columns)?;
        Ok(progress.bytes + read)
    }

    /// How many cells a row by position has.
    pub(crate) fn width(&self) -> usize {
        self.schema.columns().len()
    }

    /// A row of `got` cells where `expected` belong.
    #[cold]
    pub(crate) fn wrong_arity(expected: usize, got: impl Into<String>) -> DecodeError {
        let cells = if expected == 1 { "cell" } else { "cells" };
        DecodeError::new(DecodeErrorKind::WrongArity)
            .with_expected(format!("{expected} {cells}").into())
            .with_got(got)
    }
}

/// Whether each column could hold the name of some column. Where one cannot, a row never is a
/// header, and bodies of rows are not looked through for names.
fn header_may_fit(schema: &Arc<Schema>) -> bool {
    let columns = schema.columns();
    if !schema.is_named() {
        return false;
    }
    let mut row = Columns::new(Arc::clone(schema));
    row.begin_row();
    let mut seen = Vec::new();
    columns.iter().enumerate().all(|(index, column)| {
        // One column stands for all of its type.
        if seen.contains(&column.dtype) {
            return true;
        }
        seen.push(column.dtype);
        columns.iter().any(|named| cell::set_plain(&mut row, index, &named.name).is_ok())
    })
}

/// Refuses a body that begins like UTF-16.
fn refuse_utf16(body: &[u8]) -> Result<(), DecodeError> {
    // ASCII in UTF-16 is valid UTF-8 with a NUL in every other byte.
    match body {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
            Err(DecodeError::new(DecodeErrorKind::NotUtf8)
                .with_expected("UTF-8".into())
                .with_got("UTF-16"))
        }
        _ => Ok(()),
    }
}
