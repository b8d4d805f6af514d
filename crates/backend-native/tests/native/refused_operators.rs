//! Operators that are not taken, or are wrong in themselves: each by its node and reason.

use hotplate_backend::BackendErrorKind;
use hotplate_model::onnx::fixture::{
    self, FLOAT, STRING, Writer, float, floats, int, ints, ml_operation, named, operation, shape,
    strings, with_constant,
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
        named("first", operation("Softmax", &["x"], &["a"], &[])),
        ml_operation("SVMClassifier", &["a"], &["b"], &[]),
        operation("Cast", &["b"], &["c"], &[int("to", 7)]),
        operation("Scaler", &["c"], &["y"], &[]).text(7, fixture::FOREIGN),
    ];
    let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[answer()]);
    let unknown = "the native engine has no such operator";
    let expected = [
        ("Softmax", "first", unknown),
        ("ai.onnx.ml.SVMClassifier", "b", unknown),
        ("Cast", "c", "a cast to int64"),
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
    let expected =
        [("Concat", "a", "axis 0 of rank 2"), ("ai.onnx.ml.Scaler", "b", "arithmetic on text")];
    let expected = expected.map(|(op, node, why)| (op.into(), node.into(), why.into()));
    assert_eq!(refusals(&graph), expected);
}

#[test]
fn cast_to_anything_but_float32_is_refused_by_name() {
    for (code, name) in
        [(7, "int64"), (8, "string"), (11, "float64"), (9, "bool"), (16, "bfloat16")]
    {
        let graph = on_numbers("Cast", &[int("to", code)]);
        assert_refused(&graph, "Cast", "n", &format!("a cast to {name}"));
    }
    let graph = behind(operation("Cast", &["s"], &["z"], &[int("to", 1)]));
    assert_refused(&graph, "Cast", "n", "casts text to numbers");
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
fn concatenation_along_odd_axes_is_refused() {
    for axis in [0, 2, -2, -3, 7, i64::MAX, i64::MIN] {
        let graph = concatenated(&["x", "x"], axis);
        assert_refused(&graph, "Concat", "n", &format!("axis {axis} of rank 2"));
    }
}

#[test]
fn concatenation_behind_wider_axes_is_refused() {
    // [n, 2, 1] and [n, 2, 1] along the last: the elements would interleave.
    let nodes = [
        operation("Reshape", &["x", "dims"], &["r"], &[]),
        named("n", operation("Concat", &["r", "r"], &["z"], &[int("axis", 2)])),
    ];
    let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[numbers("z", 1)]);
    let graph = with_constant(graph, &shape("dims", &[-1, 2, 1]));
    let reason = "an axis behind others that are not one".to_owned();
    assert_eq!(refusals(&graph)[0], ("Concat".to_owned(), "n".to_owned(), reason));
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
    for dims in [&[2, -1][..], &[1, 2], &[], &[-2, 2]] {
        let reason = format!("to {dims:?}, which need not keep rows apart");
        assert_refused(&reshaped(dims), "Reshape", "n", &reason);
    }
    for dims in [&[-1, -1][..], &[0, -1], &[-1, 0], &[-1, 2, 0]] {
        assert_refused(&reshaped(dims), "Reshape", "n", &format!("to {dims:?}"));
    }
}

#[test]
fn reshape_to_another_number_of_elements_is_an_error() {
    for dims in [&[-1, 3][..], &[-1], &[0, 1], &[-1, i64::MAX, i64::MAX]] {
        let sentence = format!("node \"n\": 2 elements a row as {dims:?}");
        assert_invalid(&reshaped(dims), &sentence);
    }
}

#[test]
fn reshape_without_a_constant_shape_is_refused() {
    let computed = behind(operation("Reshape", &["x", "s"], &["z"], &[]));
    assert_refused(&computed, "Reshape", "n", "a shape that is computed");
    let allowzero = operation("Reshape", &["x", "dims"], &["z"], &[int("allowzero", 1)]);
    let graph = with_constant(behind(allowzero), &shape("dims", &[-1, 2]));
    assert_refused(&graph, "Reshape", "n", "allowzero");
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
fn categories_that_are_not_text_are_refused() {
    let graph = ml_on("s", "OneHotEncoder", &[ints("cats_int64s", &[1, 2])]);
    assert_refused(&graph, "ai.onnx.ml.OneHotEncoder", "n", "categories that are not strings");
    let graph = ml_on("x", "OneHotEncoder", &[strings("cats_strings", &["a"])]);
    assert_refused(&graph, "ai.onnx.ml.OneHotEncoder", "n", "encodes numbers as categories");
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
fn imputer_of_integers_or_text_is_refused() {
    let graph = ml_on("x", "Imputer", &[ints("imputed_value_int64s", &[1])]);
    assert_refused(&graph, "ai.onnx.ml.Imputer", "n", "imputed values that are not floats");
    let graph = ml_on("s", "Imputer", &[floats("imputed_value_floats", &[1.0])]);
    assert_refused(&graph, "ai.onnx.ml.Imputer", "n", "arithmetic on text");
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
fn arithmetic_and_trees_on_rows_of_more_axes_than_one_are_refused() {
    let encoded = ml_operation("OneHotEncoder", &["s"], &["e"], &[strings("cats_strings", &["a"])]);
    let scaled = ml_operation(
        "Scaler",
        &["e"],
        &["z"],
        &[floats("offset", &[0.0]), floats("scale", &[1.0])],
    );
    let nodes = [encoded.clone(), named("n", scaled), stump().node("z", &["y"])];
    let graph = fixture::graph(&[texts("s", 1)], &nodes, &[answer()]);
    assert_refused(&graph, "ai.onnx.ml.Scaler", "n", "on rows of 2 axes");
    let nodes = [encoded, stump().node("e", &["y"])];
    let graph = fixture::graph(&[texts("s", 1)], &nodes, &[answer()]);
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", "on rows of 2 axes");
    // A bare list of numbers is one row to ONNX Runtime.
    let flat = fixture::value("x", FLOAT, &[fixture::TestDim::Open]);
    let graph = fixture::graph(&[flat], &[stump().node("x", &["y"])], &[answer()]);
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", "on rows of 0 axes");
}

#[test]
fn trees_that_read_text_are_refused() {
    let text = fixture::value("x", STRING, &[fixture::TestDim::Open, fixture::TestDim::Fixed(1)]);
    let graph = fixture::graph(&[text], &[stump().node("x", &["y"])], &[answer()]);
    let reason = "an ensemble that reads text";
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", reason);
    assert_invalid(
        &regression(&stump(), 2).message(1, &stump().node("x", &["y"])),
        "node \"y\": \"y\" is made a second time",
    );
}
