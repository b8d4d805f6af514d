//! No bytes make a decoder panic, and a file in blocks gives the rows that it gives as a whole.

#![no_main]

use std::sync::Arc;

use hotplate_codec::{BlockDecoder, Decoder, Format, Predictions, TextRequest, encode_texts};
use hotplate_tensor::{Columns, DType, DataView, InputSpec, RowDim, RowShape, Schema};
use libfuzzer_sys::fuzz_target;

fn schema(columns: &[(&str, DType, usize)]) -> Arc<Schema> {
    let input = |&(name, dtype, width): &(&str, DType, usize)| InputSpec {
        name: name.to_owned(),
        dtype,
        row_shape: width.into(),
    };
    Arc::new(Schema::new(columns.iter().map(input).collect()).unwrap())
}

/// A dimension that a body chooses.
fn open(name: Option<&str>) -> RowDim {
    RowDim::Open(name.map(str::to_owned))
}

fn tensors(inputs: Vec<(&str, DType, Vec<RowDim>)>) -> Arc<Schema> {
    let input = |(name, dtype, dims): (&str, DType, Vec<RowDim>)| InputSpec {
        name: name.to_owned(),
        dtype,
        row_shape: RowShape::new(dims).unwrap(),
    };
    Arc::new(Schema::new(inputs.into_iter().map(input).collect()).unwrap())
}

/// Answers so many texts of three classes in the form that was asked for.
fn answer_texts(request: &TextRequest, rows: usize) {
    let predictions = Predictions::Classifier {
        labels: DataView::I64(&vec![1; rows]),
        probabilities: DataView::F32(&[0.25, 0.5, 0.25].repeat(rows)),
        classes: 3,
        names: Some(DataView::I64(&[0, 1, 2])),
        margins: Some(DataView::F32(&[-1.0, 2.0, f32::NAN].repeat(rows))),
    };
    assert_eq!(request.fits(&predictions), Ok(true));
    encode_texts(request, &predictions, &mut Vec::new());
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let format = [Format::Csv, Format::Json, Format::JsonLines][usize::from(choice % 3)];
    let schema = match choice / 3 % 10 {
        0 => schema(&[("a", DType::F32, 1), ("b", DType::Str, 1), ("c", DType::I64, 1)]),
        1 => schema(&[("instances", DType::Str, 1), ("data", DType::Str, 1)]),
        2 => schema(&[("x", DType::F64, 3)]),
        3 if choice >= 120 => schema(&[("text", DType::Str, 1), ("text_pair", DType::Str, 1)]),
        3 => schema(&[("text", DType::Str, 1)]),
        4 => tensors(vec![
            ("a", DType::I64, vec![open(Some("n"))]),
            ("b", DType::Str, vec![open(Some("n")), open(None)]),
        ]),
        5 => tensors(vec![("x", DType::F32, vec![RowDim::Fixed(2), open(None)])]),
        6 => tensors(vec![("x", DType::F32, vec![RowDim::Fixed(2), RowDim::Fixed(2)])]),
        7 => tensors(vec![("x", DType::F32, vec![open(None), RowDim::Fixed(2)])]),
        8 => tensors(vec![("x", DType::F32, vec![RowDim::Fixed(0), RowDim::Fixed(3)])]),
        _ => tensors(vec![
            ("a", DType::I64, vec![open(None)]),
            ("b", DType::Str, vec![RowDim::Fixed(1)]),
            ("c", DType::Bool, Vec::new()),
        ]),
    };
    let ignore = choice / 30 % 2 == 1;

    let mut columns = Columns::new(Arc::clone(&schema));
    let mut decoder = Decoder::new(Arc::clone(&schema)).ignore_unknown_columns(ignore);
    let whole = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
    if let (Ok(rows), Some(request)) = (&whole, decoder.text_request()) {
        answer_texts(&request, *rows);
    }
    // What one body left behind does not change how the next is read.
    let again = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
    assert_eq!(whole, again);

    let mut blocks = BlockDecoder::new(schema, format).ignore_unknown_columns(ignore);
    let mut rows = 0;
    let middle = blocks.whole_records(&body[..body.len() / 2]);
    for mut block in [&body[..middle], &body[middle..]] {
        while !block.is_empty() {
            match blocks.decode(block, &mut columns) {
                Ok(length) => block = &block[length..],
                Err(_) => return assert!(whole.is_err()),
            }
            rows += columns.rows();
        }
    }
    if let Ok(whole) = whole {
        assert_eq!(rows, whole);
    }
});
