use std::sync::Arc;

use crate::{CellError, DType, Data, DataView, Inputs, Schema, Value};

/// The rows of one request, cell by cell, in the typed buffers that the model reads.
///
/// [`begin_row`](Self::begin_row) appends a row in which every cell is missing; the setters then
/// fill the cells of that last row in any order; of a cell that is set twice the last value counts,
/// and one that cannot be set stays as it was. Nothing is allocated once the buffers have grown.
#[derive(Clone, Debug)]
pub struct Columns {
    schema: Arc<Schema>,
    inputs: Vec<Data>,
    rows: usize,
}

impl Columns {
    /// No rows yet, of this schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        let inputs = schema.inputs().iter().map(|input| Data::new(input.dtype)).collect();
        Self { schema, inputs, rows: 0 }
    }

    /// What a row consists of.
    pub const fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The number of rows begun.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Removes every row and keeps the memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.inputs.iter_mut().for_each(Data::clear);
    }

    /// Appends a row. Its cells are NaN in float columns, empty in text columns, and zero in
    /// integer columns, which the caller must set.
    pub fn begin_row(&mut self) {
        self.rows += 1;
        for (data, spec) in self.inputs.iter_mut().zip(self.schema.inputs()) {
            let len = self.rows * spec.width();
            match data {
                Data::F32(elements) => elements.resize(len, f32::NAN),
                Data::F64(elements) => elements.resize(len, f64::NAN),
                Data::Bool(elements) => elements.resize(len, false),
                Data::I8(elements) => elements.resize(len, 0),
                Data::I16(elements) => elements.resize(len, 0),
                Data::I32(elements) => elements.resize(len, 0),
                Data::I64(elements) => elements.resize(len, 0),
                Data::U8(elements) => elements.resize(len, 0),
                Data::U16(elements) => elements.resize(len, 0),
                Data::U32(elements) => elements.resize(len, 0),
                Data::U64(elements) => elements.resize(len, 0),
                Data::Str(strings) => strings.resize(len),
            }
        }
    }

    /// Sets a cell of the last row to whatever `value` is.
    ///
    /// # Errors
    ///
    /// When the column cannot hold the value.
    ///
    /// # Panics
    ///
    /// This and the other setters panic when no row was begun or there is no such column.
    pub fn set(&mut self, column: usize, value: Value<'_>) -> Result<(), CellError> {
        match value {
            Value::Missing => self.set_missing(column),
            Value::Number(number) => self.set_number(column, number),
            Value::Integer(integer) => self.set_integer(column, integer),
            Value::Bool(truth) => self.set_bool(column, truth),
            Value::Text(text) => self.set_text(column, text),
        }
    }

    /// Sets a cell of the last row to a number, rounded once to a float column's type.
    ///
    /// # Errors
    ///
    /// [`CellError::WrongType`] in a text column, [`CellError::OutOfRange`] for a number that is
    /// not exactly one of an integer column's.
    #[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is the contract")]
    pub fn set_number(&mut self, column: usize, number: f64) -> Result<(), CellError> {
        let (data, index) = self.cell(column);
        match data {
            Data::F32(elements) => elements[index] = number as f32,
            Data::F64(elements) => elements[index] = number,
            Data::Str(_) => return Err(CellError::WrongType { expected: DType::Str }),
            _ => return self.set_integer(column, exact_integer(number, self.dtype(column))?),
        }
        Ok(())
    }

    /// Sets a cell of the last row to an integer.
    ///
    /// # Errors
    ///
    /// [`CellError::WrongType`] in a text column, [`CellError::OutOfRange`] when an integer column
    /// cannot hold it.
    pub fn set_integer(&mut self, column: usize, integer: i64) -> Result<(), CellError> {
        let expected = self.dtype(column);
        let (data, index) = self.cell(column);
        let out_of_range = CellError::OutOfRange { expected };
        match data {
            #[expect(clippy::cast_precision_loss, reason = "a float column rounds once")]
            Data::F32(elements) => elements[index] = integer as f32,
            #[expect(clippy::cast_precision_loss, reason = "a float column rounds once")]
            Data::F64(elements) => elements[index] = integer as f64,
            Data::Bool(elements) => {
                elements[index] = match integer {
                    0 => false,
                    1 => true,
                    _ => return Err(out_of_range),
                }
            }
            Data::I8(elements) => elements[index] = narrow(integer, expected)?,
            Data::I16(elements) => elements[index] = narrow(integer, expected)?,
            Data::I32(elements) => elements[index] = narrow(integer, expected)?,
            Data::I64(elements) => elements[index] = integer,
            Data::U8(elements) => elements[index] = narrow(integer, expected)?,
            Data::U16(elements) => elements[index] = narrow(integer, expected)?,
            Data::U32(elements) => elements[index] = narrow(integer, expected)?,
            Data::U64(elements) => elements[index] = narrow(integer, expected)?,
            Data::Str(_) => return Err(CellError::WrongType { expected }),
        }
        Ok(())
    }

    /// Sets a cell of the last row to a truth value; a numeric column takes one or zero.
    ///
    /// # Errors
    ///
    /// [`CellError::WrongType`] in a text column.
    pub fn set_bool(&mut self, column: usize, truth: bool) -> Result<(), CellError> {
        self.set_integer(column, i64::from(truth))
    }

    /// Sets a cell of the last row to text.
    ///
    /// # Errors
    ///
    /// [`CellError::WrongType`] unless the column is one of text.
    pub fn set_text(&mut self, column: usize, text: &str) -> Result<(), CellError> {
        let expected = self.dtype(column);
        match self.cell(column) {
            (Data::Str(strings), index) => strings.set(index, text),
            _ => Err(CellError::WrongType { expected }),
        }
    }

    /// Sets a cell of the last row to what is missing: NaN, or the empty text.
    ///
    /// # Errors
    ///
    /// [`CellError::Missing`] in a column of integers or truth values.
    pub fn set_missing(&mut self, column: usize) -> Result<(), CellError> {
        let expected = self.dtype(column);
        match self.cell(column) {
            (Data::F32(elements), index) => elements[index] = f32::NAN,
            (Data::F64(elements), index) => elements[index] = f64::NAN,
            (Data::Str(strings), index) => strings.set(index, "")?,
            _ => return Err(CellError::Missing { expected }),
        }
        Ok(())
    }

    /// The elements of one input, row-major.
    ///
    /// # Panics
    ///
    /// When the schema has no such input.
    pub fn data(&self, input: usize) -> DataView<'_> {
        self.inputs[input].view()
    }

    /// Every input, as a plan takes them.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs::from(self)
    }

    fn dtype(&self, column: usize) -> DType {
        self.schema.columns()[column].dtype
    }

    /// The buffer that holds `column`, and the index of the last row's cell in it.
    fn cell(&mut self, column: usize) -> (&mut Data, usize) {
        let column = &self.schema.columns()[column];
        let width = self.schema.inputs()[column.input].width();
        let index = (self.rows - 1) * width + column.offset;
        (&mut self.inputs[column.input], index)
    }
}

