//! What trees see of a row, bit for bit.

use hotplate_model::onnx::fixture::{
    FLOAT, STRING,
    TestDim::{Fixed, Open},
    Writer, float, floats, int, ints, ml_operation, operation, shape, strings, value,
};
use hotplate_tensor::Value;

use crate::support::{assert_features, numbers, texts};

fn imputer(with: &[f32], replaced: Option<f32>) -> Writer {
    let mut attributes = vec![floats("imputed_value_floats", with)];
    attributes.extend(replaced.map(|replaced| float("replaced_value_float", replaced)));
    ml_operation("Imputer", &["x"], &["z"], &attributes)
}

fn scaler(input: &str, offset: &[f32], scale: &[f32]) -> Writer {
    let attributes = [floats("offset", offset), floats("scale", scale)];
    ml_operation("Scaler", &[input], &["z"], &attributes)
}

fn encoder(input: &str, output: &str, categories: &[&str]) -> Writer {
    ml_operation("OneHotEncoder", &[input], &[output], &[strings("cats_strings", categories)])
}

fn concat(inputs: &[&str], output: &str) -> Writer {
    operation("Concat", inputs, &[output], &[int("axis", 1)])
}

/// What one node makes of three numbers.
#[track_caller]
fn of_three(node: Writer, cells: [f32; 3], expected: [f32; 3]) {
    let cells = cells.map(Value::from);
    assert_features(&[numbers("x", 3)], &[], &[node], "z", &cells, &expected);
}

#[test]
fn numbers_are_read_as_they_are() {
    let cells = [f32::MAX, f32::NAN, 1.0e-45];
    let identity = operation("Identity", &["x"], &["z"], &[]);
    of_three(identity, cells, cells);
}

#[test]
fn imputer_replaces_nan_by_each_feature_s_value_or_by_one() {
    let nan = Some(f32::NAN);
    of_three(imputer(&[1.0, 2.0, 3.0], nan), [f32::NAN, 5.0, f32::NAN], [1.0, 5.0, 3.0]);
    of_three(imputer(&[9.0], nan), [f32::NAN, 5.0, f32::NAN], [9.0, 5.0, 9.0]);
}

#[test]
fn imputer_replaces_the_number_that_it_names_and_no_nan() {
    let cells = [-1.0, f32::NAN, 2.0];
    of_three(imputer(&[7.0], Some(-1.0)), cells, [7.0, f32::NAN, 2.0]);
    // Zero where it names none, whatever its sign.
    of_three(imputer(&[7.0, 8.0, 9.0], None), [0.0, -0.0, f32::NAN], [7.0, 8.0, f32::NAN]);
}

#[test]
fn scaler_rounds_twice() {
    let (offset, scale) = ([0.1, 1.0e-3, 3.3], [1.0 / 3.0, 123.456, -0.7]);
    let mut random = 1_u32;
    for _ in 0..50 {
        let cells = [(); 3].map(|()| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(0x3f80_0000 | random >> 9) - 1.5
        });
        let expected = [0, 1, 2].map(|at| {
            let centred: f32 = cells[at] - offset[at];
            centred * scale[at]
        });
        of_three(scaler("x", &offset, &scale), cells, expected);
        let expected = cells.map(|x| (x - 0.1) * (1.0 / 3.0));
        of_three(scaler("x", &[0.1], &[1.0 / 3.0]), cells, expected);
    }
    of_three(scaler("x", &[1.0], &[2.0]), [f32::NAN, 1.0, 2.0], [f32::NAN, 0.0, 2.0]);
}

#[test]
fn steps_are_done_in_their_order() {
    let imputed = imputer(&[0.5], Some(f32::NAN)).text(3, "impute");
    let cast = operation("Cast", &["z"], &["c"], &[int("to", 1)]);
    let same = operation("Identity", &["c"], &["i"], &[]);
    let attributes = [floats("offset", &[0.5]), floats("scale", &[4.0])];
    let scaled = ml_operation("Scaler", &["i"], &["s"], &attributes);
    let again = ml_operation(
        "Imputer",
        &["s"],
        &["t"],
        &[floats("imputed_value_floats", &[-8.0]), float("replaced_value_float", 2.0)],
    );
    let nodes = [imputed, cast, same, scaled, again];
    let cells = [Value::Missing, 1.0.into(), 2.0.into()];
    assert_features(&[numbers("x", 3)], &[], &nodes, "t", &cells, &[0.0, -8.0, 6.0]);
}

