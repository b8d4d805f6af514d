use hotplate_codec::{BlockDecoder, DecodeError, DecodeErrorKind as Kind, Format, Sparse};
use hotplate_tensor::{Columns, DType, RowDim};

use crate::support::{decode, in_blocks, matrix, of, refuses, shown, table};

/// An array file of version 1.
pub(crate) fn npy(descr: &str, is_fortran: bool, shape: &str, elements: &[u8]) -> Vec<u8> {
    let fortran = if is_fortran { "True" } else { "False" };
    let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), elements].concat()
}

fn bytes(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The rows of an array whose blocks of about so many bytes are decoded last one first; the last
/// block says whether all came.
fn backwards(width: usize, body: &[u8], step: usize) -> Result<String, DecodeError> {
    let decoder = || BlockDecoder::new(matrix(width), Format::Npy);
    let mut columns = Columns::new(matrix(width));
    let mut first = decoder();
    let (mut blocks, mut start, mut end) = (Vec::new(), 0, 0);
    while start < body.len() {
        end = body.len().min(end + step);
        let mut whole = first.independent_records(&body[start..end]);
        if end == body.len() && whole == 0 {
            whole = end - start;
        }
        if start == 0 && whole > 0 {
            first.begin(&body[..whole], &mut columns);
        }
        if whole > 0 {
            blocks.push(start..start + whole);
        }
        start += whole;
    }
    let mut rows = Vec::new();
    for (number, block) in blocks.iter().enumerate().rev() {
        let mut decoder = decoder();
        if number > 0 {
            decoder.follow(&first, block.start);
        }
        decoder.decode(&body[block.clone()], &mut columns)?;
        assert_eq!(decoder.finish().is_ok() && columns.rows() > 0, number + 1 == blocks.len());
        rows.extend(Some(shown(&columns)).filter(|rows| !rows.is_empty()));
    }
    rows.reverse();
    Ok(rows.join(" | "))
}

#[test]
fn rows_are_blocks_that_can_be_read_in_any_order() {
    let numbers: Vec<f64> = (0_u8..60).map(f64::from).collect();
    for (fortran, width, shape) in
        [(false, 3, "(20, 3)"), (false, 1, "(60,)"), (true, 1, "(60, 1)"), (true, 3, "(20, 3)")]
    {
        let body = npy("<f8", fortran, shape, &bytes(&numbers));
        let whole = decode(&matrix(width), Format::Npy, Sparse::default(), &body).unwrap();
        for step in [1, 7, 50, 100, 1000] {
            assert_eq!(backwards(width, &body, step).unwrap(), shown(&whole), "{shape} by {step}");
        }
    }
    // Of more rows than were announced, some block has too many.
    let body = npy("<f8", false, "(19, 3)", &bytes(&numbers));
    for step in [50, 1000] {
        let error = backwards(3, &body, step).unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed: expected 456 bytes of elements behind the header, got more"
        );
    }
}

#[test]
fn vectors_are_a_row_or_a_column_as_fits() {
    for (width, shape, rows) in [
        (3, "(3,)", "1 2 3"),
        (1, "(3,)", "1 | 2 | 3"),
        (1, "(3, 1)", "1 | 2 | 3"),
        (3, "(1, 3)", "1 2 3"),
    ] {
        let body = npy("<f8", false, shape, &bytes(&[1.0, 2.0, 3.0]));
        let columns = decode(&matrix(width), Format::Npy, Sparse::default(), &body).unwrap();
        assert_eq!(shown(&columns), rows, "{shape}");
    }
    let one = npy("<f8", false, "()", &bytes(&[5.0]));
    assert_eq!(shown(&decode(&matrix(1), Format::Npy, Sparse::default(), &one).unwrap()), "5");
    let length = of(&[("x", DType::F64, vec![RowDim::Open(None)])]);
    let body = npy("<f8", false, "(3,)", &bytes(&[1.0, 2.0, 3.0]));
    assert_eq!(shown(&decode(&length, Format::Npy, Sparse::default(), &body).unwrap()), "1 2 3");
}

