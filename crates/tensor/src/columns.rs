use std::sync::Arc;

use crate::{
    CellError, Data, DataView, InputSpec, Inputs, Schema, Shape, ShapeError, Value,
    cell::{put_integer, put_missing, put_number, put_text},
};

/// The rows of one request, cell by cell, in the typed buffers that the model reads.
///
/// A cell is a column of the last row, or, as every row of tensors has them, an element of an
/// input. An input with open dimensions gets its shape from [`shape_row`](Self::shape_row) when the
/// first row was begun; all rows of a request have the same.
///
/// [`begin_row`](Self::begin_row) appends a row in which every cell is missing; the setters then
/// fill the cells of that last row in any order; of a cell that is set twice the last value counts,
/// and one that cannot be set stays as it was. Nothing is allocated once the buffers have grown.
#[derive(Clone, Debug)]
pub struct Columns {
    schema: Arc<Schema>,
    inputs: Vec<Buffer>,
    rows: usize,
}

/// The elements of one input.
#[derive(Clone, Debug)]
struct Buffer {
    data: Data,
    /// With open dimensions `[0]` until it is known.
    row_shape: Shape,
    /// The number of elements of a row.
    width: usize,
}

impl Buffer {
    fn new(spec: &InputSpec) -> Self {
        let row_shape = spec.row_shape.fixed().unwrap_or(Shape::of_rows(0));
        Self { data: Data::new(spec.dtype), row_shape, width: row_shape.elements() }
    }

    /// Gives the buffer this number of rows; elements that are new are missing.
    fn resize(&mut self, rows: usize) {
        resize(&mut self.data, rows * self.width);
    }
}

