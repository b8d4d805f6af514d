use hotplate_codec::{DecodeErrorKind as Kind, Decoder, Format};
use hotplate_tensor::{Columns, DType};

use crate::support::{accepts, matrix, refuses, schema, shown, tensors};

#[test]
fn sparse_rows_stand_wherever_rows_do() {
    accepts(
        &matrix(3),
        Format::Json,
        &[
            (r#"{"keys":[2,0],"shape":[3],"values":[5,NaN]}"#, "NaN NaN 5"),
            (r#"{"values":[1,2],"keys":[0,1],"shape":[3]}"#, "1 2 NaN"),
            (
                r#"{"instances":[{"data":{"features":{"keys":[1],"shape":[1,3],"values":[4]}}},[1,2,3]]}"#,
                "NaN 4 NaN | 1 2 3",
            ),
            (r#"{"instances":[{"features":{"keys":[],"shape":[3],"values":[]}}]}"#, "NaN NaN NaN"),
            (r#"[{"shape":[3],"keys":[1],"values":[-Infinity]}]"#, "NaN -inf NaN"),
        ],
    );
    accepts(
        &matrix(3),
        Format::JsonLines,
        &[("{\"keys\":[1],\"shape\":[3],\"values\":[4]}\n[1,2,3]\n", "NaN 4 NaN | 1 2 3")],
    );
}

#[test]
fn sparse_rows_that_are_none_are_refused() {
    refuses(
        &matrix(3),
        Format::Json,
        &[
            (
                r#"[{"keys":[3],"shape":[3],"values":[1]}]"#,
                Kind::WrongArity,
                "row 0: expected indices from 0 to 2, got 3",
            ),
            (
                r#"[{"keys":[1],"shape":[4],"values":[1]}]"#,
                Kind::WrongArity,
                "row 0: expected 3 cells, got 4",
            ),
            (
                r#"[{"keys":[1],"shape":[3],"values":[1,2]}]"#,
                Kind::WrongArity,
                "row 0: expected as many values as keys, 1, got 2",
            ),
            (
                r#"[{"keys":[1,1],"shape":[3],"values":[1,2]}]"#,
                Kind::DuplicateColumn,
                "row 0: column \"x.1\" appears twice",
            ),
            (
                r#"[{"keys":[1],"values":[1]}]"#,
                Kind::Malformed,
                "row 0: malformed at byte 26: expected a list under each of keys, shape and values, got \"]\"",
            ),
            (
                r#"[{"keys":[0.5],"shape":[3],"values":[1]}]"#,
                Kind::Malformed,
                "row 0: malformed at byte 10: expected a whole number, got \"0\"",
            ),
            (
                r#"[{"keys":[0],"shape":[3],"values":["x"]}]"#,
                Kind::WrongType,
                "row 0, column \"x.0\": expected a number, got text \"x\"",
            ),
        ],
    );
}

#[test]
fn columns_called_as_the_members_are_columns() {
    let named = schema(&[("keys", DType::F32), ("values", DType::F32)]);
    accepts(&named, Format::Json, &[(r#"{"keys":[1],"values":[2]}"#, "1 2")]);
}

#[test]
fn rows_too_wide_for_a_table_are_sparse_as_well() {
    let wide = tensors(&[("x", DType::F32, "70000")]);
    let mut columns = Columns::new(wide.clone());
    let body = br#"{"instances":[{"keys":[69999],"shape":[70000],"values":[4]}]}"#;
    Decoder::new(wide.clone()).decode(Format::Json, body, &mut columns).unwrap();
    assert!(shown(&columns).ends_with("NaN NaN 4"));

    let row = r#"{"keys":[],"shape":[70000],"values":[]}"#;
    let body = format!("[{}]", [row; 1000].join(","));
    let error = Decoder::new(wide).decode(Format::Json, body.as_bytes(), &mut columns).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
}

#[test]
fn examples_are_rows() {
    accepts(
        &schema(&[("a", DType::F32), ("b", DType::F32)]),
        Format::Json,
        &[(
            r#"{"signature_name":"classify","examples":[{"a":1,"b":2},{"b":3,"a":Infinity}]}"#,
            "1 2 | inf 3",
        )],
    );
}
