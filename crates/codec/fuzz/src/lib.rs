//! What holds for every format of numbers, whatever the bytes.

use std::sync::Arc;

use hotplate_codec::{BlockDecoder, Decoder, Format};
use hotplate_tensor::{Columns, DType, InputSpec, RowDim, RowShape, Schema};

fn schema(inputs: &[(&str, DType, Vec<RowDim>)]) -> Arc<Schema> {
    let input = |(name, dtype, dims): &(&str, DType, Vec<RowDim>)| InputSpec {
        name: (*name).to_owned(),
        dtype: *dtype,
        row_shape: RowShape::new(dims.clone()).unwrap(),
    };
    Arc::new(Schema::new(inputs.iter().map(input).collect()).unwrap())
}

/// Decodes under several schemas, as a whole, leniently and in blocks: nothing panics, and all
/// agree about the rows.
pub fn survives(format: Format, body: &[u8]) {
    let (one, open) = (vec![RowDim::Fixed(1)], RowDim::Open(None));
    for schema in [
        schema(&[("x", DType::F64, vec![RowDim::Fixed(4)])]),
        schema(&[("x", DType::F32, one.clone())]),
        schema(&[
            ("a", DType::F32, one.clone()),
            ("n", DType::I64, one.clone()),
            ("t", DType::Str, one),
        ]),
        schema(&[("x", DType::U8, vec![open.clone()])]),
        schema(&[("x", DType::F32, vec![open, RowDim::Fixed(3)])]),
    ] {
        let mut columns = Columns::new(Arc::clone(&schema));
        let mut decoder = Decoder::new(Arc::clone(&schema));
        let whole = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
        // What one body left behind does not change how the next is read.
        let again = decoder.decode(format, body, &mut columns).map(|()| columns.rows());
        assert_eq!(whole, again);
        let mut bad = Vec::new();
        match decoder.decode_lenient(format, body, &mut columns, &mut bad) {
            Ok(()) => assert_eq!(whole.is_ok(), bad.is_empty()),
            Err(_) => assert!(whole.is_err()),
        }

        let mut blocks = BlockDecoder::new(schema, format);
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
            assert!(blocks.finish().is_ok());
        }
    }
}