#[test]
fn one_text_becomes_an_indicator_for_each_category() {
    let nodes = [encoder("s", "e", &["a", "b", "c"]), reshape("e")];
    let inputs = [texts("s", 1)];
    let constants = [shape("dims", &[-1, 3])];
    for (text, expected) in [
        ("a", [1.0, 0.0, 0.0]),
        ("b", [0.0, 1.0, 0.0]),
        ("c", [0.0, 0.0, 1.0]),
        ("B", [0.0; 3]),
        ("", [0.0; 3]),
    ] {
        assert_features(&inputs, &constants, &nodes, "r", &[text.into()], &expected);
    }
}

#[test]
fn empty_text_may_be_a_category() {
    let nodes = [encoder("s", "e", &["a", ""]), reshape("e")];
    let constants = [shape("dims", &[-1, 2])];
    assert_features(&[texts("s", 1)], &constants, &nodes, "r", &["".into()], &[0.0, 1.0]);
}

#[test]
fn every_text_of_a_matrix_is_encoded() {
    let nodes = [encoder("s", "e", &["a", "b"]), reshape("e")];
    let constants = [shape("dims", &[0, 6])];
    let cells = ["b".into(), "?".into(), "a".into()];
    let expected = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0];
    assert_features(&[texts("s", 3)], &constants, &nodes, "r", &cells, &expected);
}

#[test]
fn bare_list_of_texts_is_encoded_without_a_reshape() {
    let input = value("s", STRING, &[Open]);
    let nodes = [encoder("s", "z", &["a", "b"])];
    assert_features(&[input], &[], &nodes, "z", &["b".into()], &[0.0, 1.0]);
}

