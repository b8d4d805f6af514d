use std::sync::Arc;

use hotplate_codec::{DecodeError, DecodeErrorKind, Decoder, Format};
use hotplate_tensor::{Columns, DType, DataView, InputSpec, RowDim, RowShape, Schema};

/// A schema with an input for each of these columns.
pub(crate) fn schema(columns: &[(&str, DType)]) -> Arc<Schema> {
    let input = |&(name, dtype): &(&str, DType)| InputSpec {
        name: name.to_owned(),
        dtype,
        row_shape: 1.into(),
    };
    Arc::new(Schema::new(columns.iter().map(input).collect()).unwrap())
}

/// Three columns of three kinds.
pub(crate) fn mixed() -> Arc<Schema> {
    schema(&[("tenure", DType::F32), ("contract", DType::Str), ("calls", DType::I64)])
}

/// One input of this width, whose columns have no names.
pub(crate) fn matrix(width: usize) -> Arc<Schema> {
    let input = InputSpec { name: "x".into(), dtype: DType::F64, row_shape: width.into() };
    Arc::new(Schema::new(vec![input]).unwrap())
}

/// A schema with an input for each of these, its dimensions as in `3 n ?`: numbers are fixed, names
/// and question marks open.
pub(crate) fn tensors(inputs: &[(&str, DType, &str)]) -> Arc<Schema> {
    let dim = |dim: &str| match dim.parse() {
        Ok(fixed) => RowDim::Fixed(fixed),
        Err(_) => RowDim::Open((dim != "?").then(|| dim.to_owned())),
    };
    let input = |&(name, dtype, dims): &(&str, DType, &str)| InputSpec {
        name: name.to_owned(),
        dtype,
        row_shape: RowShape::new(dims.split_whitespace().map(dim).collect()).unwrap(),
    };
    Arc::new(Schema::new(inputs.iter().map(input).collect()).unwrap())
}

/// What a BERT reads, without its third input.
pub(crate) fn bert() -> Arc<Schema> {
    tensors(&[("input_ids", DType::I64, "sequence"), ("attention_mask", DType::I64, "sequence")])
}

/// The rows of a body, or why there are none.
pub(crate) fn decode(
    schema: &Arc<Schema>,
    format: Format,
    body: &[u8],
) -> Result<Columns, DecodeError> {
    let mut columns = Columns::new(Arc::clone(schema));
    Decoder::new(Arc::clone(schema)).decode(format, body, &mut columns)?;
    Ok(columns)
}

/// A body and its rows, as [`shown`] writes them.
pub(crate) fn accepts(schema: &Arc<Schema>, format: Format, cases: &[(&str, &str)]) {
    for (body, rows) in cases {
        let columns = decode(schema, format, body.as_bytes())
            .unwrap_or_else(|error| panic!("{body:?} is refused: {error}"));
        assert_eq!(shown(&columns), *rows, "{body:?}");
    }
}

/// A body, the kind of its refusal and the sentence for it.
pub(crate) fn refuses(
    schema: &Arc<Schema>,
    format: Format,
    cases: &[(&str, DecodeErrorKind, &str)],
) {
    for (body, kind, sentence) in cases {
        let error = decode(schema, format, body.as_bytes())
            .expect_err(&format!("{body:?} should be refused"));
        assert_eq!((error.kind(), &*error.to_string()), (*kind, *sentence), "{body:?}");
    }
}

/// Rows as text: cells between spaces, rows between bars. Of tensors, inputs between bars: the
/// shape of a row, and the elements of all rows.
pub(crate) fn shown(columns: &Columns) -> String {
    if !columns.schema().is_table() {
        return shown_tensors(columns);
    }
    let cell = |row: usize, column: &hotplate_tensor::Column| {
        let width = columns.schema().inputs()[column.input].row_shape.width().unwrap();
        let index = row * width + column.offset;
        match columns.data(column.input) {
            DataView::F32(elements) => elements[index].to_string(),
            DataView::F64(elements) => elements[index].to_string(),
            DataView::I64(elements) => elements[index].to_string(),
            DataView::U8(elements) => elements[index].to_string(),
            DataView::Bool(elements) => elements[index].to_string(),
            DataView::Str(strings) => format!("{:?}", strings.get(index)),
            other => panic!("no test shows {}", other.dtype()),
        }
    };
    let row = |row| {
        let cells = columns.schema().columns().iter().map(|column| cell(row, column));
        cells.collect::<Vec<_>>().join(" ")
    };
    (0..columns.rows()).map(row).collect::<Vec<_>>().join(" | ")
}

fn shown_tensors(columns: &Columns) -> String {
    fn join<T: ToString>(elements: impl IntoIterator<Item = T>) -> String {
        elements.into_iter().map(|element| element.to_string()).collect::<Vec<_>>().join(" ")
    }
    let input = |input: usize| {
        let elements = match columns.data(input) {
            DataView::F32(elements) => join(elements),
            DataView::I64(elements) => join(elements),
            DataView::Bool(elements) => join(elements),
            DataView::Str(strings) => join(strings.iter().map(|text| format!("{text:?}"))),
            other => panic!("no test shows {}", other.dtype()),
        };
        format!("{} {elements}", columns.row_shape(input)).trim_end().to_owned()
    };
    let inputs = 0..columns.schema().inputs().len();
    format!("{} x {}", columns.rows(), inputs.map(input).collect::<Vec<_>>().join(" | "))
}
