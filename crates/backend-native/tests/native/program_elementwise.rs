//! Operators on each element alone and side by side: answers of ONNX's definition, and where that
//! says nothing those of ONNX Runtime.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_3, FRAC_PI_4, FRAC_PI_6};

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions, Part};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, FLOAT, INT64, STRING,
        TestDim::{Fixed, Open},
        Writer, float, int, named, operation, string, with_constant,
    },
};
use hotplate_native::Native;
use hotplate_tensor::{DataView, Tensor, Value};

use crate::support::{
    assert_invalid, compile, numbers, outputs, refusals, rows, run_cells, run_part, texts,
};

const DOUBLE: i64 = 11;
const BOOL: i64 = 9;
const INT8: i64 = 3;

/// A node called `n` of these values that makes `y`, which has `width` elements of type `code`.
fn graph(
    inputs: &[Writer],
    constants: &[Writer],
    node: Writer,
    (code, width): (i64, i64),
) -> Writer {
    let y = fixture::value("y", code, &[Open, Fixed(width)]);
    let graph = fixture::graph(inputs, &[named("n", node)], &[y]);
    constants.iter().fold(graph, with_constant)
}

fn integers(name: &str, width: i64) -> Writer {
    fixture::value(name, INT64, &[Open, Fixed(width)])
}

fn float_constant(name: &str, dims: &[i64], elements: &[f32]) -> Writer {
    elements
        .iter()
        .fold(fixture::tensor(name, FLOAT, dims), |tensor, &element| tensor.float(4, element))
}