#[test]
fn column_may_be_encoded_twice_in_other_categories() {
    let nodes = [
        encoder("s", "e", &["a", "b"]),
        encoder("s", "f", &["b", "c"]),
        reshape("e"),
        operation("Reshape", &["f", "dims"], &["q"], &[]),
        concat(&["q", "r", "q"], "z"),
    ];
    let constants = [shape("dims", &[-1, 2])];
    for (text, expected) in [
        ("a", [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        ("b", [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
        ("c", [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
    ] {
        assert_features(&[texts("s", 1)], &constants, &nodes, "z", &[text.into()], &expected);
    }
}

#[test]
fn texts_become_the_numbers_of_their_labels() {
    let keys = strings("keys_strings", &["low", "mid", ""]);
    let codes = ints("values_int64s", &[7, -2, 4]);
    let labels = ml_operation("LabelEncoder", &["s"], &["e"], &[keys.clone(), codes]);
    let cast = operation("Cast", &["e"], &["f"], &[int("to", FLOAT)]);
    let nodes = [labels, cast, scaler("f", &[1.0], &[0.5])];
    for (text, expected) in [("low", 3.0), ("mid", -1.5), ("", 1.5), ("high", -1.0)] {
        assert_features(&[texts("s", 1)], &[], &nodes, "z", &[text.into()], &[expected]);
    }
    let default = [keys, floats("values_floats", &[0.1, 0.2, 0.3]), float("default_float", 9.5)];
    let labels = [ml_operation("LabelEncoder", &["s"], &["z"], &default)];
    for (text, expected) in [("low", 0.1), ("", 0.3), ("high", 9.5)] {
        assert_features(&[texts("s", 1)], &[], &labels, "z", &[text.into()], &[expected]);
    }
}

#[test]
fn arithmetic_is_done_on_indicators_on_and_off() {
    let nodes = [
        encoder("s", "e", &["a", "b"]),
        reshape("e"),
        scaler("r", &[0.1, 0.2], &[3.0, -7.0]),
        ml_operation(
            "Imputer",
            &["z"],
            &["t"],
            &[
                floats("imputed_value_floats", &[42.0]),
                float("replaced_value_float", (0.0 - 0.1) * 3.0),
            ],
        ),
    ];
    let constants = [shape("dims", &[-1, 2])];
    let on = [(1.0_f32 - 0.1) * 3.0, (1.0_f32 - 0.2) * -7.0];
    let off = [42.0, (0.0_f32 - 0.2) * -7.0];
    for (text, expected) in [("a", [on[0], off[1]]), ("b", [off[0], on[1]]), ("?", off)] {
        assert_features(&[texts("s", 1)], &constants, &nodes, "t", &[text.into()], &expected);
    }
}

#[test]
fn columns_are_joined_in_any_order() {
    let inputs = [numbers("x", 2), texts("s", 1), numbers("w", 1)];
    let constants = [shape("dims", &[-1, 2])];
    let cells = [1.0.into(), 2.0.into(), "b".into(), 3.0.into()];
    let encoded = [encoder("s", "e", &["a", "b"]), reshape("e")];
    for (order, expected) in [
        (["x", "r", "w"], [1.0, 2.0, 0.0, 1.0, 3.0]),
        (["w", "r", "x"], [3.0, 0.0, 1.0, 1.0, 2.0]),
        (["r", "w", "x"], [0.0, 1.0, 3.0, 1.0, 2.0]),
    ] {
        let nodes = [&encoded[..], &[concat(&order, "z")]].concat();
        assert_features(&inputs, &constants, &nodes, "z", &cells, &expected);
    }
}

#[test]
fn concatenation_counts_axes_from_either_end() {
    let joined = |axis| operation("Concat", &["x", "w", "x"], &["z"], &[int("axis", axis)]);
    let inputs = [numbers("x", 1), numbers("w", 1)];
    for axis in [1, -1] {
        let cells = [1.0.into(), 2.0.into()];
        assert_features(&inputs, &[], &[joined(axis)], "z", &cells, &[1.0, 2.0, 1.0]);
    }
}

#[test]
fn concatenation_along_the_first_of_several_axes_keeps_rows_together() {
    // [n, 1, 2] and [n, 1, 2] along the last axis, and [n, 2, 1] twice along the middle one.
    for (dims, axis) in [([-1, 1, 2], 2), ([-1, 2, 1], 1)] {
        let nodes = [
            operation("Reshape", &["x", "dims"], &["a"], &[]),
            operation("Reshape", &["w", "dims"], &["b"], &[]),
            operation("Concat", &["a", "b"], &["c"], &[int("axis", axis)]),
            operation("Reshape", &["c", "flat"], &["z"], &[]),
        ];
        let constants = [shape("dims", &dims), shape("flat", &[-1, 4])];
        let inputs = [numbers("x", 2), numbers("w", 2)];
        let cells = [1.0, 2.0, 3.0, 4.0].map(Value::from);
        assert_features(&inputs, &constants, &nodes, "z", &cells, &[1.0, 2.0, 3.0, 4.0]);
    }
}

#[test]
fn reshape_goes_through_any_dimensions() {
    let cube = value("x", FLOAT, &[Open, Fixed(2), Fixed(3)]);
    let nodes = [operation("Reshape", &["x", "dims"], &["z"], &[])];
    let cells = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    let constants = [shape("dims", &[-1, 6])];
    assert_features(&[cube], &constants, &nodes, "z", &cells.map(Value::from), &cells);
}

#[test]
fn column_may_be_read_twice_with_other_arithmetic() {
    let attributes = [floats("offset", &[1.0]), floats("scale", &[2.0])];
    let nodes = [ml_operation("Scaler", &["x"], &["s"], &attributes), concat(&["x", "s"], "z")];
    let cells = [5.0.into()];
    assert_features(&[numbers("x", 1)], &[], &nodes, "z", &cells, &[5.0, 8.0]);
}

fn reshape(input: &str) -> Writer {
    operation("Reshape", &[input, "dims"], &["r"], &[])
}
