use std::sync::Arc;

use hotplate_codec::{DecodeErrorKind as Kind, Decoder, Format, csv};
use hotplate_tensor::{Columns, DType};

use crate::support::{accepts, decode, matrix, mixed, refuses, schema, shown};

#[test]
fn records_are_rows() {
    accepts(
        &mixed(),
        Format::Csv,
        &[
            ("1,a,2", "1 \"a\" 2"),
            ("1,a,2\n", "1 \"a\" 2"),
            ("1,a,2\r\n3,b,4\r\n", "1 \"a\" 2 | 3 \"b\" 4"),
            ("1,a,2\r", "1 \"a\" 2"),
            ("1,a,2\n3,b,4", "1 \"a\" 2 | 3 \"b\" 4"),
            ("1,a,2\n\n\r\n\n", "1 \"a\" 2"),
            ("\u{feff}1,a,2", "1 \"a\" 2"),
            ("\u{feff}\"1\",a,2", "1 \"a\" 2"),
            (",,2", "NaN \"\" 2"),
            ("nan,nan,2\nNaN,,3", "NaN \"nan\" 2 | NaN \"\" 3"),
            (" 1.5 , a ,\t2 ", "1.5 \" a \" 2"),
            ("  ,,2", "NaN \"\" 2"),
            ("\"1\",\"a,b\",\"2\"", "1 \"a,b\" 2"),
            ("1,\"say \"\"hi\"\"\",2", "1 \"say \\\"hi\\\"\" 2"),
            ("1,\"\"\"\",2", "1 \"\\\"\" 2"),
            ("1,\"a\nb\r\nc\",2\n", "1 \"a\\nb\\r\\nc\" 2"),
            ("\"\",\"\",\"2\"\r\n", "NaN \"\" 2"),
            ("1,5\" disk,2", "1 \"5\\\" disk\" 2"),
            ("true,a,FALSE", "1 \"a\" 0"),
            ("-inf,é,-0", "-inf \"é\" 0"),
            ("+1,a,2e0", "1 \"a\" 2"),
            ("1,a,9223372036854775807", "1 \"a\" 9223372036854775807"),
        ],
    );
}

#[test]
fn records_that_are_not_rows_are_refused() {
    refuses(
        &mixed(),
        Format::Csv,
        &[
            ("", Kind::Empty, "the body is empty"),
            ("\u{feff}", Kind::Empty, "the body is empty"),
            ("\r\n\n", Kind::Empty, "the body is empty"),
            ("1,a", Kind::WrongArity, "row 0 (line 1): expected 3 cells, got 2"),
            ("1,a,2,", Kind::WrongArity, "row 0 (line 1): expected 3 cells, got 4"),
            // The mistake is the missing cell, not the text that it shifts into a number.
            ("1,1,1\n2,x\n", Kind::WrongArity, "row 1 (line 2): expected 3 cells, got 2"),
            ("1,1,1\na,1,1,1", Kind::WrongArity, "row 1 (line 2): expected 3 cells, got 4"),
            (
                "1,a,2\n\n3,b,4",
                Kind::WrongArity,
                "row 1 (line 2): expected 3 cells, got a blank line",
            ),
            ("\n1,a,2", Kind::WrongArity, "row 0 (line 1): expected 3 cells, got a blank line"),
            (
                "1,\"a\nb\",2\nx,a,2",
                Kind::WrongType,
                "row 1 (line 3), column \"tenure\": expected a number, got text \"x\"",
            ),
            (
                "1;2;3,a,2",
                Kind::WrongType,
                "row 0 (line 1), column \"tenure\": expected a number, got text \"1;2;3\"",
            ),
            (
                "1,a,",
                Kind::MissingValue,
                "row 0 (line 1), column \"calls\": expected an integer (int64 has no missing value), got an empty cell",
            ),
            (
                "1,a,nan",
                Kind::MissingValue,
                "row 0 (line 1), column \"calls\": expected an integer (int64 has no missing value), got nan",
            ),
            (
                "1,a,1.5",
                Kind::OutOfRange,
                "row 0 (line 1), column \"calls\": expected an integer that int64 can hold, got 1.5",
            ),
            (
                "1,a,9223372036854775808",
                Kind::OutOfRange,
                "row 0 (line 1), column \"calls\": expected an integer that int64 can hold, got 9223372036854775808",
            ),
            (
                "1e999,a,1",
                Kind::OutOfRange,
                "row 0 (line 1), column \"tenure\": expected a number that float32 can hold, got 1e999",
            ),
            (
                "1e39,a,1",
                Kind::OutOfRange,
                "row 0 (line 1), column \"tenure\": expected a number that float32 can hold, got 1e39",
            ),
            (
                "1,\"a,2",
                Kind::Malformed,
                "row 0 (line 1): malformed at byte 2: expected a quote that ends the cell, got the end of the body",
            ),
            (
                "1,\"a\"b,2",
                Kind::Malformed,
                "row 0 (line 1): malformed at byte 5: expected a comma or the end of the line after the closing quote, got \"b\"",
            ),
        ],
    );
}

