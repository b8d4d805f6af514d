use std::sync::Arc;

use hotplate_codec::{BadRecord, BlockDecoder, DecodeErrorKind as Kind, Decoder, Format};
use hotplate_tensor::{Columns, DType, Schema};
use proptest::prelude::*;

use crate::support::{bert, decode, matrix, mixed, schema, shown};

/// The rows of a body, and each bad record's number and sentence.
fn lenient(schema: &Arc<Schema>, format: Format, body: &[u8]) -> (String, Vec<(usize, String)>) {
    let mut columns = Columns::new(Arc::clone(schema));
    let mut bad = Vec::new();
    let mut decoder = Decoder::new(Arc::clone(schema));
    decoder.decode_lenient(format, body, &mut columns, &mut bad).unwrap();
    let told = |bad: BadRecord| (bad.index, bad.error.to_string());
    (shown(&columns), bad.into_iter().map(told).collect())
}

#[test]
fn records_that_are_no_rows_are_left_out() {
    for (format, body, rows, bad) in [
        (
            Format::Csv,
            &b"1,a,2\n3,b\n5,c,6\n"[..],
            "1 \"a\" 2 | 5 \"c\" 6",
            vec![(1, "row 1 (line 2): expected 3 cells, got 2")],
        ),
        (
            Format::Csv,
            b"x,a,2\n\n3,b,4\n\n",
            "3 \"b\" 4",
            vec![
                (0, "row 0 (line 1), column \"tenure\": expected a number, got text \"x\""),
                (1, "row 1 (line 2): expected 3 cells, got a blank line"),
            ],
        ),
        (
            Format::Csv,
            b"calls,tenure,contract\n2,1,a\n4,3\xff,b\n6,5,c",
            "1 \"a\" 2 | 5 \"c\" 6",
            vec![(1, "row 1 (line 3): not UTF-8 at byte 31")],
        ),
        // A record that is not well-formed takes no line with it that could be one.
        (
            Format::Csv,
            b"1,\"a\"b,2\n3,\"b\nb\",4\n5,\"c,6\n7,d,8\n",
            "3 \"b\\nb\" 4 | 7 \"d\" 8",
            vec![
                (
                    0,
                    "row 0 (line 1): malformed at byte 5: expected a comma or the end of the line after the closing quote, got \"b\"",
                ),
                (
                    2,
                    "row 2 (line 4): malformed at byte 21: expected a quote that ends the cell, got the end of the body",
                ),
            ],
        ),
        (
            Format::JsonLines,
            b"[1,\"a\",2]\n[1,\n\n\xff\n[3,\"b\",4]\n \n",
            "1 \"a\" 2 | 3 \"b\" 4",
            vec![
                (
                    1,
                    "row 1 (line 2): malformed at byte 13: expected a value, got the end of the body",
                ),
                (2, "row 2 (line 3): malformed: expected a row, got a blank line"),
                (3, "row 3 (line 4): not UTF-8 at byte 15"),
            ],
        ),
    ] {
        let bad = bad.into_iter().map(|(index, sentence)| (index, sentence.to_owned())).collect();
        assert_eq!(lenient(&mixed(), format, body), (rows.to_owned(), bad));
    }
}

#[test]
fn blank_lines_of_one_column_are_rows() {
    let one = schema(&[("x", DType::F32)]);
    assert_eq!(lenient(&one, Format::Csv, b"1\n\n2\n\n").0, "1 | NaN | 2");
    let count = schema(&[("n", DType::I64)]);
    let (rows, bad) = lenient(&count, Format::Csv, b"1\n\n2\n");
    assert_eq!((&*rows, bad[0].0), ("1 | 2", 1));
}

#[test]
fn what_says_how_to_read_the_rest_is_not_left_out() {
    for (format, body, kind) in [
        (Format::Csv, &b"calls,tenure\n1,2\n"[..], Kind::MissingColumn),
        (Format::Csv, b"calls\xff,tenure,contract\n1,2,a\n", Kind::NotUtf8),
        (Format::Csv, b"\ncalls,tenure,contract\n", Kind::WrongArity),
        (Format::JsonLines, b"[\0]\0\n\0", Kind::NotUtf8),
        (Format::Json, b"[[1,\"a\",2],[3]]", Kind::WrongArity),
        (Format::Csv, b"\n", Kind::Empty),
    ] {
        let mut columns = Columns::new(mixed());
        let mut bad = Vec::new();
        let result = Decoder::new(mixed()).decode_lenient(format, body, &mut columns, &mut bad);
        assert_eq!((result.unwrap_err().kind(), columns.rows(), bad.len()), (kind, 0, 0));
    }
}

