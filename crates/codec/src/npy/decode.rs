//! The rows of an array.

use hotplate_tensor::{CellError, Columns, Shape};

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    decoder::Progress,
    npy::{Header, split_header},
    sparse::at,
    vector::{Vectors, no_vectors},
};

/// An array whose rows are being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrayProgress {
    header: Header,
    /// The bytes in front of the first row.
    header_bytes: usize,
    vectors: Vectors,
    /// The shape that each row has where a request chooses it.
    row_shape: Option<Shape>,
    /// The bytes of a row, where rows lie one behind the other.
    row_bytes: usize,
    rows: usize,
    rows_read: usize,
}

impl ArrayProgress {
    /// Whether the elements of a row lie apart.
    fn is_scattered(&self) -> bool {
        self.header.is_fortran && self.rows > 1 && self.vectors.width > 1
            || self.header.is_fortran && self.header.shape.rank() > 2
    }

    /// Where the element at `index` of a row begins; both counted in C order.
    fn offset(&self, row: usize, index: usize) -> usize {
        let at = if self.is_scattered() {
            let (mut rest, mut at, mut stride) = (index, 0, self.header.shape.elements());
            let dims = self.header.shape.dims().get(1..).unwrap_or_default();
            for &dim in dims.iter().rev() {
                stride /= dim;
                at += rest % dim * stride;
                rest /= dim;
            }
            at + row
        } else {
            row * self.vectors.width + index
        };
        at * self.header.element.bytes
    }

    /// The same array, of which the rows were read that stand in front of byte `bytes` of its file.
    pub(crate) fn at(self, bytes: usize) -> Self {
        let rows = bytes.saturating_sub(self.header_bytes).checked_div(self.row_bytes);
        Self { rows_read: rows.unwrap_or_default().min(self.rows), ..self }
    }

    /// Refuses an array of which rows have not come.
    pub(crate) fn check_complete(&self) -> Result<(), DecodeError> {
        if self.rows_read == self.rows { Ok(()) } else { Err(self.wrong_length("fewer")) }
    }

    #[cold]
    fn wrong_length(&self, got: &'static str) -> DecodeError {
        let bytes = self.header.shape.elements() * self.header.element.bytes;
        DecodeError::new(DecodeErrorKind::Malformed)
            .with_expected(format!("{bytes} bytes of elements behind the header").into())
            .with_got(got)
    }
}

/// The length of the header and whole rows that `buffer` begins with.
pub(crate) fn whole_rows(buffer: &[u8], array: Option<&ArrayProgress>) -> usize {
    rows_length(buffer, array, usize::MAX)
}

/// The length of the header or row that `buffer` begins with, or of all where it is not whole.
pub(crate) fn first_row(buffer: &[u8], array: Option<&ArrayProgress>) -> usize {
    match rows_length(buffer, array, 1) {
        0 => buffer.len(),
        length => length,
    }
}

fn rows_length(buffer: &[u8], array: Option<&ArrayProgress>, most: usize) -> usize {
    match (array, array.map_or_else(|| split_header(buffer), |_| Ok(None))) {
        (None, Ok(None)) => 0,
        // The header alone: what a row is, the schema says.
        (None, Ok(Some((_, length)))) => length,
        // To be refused.
        (None, Err(_)) => buffer.len(),
        (Some(array), _) if array.is_scattered() => 0,
        (Some(array), _) if array.rows_read == array.rows => buffer.len(),
        (Some(array), _) => {
            let bytes = array.row_bytes;
            let left = array.rows - array.rows_read;
            bytes * (buffer.len() / bytes).min(most).min(left)
        }
    }
}

impl Decoder {
    /// Appends the rows of the part of an array that `bytes` are.
    pub(crate) fn npy_rows(
        &mut self,
        bytes: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let mut start = 0;
        if progress.array.is_none() {
            let Some((header, length)) = split_header(bytes)? else {
                return Err(DecodeError::new(DecodeErrorKind::Malformed)
                    .with_expected("an npy header".into())
                    .with_got("the end of the body"));
            };
            start = length;
            progress.begun = true;
            self.by_position = true;
            progress.array = Some(self.array(header, length)?);
        }
        let Some(array) = &mut progress.array else { return Ok(start) };
        self.array_rows(array, &bytes[start..], progress.rows, columns)
            .map_err(|error| error.shifted(start))?;
        Ok(bytes.len())
    }

