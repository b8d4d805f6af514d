//! One row out of many.

use anyhow::Result;
use hotplate::{Columns, DataView, Value};

/// The value at this place of a tensor; what is missing says so.
pub(crate) fn value(data: DataView<'_>, at: usize) -> Value<'_> {
    let number = |number: f64| match number.is_nan() {
        true => Value::Missing,
        false => Value::Number(number),
    };
    match data {
        DataView::Bool(elements) => Value::Bool(elements[at]),
        DataView::I8(elements) => Value::Integer(elements[at].into()),
        DataView::I16(elements) => Value::Integer(elements[at].into()),
        DataView::I32(elements) => Value::Integer(elements[at].into()),
        DataView::I64(elements) => Value::Integer(elements[at]),
        DataView::U8(elements) => Value::Integer(elements[at].into()),
        DataView::U16(elements) => Value::Integer(elements[at].into()),
        DataView::U32(elements) => Value::Integer(elements[at].into()),
        DataView::U64(elements) => match i64::try_from(elements[at]) {
            Ok(integer) => Value::Integer(integer),
            #[expect(clippy::cast_precision_loss, reason = "rows bring such integers as doubles")]
            Err(_) => Value::Number(elements[at] as f64),
        },
        DataView::F32(elements) => number(elements[at].into()),
        DataView::F64(elements) => number(elements[at]),
        DataView::Str(texts) if texts.get(at).is_empty() => Value::Missing,
        DataView::Str(texts) => Value::Text(texts.get(at)),
        _ => Value::Missing,
    }
}

/// Appends a row of other columns of the same schema.
///
/// # Errors
///
/// When the row has another shape than the ones in front.
pub(crate) fn append(from: &Columns, row: usize, to: &mut Columns) -> Result<()> {
    to.begin_row();
    for input in 0..from.schema().inputs().len() {
        let shape = *from.row_shape(input);
        to.shape_row(input, shape)?;
        let first = row * shape.elements();
        for element in 0..shape.elements() {
            to.set_element(input, element, value(from.data(input), first + element))?;
        }
    }
    Ok(())
}
