//! The matrix in an archive.

use std::{mem, ops::Range};

use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    decoder::Progress,
    error::quoted_text,
    npy::{Header, split_header},
    npz::zip::{Archive, Inflater},
    number::Number,
    sparse::{MOST_ELEMENTS, SparseRow, at, beyond, too_many_elements},
    vector::Vectors,
};

/// Memory for what an archive expands to.
#[derive(Debug, Default)]
pub(crate) struct Archived {
    inflater: Inflater,
    files: [Vec<u8>; 3],
    /// Of entries that are not in the order of rows: where the entries of each row begin, and each
    /// entry's column and number.
    starts: Vec<usize>,
    entries: Vec<(usize, usize)>,
}

/// An array of an archive.
#[derive(Clone, Copy, Debug)]
struct Array<'a> {
    header: Header,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    fn of(file: &'a [u8]) -> Result<Self, DecodeError> {
        let split = split_header(file)?;
        let array = split.and_then(|(header, length)| {
            let bytes = header.shape.elements() * header.element.bytes;
            Some(Self { header, bytes: file[length..].get(..bytes)? })
        });
        array.ok_or_else(|| malformed("an array as long as its header says"))
    }

    fn len(&self) -> usize {
        self.header.shape.elements()
    }

    fn element(&self, index: usize) -> &'a [u8] {
        let bytes = self.header.element.bytes;
        &self.bytes[index * bytes..][..bytes]
    }

    /// The element at `index` as an index or a number of something.
    fn index(&self, index: usize) -> Result<usize, DecodeError> {
        let element = match index < self.len() {
            true => self.header.element.integer(self.element(index)),
            false => return Err(malformed("as many indices as the matrix has")),
        };
        let number = match element {
            Number::Integer(integer) => usize::try_from(integer).ok(),
            _ => None,
        };
        number.ok_or_else(|| malformed("indices that are whole and not negative"))
    }
}

impl Array<'_> {
    /// From the index at `at` to the one behind it.
    fn range(&self, at: usize) -> Result<Range<usize>, DecodeError> {
        let range = self.index(at)?..self.index(at + 1)?;
        if range.start > range.end {
            return Err(malformed("indices of which none is below the one in front"));
        }
        Ok(range)
    }
}

/// A matrix of which entries are read.
struct Matrix<'a> {
    rows: usize,
    vectors: Vectors,
    values: Array<'a>,
}

impl Decoder {
    /// Appends the rows of a whole archive.
    pub(crate) fn npz_rows(
        &mut self,
        bytes: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let mut archived = mem::take(&mut self.archived);
        let result = self.matrix_rows(bytes, &mut archived, columns);
        self.archived = archived;
        result?;
        progress.begun = true;
        self.by_position = true;
        Ok(bytes.len())
    }

    fn matrix_rows(
        &mut self,
        bytes: &[u8],
        archived: &mut Archived,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let vectors = self.vectors("npz")?;
        let archive = Archive::of(bytes)?;
        let Archived { inflater, files: [first, second, third], starts, entries } = archived;
        let find = |name| archive.file(name)?.ok_or_else(|| missing(name));

        let format = Array::of(find("format.npy")?.read(inflater, first)?)?;
        let is_text = format.len() == 1 && {
            let element = format.header.element;
            element.text(format.element(0), &mut self.scratch).is_some()
        };
        let (rows_file, columns_file) = match &*self.scratch {
            "csr" | "csc" | "bsr" if is_text => ("indptr.npy", "indices.npy"),
            "coo" if is_text => ("row.npy", "col.npy"),
            other => {
                return Err(DecodeError::new(DecodeErrorKind::WrongType)
                    .with_expected("a sparse matrix in csr, csc, coo or bsr".into())
                    .with_got(quoted_text(if is_text { other } else { "" })));
            }
        };
        let shape = Array::of(find("shape.npy")?.read(inflater, first)?)?;
        if shape.len() != 2 {
            return Err(malformed("a matrix of two dimensions"));
        }
        let (rows, width) = (shape.index(0)?, shape.index(1)?);
        if width != vectors.width {
            return Err(Self::wrong_arity(vectors.width, width.to_string()));
        }
        if rows.saturating_mul(width) > MOST_ELEMENTS {
            return Err(too_many_elements());
        }
        let row_array = Array::of(find(rows_file)?.read(inflater, first)?)?;
        let column_array = Array::of(find(columns_file)?.read(inflater, second)?)?;
        let values = Array::of(find("data.npy")?.read(inflater, third)?)?;
        let matrix = Matrix { rows, vectors, values };

        match self.scratch.as_bytes() {
            b"csr" => self.blocks(&matrix, row_array, column_array, [1, 1], columns),
            b"bsr" => match *values.header.shape.dims() {
                [_, high, wide] if high > 0 && wide > 0 && !values.header.is_fortran => {
                    self.blocks(&matrix, row_array, column_array, [high, wide], columns)
                }
                _ => Err(malformed("blocks of at least one element")),
            },
            b"csc" => {
                sort_rows(rows, values.len(), starts, entries, |each| {
                    for column in 0..width {
                        for entry in row_array.range(column)? {
                            each(column_array.index(entry)?, column, entry)?;
                        }
                    }
                    Ok(())
                })?;
                self.sorted_rows(&matrix, starts, entries, columns)
            }
            _ => {
                sort_rows(rows, values.len(), starts, entries, |each| {
                    (0..row_array.len()).try_for_each(|entry| {
                        each(row_array.index(entry)?, column_array.index(entry)?, entry)
                    })
                })?;
                self.sorted_rows(&matrix, starts, entries, columns)
            }
        }
    }

