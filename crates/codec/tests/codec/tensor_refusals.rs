use hotplate_codec::{DecodeErrorKind as Kind, Decoder, Format};
use hotplate_tensor::{Columns, DType};

use crate::support::{bert, matrix, refuses, shown, tensors};

#[test]
fn names_of_inputs_are_called() {
    refuses(
        &bert(),
        Format::Json,
        &[
            ("{}", Kind::MissingColumn, "row 0: missing column \"input_ids\""),
            (
                r#"[{"input_ids":[1]}]"#,
                Kind::MissingColumn,
                "row 0: missing column \"attention_mask\"",
            ),
            (r#"{"input_ids":[[1]]}"#, Kind::MissingColumn, "missing column \"attention_mask\""),
            (
                r#"{"input_id":[1]}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"input_id\"; did you mean \"input_ids\"?",
            ),
            (
                r#"{"instance":[]}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"instance\"; did you mean \"instances\"?",
            ),
            (r#"{"inputs":[],"mask":1}"#, Kind::UnknownColumn, "unknown column \"mask\""),
            (
                r#"{"input_ids":[1],"input_ids":[1]}"#,
                Kind::DuplicateColumn,
                "row 0: column \"input_ids\" appears twice",
            ),
            (
                "[[1,2],[1,1]]",
                Kind::WrongType,
                "row 0: expected a row such as {\"input_ids\": [1, ..], \"attention_mask\": [1, ..]}, got a list",
            ),
            ("5", Kind::WrongType, "expected a list or an object that holds rows, got 5"),
            (r#"{"inputs":5}"#, Kind::WrongType, "expected rows under \"inputs\", got 5"),
            (
                r#"{"input_ids":[[1]],"attention_mask":1}"#,
                Kind::WrongType,
                "column \"attention_mask\": expected a list of rows, got 1",
            ),
            (
                r#"{"input_ids":[[1]],"attention_mask":[[1],[1]]}"#,
                Kind::WrongArity,
                "row 1, column \"attention_mask\": expected as many values as column \"input_ids\" has, got another number",
            ),
        ],
    );
}

#[test]
fn lists_of_another_shape_are_refused() {
    let image = tensors(&[("image", DType::F32, "2 width 3")]);
    let expected = "row 0, column \"image\": expected a list of shape [2, width, 3], got ";
    for (body, got) in [
        (r#"{"image":5}"#, "5"),
        (r#"{"image":"a"}"#, "text \"a\""),
        (r#"{"image":{}}"#, "an object"),
        ("[1,2]", "one of shape [2]"),
        (r#"{"instances":[[[[1,2,3]],[[4,5,6]],[[7,8,9]]]]}"#, "one of shape [3, 1, 3]"),
        ("[[[1,2]],[[3,4]]]", "one of shape [2, 1, 2]"),
        ("[[[1,2,3]],[[4,5]]]", "lists of unequal length or depth"),
        ("[[[1,2,3]],[[4,5,6],[7,8,9]]]", "lists of unequal length or depth"),
        ("[[[1,2,3]],[4,5,6]]", "lists of unequal length or depth"),
        ("[[[1,2,3]],4]", "lists of unequal length or depth"),
        ("[[1,[2],3]]", "lists of unequal length or depth"),
        ("[[[[[1]]]]]", "one of shape [1, 1, 1, 1]"),
        (r#"{"image":[[[[[[[[[[1]]]]]]]]]]}"#, "lists nested more than 8 levels deep"),
    ] {
        refuses(&image, Format::Json, &[(body, Kind::WrongShape, &(expected.to_owned() + got))]);
    }
    let fixed = tensors(&[("image", DType::F32, "1 65537")]);
    refuses(
        &fixed,
        Format::Json,
        &[(
            "[[1,2]]",
            Kind::WrongShape,
            "row 0, column \"image\": expected a list of shape [1, 65537], got one of shape [1, 2]",
        )],
    );
    refuses(
        &matrix(3),
        Format::Json,
        &[
            (
                r#"{"x":[1,2]}"#,
                Kind::WrongShape,
                "row 0, column \"x\": expected a list of shape [3], got one of shape [2]",
            ),
            (
                r#"{"x":[[1,2,3],[4,[5],6]]}"#,
                Kind::WrongShape,
                "row 1, column \"x\": expected a list of shape [3], got lists of unequal length or depth",
            ),
        ],
    );
}

#[test]
fn rows_of_a_request_are_alike() {
    let sentence = "row 1, column \"input_ids\": expected a list of shape [3], as in row 0, got one of shape [2]; pad the rows of a request to one length";
    refuses(
        &bert(),
        Format::Json,
        &[
            (
                r#"[{"input_ids":[1,2,3],"attention_mask":[1,1,1]},{"input_ids":[1,2],"attention_mask":[1,1]}]"#,
                Kind::WrongShape,
                sentence,
            ),
            (
                r#"{"input_ids":[[1,2,3],[1,2]],"attention_mask":[[1,1,1],[1,1]]}"#,
                Kind::WrongShape,
                sentence,
            ),
            (
                r#"{"input_ids":[1,2,3],"attention_mask":[1,1]}"#,
                Kind::WrongShape,
                "row 0, column \"attention_mask\": expected \"sequence\" to be 3, as in \"input_ids\", got 2",
            ),
        ],
    );
    let sentence = sentence.replace("row 1,", "row 1 (line 2),").replace("input_ids", "x");
    refuses(
        &tensors(&[("x", DType::I64, "?")]),
        Format::JsonLines,
        &[("[1,2,3]\n[4,5]\n", Kind::WrongShape, &sentence)],
    );
    refuses(
        &tensors(&[("x", DType::I64, "n n")]),
        Format::Json,
        &[(
            "[[1,2]]",
            Kind::WrongShape,
            "row 0, column \"x\": expected \"n\" to be 1, as in \"x\", got 2",
        )],
    );
}

#[test]
fn elements_of_an_empty_row_are_refused() {
    refuses(
        &tensors(&[("x", DType::I64, "s 2")]),
        Format::Json,
        &[(
            r#"{"instances":[{"x":[]},{"x":[[1,2]]}]}"#,
            Kind::WrongShape,
            "row 1, column \"x\": expected a list of shape [0, 2], as in row 0, got one of shape [1, 2]; pad the rows of a request to one length",
        )],
    );
    refuses(
        &tensors(&[("x", DType::F32, "0 3")]),
        Format::Json,
        &[(
            r#"{"instances":[{"x":[[1,2,3]]}]}"#,
            Kind::WrongShape,
            "row 0, column \"x\": expected a list of shape [0, 3], got one of shape [1, 3]",
        )],
    );
}

#[test]
fn elements_follow_the_rules_of_cells() {
    let schema = tensors(&[("ids", DType::I64, "n"), ("x", DType::F32, "2")]);
    let row = |ids: &str, x: &str| format!("{{\"ids\":[{ids}],\"x\":[{x}]}}");
    for (ids, x, kind, sentence) in [
        (
            "1,null",
            "1,2",
            Kind::MissingValue,
            "row 0, column \"ids\": expected an integer (int64 has no missing value), got null",
        ),
        (
            "1.5",
            "1,2",
            Kind::OutOfRange,
            "row 0, column \"ids\": expected an integer that int64 can hold, got 1.5",
        ),
        ("1", "1,\"a\"", Kind::WrongType, "row 0, column \"x\": expected a number, got text \"a\""),
        ("1", "1,{}", Kind::WrongType, "row 0, column \"x\": expected a number, got an object"),
        (
            "1",
            "1e39,0",
            Kind::OutOfRange,
            "row 0, column \"x\": expected a number that float32 can hold, got 1e39",
        ),
        (
            "1,,2",
            "1,2",
            Kind::Malformed,
            "row 0: malformed at byte 10: expected a value, got \",\"",
        ),
        (
            "1 2",
            "1,2",
            Kind::Malformed,
            "row 0: malformed at byte 10: expected a comma or \"]\", got \"2\"",
        ),
        ("01", "1,2", Kind::Malformed, "row 0: malformed at byte 9: expected a number, got \"1\""),
        (
            "1",
            "1,2",
            Kind::Malformed,
            "malformed at byte 21: expected nothing behind the last row, got \"]\"",
        ),
    ] {
        let end = if sentence.contains("behind") { "]" } else { "" };
        refuses(&schema, Format::Json, &[(&(row(ids, x) + end), kind, sentence)]);
    }
}

#[test]
fn csv_holds_no_tensors() {
    refuses(
        &bert(),
        Format::Csv,
        &[
            ("", Kind::Empty, "the body is empty"),
            (
                "1,2,3\n",
                Kind::WrongType,
                "expected JSON, for rows of this model are made of tensors: {\"input_ids\": [1, ..], \"attention_mask\": [1, ..]}, got CSV",
            ),
        ],
    );
    refuses(
        &tensors(&[("image", DType::F32, "3 ? 192")]),
        Format::Csv,
        &[(
            "1\n",
            Kind::WrongType,
            "expected JSON, for rows of this model are made of tensors: {\"image\": [[[0.5, ..], ..], ..]}, got CSV",
        )],
    );
}

#[test]
fn depth_is_bounded_without_recursion() {
    for opener in ["[", "{\"input_ids\":", "{\"input_ids\":["] {
        let body = opener.repeat(300_000);
        for schema in [bert(), tensors(&[("input_ids", DType::F32, "n n n n n n n")]), matrix(3)] {
            for format in [Format::Json, Format::JsonLines] {
                let mut columns = Columns::new(schema.clone());
                Decoder::new(schema.clone())
                    .decode(format, body.as_bytes(), &mut columns)
                    .unwrap_err();
            }
        }
    }
}

#[test]
fn unknown_names_are_passed_over_when_asked() {
    let mut columns = Columns::new(bert());
    let mut decoder = Decoder::new(bert()).ignore_unknown_columns(true);
    for body in [
        r#"{"id":[[[1]]],"input_ids":[1],"label":{"a":2},"attention_mask":[1]}"#,
        r#"{"id":[7],"input_ids":[[1]],"label":[0],"attention_mask":[[1]]}"#,
    ] {
        decoder.decode(Format::Json, body.as_bytes(), &mut columns).unwrap();
        assert_eq!(shown(&columns), "1 x [1] 1 | [1] 1");
    }
}
