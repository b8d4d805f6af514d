use hotplate_codec::{DecodeErrorKind as Kind, Format};
use hotplate_tensor::DType;

use crate::support::{accepts, mixed, refuses, schema};

#[test]
fn lines_are_rows() {
    accepts(
        &mixed(),
        Format::JsonLines,
        &[
            ("[1,\"a\",2]", "1 \"a\" 2"),
            ("[1,\"a\",2]\r\n[3,\"b\",4]\n", "1 \"a\" 2 | 3 \"b\" 4"),
            (
                "{\"calls\":2,\"tenure\":1,\"contract\":\"a\"}\n[3,\"b\",4]\n",
                "1 \"a\" 2 | 3 \"b\" 4",
            ),
            ("{\"features\":[1,\"a\",2]}\n\n \n", "1 \"a\" 2"),
            ("\u{feff}[1,\"a\",2]\n", "1 \"a\" 2"),
        ],
    );
    accepts(
        &schema(&[("text", DType::Str)]),
        Format::JsonLines,
        &[("\"a\"\nnull\n", "\"a\" | \"\"")],
    );
}

#[test]
fn lines_that_are_not_rows_are_refused() {
    refuses(
        &mixed(),
        Format::JsonLines,
        &[
            ("", Kind::Empty, "the body is empty"),
            (" \n\n", Kind::Empty, "the body is empty"),
            (
                "[1,\"a\",2]\n\n[3,\"b\",4]",
                Kind::Malformed,
                "row 1 (line 2): malformed: expected a row, got a blank line",
            ),
            (
                "[1,\"a\",2] [3,\"b\",4]",
                Kind::Malformed,
                "row 0 (line 1): malformed at byte 10: expected nothing behind the last row, got \"[\"",
            ),
            (
                "[1,\"a\",2]\n[1,\n\"a\",2]",
                Kind::Malformed,
                "row 1 (line 2): malformed at byte 13: expected a value, got the end of the body",
            ),
            (
                "[1,\"a\",2]\n[[3,\"b\",4]]",
                Kind::WrongArity,
                "row 1 (line 2): expected 3 cells, got a list of lists",
            ),
            (
                "[1,\"a\",2]\n5",
                Kind::WrongType,
                "row 1 (line 2): expected a row: a list of 3 cells, or an object, got 5",
            ),
            (
                "\n[1,\"a\",\"x\"]",
                Kind::Malformed,
                "row 0 (line 1): malformed: expected a row, got a blank line",
            ),
            (
                "[1,\"a\",2]\n{\"tenure\":1}",
                Kind::MissingColumn,
                "row 1 (line 2): missing column \"contract\"",
            ),
        ],
    );
}