impl Columns {
    /// No rows yet, of this schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        let inputs = schema.inputs().iter().map(Buffer::new).collect();
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
        for (buffer, spec) in self.inputs.iter_mut().zip(self.schema.inputs()) {
            buffer.data.clear();
            if spec.row_shape.fixed().is_none() {
                buffer.row_shape = Shape::of_rows(0);
                buffer.width = 0;
            }
        }
    }

    /// Appends a row. Its cells are NaN in float columns, empty in text columns, and zero in
    /// integer columns, which the caller must set.
    pub fn begin_row(&mut self) {
        self.rows += 1;
        self.inputs.iter_mut().for_each(|buffer| buffer.resize(self.rows));
    }

    /// Takes the last row back.
    ///
    /// # Panics
    ///
    /// When no row was begun.
    pub fn drop_row(&mut self) {
        assert!(self.rows > 0, "no row was begun");
        if self.rows == 1 {
            return self.clear();
        }
        self.rows -= 1;
        self.inputs.iter_mut().for_each(|buffer| buffer.resize(self.rows));
    }

    /// Gives an input's elements of the last row their shape; as new, they are missing.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Row`] when rows of this input cannot have the shape, or the rows in front have
    /// another.
    ///
    /// # Panics
    ///
    /// When no row was begun or there is no such input.
    pub fn shape_row(&mut self, input: usize, shape: Shape) -> Result<(), ShapeError> {
        assert!(self.rows > 0, "no row was begun");
        let fits = self.schema.inputs()[input].row_shape.accepts(&shape);
        let buffer = &mut self.inputs[input];
        if fits && buffer.row_shape == shape {
            return Ok(());
        }
        // All rows of a request are alike: only the first may choose.
        if !fits || self.rows > 1 {
            return Err(ShapeError::Row { got: shape });
        }
        buffer.row_shape = shape;
        buffer.width = shape.elements();
        buffer.data.clear();
        buffer.resize(1);
        Ok(())
    }

    /// The shape of every row of an input. One with open dimensions is `[0]` until it is given.
    ///
    /// # Panics
    ///
    /// When there is no such input.
    pub fn row_shape(&self, input: usize) -> &Shape {
        &self.inputs[input].row_shape
    }

    /// Sets an element of an input's last row to whatever `value` is, as [`set`](Self::set) does
    /// for a column.
    ///
    /// # Errors
    ///
    /// When the input cannot hold the value.
    ///
    /// # Panics
    ///
    /// When no row was begun, or there is no such input or element.
    pub fn set_element(
        &mut self,
        input: usize,
        element: usize,
        value: Value<'_>,
    ) -> Result<(), CellError> {
        let (data, index) = self.element(input, element);
        match value {
            Value::Missing => put_missing(data, index),
            Value::Number(number) => put_number(data, index, number),
            Value::Integer(integer) => put_integer(data, index, integer),
            Value::Bool(truth) => put_integer(data, index, i64::from(truth)),
            Value::Text(text) => put_text(data, index, text),
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
    pub fn set_number(&mut self, column: usize, number: f64) -> Result<(), CellError> {
        let (data, index) = self.cell(column);
        put_number(data, index, number)
    }

    /// Sets a cell of the last row to an integer.
    ///
    /// # Errors
    ///
    /// [`CellError::WrongType`] in a text column, [`CellError::OutOfRange`] when an integer column
    /// cannot hold it.
    pub fn set_integer(&mut self, column: usize, integer: i64) -> Result<(), CellError> {
        let (data, index) = self.cell(column);
        put_integer(data, index, integer)
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
        let (data, index) = self.cell(column);
        put_text(data, index, text)
    }

    /// Sets a cell of the last row to what is missing: NaN, or the empty text.
    ///
    /// # Errors
    ///
    /// [`CellError::Missing`] in a column of integers or truth values.
    pub fn set_missing(&mut self, column: usize) -> Result<(), CellError> {
        let (data, index) = self.cell(column);
        put_missing(data, index)
    }

    /// The elements of one input, row-major.
    ///
    /// # Panics
    ///
    /// When the schema has no such input.
    pub fn data(&self, input: usize) -> DataView<'_> {
        self.inputs[input].data.view()
    }

    /// Replaces every row by those of `inputs`.
    ///
    /// # Errors
    ///
    /// When the texts of an input would pass 4 GiB; there are no rows then.
    ///
    /// # Panics
    ///
    /// When these are not inputs of the schema's number and types.
    pub fn copy_from(&mut self, inputs: Inputs<'_>) -> Result<(), CellError> {
        assert_eq!(inputs.len(), self.inputs.len(), "inputs of another schema");
        self.rows = inputs.rows();
        for index in 0..inputs.len() {
            let (buffer, data) = (&mut self.inputs[index], inputs.data(index));
            assert_eq!(data.dtype(), buffer.data.dtype(), "inputs of another schema");
            buffer.row_shape = inputs.row_shape(index);
            buffer.width = buffer.row_shape.elements();
            if let Err(error) = buffer.data.copy_from(data) {
                self.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Every input, as a plan takes them.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs::from(self)
    }

    /// The buffer that holds `column`, and the index of the last row's cell in it.
    fn cell(&mut self, column: usize) -> (&mut Data, usize) {
        let column = &self.schema.columns()[column];
        let buffer = &mut self.inputs[column.input];
        let index = (self.rows - 1) * buffer.width + column.offset;
        (&mut buffer.data, index)
    }

    /// The buffer of an input, and the index of the last row's `element` in it.
    fn element(&mut self, input: usize, element: usize) -> (&mut Data, usize) {
        let Buffer { data, width, .. } = &mut self.inputs[input];
        assert!(element < *width, "element {element} of a row of {width}");
        (data, (self.rows - 1) * *width + element)
    }
}

/// Gives `data` this length; elements that are new are missing.
fn resize(data: &mut Data, len: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, RowDim, RowShape, StrView};

    fn columns(dtypes: &[DType]) -> Columns {
        let inputs = dtypes
            .iter()
            .enumerate()
            .map(|(index, &dtype)| InputSpec {
                name: format!("c{index}"),
                dtype,
                row_shape: 1.into(),
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
    fn copied_rows_are_those_of_another() {
        let mut rows = columns(&[DType::F32, DType::Str, DType::I64]);
        for row in 0..3 {
            rows.begin_row();
            rows.set_number(0, f64::from(row)).unwrap();
            rows.set_text(1, ["a", "", "ccc"][row as usize]).unwrap();
            rows.set_integer(2, i64::from(-row)).unwrap();
        }
        let mut copy = Columns::new(Arc::clone(rows.schema()));
        copy.begin_row();
        copy.copy_from(rows.inputs()).unwrap();
        assert_eq!(copy.rows(), 3);
        for input in 0..3 {
            assert_eq!(copy.data(input), rows.data(input));
            assert_eq!(copy.row_shape(input), rows.row_shape(input));
        }
        assert_eq!(copy.inputs().bytes(), 3 * 4 + 4 + 3 * 8);
        copy.begin_row();
        assert_eq!(copy.data(0).len(), 4);
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
        let matrix = InputSpec { name: "x".into(), dtype: DType::F32, row_shape: 3.into() };
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
    fn first_row_chooses_the_open_dimensions() {
        let row_shape = RowShape::new(vec![RowDim::Open(None), RowDim::Fixed(2)]).unwrap();
        let input = InputSpec { name: "x".into(), dtype: DType::I64, row_shape };
        let mut columns = Columns::new(Arc::new(Schema::new(vec![input]).unwrap()));
        for _ in 0..2 {
            columns.clear();
            columns.begin_row();
            let [long, short] = [[3, 2], [1, 2]].map(|dims| Shape::new(&dims).unwrap());
            columns.shape_row(0, long).unwrap();
            columns.shape_row(0, short).unwrap();
            columns.set_element(0, 1, Value::Integer(7)).unwrap();
            columns.begin_row();
            columns.shape_row(0, short).unwrap();
            assert_eq!(columns.shape_row(0, long), Err(ShapeError::Row { got: long }));
            columns.set_element(0, 0, Value::Number(8.0)).unwrap();
            assert_eq!(columns.data(0), DataView::I64(&[0, 7, 8, 0]));
            assert_eq!(columns.row_shape(0), &short);
            columns.drop_row();
            assert_eq!((columns.rows(), columns.data(0)), (1, DataView::I64(&[0, 7])));
            columns.drop_row();
            columns.begin_row();
            columns.shape_row(0, long).unwrap();
        }
    }
}
