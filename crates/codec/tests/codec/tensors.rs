use hotplate_codec::Format;
use hotplate_tensor::{DType, Schema};

use crate::support::{accepts, bert, matrix, tensors};

const TWO_SENTENCES: &str = "2 x [3] 101 7 102 101 8 102 | [3] 1 1 1 1 1 0";

#[test]
fn rows_by_name_hold_a_list_for_each_input() {
    let one = "1 x [3] 101 7 102 | [3] 1 1 0";
    accepts(
        &bert(),
        Format::Json,
        &[
            (r#"{"input_ids":[101,7,102],"attention_mask":[1,1,0]}"#, one),
            (r#"{"attention_mask":[1,1,0],"input_ids":[101,7,102]}"#, one),
            (r#"[{"attention_mask":[1,1,0],"input_ids":[101,7,102]}]"#, one),
            (r#" { "input\u005fids" : [ 101 , 7 , 102 ] , "attention_mask" : [ 1,1,0 ] } "#, one),
            (
                r#"{"signature_name":"x","instances":[{"input_ids":[101,7,102],"attention_mask":[1,1,0]}]}"#,
                one,
            ),
            (r#"{"inputs":[{"input_ids":[101,7,102],"attention_mask":[1,1,0]}],"params":{}}"#, one),
            (r#"{"dataframe_records":[{"input_ids":[101,7,102],"attention_mask":[1,1,0]}]}"#, one),
            (r#"{"inputs":{"input_ids":[101,7,102],"attention_mask":[1,1,0]}}"#, one),
            (
                r#"[{"input_ids":[101,7,102],"attention_mask":[1,1,1]},{"attention_mask":[1,1,0],"input_ids":[101,8,102]}]"#,
                TWO_SENTENCES,
            ),
            (r#"[{"input_ids":[],"attention_mask":[]}]"#, "1 x [0] | [0]"),
            ("[]", "0 x [0] | [0]"),
            (r#"{"instances":[]}"#, "0 x [0] | [0]"),
        ],
    );
}

#[test]
fn lists_of_rows_stand_side_by_side() {
    accepts(
        &bert(),
        Format::Json,
        &[
            (
                r#"{"input_ids":[[101,7,102],[101,8,102]],"attention_mask":[[1,1,1],[1,1,0]]}"#,
                TWO_SENTENCES,
            ),
            (
                r#"{"inputs":{"attention_mask":[[1,1,1],[1,1,0]],"input_ids":[[101,7,102],[101,8,102]]}}"#,
                TWO_SENTENCES,
            ),
            (r#"{"input_ids":[],"attention_mask":[]}"#, "0 x [0] | [0]"),
            (r#"{"input_ids":[[]],"attention_mask":[[]]}"#, "1 x [0] | [0]"),
        ],
    );
}

#[test]
fn depth_tells_a_row_of_the_only_input_from_a_list_of_rows() {
    let pixels = tensors(&[("image", DType::F32, "2 width")]);
    let one = "1 x [2, 3] 1 2 3 4 5 6";
    let two = "2 x [2, 1] 1 2 3 4";
    accepts(
        &pixels,
        Format::Json,
        &[
            ("[[1,2,3],[4,5,6]]", one),
            ("[[[1,2,3],[4,5,6]]]", one),
            ("[[[1],[2]],[[3],[4]]]", two),
            (r#"{"instances":[[1,2,3],[4,5,6]]}"#, one),
            (r#"{"instances":[[[1],[2]],[[3],[4]]]}"#, two),
            (r#"{"inputs":[[[1],[2]],[[3],[4]]]}"#, two),
            (r#"{"image":[[1,2,3],[4,5,6]]}"#, one),
            (r#"{"image":[[[1],[2]],[[3],[4]]]}"#, two),
            (r#"{"inputs":{"image":[[[1],[2]],[[3],[4]]]}}"#, two),
            (r#"{"instances":[{"image":[[1],[2]]},[[3],[4]]]}"#, two),
            (r#"{"instances":[{"features":[[1],[2]]},[[3],[4]]]}"#, two),
            (r#"{"data":{"features":{"values":[[1,2,3],[4,5,6]]}}}"#, one),
            ("[[],[]]", "1 x [2, 0]"),
        ],
    );
    accepts(
        &tensors(&[("x", DType::F32, "n")]),
        Format::Json,
        &[
            ("[1,2]", "1 x [2] 1 2"),
            ("[[1,2]]", "1 x [2] 1 2"),
            (r#"{"instances":[1,2]}"#, "1 x [2] 1 2"),
            (r#"{"x":[[1],[2]]}"#, "2 x [1] 1 2"),
            ("[[],[]]", "2 x [0]"),
        ],
    );
}

#[test]
fn scalars_need_no_brackets_beside_tensors() {
    let schema = tensors(&[
        ("ids", DType::I64, "n"),
        ("weight", DType::F32, "1"),
        ("urgent", DType::Bool, ""),
        ("tags", DType::Str, "2"),
    ]);
    let one = "1 x [2] 1 2 | [1] 0.5 | [] true | [2] \"a\" \"\"";
    accepts(
        &schema,
        Format::Json,
        &[
            (r#"{"ids":[1,2],"weight":0.5,"urgent":true,"tags":["a",null]}"#, one),
            (r#"{"weight":[0.5],"ids":[1,2],"urgent":1,"tags":["a",NaN]}"#, one),
            (r#"{"weight":[0.5],"tags":[["a",""]],"urgent":[true],"ids":[[1,2]]}"#, one),
            (r#"{"weight":[[0.5]],"tags":[["a",""]],"urgent":[true],"ids":[[1,2]]}"#, one),
            (
                r#"{"weight":[null,2],"tags":[["a","b"],["c","d"]],"urgent":[0,1],"ids":[[1],[2]]}"#,
                "2 x [1] 1 2 | [1] NaN 2 | [] false true | [2] \"a\" \"b\" \"c\" \"d\"",
            ),
        ],
    );
}

#[test]
fn lines_are_rows_of_tensors() {
    accepts(
        &bert(),
        Format::JsonLines,
        &[(
            "{\"input_ids\":[101,7,102],\"attention_mask\":[1,1,1]}\n\
             {\"attention_mask\":[1,1,0],\"input_ids\":[101,8,102]}\n\n",
            TWO_SENTENCES,
        )],
    );
    accepts(
        &tensors(&[("x", DType::F32, "n")]),
        Format::JsonLines,
        &[("[1,2]\n{\"x\":[3,4]}", "2 x [2] 1 2 3 4")],
    );
}

#[test]
fn tables_take_inputs_that_are_more_than_cells() {
    for body in
        [r#"{"x":[1,2]}"#, r#"{"x":[[1,2]]}"#, r#"[{"x":[1,2]}]"#, r#"{"inputs":{"x":[1,2]}}"#]
    {
        accepts(&matrix(2), Format::Json, &[(body, "1 2")]);
    }
    accepts(
        &matrix(2),
        Format::Json,
        &[
            (r#"{"x":[[1,2],[3,4]]}"#, "1 2 | 3 4"),
            (r#"{"instances":[{"x":[1,2]},[3,4]]}"#, "1 2 | 3 4"),
        ],
    );
    accepts(&matrix(2), Format::JsonLines, &[("{\"x\":[1,2]}\n[3,4]", "1 2 | 3 4")]);

    let two = tensors(&[("image", DType::F32, "2 2"), ("age", DType::I64, "1")]);
    accepts(
        &two,
        Format::Json,
        &[
            ("[1,2,3,4,5]", "1 2 3 4 5"),
            (r#"{"age":5,"image":[[1,2],[3,4]]}"#, "1 2 3 4 5"),
            (r#"{"age":[5],"image":[[1,2],[3,4]]}"#, "1 2 3 4 5"),
            (r#"{"age":[5,6],"image":[[[1,2],[3,4]],[[7,8],[9,0]]]}"#, "1 2 3 4 5 | 7 8 9 0 6"),
            (r#"{"inputs":{"age":[[5]],"image":[[[1,2],[3,4]]]}}"#, "1 2 3 4 5"),
        ],
    );
}

#[test]
fn tables_of_nested_rows_take_them_flat_as_well() {
    let schema = tensors(&[("image", DType::F32, "2 3")]);
    let one = "1 2 3 4 5 6";
    let two = "1 2 3 4 5 6 | 7 8 9 0 1 2";
    accepts(
        &schema,
        Format::Json,
        &[
            ("[1,2,3,4,5,6]", one),
            ("[[1,2,3,4,5,6],[7,8,9,0,1,2]]", two),
            ("[[1,2,3],[4,5,6]]", one),
            ("[[[1,2,3],[4,5,6]],[7,8,9,0,1,2]]", two),
            (r#"{"instances":[[[1,2,3],[4,5,6]],{"image":[[7,8,9],[0,1,2]]}]}"#, two),
            (r#"{"instances":[[1,2,3],[4,5,6]]}"#, one),
        ],
    );
    // Where both readings are possible they give the same row, and two rows stay two.
    accepts(
        &tensors(&[("x", DType::F32, "1 2")]),
        Format::Json,
        &[("[[1,2]]", "1 2"), ("[[1,2],[3,4]]", "1 2 | 3 4"), ("[[[1,2]],[[3,4]]]", "1 2 | 3 4")],
    );
    accepts(&schema, Format::Csv, &[("1,2,3,4,5,6\n7,8,9,0,1,2\n", two)]);
    accepts(&schema, Format::JsonLines, &[("[[1,2,3],[4,5,6]]\n[7,8,9,0,1,2]\n", two)]);
}

#[test]
fn names_of_columns_go_before_names_of_inputs() {
    let inputs = matrix(2).inputs().to_vec();
    let named = |names: [&str; 2]| {
        let names = names.map(str::to_owned).into();
        Schema::with_names(inputs.clone(), names).unwrap().into()
    };
    accepts(
        &named(["a", "b"]),
        Format::Json,
        &[(r#"{"a":1,"b":2}"#, "1 2"), (r#"{"a":[1],"b":[2]}"#, "1 2"), (r#"{"x":[1,2]}"#, "1 2")],
    );
    accepts(&named(["x", "y"]), Format::Json, &[(r#"{"x":[1,3],"y":[2,4]}"#, "1 2 | 3 4")]);
}

#[test]
fn inputs_named_like_holders_are_told_by_their_values() {
    for name in ["instances", "inputs", "data", "features", "params"] {
        let schema = tensors(&[(name, DType::F32, "n")]);
        for body in [r#"{"NAME":[1,2]}"#, r#"{"NAME":[[1,2]]}"#, r#"[{"NAME":[1,2]}]"#] {
            accepts(&schema, Format::Json, &[(&body.replace("NAME", name), "1 x [2] 1 2")]);
        }
        accepts(
            &schema,
            Format::Json,
            &[(&r#"{"instances":[{"NAME":[1,2]}]}"#.replace("NAME", name), "1 x [2] 1 2")],
        );
    }
}