#[test]
fn one_column_reads_a_blank_line_as_missing() {
    let schema = schema(&[("x", DType::F64)]);
    accepts(
        &schema,
        Format::Csv,
        &[("1\n\n2\n\n", "1 | NaN | 2"), ("\n1", "NaN | 1"), ("\"\"", "NaN"), ("x\n1\n", "1")],
    );
    refuses(
        &schema,
        Format::Csv,
        &[(
            "\nx",
            Kind::WrongType,
            "row 1 (line 2), column \"x\": expected a number, got text \"x\"",
        )],
    );
}

#[test]
fn columns_without_names_have_no_header() {
    accepts(&matrix(2), Format::Csv, &[("1,2\n3,4", "1 2 | 3 4")]);
    refuses(
        &matrix(2),
        Format::Csv,
        &[(
            "x.0,x.1\n1,2",
            Kind::WrongType,
            "row 0 (line 1), column \"x.0\": expected a number, got text \"x.0\"",
        )],
    );
}

#[test]
fn header_gives_the_order() {
    accepts(
        &mixed(),
        Format::Csv,
        &[
            ("tenure,contract,calls\n1,a,2", "1 \"a\" 2"),
            ("calls,tenure,contract\n2,1,a\n4,3,b", "1 \"a\" 2 | 3 \"b\" 4"),
            ("\u{feff}\"calls\", tenure ,contract\r\n2,1,a", "1 \"a\" 2"),
            ("tenure,contract,calls\n", ""),
            ("tenure,contract,calls", ""),
        ],
    );
    refuses(
        &mixed(),
        Format::Csv,
        &[
            (
                "calls,tenur,contract\n2,1,a",
                Kind::UnknownColumn,
                "line 1: unknown column \"tenur\"; did you mean \"tenure\"?",
            ),
            ("calls,tenure\n2,1", Kind::MissingColumn, "line 1: missing column \"contract\""),
            (
                "calls,tenure,calls\n2,1,2",
                Kind::DuplicateColumn,
                "line 1: column \"calls\" appears twice",
            ),
            (
                "calls,tenure,contract,churn\n2,1,a,0",
                Kind::UnknownColumn,
                "line 1: unknown column \"churn\"",
            ),
            (
                "calls,contract,tenure\n2,1",
                Kind::WrongArity,
                "row 0 (line 2): expected 3 cells, got 2",
            ),
            (
                "calls,contract,tenure\n\n2,1,a",
                Kind::WrongArity,
                "row 0 (line 2): expected 3 cells, got a blank line",
            ),
            // One name in three cells is not a header.
            (
                "calls,a,b\n2,1,a",
                Kind::WrongType,
                "row 0 (line 1), column \"tenure\": expected a number, got text \"calls\"",
            ),
        ],
    );
}

#[test]
fn header_of_text_columns_names_each_once() {
    let schema = schema(&[("contract", DType::Str), ("payment", DType::Str)]);
    accepts(
        &schema,
        Format::Csv,
        &[
            ("payment,contract\nvisa,monthly", "\"monthly\" \"visa\""),
            // Data that repeats a name is data.
            ("contract,visa\n", "\"contract\" \"visa\""),
            ("contract,contract\n", "\"contract\" \"contract\""),
            ("contract,paymnt\n", "\"contract\" \"paymnt\""),
            ("monthly,visa\npayment,contract", "\"monthly\" \"visa\" | \"payment\" \"contract\""),
        ],
    );
    refuses(
        &schema,
        Format::Csv,
        &[(
            "payment,contract,churn\na,b,c",
            Kind::UnknownColumn,
            "line 1: unknown column \"churn\"",
        )],
    );
}

#[test]
fn header_of_numbers_names_each_once() {
    // What pandas writes for columns that were never named.
    let floats = schema(&[("0", DType::F64), ("1", DType::F64), ("2", DType::F64)]);
    accepts(
        &floats,
        Format::Csv,
        &[
            ("0,1,2\n3,4,5\n0,1,2", "3 4 5 | 0 1 2"),
            ("2, 1 ,\"0\"\n3,4,5", "5 4 3"),
            ("0,1,2", ""),
            // Whatever repeats a name or has another number is data.
            ("0,1,1\n", "0 1 1"),
            ("0,1,2.0\n", "0 1 2"),
            ("0,1,3\n0,1,2", "0 1 3 | 0 1 2"),
        ],
    );
    let kinds = schema(&[("1", DType::F32), ("b", DType::Str), ("true", DType::Bool)]);
    accepts(
        &kinds,
        Format::Csv,
        &[("1,b,true\n2,x,0", "2 \"x\" false"), ("true,b,1\n0,x,2", "2 \"x\" false")],
    );
    accepts(&kinds, Format::Csv, &[("1,c,true\n", "1 \"c\" true")]);
}