fn narrow<T: TryFrom<i64>>(integer: i64, expected: DType) -> Result<T, CellError> {
    T::try_from(integer).map_err(|_| CellError::OutOfRange { expected })
}

/// `number` as the integer that it is exactly.
fn exact_integer(number: f64, expected: DType) -> Result<i64, CellError> {
    // Both bounds are powers of two and so exact: every double in between has an i64.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if number.trunc() == number && (-BOUND..BOUND).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
        return Ok(number as i64);
    }
    Err(CellError::OutOfRange { expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputSpec, Shape, StrView};

    fn columns(dtypes: &[DType]) -> Columns {
        let inputs = dtypes
            .iter()
            .enumerate()
            .map(|(index, &dtype)| InputSpec {
                name: format!("c{index}"),
                dtype,
                row_shape: Shape::of_rows(1),
            })
            .collect();
        Columns::new(Arc::new(Schema::new(inputs).unwrap()))
    }

    #[test]
    fn cells_are_missing_until_they_are_set() {
        let mut columns = columns(&[DType::F32, DType::Str]);
        columns.begin_row();
        columns.begin_row();
        columns.set_text(1, "yes").unwrap();
        let DataView::F32(numbers) = columns.data(0) else { panic!("float32 column") };
        assert!(numbers.iter().all(|number| number.is_nan()));
        let DataView::Str(texts) = columns.data(1) else { panic!("string column") };
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["", "yes"]);
    }

    #[test]
    fn cell_that_is_set_again_holds_the_last_value() {
        let mut columns = columns(&[DType::F32, DType::F64, DType::Str, DType::I64]);
        for _ in 0..2 {
            columns.begin_row();
            columns.set(0, Value::Number(1.5)).unwrap();
            columns.set(1, Value::Integer(2)).unwrap();
            columns.set(2, Value::Text("yes")).unwrap();
            columns.set(3, Value::Integer(3)).unwrap();
        }
        for column in 0..3 {
            columns.set(column, Value::Missing).unwrap();
        }
        // What a column has no value for leaves the cell as it was.
        columns.set(3, Value::Missing).unwrap_err();
        assert!(matches!(columns.data(0), DataView::F32([1.5, last]) if last.is_nan()));
        assert!(matches!(columns.data(1), DataView::F64([2.0, last]) if last.is_nan()));
        assert_eq!(columns.data(2), DataView::Str(StrView::from(&["yes", ""][..])));
        assert_eq!(columns.data(3), DataView::I64(&[3, 3]));

        columns.set(0, Value::Number(2.5)).unwrap();
        columns.set(2, Value::Text("no")).unwrap();
        columns.set(2, Value::Text("perhaps")).unwrap();
        assert_eq!(columns.data(0), DataView::F32(&[1.5, 2.5]));
        assert_eq!(columns.data(2), DataView::Str(StrView::from(&["yes", "perhaps"][..])));
    }

    #[test]
    fn cells_of_a_matrix_are_set_in_any_order() {
        let matrix =
            InputSpec { name: "x".into(), dtype: DType::F32, row_shape: Shape::of_rows(3) };
        let mut columns = Columns::new(Arc::new(Schema::new(vec![matrix]).unwrap()));
        for row in 0..2 {
            columns.begin_row();
            for column in [2, 0, 1] {
                columns.set_number(column, f64::from(row * 10) + column as f64).unwrap();
            }
        }
        assert_eq!(columns.data(0), DataView::F32(&[0.0, 1.0, 2.0, 10.0, 11.0, 12.0]));
    }

    #[test]
    fn integers_are_kept_exactly_or_refused() {
        let mut columns = columns(&[DType::I64, DType::U8, DType::Bool]);
        columns.begin_row();
        columns.set_integer(0, i64::MAX).unwrap();
        assert_eq!(columns.data(0), DataView::I64(&[i64::MAX]));
        let out_of_range = Err(CellError::OutOfRange { expected: DType::U8 });
        assert_eq!(columns.set_number(1, 256.0), out_of_range);
        assert_eq!(columns.set_number(1, 1.5), out_of_range);
        assert_eq!(columns.set_number(1, f64::NAN), out_of_range);
        columns.set_number(1, 255.0).unwrap();
        columns.set_bool(2, true).unwrap();
        assert_eq!(
            columns.set_integer(2, 2).unwrap_err().to_string().split(' ').next(),
            Some("expected")
        );
        assert_eq!(columns.set_missing(0), Err(CellError::Missing { expected: DType::I64 }));
    }

    #[test]
    fn kinds_do_not_mix() {
        let mut columns = columns(&[DType::F32, DType::Str]);
        columns.begin_row();
        assert_eq!(columns.set_text(0, "12"), Err(CellError::WrongType { expected: DType::F32 }));
        assert_eq!(columns.set_number(1, 12.0), Err(CellError::WrongType { expected: DType::Str }));
    }
}