/// Runs rows together, and checks that each alone has the same answer.
#[track_caller]
fn answers(graph: &Writer, cells: &[&[Value<'_>]]) -> Tensor {
    let plan = compile(graph).unwrap();
    let together = run_cells(&*plan, cells).remove(0);
    let width = together.data().len() / cells.len();
    for (row, cells) in cells.iter().enumerate() {
        let alone = run_cells(&*plan, &[*cells]).remove(0);
        let expected = together.data().slice(row * width..(row + 1) * width);
        assert_eq!(shown(alone.data()), shown(expected));
    }
    together
}

/// Elements to be compared, NaN among them.
fn shown(data: DataView<'_>) -> String {
    match data {
        DataView::Str(texts) => format!("{:?}", texts.iter().collect::<Vec<_>>()),
        numbers => format!("{numbers:?}"),
    }
}

#[track_caller]
fn assert_floats(tensor: &Tensor, expected: &[f32]) {
    let DataView::F32(got) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    assert_eq!(got.len(), expected.len());
    for (&got, &expected) in got.iter().zip(expected) {
        let near = (got - expected).abs() <= 1e-6 + 1e-5 * expected.abs();
        let same = got == expected || (got.is_nan() && expected.is_nan());
        assert!(near || same, "{got} where {expected} was expected");
    }
}

/// Operator, attributes, arguments and values.
type Function<'a> = (&'a str, &'a [Writer], &'a [f32], &'a [f32]);
/// Operator, attributes, and both operands with the result.
type Integers<'a> = (&'a str, &'a [Writer], &'a [(i64, i64, i64)]);

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

#[test]
fn functions_of_one_number_are_onnx_s() {
    let cases: &[Function<'_>] = &[
        ("Abs", &[], &[-1.5, 2.0, NAN], &[1.5, 2.0, NAN]),
        ("Neg", &[], &[-1.5, 2.0, INF], &[1.5, -2.0, -INF]),
        ("Sign", &[], &[-1.5, 0.0, 3.0, NAN], &[-1.0, 0.0, 1.0, NAN]),
        ("Floor", &[], &[-1.5, 1.5], &[-2.0, 1.0]),
        ("Ceil", &[], &[-1.5, 1.5], &[-1.0, 2.0]),
        ("Round", &[], &[0.5, 1.5, 2.5, -0.5, -1.5], &[0.0, 2.0, 2.0, 0.0, -2.0]),
        ("Sqrt", &[], &[4.0, -1.0], &[2.0, NAN]),
        ("Reciprocal", &[], &[4.0, 0.0], &[0.25, INF]),
        ("Exp", &[], &[0.0, 1.0, -INF], &[1.0, 2.718_281_7, 0.0]),
        ("Log", &[], &[1.0, 0.0, -1.0], &[0.0, -INF, NAN]),
        ("Sin", &[], &[0.5, INF], &[0.479_425_55, NAN]),
        ("Cos", &[], &[0.5], &[0.877_582_55]),
        ("Tan", &[], &[0.5], &[0.546_302_5]),
        ("Asin", &[], &[0.5, 2.0], &[FRAC_PI_6, NAN]),
        ("Acos", &[], &[0.5, 2.0], &[FRAC_PI_3, NAN]),
        ("Atan", &[], &[1.0, INF], &[FRAC_PI_4, FRAC_PI_2]),
        ("Sinh", &[], &[0.5], &[0.521_095_3]),
        ("Cosh", &[], &[0.5], &[1.127_626]),
        ("Tanh", &[], &[0.5, -50.0, INF], &[0.462_117_17, -1.0, 1.0]),
        ("Asinh", &[], &[0.5], &[0.481_211_84]),
        ("Acosh", &[], &[2.0, 0.5], &[1.316_958, NAN]),
        ("Atanh", &[], &[0.5], &[0.549_306_15]),
        ("Erf", &[], &[0.5, -1.5, INF, NAN], &[0.520_499_9, -0.966_105_16, 1.0, NAN]),
        ("Sigmoid", &[], &[0.5, -1.5, -INF, 200.0], &[0.622_459_3, 0.182_425_52, 0.0, 1.0]),
        ("Relu", &[], &[-1.5, 0.5, NAN], &[0.0, 0.5, NAN]),
        ("LeakyRelu", &[], &[-1.5, 0.5], &[-0.015, 0.5]),
        ("LeakyRelu", &[float("alpha", 0.1)], &[-1.5], &[-0.15]),
        ("Elu", &[], &[-1.5, 0.5], &[-0.776_869_83, 0.5]),
        ("Selu", &[], &[-1.5, 0.5], &[-1.365_814_3, 0.525_350_5]),
        ("Celu", &[float("alpha", 2.0)], &[-1.5, 0.5], &[-1.055_266_9, 0.5]),
        ("ThresholdedRelu", &[], &[1.0, 1.5, NAN], &[0.0, 1.5, 0.0]),
        ("HardSigmoid", &[], &[-9.0, -1.5, 9.0], &[0.0, 0.2, 1.0]),
        ("HardSwish", &[], &[-9.0, -1.5, 9.0, -INF], &[0.0, -0.375, 9.0, NAN]),
        ("Softplus", &[], &[-1.5, 0.5, 200.0], &[0.201_413_26, 0.974_077, 200.0]),
        ("Softsign", &[], &[-1.5, 0.5], &[-0.6, 0.333_333_34]),
        ("Mish", &[], &[-1.5, 0.5], &[-0.298_099_7, 0.375_245_24]),
        ("Gelu", &[], &[-1.5, 0.5], &[-0.100_210_81, 0.345_731_23]),
        ("Gelu", &[string("approximate", "tanh")], &[-1.0, 0.5], &[-0.158_807_96, 0.345_714]),
    ];
    for (op_type, attributes, x, y) in cases {
        let node = operation(op_type, &["x"], &["y"], attributes);
        let graph = graph(&[numbers("x", 1)], &[], node, (FLOAT, 1));
        let cells: Vec<[Value<'_>; 1]> = x.iter().map(|&x| [x.into()]).collect();
        let cells: Vec<&[Value<'_>]> = cells.iter().map(<[_; 1]>::as_slice).collect();
        assert_floats(&answers(&graph, &cells), y);
    }
}

#[test]
fn integers_wrap_around_and_divide_towards_zero() {
    let cases: &[Integers<'_>] = &[
        ("Add", &[], &[(i64::MAX, 1, i64::MIN), (2, 3, 5)]),
        ("Sub", &[], &[(i64::MIN, 1, i64::MAX)]),
        ("Mul", &[], &[(1 << 62, 4, 0), (-3, 4, -12)]),
        ("Div", &[], &[(7, 2, 3), (-7, 2, -3), (7, -2, -3), (i64::MIN, -1, i64::MIN)]),
        ("Mod", &[], &[(7, 4, 3), (-7, 4, 1), (7, -4, -1), (-7, -4, -3), (i64::MIN, -1, 0)]),
        ("Mod", &[int("fmod", 1)], &[(7, 4, 3), (-7, 4, -3), (7, -4, 3), (-7, -4, -3)]),
        ("Pow", &[], &[(-2, 3, -8), (2, -1, 0), (0, -1, i64::MIN)]),
        ("Min", &[], &[(-2, 3, -2)]),
        ("Max", &[], &[(-2, 3, 3)]),
        ("PRelu", &[], &[(-2, 3, -6), (2, 3, 2)]),
    ];
    for (op_type, attributes, pairs) in cases {
        let node = operation(op_type, &["a", "b"], &["y"], attributes);
        let graph = graph(&[integers("a", 1), integers("b", 1)], &[], node, (INT64, 1));
        let cells: Vec<[Value<'_>; 2]> =
            pairs.iter().map(|&(a, b, _)| [a.into(), b.into()]).collect();
        let cells: Vec<&[Value<'_>]> = cells.iter().map(<[_; 2]>::as_slice).collect();
        let expected: Vec<i64> = pairs.iter().map(|&(_, _, y)| y).collect();
        assert_eq!(answers(&graph, &cells).data(), DataView::I64(&expected), "{op_type}");
    }
}

#[test]
fn integer_divided_by_zero_is_a_refused_row() {
    for op_type in ["Div", "Mod"] {
        let node = operation(op_type, &["a", "b"], &["y"], &[]);
        let graph = graph(&[integers("a", 1), integers("b", 1)], &[], node, (INT64, 1));
        let plan = compile(&graph).unwrap();
        let columns = rows(&*plan, &[&[1.into(), 0.into()]]);
        let mut outputs = outputs(&*plan);
        let error = run_part(&*plan, Part::new(columns.inputs(), &mut outputs)).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::RefusedRows, "{error}");
        // The worker's next rows are answered.
        let answer = run_cells(&*plan, &[&[9.into(), 4.into()]]).remove(0);
        assert_eq!(answer.data(), DataView::I64(&[if op_type == "Div" { 2 } else { 1 }]));
    }
}

#[test]
fn values_are_broadcast_with_the_rows_kept_apart() {
    let rows: [&[Value<'_>]; 2] =
        [&[1.into(), 2.into(), 3.into(), 10.into()], &[4.into(), 5.into(), 6.into(), 20.into()]];
    let inputs = [numbers("a", 3), numbers("b", 1)];
    let cases: [(&[&str], &[f32]); 5] = [
        (&["a", "b"], &[11.0, 12.0, 13.0, 24.0, 25.0, 26.0]),
        (&["b", "a"], &[11.0, 12.0, 13.0, 24.0, 25.0, 26.0]),
        (&["a", "row"], &[101.0, 202.0, 303.0, 104.0, 205.0, 306.0]),
        (&["one", "a"], &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
        (&["b", "row"], &[110.0, 210.0, 310.0, 120.0, 220.0, 320.0]),
    ];
    let constants =
        [float_constant("row", &[3], &[100.0, 200.0, 300.0]), float_constant("one", &[], &[1.0])];
    for (names, expected) in cases {
        for op_type in ["Add", "Sum"] {
            let node = operation(op_type, names, &["y"], &[]);
            let graph = graph(&inputs, &constants, node, (FLOAT, 3));
            assert_floats(&answers(&graph, &rows), expected);
        }
    }
    let node = operation("Mean", &["a", "b", "one"], &["y"], &[]);
    let mean = answers(&graph(&inputs, &constants, node, (FLOAT, 3)), &rows);
    assert_floats(&mean, &[4.0, 13.0 / 3.0, 14.0 / 3.0, 25.0 / 3.0, 26.0 / 3.0, 9.0]);
}

#[test]
fn minimum_and_maximum_of_nan_are_nan() {
    let inputs = [numbers("a", 1), numbers("b", 1)];
    let rows: [&[Value<'_>]; 3] =
        [&[NAN.into(), 1.into()], &[1.into(), NAN.into()], &[2.into(), 3.into()]];
    for (op_type, last) in [("Min", 2.0), ("Max", 3.0)] {
        let node = operation(op_type, &["a", "b", "a"], &["y"], &[]);
        let answer = answers(&graph(&inputs, &[], node, (FLOAT, 1)), &rows);
        assert_floats(&answer, &[NAN, NAN, last]);
    }
}

#[test]
fn bounds_are_attributes_first_and_inputs_later() {
    let rows: [&[Value<'_>]; 5] =
        [&[(-9).into()], &[0.5.into()], &[9.into()], &[INF.into()], &[NAN.into()]];
    let bounds = [float_constant("low", &[], &[0.0]), float_constant("high", &[], &[1.0])];
    for (names, expected) in [
        (&["x", "low", "high"][..], [0.0, 0.5, 1.0, 1.0, NAN]),
        // A bound that is not given is the last finite number.
        (&["x", "low"][..], [0.0, 0.5, 9.0, f32::MAX, NAN]),
        (&["x", "", "high"][..], [-9.0, 0.5, 1.0, 1.0, NAN]),
        (&["x"][..], [-9.0, 0.5, 9.0, f32::MAX, NAN]),
        // The upper bound wins.
        (&["x", "high", "low"][..], [0.0, 0.0, 0.0, 0.0, NAN]),
    ] {
        let node = operation("Clip", names, &["y"], &[]);
        let answer = answers(&graph(&[numbers("x", 1)], &bounds, node, (FLOAT, 1)), &rows);
        assert_floats(&answer, &expected);
    }
    let attributes = [float("min", 0.0), float("max", 1.0)];
    let node = operation("Clip", &["x"], &["y"], &attributes);
    let graph = graph(&[numbers("x", 1)], &[], node, (FLOAT, 1));
    let opset = Writer::default().text(1, "").int(2, 10);
    let model = Writer::default().int(1, 5).message(7, &graph).message(8, &opset);
    let model = Model::from_bytes(model.finish()).unwrap();
    let plan = Native.compile(&model, &CompileOptions::default()).unwrap();
    assert_floats(&run_cells(&*plan, &rows)[0], &[0.0, 0.5, 1.0, 1.0, NAN]);
}

#[test]
fn comparisons_of_nan_are_false_and_texts_are_compared() {
    let rows: [&[Value<'_>]; 3] =
        [&[1.into(), 2.into()], &[2.into(), 2.into()], &[NAN.into(), NAN.into()]];
    for (op_type, expected) in [
        ("Equal", [false, true, false]),
        ("Less", [true, false, false]),
        ("LessOrEqual", [true, true, false]),
        ("Greater", [false, false, false]),
        ("GreaterOrEqual", [false, true, false]),
    ] {
        let node = operation(op_type, &["a", "b"], &["y"], &[]);
        let graph = graph(&[numbers("a", 1), numbers("b", 1)], &[], node, (BOOL, 1));
        assert_eq!(answers(&graph, &rows).data(), DataView::Bool(&expected), "{op_type}");
    }
    let names = fixture::tensor("names", STRING, &[2]).text(6, "yes").text(6, "no");
    let node = operation("Equal", &["s", "names"], &["y"], &[]);
    let graph = graph(&[texts("s", 1)], &[names], node, (BOOL, 2));
    let got = answers(&graph, &[&["no".into()], &["maybe".into()]]);
    assert_eq!(got.data(), DataView::Bool(&[false, true, false, false]));
}

#[test]
fn truths_are_combined_and_choose() {
    let truths = |name| fixture::value(name, BOOL, &[Open, Fixed(1)]);
    let all: Vec<[Value<'_>; 2]> = [(false, false), (false, true), (true, false), (true, true)]
        .map(|(a, b)| [a.into(), b.into()])
        .to_vec();
    let rows: Vec<&[Value<'_>]> = all.iter().map(<[_; 2]>::as_slice).collect();
    for (op_type, expected) in [
        ("And", [false, false, false, true]),
        ("Or", [false, true, true, true]),
        ("Xor", [false, true, true, false]),
    ] {
        let node = operation(op_type, &["a", "b"], &["y"], &[]);
        let graph = graph(&[truths("a"), truths("b")], &[], node, (BOOL, 1));
        assert_eq!(answers(&graph, &rows).data(), DataView::Bool(&expected), "{op_type}");
    }
    let node = operation("Not", &["a"], &["y"], &[]);
    let not =
        answers(&graph(&[truths("a")], &[], node, (BOOL, 1)), &[&[true.into()], &[false.into()]]);
    assert_eq!(not.data(), DataView::Bool(&[false, true]));

    let rows: [&[Value<'_>]; 2] =
        [&[true.into(), "a".into(), 1.into()], &[false.into(), "b".into(), 2.into()]];
    let inputs = [truths("c"), texts("s", 1), numbers("x", 1)];
    let other = fixture::tensor("other", STRING, &[]).text(6, "none");
    let node = operation("Where", &["c", "s", "other"], &["y"], &[]);
    let chosen = answers(&graph(&inputs, &[other], node, (STRING, 1)), &rows);
    let DataView::Str(chosen) = chosen.data() else { panic!("no text") };
    assert_eq!(chosen.iter().collect::<Vec<_>>(), ["a", "none"]);
    let node = operation("Where", &["c", "row", "x"], &["y"], &[]);
    let row = float_constant("row", &[2], &[8.0, 9.0]);
    let chosen = answers(&graph(&inputs, &[row], node, (FLOAT, 2)), &rows);
    assert_floats(&chosen, &[8.0, 9.0, 2.0, 2.0]);
}

#[test]
fn infinities_and_nan_are_told_apart() {
    let rows: [&[Value<'_>]; 4] = [&[INF.into()], &[(-INF).into()], &[NAN.into()], &[0.into()]];
    let none = int("detect_negative", 0);
    for (op_type, attributes, expected) in [
        ("IsNaN", &[][..], [false, false, true, false]),
        ("IsInf", &[][..], [true, true, false, false]),
        ("IsInf", &[none][..], [true, false, false, false]),
    ] {
        let node = operation(op_type, &["x"], &["y"], attributes);
        let graph = graph(&[numbers("x", 1)], &[], node, (BOOL, 1));
        assert_eq!(answers(&graph, &rows).data(), DataView::Bool(&expected), "{op_type}");
    }
}

#[test]
fn fractions_are_cut_off_and_what_lies_outside_is_the_least_number() {
    let rows: Vec<[Value<'_>; 1]> =
        [1.5, -1.5, 300.0, NAN, INF, 5e9].iter().map(|&x: &f32| [x.into()]).collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(<[_; 1]>::as_slice).collect();
    let cast = |to| {
        let node = operation("Cast", &["x"], &["y"], &[int("to", to)]);
        answers(&graph(&[numbers("x", 1)], &[], node, (to, 1)), &rows)
    };
    let least = i64::MIN;
    let expected = [1, -1, 300, least, least, 5_000_000_000];
    assert_eq!(cast(INT64).data(), DataView::I64(&expected));
    assert_eq!(cast(INT8).data(), DataView::I8(&[1, -1, 44, 0, 0, 0]));
    assert_eq!(cast(BOOL).data(), DataView::Bool(&[true; 6]));
    let wide = cast(DOUBLE);
    let DataView::F64(wide) = wide.data().slice(0..2) else { panic!("no float64") };
    assert_eq!(wide, [1.5, -1.5]);
    let text = cast(STRING);
    let DataView::Str(text) = text.data() else { panic!("no text") };
    assert_eq!(text.iter().collect::<Vec<_>>(), ["1.5", "-1.5", "300", "NaN", "INF", "5e+09"]);
}

#[test]
fn text_is_cast_to_the_number_in_front_or_refused() {
    let node = operation("CastLike", &["s", "x"], &["y"], &[]);
    let graph = graph(&[texts("s", 1), numbers("x", 1)], &[], node, (FLOAT, 1));
    let rows: [&[Value<'_>]; 3] =
        [&[" 1.5".into(), 0.into()], &["2 rooms".into(), 0.into()], &["nan".into(), 0.into()]];
    assert_floats(&answers(&graph, &rows), &[1.5, 2.0, NAN]);
    let plan = compile(&graph).unwrap();
    let columns = crate::support::rows(&*plan, &[&["rooms".into(), 0.into()]]);
    let mut outputs = outputs(&*plan);
    let error = run_part(&*plan, Part::new(columns.inputs(), &mut outputs)).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::RefusedRows);
    assert_eq!(error.to_string(), "\"rooms\" is cast to float32, and is no such number");
}

#[test]
fn what_goes_together_in_no_runtime_is_invalid() {
    let cases: [(Writer, &str); 8] = [
        (operation("Add", &["x"], &["y"], &[]), "reads 1 inputs where it takes 2"),
        (operation("Add", &["x", "i"], &["y"], &[]), "float32 side by side with int64"),
        (operation("Add", &["x", "wide"], &["y"], &[]), "2 elements side by side with 3"),
        (operation("Where", &["x", "x", "x"], &["y"], &[]), "float32 elements as a condition"),
        (operation("Cast", &["x"], &["y"], &[]), "to is not given"),
        (operation("Cast", &["x"], &["y"], &[int("to", 99)]), "99 is the code of no element type"),
        (operation("Clip", &["x", "i"], &["y"], &[]), "float32 elements between int64"),
        (
            operation("Gelu", &["x"], &["y"], &[string("approximate", "wild")]),
            "\"wild\" is no approximation of Gelu",
        ),
    ];
    for (node, problem) in cases {
        let inputs = [numbers("x", 2), integers("i", 2)];
        let wide = float_constant("wide", &[3], &[0.0; 3]);
        let graph = graph(&inputs, &[wide], node, (FLOAT, 2));
        assert_invalid(&graph, &format!("node \"n\": {problem}"));
    }
}

#[test]
fn what_is_not_taken_is_refused() {
    let cases: [(Writer, &str); 6] = [
        (operation("Add", &["s", "s"], &["y"], &[]), "string elements"),
        (operation("Exp", &["i"], &["y"], &[]), "int64 elements"),
        (operation("Mod", &["x", "x"], &["y"], &[]), "fractions without fmod"),
        (operation("Clip", &["x", "x"], &["y"], &[]), "a bound that is float32 [rows, 2]"),
        (operation("Cast", &["x"], &["y"], &[int("to", 10)]), "a cast to float16"),
        (operation("Add", &["x", "tall"], &["y"], &[]), "rows elements side by side with 2"),
    ];
    for (node, reason) in cases {
        let inputs = [numbers("x", 2), integers("i", 2), texts("s", 2)];
        let tall = float_constant("tall", &[2, 1], &[0.0; 2]);
        let graph = graph(&inputs, &[tall], node, (FLOAT, 2));
        assert_eq!(refusals(&graph)[0].2, reason);
    }
}
