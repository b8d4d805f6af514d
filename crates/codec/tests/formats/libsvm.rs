use hotplate_codec::{
    Absent, BlockDecoder, DecodeErrorKind as Kind, Decoder, Format, IndexBase, Sparse,
};
use hotplate_tensor::{Columns, DType};

use crate::support::{decode, matrix, refuses, shown, table};

fn base(index_base: IndexBase) -> Sparse {
    Sparse { index_base, ..Sparse::default() }
}

#[test]
fn rows_say_some_of_their_cells() {
    for (body, rows) in [
        ("1 1:0.5 3:-2e3\n", "0.5 NaN -2000"),
        ("1:0.5\t2:nan 3:3\r\n\n2:1", "0.5 NaN 3 | NaN 1 NaN"),
        ("# a comment\n0\n-1 qid:7 2:1 # 3:5\n  \n", "NaN NaN NaN | NaN 1 NaN"),
        ("0,2 3:1", "NaN NaN 1"),
        ("1 1: 2:2", "NaN 2 NaN"),
    ] {
        let columns = decode(&matrix(3), Format::Libsvm, Sparse::default(), body.as_bytes());
        assert_eq!(shown(&columns.unwrap()), rows, "{body:?}");
    }
}

#[test]
fn first_column_is_what_is_said() {
    let decoded = |sparse, body: &[u8]| {
        decode(&matrix(2), Format::Libsvm, sparse, body).map(|columns| shown(&columns))
    };
    assert_eq!(decoded(base(IndexBase::Zero), b"0 1:5").unwrap(), "NaN 5");
    assert_eq!(decoded(base(IndexBase::One), b"0 1:5").unwrap(), "5 NaN");
    assert_eq!(decoded(base(IndexBase::Auto), b"0 1:5").unwrap(), "5 NaN");
    // As a batch mate makes it.
    assert_eq!(decoded(base(IndexBase::Auto), b"0 1:5\n1 00:1").unwrap(), "NaN 5 | 1 NaN");
    let error = decoded(base(IndexBase::Zero), b"0 2:5").unwrap_err();
    assert_eq!(error.to_string(), "row 0 (line 1): expected indices from 0 to 1, got 2");
}

#[test]
fn columns_without_a_missing_value_are_said_or_zero() {
    let schema = table(&[("a", DType::F32), ("n", DType::I64), ("t", DType::Str)]);
    let body = b"0 1:1.5\n1 2:7 3:x\n";
    let error = decode(&schema, Format::Libsvm, Sparse::default(), body).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 0 (line 1), column \"n\": expected an integer (int64 has no missing value), got no value"
    );
    let zero = Sparse { absent: Absent::Zero, ..Sparse::default() };
    let columns = decode(&schema, Format::Libsvm, zero, body).unwrap();
    assert_eq!(shown(&columns), "1.5 0 \"\" | 0 7 \"x\"");
}

#[test]
fn lines_that_are_not_rows_are_refused() {
    for (body, kind, sentence) in [
        ("", Kind::Empty, "the body is empty"),
        ("# nothing\n", Kind::Empty, "the body is empty"),
        (
            "1 0:5",
            Kind::WrongArity,
            "row 0 (line 1): expected indices from 1 to 2, got 0; where the first column is 0, the index base is to be set",
        ),
        (
            "1 1:5\n1 99999999999999999999:1",
            Kind::WrongArity,
            "row 1 (line 2): expected indices from 1 to 2, got 99999999999999999999; where the first column is 0, the index base is to be set",
        ),
        ("1 1:5 1:5", Kind::DuplicateColumn, "row 0 (line 1): column \"x.0\" appears twice"),
        (
            "1 1:five",
            Kind::WrongType,
            "row 0 (line 1), column \"x.0\": expected a number, got text \"five\"",
        ),
        (
            "1 1:5 oops",
            Kind::Malformed,
            "row 0 (line 1): malformed at byte 6: expected index:value, got text \"oops\"",
        ),
        (
            "1 -1:5",
            Kind::Malformed,
            "row 0 (line 1): malformed at byte 2: expected index:value, got text \"-1:5\"",
        ),
    ] {
        refuses(&matrix(2), Format::Libsvm, body.as_bytes(), kind, sentence);
    }
    let tensors =
        crate::support::of(&[("a", DType::F32, vec![hotplate_tensor::RowDim::Open(None)])]);
    let error = decode(&tensors, Format::Libsvm, Sparse::default(), b"1 1:1").unwrap_err();
    assert_eq!((error.kind(), error.got()), (Kind::WrongType, Some("libsvm")));
}

#[test]
fn short_lines_of_a_wide_model_do_not_take_all_memory() {
    let wide = matrix(60_000);
    let body = "0\n".repeat(2000);
    let error = decode(&wide, Format::Libsvm, Sparse::default(), body.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);

    let mut blocks = BlockDecoder::new(wide.clone(), Format::Libsvm);
    let mut columns = Columns::new(wide);
    let (mut rest, mut rows) = (body.as_bytes(), 0);
    while !rest.is_empty() {
        let length = blocks.decode(rest, &mut columns).unwrap();
        assert!(columns.rows() * 60_000 <= 1 << 26);
        rows += columns.rows();
        rest = &rest[length..];
    }
    assert_eq!(rows, 2000);
}

#[test]
fn bad_lines_are_left_out() {
    let mut columns = Columns::new(matrix(2));
    let mut bad = Vec::new();
    let mut decoder = Decoder::new(matrix(2));
    let body = b"0 1:1\n0 3:1\n\n# 9:9\n0 \xff:1\n0 2:2\n";
    decoder.decode_lenient(Format::Libsvm, body, &mut columns, &mut bad).unwrap();
    assert_eq!(shown(&columns), "1 NaN | NaN 2");
    let told: Vec<_> =
        bad.iter().map(|bad| (bad.index, bad.error.line(), bad.error.kind())).collect();
    assert_eq!(told, [(1, Some(2), Kind::WrongArity), (2, Some(5), Kind::NotUtf8)]);
}
