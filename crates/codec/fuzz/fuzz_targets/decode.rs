//! No bytes make a decoder panic, and a file in blocks gives the rows that it gives as a whole.

#![no_main]

use std::sync::Arc;

use hotplate_codec::{BlockDecoder, Decoder, Format};
use hotplate_tensor::{Columns, DType, InputSpec, Schema, Shape};
use libfuzzer_sys::fuzz_target;

fn schema(columns: &[(&str, DType, usize)]) -> Arc<Schema> {
    let input = |&(name, dtype, width): &(&str, DType, usize)| InputSpec {
        name: name.to_owned(),
        dtype,
        row_shape: Shape::of_rows(width),
    };
    Arc::new(Schema::new(columns.iter().map(input).collect()).unwrap())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let format = [Format::Csv, Format::Json, Format::JsonLines][usize::from(choice % 3)];
    let schema = match choice / 3 % 4 {
        0 => schema(&[("a", DType::F32, 1), ("b", DType::Str, 1), ("c", DType::I64, 1)]),
        1 => schema(&[("instances", DType::Str, 1), ("data", DType::Str, 1)]),
        2 => schema(&[("x", DType::F64, 3)]),
        _ => schema(&[("text", DType::Str, 1)]),
    };
    let ignore = choice / 12 % 2 == 1;

    let mut columns = Columns::new(Arc::clone(&schema));
    let mut decoder = Decoder::new(Arc::clone(&schema)).ignore_unknown_columns(ignore);
    let whole = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
    // What one body left behind does not change how the next is read.
    let again = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
    assert_eq!(whole, again);

    let mut blocks = BlockDecoder::new(schema, format).ignore_unknown_columns(ignore);
    let mut rows = 0;
    let middle = blocks.whole_records(&body[..body.len() / 2]);
    for block in [&body[..middle], &body[middle..]] {
        match blocks.decode(block, &mut columns) {
            Ok(()) => rows += columns.rows(),
            Err(_) => return assert!(whole.is_err()),
        }
    }
    if let Ok(whole) = whole {
        assert_eq!(rows, whole);
    }
});
