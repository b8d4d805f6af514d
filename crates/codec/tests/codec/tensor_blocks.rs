use hotplate_codec::{BlockDecoder, DecodeError, DecodeErrorKind as Kind, Format};
use hotplate_tensor::{Columns, DType};

use crate::support::{shown, tensors};

/// What a file gives, block by block.
fn blocks_of(file: &str) -> (Vec<String>, Result<(), DecodeError>) {
    let schema = tensors(&[("x", DType::I64, "n")]);
    let mut columns = Columns::new(schema.clone());
    let mut blocks = BlockDecoder::new(schema, Format::JsonLines);
    let mut shown_blocks = Vec::new();
    let mut rest = file.as_bytes();
    while !rest.is_empty() {
        match blocks.decode(rest, &mut columns) {
            Ok(length) => rest = &rest[length..],
            Err(error) => return (shown_blocks, Err(error)),
        }
        shown_blocks.push(shown(&columns));
    }
    (shown_blocks, Ok(()))
}

#[test]
fn block_ends_where_the_shape_changes() {
    let (blocks, result) = blocks_of("\u{feff}[1,2]\n[3,4]\n[5]\n[6]\n[]\n[7,8]\n\n");
    assert_eq!(blocks, ["2 x [2] 1 2 3 4", "2 x [1] 5 6", "1 x [0]", "1 x [2] 7 8"]);
    assert_eq!(result, Ok(()));
}

#[test]
fn rows_and_lines_are_numbered_over_all_shapes() {
    for (row, kind, sentence) in [
        (
            "[5,\"a\"]",
            Kind::WrongType,
            "row 3 (line 4), column \"x\": expected an integer, got text \"a\"",
        ),
        (
            "[[5],6]",
            Kind::WrongShape,
            "row 3 (line 4), column \"x\": expected a list of shape [n], got lists of unequal length or depth",
        ),
    ] {
        let (blocks, result) = blocks_of(&format!("[1,2]\n[3]\n[4]\n{row}\n"));
        assert_eq!(blocks[0], "1 x [2] 1 2");
        let error = result.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, sentence));
        assert!(error.offset().is_some_and(|offset| (14..=17).contains(&offset)), "{error}");
    }
}

#[test]
fn lines_longer_than_a_look_are_whole() {
    let long = format!("[{}1]", "1,".repeat(20_000));
    let (blocks, result) = blocks_of(&format!("{long}\n{long}\n[2]\n{long}"));
    assert_eq!(blocks.len(), 4);
    assert!(blocks[0].starts_with("1 x [20001] 1 1"));
    assert_eq!(blocks[2], "1 x [1] 2");
    assert_eq!(result, Ok(()));
}