    /// Appends the rows of blocks of this size, which lie in the order of rows.
    fn blocks(
        &mut self,
        matrix: &Matrix<'_>,
        starts: Array<'_>,
        block_columns: Array<'_>,
        [high, wide]: [usize; 2],
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        for row in 0..matrix.rows {
            let (band, within) = (row / high, row % high);
            let entries = starts.range(band)?.map(|block| {
                // What overflows is behind the last column and the last value as well.
                let column = block_columns.index(block)?.saturating_mul(wide);
                Ok((column, block.saturating_mul(high).saturating_add(within).saturating_mul(wide)))
            });
            let entries = entries.flat_map(|entry| {
                let wide = if entry.is_ok() { wide } else { 1 };
                (0..wide).map(move |at| match &entry {
                    Ok((column, value)) => {
                        Ok((column.saturating_add(at), value.saturating_add(at)))
                    }
                    Err(error) => Err(DecodeError::clone(error)),
                })
            });
            self.matrix_row(matrix, entries, columns).map_err(|error| error.with_row(row))?;
        }
        Ok(())
    }

    fn sorted_rows(
        &mut self,
        matrix: &Matrix<'_>,
        starts: &[usize],
        entries: &[(usize, usize)],
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        for row in 0..matrix.rows {
            let entries = entries[starts[row]..starts[row + 1]].iter().map(|&entry| Ok(entry));
            self.matrix_row(matrix, entries, columns).map_err(|error| error.with_row(row))?;
        }
        Ok(())
    }

    /// Appends a row of entries, each its column and the number of its value.
    fn matrix_row(
        &mut self,
        matrix: &Matrix<'_>,
        entries: impl Iterator<Item = Result<(usize, usize), DecodeError>>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let (schema, vectors, values) = (&self.schema, matrix.vectors, &matrix.values);
        let absent = self.sparse.absent;
        let mut cells = SparseRow::begin(schema, &mut self.said, vectors, absent, columns)?;
        for entry in entries {
            let (column, value) = entry?;
            if column >= vectors.width {
                return Err(beyond(column, vectors.width, 0));
            }
            if value >= values.len() {
                return Err(malformed("as many values as indices"));
            }
            let spot = cells.say(column)?;
            let (element, bytes) = (values.header.element, values.element(value));
            element.put(bytes, spot, columns, &mut self.cell_text).map_err(|error| {
                let got = element.describe(bytes, &mut self.cell_text);
                at(spot, error, got.unwrap_or_else(|| "bytes that are no text".to_owned()), schema)
            })?;
        }
        cells.finish()
    }
}

/// Takes one entry: its row, its column and its number.
type Each<'e> = &'e mut dyn FnMut(usize, usize, usize) -> Result<(), DecodeError>;

/// Puts the entries that `all` gives, twice, in the order of their rows. Of one value there is one
/// entry: lists that overlap would be as long as they like.
fn sort_rows(
    rows: usize,
    values: usize,
    starts: &mut Vec<usize>,
    entries: &mut Vec<(usize, usize)>,
    all: impl Fn(Each<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    starts.clear();
    starts.resize(rows + 2, 0);
    let mut count = 0;
    all(&mut |row, _, _| {
        if row >= rows {
            return Err(malformed("entries of rows that the matrix has"));
        }
        if count == values {
            return Err(malformed("as many values as indices"));
        }
        starts[row + 2] += 1;
        count += 1;
        Ok(())
    })?;
    for row in 2..rows + 2 {
        starts[row] += starts[row - 1];
    }
    entries.clear();
    entries.resize(count, (0, 0));
    // Of each row, where its next entry goes is one place further on, until all are there.
    all(&mut |row, column, entry| {
        entries[starts[row + 1]] = (column, entry);
        starts[row + 1] += 1;
        Ok(())
    })
}

#[cold]
fn missing(name: &str) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Malformed)
        .with_expected(format!("a sparse matrix of SciPy, with {name}").into())
        .with_got("an archive without it")
}

#[cold]
fn malformed(expected: &'static str) -> DecodeError {
    DecodeError::malformed(expected).with_got("other numbers")
}
