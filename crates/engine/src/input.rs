use std::sync::Arc;

use hotplate_tensor::{
    Columns, DType, DataView, Disagreement, InputSpec, Inputs, Schema, TensorView,
};
use ndarray::{ArrayBase, Data, Ix1, Ix2};

use crate::error::{Cause, Error};

/// Rows in a form that an engine takes.
///
/// | Type | Rows |
/// |---|---|
/// | `[f32]`, `[f32; N]`, `Vec<f32>` | one or more, row-major, for a model of one float32 input |
/// | `[[f32; N]]`, `Vec<[f32; N]>` | an array a row |
/// | the same of `f64` | rounded once to float32 |
/// | `ndarray` of one or two axes | one row, or a row per row; copied only where not contiguous |
/// | `[TensorView]` | one tensor per input of the model, rows on axis 0 |
/// | [`Columns`] | cell by cell |
///
/// A row of named cells goes through [`Engine::bind`](crate::Engine::bind).
pub trait Input {
    /// Calls `run` with the rows in the model's own form, made in `staging` where they are not.
    ///
    /// # Errors
    ///
    /// When these rows cannot be the model's.
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error>;

    /// Puts the rows into `staging`, for whoever must have them for longer than the caller.
    ///
    /// # Errors
    ///
    /// When these rows cannot be the model's.
    fn stage(&self, staging: &mut Columns) -> Result<(), Error> {
        let mut made = Columns::new(Arc::clone(staging.schema()));
        self.with_inputs(&mut made, |inputs| staging.copy_from(inputs))?
            .map_err(|problem| Error::new(Cause::Texts { problem }))
    }
}

impl Input for [TensorView<'_>] {
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        check(self, staging.schema())?;
        Ok(run(Inputs::from(self)))
    }
}

impl Input for Columns {
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        let (own, model) = (self.schema().inputs(), staging.schema().inputs());
        if !Arc::ptr_eq(self.schema(), staging.schema()) && own != model {
            let count = |inputs: usize| format!("{inputs} inputs of the model's types and shapes");
            return Err(Error::new(Cause::Shape {
                input: "columns".to_owned(),
                expected: count(model.len()),
                got: "columns of another schema".to_owned(),
            }));
        }
        Ok(run(self.inputs()))
    }
}

impl Input for [f32] {
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        let rows = rows_of_matrix(self.len(), staging.schema())?;
        let input = &staging.schema().inputs()[0];
        if input.dtype != DType::F32 {
            return stage(self.iter().map(|&number| number.into()), staging, run);
        }
        let row_shape = input.row_shape.fixed().unwrap_or_default();
        let view =
            row_shape.with_rows(rows).and_then(|shape| TensorView::new(shape, DataView::F32(self)));
        match view {
            Ok(view) => Ok(run(Inputs::from(&[view][..]))),
            Err(error) => Err(Error::new(Cause::Shape {
                input: input.name.clone(),
                expected: format!("rows of shape {}", input.row_shape),
                got: error.to_string(),
            })),
        }
    }
}

impl Input for [f64] {
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        rows_of_matrix(self.len(), staging.schema())?;
        stage(self.iter().copied(), staging, run)
    }
}

macro_rules! flat_input {
    ($([$($generics:tt)*] $type:ty => |$rows:ident| $flat:expr),+ $(,)?) => {
        $(impl<$($generics)*> Input for $type {
            fn with_inputs<R>(
                &self,
                staging: &mut Columns,
                run: impl FnOnce(Inputs<'_>) -> R,
            ) -> Result<R, Error> {
                let $rows = self;
                $flat.with_inputs(staging, run)
            }
        })+
    };
}

flat_input! {
    [const N: usize] [f32; N] => |rows| rows.as_slice(),
    [const N: usize] [f64; N] => |rows| rows.as_slice(),
    [] Vec<f32> => |rows| rows.as_slice(),
    [] Vec<f64> => |rows| rows.as_slice(),
    [const N: usize] [[f32; N]] => |rows| rows.as_flattened(),
    [const N: usize] [[f64; N]] => |rows| rows.as_flattened(),
    [const N: usize] Vec<[f32; N]> => |rows| rows.as_flattened(),
    [const N: usize] Vec<[f64; N]> => |rows| rows.as_flattened(),
}

impl<S: Data<Elem: Copy + Into<f64>>> Input for ArrayBase<S, Ix1>
where
    [S::Elem]: Input,
{
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        if let Some(row) = self.as_slice() {
            return row.with_inputs(staging, run);
        }
        rows_of_matrix(self.len(), staging.schema())?;
        stage(self.iter().map(|&number| number.into()), staging, run)
    }
}