#[test]
fn header_that_names_every_column_may_name_others() {
    let ids = "a,b,c,d,e,f,g,h,i,j";
    let others = format!("{ids},calls,tenure,contract\n0,0,0,0,0,0,0,0,0,0,2,1,x\n");
    let text = schema(&[("contract", DType::Str)]);
    let body = format!("{ids},contract\n0,0,0,0,0,0,0,0,0,0,x\n");
    for (schema, body, rows) in [(mixed(), others, "1 \"x\" 2"), (text, body, "\"x\"")] {
        let mut columns = Columns::new(Arc::clone(&schema));
        let mut decoder = Decoder::new(Arc::clone(&schema)).ignore_unknown_columns(true);
        decoder.decode(Format::Csv, body.as_bytes(), &mut columns).unwrap();
        assert_eq!(shown(&columns), rows);
        let unknown = "line 1: unknown column \"a\"";
        refuses(&schema, Format::Csv, &[(&body, Kind::UnknownColumn, unknown)]);
    }
    // Where a column is absent as well, few names do not make a header.
    let arity = "row 0 (line 1): expected 3 cells, got 5";
    refuses(&mixed(), Format::Csv, &[("a,b,c,calls,tenure\n", Kind::WrongArity, arity)]);
}

#[test]
fn unknown_columns_are_passed_over_on_request() {
    let mut columns = Columns::new(mixed());
    let mut decoder = Decoder::new(mixed()).ignore_unknown_columns(true);
    let body = b"id,calls,churn,tenure,contract\n\"x,1\",2,Yes,1,a\n,4,No,3,b\n";
    decoder.decode(Format::Csv, body, &mut columns).unwrap();
    assert_eq!(shown(&columns), "1 \"a\" 2 | 3 \"b\" 4");
    let body =
        br#"[{"id": {"a": [1, {}]}, "calls": 2, "churn": null, "tenure": 1, "contract": "a"}]"#;
    decoder.decode(Format::Json, body, &mut columns).unwrap();
    assert_eq!(shown(&columns), "1 \"a\" 2");
}

#[test]
fn error_says_what_and_where() {
    let error = decode(&mixed(), Format::Csv, b"1,a,2\nabc,a,2\n").unwrap_err();
    assert_eq!(error.reason(), "wrong_type");
    assert_eq!((error.row(), error.line(), error.offset()), (Some(1), Some(2), Some(6)));
    assert_eq!(error.column(), Some("tenure"));
    assert_eq!(error.expected(), Some("a number"));
    assert_eq!(error.got(), Some("text \"abc\""));
}

#[test]
fn values_in_errors_are_short_and_on_one_line() {
    let body = format!("\"x\n\u{1b}[31m{}\",a,1", "y".repeat(1000));
    let error = decode(&mixed(), Format::Csv, body.as_bytes()).unwrap_err();
    let got = error.got().unwrap();
    assert!(got.starts_with("text \"x\\n\\u{1b}[31myyy"), "{got}");
    assert!(got.ends_with("y…\""), "{got}");
    assert!(got.chars().count() < 70, "{got}");
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let error = decode(&mixed(), Format::Csv, b"1,\xff,2").unwrap_err();
    assert_eq!(error.to_string(), "not UTF-8 at byte 2");
    for body in [&b"\xff\xfe1\0"[..], b"\xfe\xff\x001", b"1\0,\0", b"\x001\0,"] {
        let error = decode(&mixed(), Format::Csv, body).unwrap_err();
        assert_eq!(error.to_string(), "not UTF-8: expected UTF-8, got UTF-16");
    }
}

#[test]
fn failed_body_leaves_no_rows() {
    let mut columns = Columns::new(mixed());
    let mut decoder = Decoder::new(mixed());
    decoder.decode(Format::Csv, b"1,a,2\n3,b", &mut columns).unwrap_err();
    assert_eq!(columns.rows(), 0);
}

#[test]
fn records_have_every_cell_as_text() {
    let read = |text| csv::records(text).collect::<Result<Vec<_>, _>>();
    assert_eq!(read("a,b\r\n1,\"x\"\"y\"\n").unwrap(), [["a", "b"], ["1", "x\"y"]]);
    assert_eq!(read("\u{feff}a,\n\n\"\"\n\n").unwrap(), [vec!["a", ""], vec![""], vec![""]]);
    assert!(read("").unwrap().is_empty());
    assert!(read("\n\n").unwrap().is_empty());
    assert_eq!(read("a,\"b").unwrap_err().kind(), Kind::Malformed);
}
