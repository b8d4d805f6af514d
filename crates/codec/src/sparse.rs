//! Rows that say only some of their cells.

use std::str::FromStr;

use hotplate_tensor::{CellError, Columns, DType, Schema};

use crate::{
    DecodeError, DecodeErrorKind,
    cell::Place,
    vector::{Spot, Vectors},
};

/// The most elements that the sparse rows of one body or block expand to. Of a few bytes each,
/// they would take any memory of a wide model.
pub(crate) const MOST_ELEMENTS: usize = 1 << 26;

/// How sparse rows are read: those of libsvm, of sparse matrices and of sparse tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sparse {
    /// The number of the first column in libsvm; the other formats count from zero.
    pub index_base: IndexBase,
    /// What the cells are that a row does not say.
    pub absent: Absent,
}

/// The number of the first column in libsvm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexBase {
    /// Zero, as scikit-learn's `dump_svmlight_file` writes unless asked otherwise.
    Zero,
    /// One, as LIBSVM itself defines its format. The default: with a file that begins with zero,
    /// this is refused and does not shift columns.
    #[default]
    One,
    /// One unless the body names column zero, as SageMaker's XGBoost container reads it: what a
    /// row means then depends on the rows beside it. Of a file in blocks, the first one decides.
    Auto,
}

/// What the cells are that a sparse row does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// Missing, as XGBoost takes them. Columns without a missing value refuse such rows.
    #[default]
    Missing,
    /// Zero, as linear models and scikit-learn take them. Text is empty.
    Zero,
}

/// The error is what was expected.
impl FromStr for IndexBase {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "0" => Ok(Self::Zero),
            "1" => Ok(Self::One),
            "auto" => Ok(Self::Auto),
            _ => Err("0, 1 or auto"),
        }
    }
}

/// The error is what was expected.
impl FromStr for Absent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "missing" => Ok(Self::Missing),
            "zero" => Ok(Self::Zero),
            _ => Err("missing or zero"),
        }
    }
}

/// Which cells the sparse row at hand has said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// For each element, the row in which it was said last.
    in_row: Vec<u64>,
    row: u64,
}

impl Said {
    /// Begins a row of `width` elements, of which none is said.
    fn begin(&mut self, width: usize) {
        if self.in_row.len() < width {
            self.in_row.resize(width, 0);
        }
        self.row += 1;
    }

    /// Marks an element as said; false when it was.
    #[inline]
    fn enter(&mut self, index: usize) -> bool {
        std::mem::replace(&mut self.in_row[index], self.row) != self.row
    }

    fn holds(&self, index: usize) -> bool {
        self.in_row[index] == self.row
    }
}

/// Fills one sparse row.
#[derive(Debug)]
pub(crate) struct SparseRow<'d> {
    schema: &'d Schema,
    said: &'d mut Said,
    vectors: Vectors,
    absent: Absent,
}

impl<'d> SparseRow<'d> {
    /// Appends a row whose cells are not said yet.
    pub(crate) fn begin(
        schema: &'d Schema,
        said: &'d mut Said,
        vectors: Vectors,
        absent: Absent,
        columns: &mut Columns,
    ) -> Result<Self, DecodeError> {
        columns.begin_row();
        said.begin(vectors.width);
        if absent == Absent::Zero {
            for index in 0..vectors.width {
                let spot = vectors.spot(index);
                if spot.dtype(schema) != DType::Str {
                    let result = spot.put_integer(columns, 0);
                    result.map_err(|error| at(spot, error, "0".to_owned(), schema))?;
                }
            }
        }
        Ok(Self { schema, said, vectors, absent })
    }

    /// Where the element at `index` goes, which is said now.
    #[inline]
    pub(crate) fn say(&mut self, index: usize) -> Result<Spot, DecodeError> {
        let spot = self.vectors.spot(index);
        if self.said.enter(index) { Ok(spot) } else { Err(said_twice(spot, self.schema)) }
    }

    /// Refuses the row if what it does not say has to be said.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.absent == Absent::Zero || !self.vectors.need_values {
            return Ok(());
        }
        for index in 0..self.vectors.width {
            let spot = self.vectors.spot(index);
            let expected = spot.dtype(self.schema);
            if !expected.is_float() && expected != DType::Str && !self.said.holds(index) {
                let error = CellError::Missing { expected };
                return Err(at(spot, error, "no value".to_owned(), self.schema));
            }
        }
        Ok(())
    }
}

#[cold]
fn said_twice(spot: Spot, schema: &Schema) -> DecodeError {
    DecodeError::new(DecodeErrorKind::DuplicateColumn).with_column(spot.name(schema))
}

/// The refusal of a value by the cell where it was to go.
#[cold]
pub(crate) fn at(spot: Spot, error: CellError, got: String, schema: &Schema) -> DecodeError {
    DecodeError::cell(error, got).with_column(spot.name(schema))
}

/// The refusal of an index behind the last element of a row.
#[cold]
pub(crate) fn beyond(index: impl std::fmt::Display, width: usize, base: usize) -> DecodeError {
    let last = width + base - 1;
    DecodeError::new(DecodeErrorKind::WrongArity)
        .with_expected(format!("indices from {base} to {last}").into())
        .with_got(index.to_string())
}

/// The refusal of sparse rows that would take too much memory.
#[cold]
pub(crate) fn too_many_elements() -> DecodeError {
    DecodeError::new(DecodeErrorKind::TooLarge)
        .with_expected(format!("sparse rows of at most {MOST_ELEMENTS} elements in all").into())
        .with_got("more")
}
