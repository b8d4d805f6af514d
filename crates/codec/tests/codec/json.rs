use hotplate_codec::{DecodeErrorKind as Kind, Format};
use hotplate_tensor::DType;

use crate::support::{accepts, matrix, mixed, refuses, schema};

#[test]
fn every_shape_gives_the_same_rows() {
    let one = "1 \"a\" 2";
    let two = "1 \"a\" 2 | 3 \"b\" 4";
    accepts(
        &mixed(),
        Format::Json,
        &[
            (r#"[[1,"a",2],[3,"b",4]]"#, two),
            (r#"[1,"a",2]"#, one),
            (r#"["1","a",2]"#.replace("\"1\"", "1").as_str(), one),
            (r#"{"tenure":1,"contract":"a","calls":2}"#, one),
            (
                r#"[{"tenure":1,"contract":"a","calls":2},{"calls":4,"tenure":3,"contract":"b"}]"#,
                two,
            ),
            (r#"[{"tenure":1,"contract":"a","calls":2},[3,"b",4]]"#, two),
            (r#"{"instances":[[1,"a",2],[3,"b",4]]}"#, two),
            (r#"{"instances":[{"tenure":1,"contract":"a","calls":2}]}"#, one),
            (r#"{"instances":[{"features":[1,"a",2]},{"features":[3,"b",4]}]}"#, two),
            (r#"{"instances":[{"data":{"features":{"values":[1,"a",2]}}}]}"#, one),
            (r#"{"features":[1,"a",2]}"#, one),
            (r#"{"signature_name":"x","instances":[[1,"a",2]],"params":{"a":[1]}}"#, one),
            (r#"{"inputs":[[1,"a",2]]}"#, one),
            (r#"{"inputs":{"calls":[2,4],"tenure":[1,3],"contract":["a","b"]}}"#, two),
            (r#"{"dataframe_records":[{"tenure":1,"contract":"a","calls":2}]}"#, one),
            (
                r#"{"dataframe_split":{"columns":["calls","tenure","contract"],"index":[0,1],"data":[[2,1,"a"],[4,3,"b"]]}}"#,
                two,
            ),
            (
                r#"{"dataframe_split":{"index":[0,1],"data":[[2,1,"a"],[4,3,"b"]],"columns":["calls","tenure","contract"]}}"#,
                two,
            ),
            (r#"{"columns":["calls","tenure","contract"],"index":[0],"data":[[2,1,"a"]]}"#, one),
            (r#"{"data":[[2,1,"a"]],"columns":["calls","tenure","contract"]}"#, one),
            (r#"{"data":[[1,"a",2]]}"#, one),
            (r#"{"data":{"features":{"values":[1,"a",2]}}}"#, one),
            (r#"{"calls":[2,4],"contract":["a","b"],"tenure":[1,3]}"#, two),
            ("\u{feff} \n{ \"instances\" :\t[ [ 1 , \"a\" , 2 ] ] } \r\n", one),
            ("[]", ""),
            (r#"{"instances":[]}"#, ""),
            (r#"{"calls":[],"contract":[],"tenure":[]}"#, ""),
            (r#"{"columns":["calls","tenure","contract"],"data":[]}"#, ""),
        ],
    );
}

#[test]
fn cells_are_read_by_their_columns() {
    let schema = schema(&[
        ("x", DType::F64),
        ("text", DType::Str),
        ("n", DType::I64),
        ("flag", DType::Bool),
    ]);
    accepts(
        &schema,
        Format::Json,
        &[
            ("[1.5e1,\"a\",-2,true]", "15 \"a\" -2 true"),
            ("[null,null,3.0,1]", "NaN \"\" 3 true"),
            ("[NaN,NaN,1e2,0]", "NaN \"\" 100 false"),
            ("[Infinity,\"\",9223372036854775807,false]", "inf \"\" 9223372036854775807 false"),
            ("[-Infinity,\" \",true,false]", "-inf \" \" 1 false"),
            ("[\"\",\"\",false,false]", "NaN \"\" 0 false"),
            ("[\"  \",\"\",-9223372036854775808,1.0]", "NaN \"\" -9223372036854775808 true"),
            ("[-0,\"-0\",-0,0]", "-0 \"-0\" 0 false"),
            ("[12345678901234567890123,\"\",0,0]", "12345678901234568000000 \"\" 0 false"),
            ("[0.1,\"\",0,0]", "0.1 \"\" 0 false"),
            (
                r#"[0,"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000",0,0]"#,
                "0 \"\\\"\\\\/\\u{8}\\u{c}\\n\\r\\té😀\\0\" 0 false",
            ),
            (r#"{"te\u0078t":"a","x":1,"n":2,"flag":false}"#, "1 \"a\" 2 false"),
        ],
    );
    refuses(
        &schema,
        Format::Json,
        &[
            (
                r#"["abc","a",1,0]"#,
                Kind::WrongType,
                r#"row 0, column "x": expected a number, got text "abc""#,
            ),
            ("[1,2,1,0]", Kind::WrongType, "row 0, column \"text\": expected text, got 2"),
            ("[1,true,1,0]", Kind::WrongType, "row 0, column \"text\": expected text, got true"),
            (
                "[1,[\"a\"],1,0]",
                Kind::WrongType,
                "row 0, column \"text\": expected text, got a list",
            ),
            (
                "[1,\"a\",{\"b\":1},0]",
                Kind::WrongType,
                "row 0, column \"n\": expected an integer, got an object",
            ),
            (
                "[1,\"a\",1.5,0]",
                Kind::OutOfRange,
                "row 0, column \"n\": expected an integer that int64 can hold, got 1.5",
            ),
            (
                "[1,\"a\",18446744073709551616,0]",
                Kind::OutOfRange,
                "row 0, column \"n\": expected an integer that int64 can hold, got 18446744073709551616",
            ),
            (
                "[1,\"a\",1,2]",
                Kind::OutOfRange,
                "row 0, column \"flag\": expected true or false, got 2",
            ),
            (
                "[1,\"a\",null,0]",
                Kind::MissingValue,
                "row 0, column \"n\": expected an integer (int64 has no missing value), got null",
            ),
            (
                "[1e999,\"a\",1,0]",
                Kind::OutOfRange,
                "row 0, column \"x\": expected a number that float64 can hold, got 1e999",
            ),
            ("[1,1e999,1,0]", Kind::WrongType, "row 0, column \"text\": expected text, got 1e999"),
        ],
    );
}

#[test]
fn one_column_takes_scalars_as_rows() {
    let schema = schema(&[("text", DType::Str)]);
    accepts(
        &schema,
        Format::Json,
        &[
            (r#"{"instances":["a","b"]}"#, "\"a\" | \"b\""),
            (r#"{"instances":[["a"],{"text":"b"},"c"]}"#, "\"a\" | \"b\" | \"c\""),
            (r#"["a"]"#, "\"a\""),
            (r#"{"text":["a","b"]}"#, "\"a\" | \"b\""),
        ],
    );
    refuses(
        &schema,
        Format::Json,
        &[(r#"["a","b"]"#, Kind::WrongArity, "row 0: expected 1 cell, got 2")],
    );
}

#[test]
fn columns_named_like_holders_are_told_by_their_values() {
    let all = ["instances", "data", "features", "columns"].map(|name| (name, DType::F64));
    let rows = "1 2 3 4";
    accepts(
        &schema(&all),
        Format::Json,
        &[
            (r#"{"instances":1,"data":2,"features":3,"columns":4}"#, rows),
            (r#"{"instances":[1],"data":[2],"features":[3],"columns":[4]}"#, rows),
            (r#"{"features":[3],"instances":[1],"data":[2],"columns":[4]}"#, rows),
            (r#"{"instances":[[1,2,3,4]]}"#, rows),
            (r#"{"instances":[{"data":2,"features":3,"columns":4,"instances":1}]}"#, rows),
            (r#"{"instances":[{"features":[1,2,3,4]}]}"#, rows),
            (r#"{"data":[[1,2,3,4]]}"#, rows),
            (
                r#"{"dataframe_split":{"columns":["data","columns","features","instances"],"data":[[2,4,3,1]]}}"#,
                rows,
            ),
        ],
    );
}

#[test]
fn columns_without_names_are_sent_as_lists() {
    accepts(
        &matrix(2),
        Format::Json,
        &[
            ("{\"instances\":[[1,2],[3,4]]}", "1 2 | 3 4"),
            ("{\"columns\":[0,1],\"index\":[0],\"data\":[[1,2]]}", "1 2"),
            ("{\"columns\":[\"a\",\"b\"],\"data\":[[1,2]]}", "1 2"),
        ],
    );
    refuses(
        &matrix(2),
        Format::Json,
        &[
            (
                "[{\"x.0\":1,\"x.1\":2}]",
                Kind::UnknownColumn,
                "row 0: unknown column \"x.0\": expected rows as lists, for the model does not name its columns",
            ),
            (
                "{\"columns\":[0,1,2],\"data\":[]}",
                Kind::UnknownColumn,
                "unknown column \"2\": expected rows as lists, for the model does not name its columns",
            ),
        ],
    );
}
