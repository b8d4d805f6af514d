use hotplate_codec::{DecodeErrorKind as Kind, Format};

use crate::support::{decode, mixed, refuses, shown};

#[test]
fn rows_that_do_not_fit_are_refused() {
    refuses(
        &mixed(),
        Format::Json,
        &[
            (r#"[[1,"a"]]"#, Kind::WrongArity, "row 0: expected 3 cells, got 2"),
            (r#"[[1,"a",2],[1,"a",2,3]]"#, Kind::WrongArity, "row 1: expected 3 cells, got 4"),
            (r#"[["a",2]]"#, Kind::WrongArity, "row 0: expected 3 cells, got 2"),
            (
                r#"[[[1],"a",2,3]]"#,
                Kind::WrongArity,
                "row 0: expected 3 cells, got a list of lists",
            ),
            (r#"[[[1,"a",2]]]"#, Kind::WrongArity, "row 0: expected 3 cells, got a list of lists"),
            ("[[]]", Kind::WrongArity, "row 0: expected 3 cells, got 0"),
            (
                r#"[[1,"a",2],5]"#,
                Kind::WrongType,
                "row 1: expected a row: a list of 3 cells, or an object, got 5",
            ),
            ("5", Kind::WrongType, "expected a list or an object that holds rows, got 5"),
            (
                "\"abc\"",
                Kind::WrongType,
                "expected a list or an object that holds rows, got text \"abc\"",
            ),
            ("null", Kind::WrongType, "expected a list or an object that holds rows, got null"),
            ("{}", Kind::MissingColumn, "row 0: missing column \"tenure\""),
            (
                r#"{"tenure":1,"calls":2}"#,
                Kind::MissingColumn,
                "row 0: missing column \"contract\"",
            ),
            (
                r#"{"tenur":1,"calls":2}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"tenur\"; did you mean \"tenure\"?",
            ),
            (
                r#"{"Tenure":1,"calls":2}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"Tenure\"; did you mean \"tenure\"?",
            ),
            (
                r#"{"tenure\u0000\n":1}"#,
                Kind::UnknownColumn,
                "row 0: unknown column \"tenure\\u{0}\\n\"; did you mean \"tenure\"?",
            ),
            (
                r#"{"tenure":1,"tenure":2}"#,
                Kind::DuplicateColumn,
                "row 0: column \"tenure\" appears twice",
            ),
            (
                r#"{"instance":[[1,"a",2]]}"#,
                Kind::UnknownColumn,
                "unknown column \"instance\"; did you mean \"instances\"?",
            ),
            (
                r#"{"instances":[[1,"a",2]],"instances":[]}"#,
                Kind::UnknownColumn,
                "unknown column \"instances\"",
            ),
            (r#"{"instances":5}"#, Kind::WrongType, "expected rows under \"instances\", got 5"),
            (
                r#"{"calls":[2],"tenure":1,"contract":["a"]}"#,
                Kind::WrongType,
                "column \"tenure\": expected a list of values, got 1",
            ),
            (
                r#"{"calls":[2,4],"tenure":[1],"contract":["a","b"]}"#,
                Kind::WrongArity,
                "row 1, column \"tenure\": expected as many values as column \"calls\" has, got another number",
            ),
            (
                r#"{"calls":[2],"tenure":[1,2],"contract":["a"]}"#,
                Kind::WrongArity,
                "row 1, column \"tenure\": expected as many values as column \"calls\" has, got another number",
            ),
            (
                r#"{"calls":[2],"tenure":["x"],"contract":["a"]}"#,
                Kind::WrongType,
                "row 0, column \"tenure\": expected a number, got text \"x\"",
            ),
            (r#"{"calls":[2],"tenure":[1]}"#, Kind::MissingColumn, "missing column \"contract\""),
            (
                r#"{"columns":["calls","tenure"],"data":[]}"#,
                Kind::MissingColumn,
                "missing column \"contract\"",
            ),
            (
                r#"{"columns":["calls","tenure","contract",7],"data":[]}"#,
                Kind::UnknownColumn,
                "unknown column \"7\"",
            ),
            (
                r#"{"columns":["calls","tenure","contract"],"data":[{"calls":1}]}"#,
                Kind::WrongType,
                "row 0: expected a row: a list of 3 cells, or an object, got an object",
            ),
            (
                r#"{"columns":["calls","tenure","contract"]}"#,
                Kind::Malformed,
                "malformed at byte 41: expected \"data\" beside \"columns\", got the end of the body",
            ),
        ],
    );
}

#[test]
fn text_that_is_not_json_is_refused_at_its_byte() {
    let malformed = |body: &str, sentence: &str| {
        refuses(&mixed(), Format::Json, &[(body, Kind::Malformed, sentence)]);
    };
    malformed(
        "[[1,\"a\",2]",
        "malformed at byte 10: expected a comma or \"]\", got the end of the body",
    );
    malformed(
        "[[1,\"a\",2]] x",
        "malformed at byte 12: expected nothing behind the last row, got \"x\"",
    );
    malformed("[[1,\"a\",]]", "row 0: malformed at byte 8: expected a value, got \"]\"");
    malformed("[[1 2]]", "row 0: malformed at byte 4: expected a comma or \"]\", got \"2\"");
    malformed("[[01,\"a\",2]]", "row 0: malformed at byte 3: expected a number, got \"1\"");
    malformed("[[1.,\"a\",2]]", "row 0: malformed at byte 4: expected a number, got \",\"");
    malformed("[[-,\"a\",2]]", "row 0: malformed at byte 3: expected a number, got \",\"");
    malformed("[[1,'a',2]]", "row 0: malformed at byte 4: expected a value, got \"'\"");
    malformed(
        "[[1,\"a\n\",2]]",
        "row 0: malformed at byte 6: expected text without control characters, got \"\\n\"",
    );
    malformed(
        "[[1,\"\\x\",2]]",
        "row 0: malformed at byte 5: expected an escape sequence, got \"\\\"",
    );
    malformed(
        "[[1,\"\\u12g4\",2]]",
        "row 0: malformed at byte 5: expected an escape sequence, got \"\\\"",
    );
    malformed(
        "[[1,\"ab\\ud800\",2]]",
        "row 0: malformed at byte 7: expected both halves of a surrogate pair, got \"\\\"",
    );
    malformed(
        "[[1,\"\\udc00\\ud800\",2]]",
        "row 0: malformed at byte 5: expected both halves of a surrogate pair, got \"\\\"",
    );
    malformed(
        "[[1,\"\\ud800\\u0041\",2]]",
        "row 0: malformed at byte 5: expected both halves of a surrogate pair, got \"\\\"",
    );
    malformed(
        "[[1,\"abc",
        "row 0: malformed at byte 8: expected a quote that ends the text, got the end of the body",
    );
    malformed("[[nul,\"a\",2]]", "row 0: malformed at byte 2: expected a value, got \"n\"");
    malformed("{\"tenure\" 1}", "malformed at byte 10: expected a colon, got \"1\"");
    malformed("{1:1}", "row 0: malformed at byte 1: expected a key, got \"1\"");
    malformed("{\"tenure\":1,}", "row 0: malformed at byte 12: expected a key, got \"}\"");
    malformed("[[1,\"a\",2],]", "row 1: malformed at byte 11: expected a row, got \"]\"");
    malformed("\u{feff}]", "malformed at byte 3: expected a value, got \"]\"");
}

#[test]
fn body_without_bytes_is_empty() {
    refuses(
        &mixed(),
        Format::Json,
        &[
            ("", Kind::Empty, "the body is empty"),
            (" \r\n\t", Kind::Empty, "the body is empty"),
            ("\u{feff}", Kind::Empty, "the body is empty"),
        ],
    );
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> = "[[1]]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = decode(&mixed(), Format::Json, &utf16).unwrap_err();
    assert_eq!((error.kind(), error.got()), (Kind::NotUtf8, Some("UTF-16")));
    let error = decode(&mixed(), Format::Json, b"[[1,\"\xe9\",2]]").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, Some(5)));
}

#[test]
fn depth_is_bounded_without_recursion() {
    let deep = |depth: usize| {
        let body = format!("{{\"index\":{}{},\"data\":[]}}", "[".repeat(depth), "]".repeat(depth));
        decode(&mixed(), Format::Json, body.as_bytes())
    };
    assert_eq!(deep(64).unwrap().rows(), 0);
    let error = deep(65).unwrap_err();
    assert_eq!(error.to_string(), "nested too deep at byte 73: expected at most 64 levels");
    assert_eq!(deep(1_000_000).unwrap_err().kind(), Kind::TooDeep);
    let brackets = "[".repeat(1_000_000);
    assert_eq!(
        decode(&mixed(), Format::Json, brackets.as_bytes()).unwrap_err().kind(),
        Kind::WrongArity
    );
    let objects = "{\"params\":".repeat(1_000_000);
    assert_eq!(
        decode(&mixed(), Format::Json, objects.as_bytes()).unwrap_err().kind(),
        Kind::TooDeep
    );
}

#[test]
fn million_keys_take_linear_time() {
    let mut body = String::from("{\"params\":{");
    for key in 0..1_000_000 {
        body.push_str(&format!("\"{key}\":0,"));
    }
    body.push_str("\"\":0},\"instances\":[[1,\"a\",2]]}");
    assert_eq!(shown(&decode(&mixed(), Format::Json, body.as_bytes()).unwrap()), "1 \"a\" 2");
}
