//! Rows that are one vector of elements, as formats of numbers have them.

use hotplate_tensor::{CellError, Columns, DType, Schema};

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    cell::{Element, Place},
    tensors::example,
};

/// What the vectors of a schema are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vectors {
    /// The number of elements of a row.
    pub(crate) width: usize,
    is_table: bool,
    /// Whether some element has no missing value.
    pub(crate) need_values: bool,
}

/// Where an element of a vector goes: into a column of a table, or into the only input.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot {
    Column(usize),
    Element(Element),
}

impl Vectors {
    /// The vectors of rows that are a table, or one input whose dimensions are fixed.
    pub(crate) fn of(schema: &Schema) -> Option<Self> {
        let has_missing = |dtype: DType| dtype.is_float() || dtype == DType::Str;
        let need_values = schema.inputs().iter().any(|input| !has_missing(input.dtype));
        if schema.is_table() {
            return Some(Self { width: schema.columns().len(), is_table: true, need_values });
        }
        match schema.inputs() {
            [only] => {
                let width = only.row_shape.width().filter(|&width| width > 0)?;
                Some(Self { width, is_table: false, need_values })
            }
            _ => None,
        }
    }

    /// Vectors of this many elements of an only input.
    pub(crate) const fn of_tensor(width: usize) -> Self {
        Self { width, is_table: false, need_values: false }
    }

    #[inline]
    pub(crate) const fn spot(&self, index: usize) -> Spot {
        if self.is_table { Spot::Column(index) } else { Spot::Element(Element { input: 0, index }) }
    }
}

impl Decoder {
    /// What vectors are rows.
    ///
    /// # Errors
    ///
    /// Where none is, for a row is made of several tensors or its length is open.
    pub(crate) fn vectors(&self, got: &'static str) -> Result<Vectors, DecodeError> {
        Vectors::of(&self.schema).ok_or_else(|| no_vectors(&self.schema, got))
    }
}

/// The refusal of a format of vectors.
#[cold]
pub(crate) fn no_vectors(schema: &Schema, got: &'static str) -> DecodeError {
    let row = example(schema);
    let expected = format!("JSON, for rows of this model are made of tensors: {row}");
    DecodeError::new(DecodeErrorKind::WrongType).with_expected(expected.into()).with_got(got)
}

/// Does the same with a column and with an element.
macro_rules! either {
    ($spot:ident, $place:ident => $do:expr) => {
        match $spot {
            Self::Column($place) => $do,
            Self::Element($place) => $do,
        }
    };
}

impl Place for Spot {
    #[inline]
    fn dtype(self, schema: &Schema) -> DType {
        either!(self, place => place.dtype(schema))
    }

    fn name(self, schema: &Schema) -> &str {
        either!(self, place => place.name(schema))
    }

    #[inline]
    fn put_missing(self, columns: &mut Columns) -> Result<(), CellError> {
        either!(self, place => place.put_missing(columns))
    }

    #[inline]
    fn put_number(self, columns: &mut Columns, number: f64) -> Result<(), CellError> {
        either!(self, place => place.put_number(columns, number))
    }

    #[inline]
    fn put_integer(self, columns: &mut Columns, integer: i64) -> Result<(), CellError> {
        either!(self, place => place.put_integer(columns, integer))
    }

    #[inline]
    fn put_bool(self, columns: &mut Columns, truth: bool) -> Result<(), CellError> {
        either!(self, place => place.put_bool(columns, truth))
    }

    #[inline]
    fn put_text(self, columns: &mut Columns, text: &str) -> Result<(), CellError> {
        either!(self, place => place.put_text(columns, text))
    }
}
