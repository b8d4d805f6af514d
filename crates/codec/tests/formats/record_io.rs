use hotplate_codec::{BlockDecoder, DecodeErrorKind as Kind, Decoder, Format, Sparse};
use hotplate_tensor::{Columns, DType, RowDim};

use crate::support::{decode, in_blocks, matrix, of, shown};

/// A field with a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

fn frame(record: &[u8]) -> Vec<u8> {
    let length = u32::try_from(record.len()).unwrap().to_le_bytes();
    let padding = vec![0; record.len().next_multiple_of(4) - record.len()];
    [&0xced7_230a_u32.to_le_bytes()[..], &length, record, &padding].concat()
}

/// A record of one feature with this value.
fn record(name: &str, value: &[u8]) -> Vec<u8> {
    frame(&field(1, &[field(1, name.as_bytes()), field(2, value)].concat()))
}

/// A tensor of float32.
pub(crate) fn tensor(values: &[f32], keys: &[u8], shape: &[u8]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut tensor = field(1, &values);
    for (number, integers) in [(2, keys), (3, shape)] {
        if !integers.is_empty() {
            tensor.extend(field(number, integers));
        }
    }
    record("values", &field(2, &tensor))
}

#[test]
fn tensors_are_rows() {
    for (body, rows) in [
        (tensor(&[1.0, 2.0, f32::NAN], &[], &[]), "1 2 NaN"),
        (tensor(&[1.0, 2.0, 3.0], &[], &[3]), "1 2 3"),
        (tensor(&[1.0, 2.0], &[2, 0], &[3]), "2 NaN 1"),
        (tensor(&[], &[], &[3]), "NaN NaN NaN"),
        // Neither packed nor of one field.
        (
            record(
                "values",
                &field(
                    7,
                    &[
                        0x08, 5, 0x0a, 1, 7, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                        0xff, 1,
                    ],
                ),
            ),
            "5 7 -1",
        ),
        // The last value of a field counts, and what nobody asked about is passed over.
        (
            frame(
                &[
                    &[0x28, 1][..],
                    &field(2, b"label"),
                    &tensor(&[9.0; 3], &[], &[])[8..],
                    &tensor(&[1.0; 3], &[], &[])[8..],
                    &field(3, b"uid"),
                ]
                .concat(),
            ),
            "1 1 1",
        ),
    ] {
        let columns = decode(&matrix(3), Format::RecordIo, Sparse::default(), &body).unwrap();
        assert_eq!(shown(&columns), rows);
    }
}

#[test]
fn last_record_may_lack_its_padding() {
    let value = field(2, &field(2, &field(1, &2.0_f32.to_le_bytes())));
    let record = [field(1, &[field(1, b"values"), value].concat()), field(3, b"id")].concat();
    for uid in 0..4 {
        let record = [&record[..], &field(3, &[b'u'; 4][..uid])].concat();
        let body = [tensor(&[1.0], &[], &[]), frame(&record)].concat();
        let unpadded = body.len() - (record.len().next_multiple_of(4) - record.len());
        for end in unpadded..=body.len() {
            let columns = decode(&matrix(1), Format::RecordIo, Sparse::default(), &body[..end]);
            assert_eq!(shown(&columns.unwrap()), "1 | 2");
        }
        let cut = decode(&matrix(1), Format::RecordIo, Sparse::default(), &body[..unpadded - 1]);
        assert_eq!(cut.unwrap_err().kind(), Kind::Malformed);
    }
}