    fn array_rows(
        &mut self,
        array: &mut ArrayProgress,
        bytes: &[u8],
        first_row: usize,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let row_bytes = array.row_bytes;
        // An array without rows may have rows without bytes.
        let rows = bytes.len().checked_div(row_bytes).unwrap_or_default();
        let left = array.rows - array.rows_read;
        if rows > left || rows * row_bytes != bytes.len() {
            return Err(array.wrong_length(if rows < left { "fewer" } else { "more" }));
        }
        if array.is_scattered() && !bytes.is_empty() && rows != array.rows {
            return Err(array.wrong_length("fewer"));
        }
        for row in 0..rows {
            columns.begin_row();
            if let Some(shape) = array.row_shape {
                let result = columns.shape_row(0, shape);
                result.map_err(|_| self.wrong_array(&array.header))?;
            }
            for index in 0..array.vectors.width {
                let element = &bytes[array.offset(row, index)..][..array.header.element.bytes];
                let spot = array.vectors.spot(index);
                let result = array.header.element.put(element, spot, columns, &mut self.scratch);
                result.map_err(|error| {
                    self.array_cell_error(array, error, index, element)
                        .with_offset(array.offset(row, index))
                        .with_row(first_row + row)
                })?;
            }
        }
        array.rows_read += rows;
        Ok(())
    }

    /// The rows that an array has for this schema.
    fn array(&self, header: Header, header_bytes: usize) -> Result<ArrayProgress, DecodeError> {
        let inputs = self.schema.inputs();
        let (is_alone, rank) = match inputs {
            [only] => (true, only.row_shape.dims().len()),
            _ => (false, 1),
        };
        let dims = header.shape.dims();
        let elements = |dims: &[usize]| dims.iter().product::<usize>();
        let fits = |dims: &[usize]| {
            let shape = Shape::new(dims).ok()?;
            (is_alone && inputs[0].row_shape.accepts(&shape)).then_some(shape)
        };
        let (vectors, row_shape, rows) = match Vectors::of(&self.schema) {
            Some(vectors) => {
                let width = vectors.width;
                let rows = match *dims {
                    [] if width == 1 => 1,
                    [rows] if width == 1 => rows,
                    [elements] if elements == width => 1,
                    [rows, elements] if elements == width => rows,
                    [rows, ref row @ ..] if row.len() > 1 && fits(row).is_some() => rows,
                    ref row if row.len() > 1 && fits(row).is_some() => 1,
                    _ => return Err(self.wrong_array(&header)),
                };
                (vectors, None, rows)
            }
            None if !is_alone => return Err(no_vectors(&self.schema, "npy")),
            None => {
                let (rows, row) = match dims.split_first() {
                    Some((&rows, row)) if row.len() == rank => (rows, row),
                    _ => (1, dims),
                };
                let shape = fits(row).ok_or_else(|| self.wrong_array(&header))?;
                (Vectors::of_tensor(elements(row)), Some(shape), rows)
            }
        };
        let row_bytes = vectors.width.checked_mul(header.element.bytes);
        let row_bytes = row_bytes.ok_or_else(|| self.wrong_array(&header))?;
        let rows_read = 0;
        let array =
            ArrayProgress { header, header_bytes, vectors, row_shape, row_bytes, rows, rows_read };
        // Rows without bytes would be as many as the header says.
        if rows > 0 && array.row_bytes == 0 {
            return Err(self.wrong_array(&array.header));
        }
        // One row of a Fortran array has its first dimension where many have their rows.
        if rows == 1 && array.is_scattered() && array.header.shape.dims().first() != Some(&1) {
            return Err(self.wrong_array(&array.header).with_advice("save it in C order"));
        }
        Ok(array)
    }

    /// The refusal of an array for its shape.
    #[cold]
    fn wrong_array(&self, array: &Header) -> DecodeError {
        let expected = match Vectors::of(&self.schema) {
            Some(vectors) => format!("an array of shape [rows, {}]", vectors.width),
            None => {
                let row = self.schema.inputs()[0].row_shape.to_string();
                format!("an array of shape [rows, {}", row.trim_start_matches('['))
            }
        };
        DecodeError::new(DecodeErrorKind::WrongShape)
            .with_expected(expected.into())
            .with_got(array.shape.to_string())
    }

    #[cold]
    fn array_cell_error(
        &mut self,
        array: &ArrayProgress,
        error: CellError,
        index: usize,
        element: &[u8],
    ) -> DecodeError {
        let spot = array.vectors.spot(index);
        let got = array.header.element.describe(element, &mut self.scratch);
        let got = got.unwrap_or_else(|| "bytes that are no text".to_owned());
        at(spot, error, got, &self.schema)
    }
}
