//! Operators that are not taken, or are wrong in themselves: each by its node and reason.

use hotplate_backend::BackendErrorKind;
use hotplate_model::onnx::fixture::{
    self, FLOAT, Writer, float, floats, int, ints, ml_operation, named, operation, shape, strings,
    with_constant,
};

use crate::support::{
    answer, assert_invalid, assert_refused, compile, numbers, refusals, regression, texts,
};

fn stump() -> fixture::Ensemble {
    fixture::Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

/// `node`, which makes `z`, between two numbers `x` with a text `s`, and trees.
fn behind(node: Writer) -> Writer {
    let nodes = [named("n", node), stump().node("z", &["y"])];
    fixture::graph(&[numbers("x", 2), texts("s", 1)], &nodes, &[answer()])
}

fn on_numbers(op_type: &str, attributes: &[Writer]) -> Writer {
    behind(operation(op_type, &["x"], &["z"], attributes))
}

fn ml_on(input: &str, op_type: &str, attributes: &[Writer]) -> Writer {
    behind(ml_operation(op_type, &[input], &["z"], attributes))
}

fn reshaped(dims: &[i64]) -> Writer {
    let node = operation("Reshape", &["x", "dims"], &["z"], &[]);
    with_constant(behind(node), &shape("dims", dims))
}

fn concatenated(inputs: &[&str], axis: i64) -> Writer {
    behind(operation("Concat", inputs, &["z"], &[int("axis", axis)]))
}

#[test]
fn operators_that_the_engine_does_not_have_are_listed_at_once() {
    let nodes = [
        named("first", operation("Loop", &["x"], &["a"], &[])),
        ml_operation("SVMClassifier", &["x"], &["b"], &[]),
        operation("Cast", &["x"], &["c"], &[int("to", 16)]),
        operation("Scaler", &["x"], &["y"], &[]).text(7, fixture::FOREIGN),
    ];
    let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[answer()]);
    let unknown = "the native engine has no such operator";
    let expected = [
        ("Loop", "first", unknown),
        ("ai.onnx.ml.SVMClassifier", "b", unknown),
        ("Cast", "c", "a cast to bfloat16"),
        ("com.example.Scaler", "y", unknown),
    ];
    let expected = expected.map(|(op, node, why)| (op.into(), node.into(), why.into()));
    assert_eq!(refusals(&graph), expected);
}

#[test]
fn nodes_without_a_place_are_listed_at_once() {
    let nodes = [
        operation("Concat", &["x", "x"], &["a"], &[int("axis", 0)]),
        ml_operation(
            "Scaler",
            &["s"],
            &["b"],
            &[floats("offset", &[0.0]), floats("scale", &[1.0])],
        ),
        stump().node("b", &["y"]),
    ];
    let graph = fixture::graph(&[numbers("x", 2), texts("s", 1)], &nodes, &[answer()]);
    let expected = [
        ("Concat", "a", "puts rows behind one another"),
        ("ai.onnx.ml.Scaler", "b", "a scaler of string"),
    ];
    let expected = expected.map(|(op, node, why)| (op.into(), node.into(), why.into()));
    assert_eq!(refusals(&graph), expected);
}

#[test]
fn cast_to_a_type_that_tensors_do_not_have_is_refused_by_name() {
    for (code, name) in [(10, "float16"), (16, "bfloat16")] {
        let graph = on_numbers("Cast", &[int("to", code)]);
        assert_refused(&graph, "Cast", "n", &format!("a cast to {name}"));
    }
}

#[test]
fn cast_to_nothing_is_an_error() {
    assert_invalid(&on_numbers("Cast", &[]), "node \"n\": to is not given");
    for code in [0, -1, 255, i64::MAX] {
        let sentence = format!("node \"n\": {code} is the code of no element type");
        assert_invalid(&on_numbers("Cast", &[int("to", code)]), &sentence);
    }
}

#[test]
fn concatenation_of_rows_is_refused() {
    for axis in [0, -2] {
        let graph = concatenated(&["x", "x"], axis);
        assert_refused(&graph, "Concat", "n", "puts rows behind one another");
    }
}

#[test]
fn concatenation_along_no_axis_is_an_error() {
    for axis in [2, -3, 7, i64::MAX, i64::MIN] {
        let graph = concatenated(&["x", "x"], axis);
        assert_invalid(&graph, &format!("node \"n\": axis {axis} of 2"));
    }
}

#[test]
fn concatenation_of_shapes_that_do_not_fit_is_an_error() {
    let nodes = [
        operation("Reshape", &["x", "dims"], &["r"], &[]),
        named("n", operation("Concat", &["x", "r"], &["z"], &[int("axis", 1)])),
    ];
    for (dims, told) in [(&[-1, 1, 2][..], "[1, 2]"), (&[-1, 2, 1], "[2, 1]")] {
        let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[numbers("z", 1)]);
        let graph = with_constant(graph, &shape("dims", dims));
        assert_invalid(&graph, &format!("node \"n\": joins [2] and {told} a row"));
    }
    assert_invalid(&concatenated(&[], 1), "node \"n\": joins nothing");
    let without_axis = behind(operation("Concat", &["x"], &["z"], &[]));
    assert_invalid(&without_axis, "node \"n\": axis is not given");
}