#[test]
fn records_that_are_not_rows_are_refused() {
    let of_three = |body: &[u8]| {
        let error = decode(&matrix(3), Format::RecordIo, Sparse::default(), body).unwrap_err();
        (error.kind(), error.to_string())
    };
    for (body, kind, sentence) in [
        (Vec::new(), Kind::Empty, "the body is empty"),
        (
            b"PK\x03\x04....".to_vec(),
            Kind::Malformed,
            "row 0: malformed at byte 0: expected a RecordIO record, got other bytes",
        ),
        (
            tensor(&[1.0; 3], &[], &[])[..20].to_vec(),
            Kind::Malformed,
            "row 0: malformed at byte 0: expected a record, got one that breaks off",
        ),
        (
            [&tensor(&[1.0; 3], &[], &[])[..4], &[0, 0, 0, 0x20]].concat(),
            Kind::Malformed,
            "row 0: malformed at byte 0: expected records that are not divided, got a part of one",
        ),
        (tensor(&[1.0; 2], &[], &[]), Kind::WrongArity, "row 0: expected 3 cells, got 2"),
        (tensor(&[1.0; 3], &[], &[2]), Kind::WrongArity, "row 0: expected 3 cells, got 2"),
        (
            tensor(&[1.0; 2], &[1], &[]),
            Kind::WrongArity,
            "row 0: expected as many values as keys, 1, got 2",
        ),
        (tensor(&[1.0], &[3], &[]), Kind::WrongArity, "row 0: expected indices from 0 to 2, got 3"),
        (
            tensor(&[1.0; 2], &[1, 1], &[]),
            Kind::DuplicateColumn,
            "row 0: column \"x.1\" appears twice",
        ),
        (
            record("other", &[]),
            Kind::UnknownColumn,
            "row 0: unknown column \"other\": expected features under \"values\"",
        ),
        (frame(b""), Kind::MissingColumn, "row 0: missing column \"values\""),
        (
            record("values", &field(9, b"")),
            Kind::WrongType,
            "row 0: expected a tensor of numbers, got bytes",
        ),
        (
            record("values", &field(2, &[0x0a, 3, 0, 0, 0])),
            Kind::Malformed,
            "row 0: malformed at byte 0: expected a protobuf message, got one that breaks off",
        ),
        (
            frame(&[0x0b]),
            Kind::Malformed,
            "row 0: malformed at byte 0: expected a protobuf field, got an unknown wire type",
        ),
    ] {
        assert_eq!(of_three(&body), (kind, sentence.to_owned()));
    }
}

#[test]
fn bad_records_are_left_out_and_bad_frames_are_not() {
    let mut body =
        [tensor(&[1.0], &[], &[]), tensor(&[1.0; 2], &[], &[]), tensor(&[3.0], &[], &[])].concat();
    let mut columns = Columns::new(matrix(1));
    let mut bad = Vec::new();
    let mut decoder = Decoder::new(matrix(1));
    decoder.decode_lenient(Format::RecordIo, &body, &mut columns, &mut bad).unwrap();
    assert_eq!((shown(&columns), bad[0].index, bad.len()), ("1 | 3".to_owned(), 1, 1));
    body.push(7);
    let result = decoder.decode_lenient(Format::RecordIo, &body, &mut columns, &mut bad);
    assert_eq!((result.unwrap_err().kind(), columns.rows(), bad.len()), (Kind::Malformed, 0, 0));
}

#[test]
fn rows_of_another_shape_begin_another_block() {
    let open = of(&[("x", DType::F32, vec![RowDim::Open(None)])]);
    let body = [tensor(&[1.0], &[], &[]), tensor(&[2.0, 3.0], &[], &[2])].concat();
    assert_eq!(in_blocks(&open, Format::RecordIo, &body, 1000).unwrap(), "1 | 2 3");
    let error = decode(&open, Format::RecordIo, Sparse::default(), &body).unwrap_err();
    assert_eq!((error.kind(), error.row()), (Kind::WrongShape, Some(1)));
}

#[test]
fn whole_records_end_with_their_padding() {
    let blocks = BlockDecoder::new(matrix(1), Format::RecordIo);
    let first = tensor(&[1.0], &[], &[]);
    let body = [&first[..], &first].concat();
    for end in 0..=body.len() {
        assert_eq!(blocks.whole_records(&body[..end]), end / first.len() * first.len());
    }
    assert_eq!(blocks.first_record(&body), first.len());
    assert_eq!(blocks.first_record(&body[..5]), 5);
}