#[test]
fn missing_numbers_are_missing_where_columns_have_it() {
    let schema = table(&[("f", DType::F32), ("n", DType::I64)]);
    let body = npy("<f8", false, "(1, 2)", &bytes(&[f64::NAN, 7.0]));
    assert_eq!(shown(&decode(&schema, Format::Npy, Sparse::default(), &body).unwrap()), "NaN 7");
    for (numbers, kind, sentence) in [
        (
            [1.0, f64::NAN],
            Kind::MissingValue,
            "row 1, column \"n\": expected an integer (int64 has no missing value), got NaN",
        ),
        (
            [1.0, 0.5],
            Kind::OutOfRange,
            "row 1, column \"n\": expected an integer that int64 can hold, got 0.5",
        ),
        (
            [1e300, 1.0],
            Kind::OutOfRange,
            &*format!(
                "row 1, column \"f\": expected a number that float32 can hold, got {}",
                1e300
            ),
        ),
    ] {
        let elements = bytes(&[&[0.0, 0.0][..], &numbers].concat());
        refuses(&schema, Format::Npy, &npy("<f8", false, "(2, 2)", &elements), kind, sentence);
    }
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let two = bytes(&[1.0, 2.0]);
    for (shape, elements, kind, sentence) in [
        ("(2, 1)", &two[..], Kind::WrongShape, "expected an array of shape [rows, 2], got [2, 1]"),
        (
            "(1, 1, 2)",
            &two,
            Kind::WrongShape,
            "expected an array of shape [rows, 2], got [1, 1, 2]",
        ),
        (
            "(2, 2)",
            &two,
            Kind::Malformed,
            "malformed: expected 32 bytes of elements behind the header, got fewer",
        ),
        (
            "(1, 2)",
            &[two.clone(), vec![0]].concat(),
            Kind::Malformed,
            "malformed: expected 16 bytes of elements behind the header, got more",
        ),
        (
            "(0, 2)",
            &two,
            Kind::Malformed,
            "malformed: expected 0 bytes of elements behind the header, got more",
        ),
    ] {
        refuses(&matrix(2), Format::Npy, &npy("<f8", false, shape, elements), kind, sentence);
    }
    let several = of(&[("a", DType::F32, vec![RowDim::Open(None)]), ("b", DType::F32, vec![])]);
    let error =
        decode(&several, Format::Npy, Sparse::default(), &npy("<f8", false, "(1, 2)", &two));
    assert_eq!(error.unwrap_err().kind(), Kind::WrongType);
}

#[test]
fn rows_without_bytes_are_not_as_many_as_the_header_says() {
    let open = of(&[("x", DType::F32, vec![RowDim::Open(None)])]);
    let body = npy("<f4", false, "(1000000000000000, 0)", b"");
    let error = decode(&open, Format::Npy, Sparse::default(), &body).unwrap_err();
    assert_eq!(error.kind(), Kind::WrongShape);
    let text = npy("<U0", false, "(1000000000000000, 2)", b"");
    assert!(decode(&matrix(2), Format::Npy, Sparse::default(), &text).is_err());
    let wide = npy("<f8", false, "(0, 4611686018427387904)", b"");
    assert!(decode(&open, Format::Npy, Sparse::default(), &wide).is_err());
}

#[test]
fn file_that_ends_between_rows_is_not_whole() {
    let body = npy("<f8", false, "(3, 2)", &bytes(&[1.0, 2.0, 3.0, 4.0]));
    let error = in_blocks(&matrix(2), Format::Npy, &body, 16).unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
    let columns = of(&[("x", DType::F64, vec![RowDim::Fixed(2)])]);
    assert!(decode(&columns, Format::Npy, Sparse::default(), &body).is_err());
}
