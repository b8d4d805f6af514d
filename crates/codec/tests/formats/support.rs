use std::sync::Arc;

use hotplate_codec::{BlockDecoder, DecodeError, DecodeErrorKind, Decoder, Format, Sparse};
use hotplate_tensor::{Columns, DType, DataView, InputSpec, RowDim, RowShape, Schema};

/// An input of float64 of this width, whose columns have no names.
pub(crate) fn matrix(width: usize) -> Arc<Schema> {
    of(&[("x", DType::F64, vec![RowDim::Fixed(width)])])
}

/// An input for each of these columns.
pub(crate) fn table(columns: &[(&str, DType)]) -> Arc<Schema> {
    let inputs: Vec<_> =
        columns.iter().map(|&(name, dtype)| (name, dtype, vec![RowDim::Fixed(1)])).collect();
    of(&inputs)
}

pub(crate) fn of(inputs: &[(&str, DType, Vec<RowDim>)]) -> Arc<Schema> {
    let input = |(name, dtype, dims): &(&str, DType, Vec<RowDim>)| InputSpec {
        name: (*name).to_owned(),
        dtype: *dtype,
        row_shape: RowShape::new(dims.clone()).unwrap(),
    };
    Arc::new(Schema::new(inputs.iter().map(input).collect()).unwrap())
}

pub(crate) fn decode(
    schema: &Arc<Schema>,
    format: Format,
    sparse: Sparse,
    body: &[u8],
) -> Result<Columns, DecodeError> {
    let mut columns = Columns::new(Arc::clone(schema));
    let mut decoder = Decoder::new(Arc::clone(schema)).sparse(sparse);
    decoder.decode(format, body, &mut columns)?;
    // What one body left behind does not change how the next is read.
    let first = shown(&columns);
    decoder.decode(format, body, &mut columns)?;
    assert_eq!(shown(&columns), first);
    Ok(columns)
}

/// The rows of a file that is read in blocks of as many bytes, as one text.
pub(crate) fn in_blocks(
    schema: &Arc<Schema>,
    format: Format,
    body: &[u8],
    step: usize,
) -> Result<String, DecodeError> {
    let mut blocks = BlockDecoder::new(Arc::clone(schema), format);
    let mut columns = Columns::new(Arc::clone(schema));
    let (mut start, mut end, mut rows) = (0, 0, Vec::new());
    while end < body.len() {
        end = body.len().min(end + step);
        let mut whole = blocks.whole_records(&body[start..end]);
        if end == body.len() {
            whole = end - start;
        }
        let stop = start + whole;
        while start < stop {
            start += blocks.decode(&body[start..stop], &mut columns)?;
            if columns.rows() > 0 {
                rows.push(shown(&columns));
            }
        }
    }
    blocks.finish()?;
    Ok(rows.join(" | "))
}

/// Cells between spaces, rows between bars.
pub(crate) fn shown(columns: &Columns) -> String {
    let cell = |row: usize, input: usize, offset: usize| {
        let index = row * columns.row_shape(input).elements() + offset;
        match columns.data(input) {
            DataView::F32(elements) => elements[index].to_string(),
            DataView::F64(elements) => elements[index].to_string(),
            DataView::I64(elements) => elements[index].to_string(),
            DataView::U8(elements) => elements[index].to_string(),
            DataView::Bool(elements) => elements[index].to_string(),
            DataView::Str(texts) => format!("{:?}", texts.get(index)),
            other => panic!("no test shows {}", other.dtype()),
        }
    };
    let row = |row| {
        let inputs = 0..columns.schema().inputs().len();
        let cells = inputs.flat_map(|input| {
            (0..columns.row_shape(input).elements()).map(move |offset| (input, offset))
        });
        cells.map(|(input, offset)| cell(row, input, offset)).collect::<Vec<_>>().join(" ")
    };
    (0..columns.rows()).map(row).collect::<Vec<_>>().join(" | ")
}

/// A body, the kind of its refusal and the sentence for it.
pub(crate) fn refuses(
    schema: &Arc<Schema>,
    format: Format,
    body: &[u8],
    kind: DecodeErrorKind,
    sentence: &str,
) {
    let error = decode(schema, format, Sparse::default(), body).unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (kind, sentence));
}