#[test]
fn reshape_that_does_not_keep_rows_apart_is_refused() {
    let torn = "rows are taken apart or put together: float32 [rows, 2]";
    let fixed = "dimensions for a number of rows: float32 [rows, 2]";
    // Three elements a row are right for some numbers of rows.
    let cases: [(&[i64], &str); 5] =
        [(&[2, -1], torn), (&[-1, 3], torn), (&[-1], torn), (&[1, 2], fixed), (&[], fixed)];
    for (dims, reason) in cases {
        assert_refused(&reshaped(dims), "Reshape", "n", reason);
    }
}

#[test]
fn reshape_to_no_dimensions_is_an_error() {
    let cases: [(&[i64], &str); 5] = [
        (&[-1, -1], "leaves two dimensions open"),
        (&[-2, 2], "asks for -2 elements along an axis"),
        (&[-1, 2, 0], "keeps dimension 2"),
        (&[0, 1], "2 elements in dimensions for 1"),
        (&[-1, i64::MAX, i64::MAX], "asks for more elements than can be counted"),
    ];
    for (dims, problem) in cases {
        assert_invalid(&reshaped(dims), &format!("node \"n\": {problem}"));
    }
}

#[test]
fn reshape_by_an_input_is_refused() {
    let nodes = [operation("Cast", &["x"], &["dims"], &[int("to", 7)])];
    let reshape = named("n", operation("Reshape", &["x", "dims"], &["y"], &[]));
    let nodes: Vec<Writer> = nodes.into_iter().chain([reshape]).collect();
    let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[answer()]);
    assert_refused(&graph, "Reshape", "n", "computes its dimensions");
}

#[test]
fn reshape_of_the_wrong_number_of_inputs_is_an_error() {
    // Constants without a name must not be taken for a shape that is left out.
    let unnamed = shape("", &[-1, 2]);
    for inputs in [&[][..], &["x"], &["x", "dims", "dims"]] {
        let graph = behind(operation("Reshape", inputs, &["z"], &[]));
        let graph = with_constant(with_constant(graph, &shape("dims", &[-1, 2])), &unnamed);
        assert_invalid(&graph, &format!("node \"n\": reads {} inputs", inputs.len()));
    }
}

#[test]
fn categories_of_another_type_are_refused() {
    let graph = ml_on("s", "OneHotEncoder", &[ints("cats_int64s", &[1, 2])]);
    let reason = "string among categories of integers";
    assert_refused(&graph, "ai.onnx.ml.OneHotEncoder", "n", reason);
}

#[test]
fn categories_that_make_no_sense_are_an_error() {
    let graph = ml_on("s", "OneHotEncoder", &[strings("cats_strings", &["a", "b", "a"])]);
    assert_invalid(&graph, "node \"n\": the category \"a\" stands twice");
    for attributes in [&[][..], &[strings("cats_strings", &[])]] {
        let graph = ml_on("s", "OneHotEncoder", attributes);
        assert_invalid(&graph, "node \"n\": no categories are given");
    }
}

#[test]
fn imputer_of_text_is_refused() {
    let graph = ml_on("s", "Imputer", &[floats("imputed_value_floats", &[1.0])]);
    assert_refused(&graph, "ai.onnx.ml.Imputer", "n", "an imputer of string");
}

#[test]
fn imputer_of_the_wrong_length_is_an_error() {
    assert_invalid(&ml_on("x", "Imputer", &[]), "node \"n\": no imputed values are given");
    for values in [&[][..], &[1.0, 2.0, 3.0]] {
        let graph = ml_on("x", "Imputer", &[floats("imputed_value_floats", values)]);
        assert_invalid(&graph, &format!("node \"n\": {} values for 2 features", values.len()));
    }
}

#[test]
fn scaler_of_the_wrong_length_is_an_error() {
    let scaler = |offset: &[f32], scale: &[f32]| {
        ml_on("x", "Scaler", &[floats("offset", offset), floats("scale", scale)])
    };
    for (offset, scale) in [(&[][..], &[][..]), (&[1.0], &[1.0, 2.0]), (&[1.0, 2.0], &[1.0])] {
        let sentence = format!("node \"n\": {} offsets and {} scales", offset.len(), scale.len());
        assert_invalid(&scaler(offset, scale), &sentence);
    }
    assert_invalid(&scaler(&[0.0; 3], &[1.0; 3]), "node \"n\": 3 values for 2 features");
    let absent = ml_on("x", "Scaler", &[]);
    assert_invalid(&absent, "node \"n\": 0 offsets and 0 scales");
}

#[test]
fn attribute_of_another_type_is_an_error() {
    let graph = ml_on("x", "Scaler", &[float("offset", 1.0)]);
    let error = compile(&graph).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel);
    let expected = "attribute \"offset\" should be a list of floats, is a float";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn trees_on_rows_of_more_axes_than_one_are_refused() {
    let encoded = ml_operation("OneHotEncoder", &["s"], &["e"], &[strings("cats_strings", &["a"])]);
    let nodes = [encoded, stump().node("e", &["y"])];
    let graph = fixture::graph(&[texts("s", 1)], &nodes, &[answer()]);
    let reason = "trees on float32 [rows, 1, 1]";
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", reason);
    // A bare list of numbers is one row to ONNX Runtime.
    let flat = fixture::value("x", FLOAT, &[fixture::TestDim::Open]);
    let graph = fixture::graph(&[flat], &[stump().node("x", &["y"])], &[answer()]);
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", "trees on float32 [rows]");
}

#[test]
fn trees_that_stand_twice_are_an_error() {
    assert_invalid(
        &regression(&stump(), 2).message(1, &stump().node("x", &["y"])),
        "node \"y\": \"y\" is made a second time",
    );
}