#[test]
fn records_are_numbered_on_from_block_to_block() {
    let mut columns = Columns::new(mixed());
    let mut bad = Vec::new();
    let mut blocks = BlockDecoder::new(mixed(), Format::Csv);
    blocks.decode_lenient(b"1,a,2\nx,b,4\n", &mut columns, &mut bad).unwrap();
    blocks.decode_lenient(b"5,c,6\n7\n", &mut columns, &mut bad).unwrap();
    let error = &bad[0].error;
    assert_eq!((bad[0].index, error.row(), error.line()), (1, Some(3), Some(4)));
    assert_eq!(shown(&columns), "5 \"c\" 6");
}

#[test]
fn rows_of_another_shape_are_not_bad() {
    let body = b"{\"input_ids\":[1],\"attention_mask\":[1]}\n{\"input_ids\":[1,2],\"attention_mask\":[1]}\n\
        {\"input_ids\":[1,2],\"attention_mask\":[1,1]}\n";
    let mut columns = Columns::new(bert());
    let mut bad = Vec::new();
    let mut blocks = BlockDecoder::new(bert(), Format::JsonLines);
    let (mut rest, mut answers) = (&body[..], Vec::new());
    while !rest.is_empty() {
        let length = blocks.decode_lenient(rest, &mut columns, &mut bad).unwrap();
        answers.push((columns.rows(), bad.len()));
        rest = &rest[length..];
    }
    assert_eq!(answers, [(1, 0), (1, 1)]);
}

/// Lines of which some are rows of three numbers.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let cell = prop_oneof![
        4 => "[0-9]{1,3}".prop_map(String::into_bytes),
        1 => prop::sample::select(vec![&b"x"[..], b"\xff", b"1,2", b"1e999"]).prop_map(<[u8]>::to_vec),
    ];
    let line = prop::collection::vec(cell, 3).prop_map(|cells| cells.join(&b","[..]));
    prop::collection::vec(line, 1..12)
}

proptest! {
    #[test]
    fn lines_are_left_out_if_and_only_if_they_are_refused_alone(lines in lines()) {
        let three = matrix(3);
        for format in [Format::Csv, Format::JsonLines] {
            let own = |line: &Vec<u8>| match format {
                Format::Csv => line.clone(),
                _ => [b"[", &line[..], b"]"].concat(),
            };
            let lines: Vec<Vec<u8>> = lines.iter().map(own).collect();
            let (mut rows, mut bad) = (Vec::new(), Vec::new());
            for (index, line) in lines.iter().enumerate() {
                match decode(&three, format, line) {
                    Ok(row) => rows.push(shown(&row)),
                    Err(_) => bad.push(index),
                }
            }
            let (kept, left_out) = lenient(&three, format, &lines.join(&b'\n'));
            prop_assert_eq!(kept, rows.join(" | "));
            prop_assert_eq!(left_out.iter().map(|bad| bad.0).collect::<Vec<_>>(), bad);
        }
    }

    #[test]
    fn every_record_has_a_row_or_a_reason(
        bytes in prop::collection::vec(prop::sample::select(b"1,\"\n\r x\xff\xc3[]{}:".to_vec()), 0..60),
    ) {
        for schema in [mixed(), matrix(1), matrix(2)] {
            for format in [Format::Csv, Format::JsonLines] {
                let mut columns = Columns::new(Arc::clone(&schema));
                let mut bad = Vec::new();
                let mut decoder = Decoder::new(Arc::clone(&schema));
                if decoder.decode_lenient(format, &bytes, &mut columns, &mut bad).is_ok() {
                    prop_assert!(bad.windows(2).all(|pair| pair[0].index < pair[1].index));
                    let records = columns.rows() + bad.len();
                    prop_assert!(bad.iter().all(|bad| bad.index < records));
                }
                // What refuses nothing leaves nothing out.
                if let Ok(strict) = decode(&schema, format, &bytes) {
                    prop_assert!(bad.is_empty());
                    prop_assert_eq!(shown(&columns), shown(&strict));
                }
            }
        }
    }
}