impl<S: Data<Elem: Copy + Into<f64>>> Input for ArrayBase<S, Ix2>
where
    [S::Elem]: Input,
{
    fn with_inputs<R>(
        &self,
        staging: &mut Columns,
        run: impl FnOnce(Inputs<'_>) -> R,
    ) -> Result<R, Error> {
        check_width(self.ncols(), staging.schema())?;
        if let Some(rows) = self.as_slice() {
            return rows.with_inputs(staging, run);
        }
        stage(self.iter().map(|&number| number.into()), staging, run)
    }
}

/// Puts row-major numbers into the columns of a model of one input.
fn stage<R>(
    numbers: impl Iterator<Item = f64>,
    staging: &mut Columns,
    run: impl FnOnce(Inputs<'_>) -> R,
) -> Result<R, Error> {
    staging.clear();
    let width = staging.schema().columns().len();
    for (index, number) in numbers.enumerate() {
        let column = index % width;
        if column == 0 {
            staging.begin_row();
        }
        staging.set_number(column, number).map_err(|problem| {
            Error::new(Cause::Cell {
                row: index / width,
                column: staging.schema().columns()[column].name.clone(),
                problem,
                got: number.to_string(),
            })
        })?;
    }
    Ok(run(staging.inputs()))
}

/// The number of rows that `len` numbers are, for a model of one input.
fn rows_of_matrix(len: usize, schema: &Schema) -> Result<usize, Error> {
    let width = matrix_width(schema)?;
    if width > 0 && len.is_multiple_of(width) {
        return Ok(len / width);
    }
    let columns = schema.columns().iter().map(|column| column.name.as_str());
    Err(Error::new(Cause::Shape {
        input: schema.inputs()[0].name.clone(),
        expected: format!("rows of {width} numbers ({})", columns.collect::<Vec<_>>().join(", ")),
        got: format!("{len} numbers"),
    }))
}

fn check_width(columns: usize, schema: &Schema) -> Result<(), Error> {
    let width = matrix_width(schema)?;
    if columns == width {
        return Ok(());
    }
    Err(Error::new(Cause::Shape {
        input: schema.inputs()[0].name.clone(),
        expected: format!("{width} columns"),
        got: format!("{columns} columns"),
    }))
}

fn matrix_width(schema: &Schema) -> Result<usize, Error> {
    match schema.inputs() {
        [input] if schema.is_table() => Ok(input.row_shape.width().unwrap_or_default()),
        [input] => Err(Error::new(Cause::Shape {
            input: input.name.clone(),
            expected: format!("a tensor, each row of shape {}", input.row_shape),
            got: "a matrix".to_owned(),
        })),
        inputs => Err(Error::new(Cause::Shape {
            input: inputs.first().map(|input| input.name.clone()).unwrap_or_default(),
            expected: format!("one tensor for each of {} inputs, or a bound row", inputs.len()),
            got: "a matrix".to_owned(),
        })),
    }
}

/// Checks tensors that a caller brought against what the model reads.
fn check(views: &[TensorView<'_>], schema: &Schema) -> Result<(), Error> {
    let inputs = schema.inputs();
    if views.len() != inputs.len() {
        return Err(Error::new(Cause::Shape {
            input: inputs.first().map(|input| input.name.clone()).unwrap_or_default(),
            expected: format!("{} tensors, one for each input", inputs.len()),
            got: views.len().to_string(),
        }));
    }
    let rows = views.first().map_or(0, |view| view.shape().rows());
    for (view, input) in views.iter().zip(inputs) {
        if view.dtype() != input.dtype {
            return Err(Error::new(Cause::Type {
                input: input.name.clone(),
                expected: input.dtype.to_string(),
                got: view.dtype().to_string(),
            }));
        }
        let is_of_rows = view.shape().rank() > 0 && view.shape().rows() == rows;
        if !is_of_rows || !input.row_shape.accepts(&view.shape().of_one_row()) {
            return Err(wrong_shape(input, rows, view));
        }
    }
    match schema.disagreement(|input| views[input].shape().of_one_row()) {
        None => Ok(()),
        Some(Disagreement { dim, first, expected, other, got }) => Err(Error::new(Cause::Shape {
            input: other.to_owned(),
            expected: format!("{dim:?} to be {expected}, as in {first:?}"),
            got: got.to_string(),
        })),
    }
}

fn wrong_shape(input: &InputSpec, rows: usize, view: &TensorView<'_>) -> Error {
    let row = input.row_shape.to_string();
    let separator = if row == "[]" { "" } else { ", " };
    Error::new(Cause::Shape {
        input: input.name.clone(),
        expected: format!("shape [{rows}{separator}{}", row.trim_start_matches('[')),
        got: format!("shape {}", view.shape()),
    })
}
