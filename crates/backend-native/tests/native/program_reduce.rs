//! Sums, extremes, norms and softmaxes over a row.

use hotplate_backend::BackendErrorKind;
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, FLOAT, INT64,
        TestDim::{Fixed, Open},
        Writer, float, int, ints, ml_operation, operation, shape, string,
    },
};
use hotplate_native::Native;
use hotplate_tensor::{DataView, Tensor};

use crate::support::{assert_invalid, assert_refused, compile, floats_of, run};

/// A graph that makes `y` of `x`, rows of `width` numbers.
fn of(nodes: &[Writer], constants: &[Writer], width: usize, element: i64) -> Writer {
    let x = fixture::value("x", FLOAT, &[Open, Fixed(i64::try_from(width).unwrap())]);
    let y = fixture::value("y", element, &[Open, Open]);
    let graph = fixture::graph(&[x], nodes, &[y]);
    constants.iter().fold(graph, fixture::with_constant)
}

fn one(op_type: &str, attributes: &[Writer]) -> Writer {
    operation(op_type, &["x"], &["y"], attributes)
}

/// With the constant `c`: axes, or a number of elements.
fn with(op_type: &str, attributes: &[Writer]) -> Writer {
    operation(op_type, &["x", "c"], &["y"], attributes)
}

#[track_caller]
pub(crate) fn assert_close(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{got:?} for {expected:?}");
    for (&one, &other) in got.iter().zip(expected) {
        let alike = one == other || one.is_nan() && other.is_nan();
        let close = (one - other).abs() <= 1e-6 + 1e-5 * other.abs();
        assert!(alike || close, "{got:?} for {expected:?}");
    }
}

/// Checks the answers for rows in a batch, and for each of them alone.
#[track_caller]
pub(crate) fn assert_answers(graph: &Writer, rows: &[f32], width: usize, expected: &[f32]) {
    let plan = compile(graph).unwrap();
    let together = run(&*plan, rows, width);
    assert_close(floats_of(&together[0]), expected);
    let many = rows.repeat(40);
    let many = run(&*plan, &many, width);
    let bits = |tensor: &Tensor| -> Vec<u32> {
        floats_of(tensor).iter().map(|element| element.to_bits()).collect()
    };
    assert_eq!(bits(&many[0]), bits(&together[0]).repeat(40));
    let alone: Vec<u32> =
        rows.chunks(width).flat_map(|row| bits(&run(&*plan, row, width)[0])).collect();
    assert_eq!(alone, bits(&together[0]));
}

fn integers(tensor: &Tensor) -> &[i64] {
    let DataView::I64(elements) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    elements
}

const NAN: f32 = f32::NAN;
const INFINITY: f32 = f32::INFINITY;
const ROWS: [f32; 6] = [1.0, -2.0, 4.0, 0.5, 0.0, -3.0];

#[test]
fn elements_of_a_row_become_one() {
    let cases: [(&str, [f32; 2]); 8] = [
        ("ReduceSum", [3.0, -2.5]),
        ("ReduceMean", [1.0, -2.5 / 3.0]),
        ("ReduceMax", [4.0, 0.5]),
        ("ReduceMin", [-2.0, -3.0]),
        ("ReduceProd", [-8.0, 0.0]),
        ("ReduceL1", [7.0, 3.5]),
        ("ReduceL2", [21.0_f32.sqrt(), 9.25_f32.sqrt()]),
        ("ReduceSumSquare", [21.0, 9.25]),
    ];
    for (op_type, expected) in cases {
        let axes = [ints("axes", &[1]), int("keepdims", 0)];
        assert_answers(&of(&[one(op_type, &axes)], &[], 3, FLOAT), &ROWS, 3, &expected);
        let keeps = [int("keepdims", 1)];
        let graph = of(&[with(op_type, &keeps)], &[shape("c", &[-1])], 3, FLOAT);
        assert_answers(&graph, &ROWS, 3, &expected);
        let plan = compile(&graph).unwrap();
        assert_eq!(run(&*plan, &ROWS, 3)[0].shape().dims(), [2, 1]);
    }
    let logarithms = |op_type| of(&[one(op_type, &[ints("axes", &[1])])], &[], 3, FLOAT);
    assert_answers(&logarithms("ReduceLogSum"), &ROWS, 3, &[3.0_f32.ln(), NAN]);
    assert_answers(&logarithms("ReduceLogSumExp"), &ROWS, 3, &[4.050946, 0.992699]);
    let far = [1000.0, 1000.0, -INFINITY, -INFINITY, INFINITY, 0.0];
    let expected = [1_000.693_1, -INFINITY, INFINITY];
    let graph = of(&[one("ReduceLogSumExp", &[ints("axes", &[1])])], &[], 2, FLOAT);
    assert_answers(&graph, &far, 2, &expected);
}

#[test]
fn long_rows_are_added_up_alike_wherever_they_stand() {
    let rows: Vec<f32> = (0_i16..111).map(|number| f32::from(number % 7) / 8.0 - 0.25).collect();
    let sums: Vec<f32> = rows.chunks(37).map(|row| row.iter().sum()).collect();
    let graph = of(&[one("ReduceSum", &[ints("axes", &[1])])], &[], 37, FLOAT);
    assert_answers(&graph, &rows, 37, &sums);
    // The rows on the last axis: what is added up lies apart.
    let turned = [
        operation("Transpose", &["x"], &["t"], &[ints("perm", &[1, 0])]),
        operation("ReduceSum", &["t", "c"], &["y"], &[int("keepdims", 0)]),
    ];
    let graph = of(&turned, &[shape("c", &[0])], 37, FLOAT);
    assert_answers(&graph, &rows, 37, &sums);
    // Axes on both sides of the one that stays.
    let cube = [
        operation("Reshape", &["x", "dims"], &["t"], &[]),
        operation("ReduceSum", &["t", "c"], &["y"], &[int("keepdims", 0)]),
    ];
    let constants = [shape("dims", &[-1, 2, 3, 2]), shape("c", &[1, 3])];
    let row: Vec<f32> = (0_i16..12).map(f32::from).collect();
    assert_answers(&of(&cube, &constants, 12, FLOAT), &row, 12, &[14.0, 22.0, 30.0]);
}

#[test]
fn no_axes_are_all_or_none() {
    let keeps = [int("noop_with_empty_axes", 1)];
    let graph = of(&[one("ReduceSum", &keeps)], &[], 3, FLOAT);
    assert_answers(&graph, &ROWS, 3, &ROWS);
    let graph = of(&[one("ReduceL1", &keeps)], &[], 3, FLOAT);
    assert_refused(&graph, "ReduceL1", "y", "no axes to reduce");
    let graph = of(&[one("ReduceSum", &[])], &[], 3, FLOAT);
    assert_refused(&graph, "ReduceSum", "y", "rows that are made one");
}

#[test]
fn nan_counts_where_it_stands_first() {
    let rows = [NAN, 1.0, 2.0, 1.0, NAN, 2.0];
    let axes = [ints("axes", &[1])];
    assert_answers(&of(&[one("ReduceMax", &axes)], &[], 3, FLOAT), &rows, 3, &[NAN, 2.0]);
    assert_answers(&of(&[one("ReduceMin", &axes)], &[], 3, FLOAT), &rows, 3, &[NAN, 1.0]);
    for (op_type, expected) in [("ArgMax", [0, 2]), ("ArgMin", [0, 0])] {
        let attributes = [int("axis", 1), int("keepdims", 0)];
        let plan = compile(&of(&[one(op_type, &attributes)], &[], 3, INT64)).unwrap();
        assert_eq!(integers(&run(&*plan, &rows, 3)[0]), expected);
    }
}

#[test]
fn equals_are_told_by_their_place() {
    let rows = [2.0, 5.0, 5.0, 2.0, 1.0, 1.0, 1.0, 1.0];
    for (op_type, last, expected) in
        [("ArgMax", 0, [1, 0]), ("ArgMax", 1, [2, 3]), ("ArgMin", 0, [0, 0]), ("ArgMin", 1, [3, 3])]
    {
        let attributes = [int("axis", -1), int("select_last_index", last)];
        let plan = compile(&of(&[one(op_type, &attributes)], &[], 4, INT64)).unwrap();
        let answer = run(&*plan, &rows, 4);
        assert_eq!((integers(&answer[0]), answer[0].shape().dims()), (&expected[..], &[2, 1][..]));
    }
}

#[test]
fn greatest_elements_stand_in_order() {
    let rows = [2.0, 5.0, 1.0, 5.0, 3.0];
    for (largest, values, places) in
        [(1, [5.0, 5.0, 3.0], [1, 3, 4]), (0, [1.0, 2.0, 3.0], [2, 0, 4])]
    {
        let node = operation("TopK", &["x", "c"], &["y", "i"], &[int("largest", largest)]);
        let graph = of(&[node], &[shape("c", &[3])], 5, FLOAT)
            .message(12, &fixture::value("i", INT64, &[Open, Fixed(3)]));
        assert_answers(&graph, &rows, 5, &values);
        let plan = compile(&graph).unwrap();
        assert_eq!(integers(&run(&*plan, &rows, 5)[1]), places);
    }
    let graph = |k, sorted| {
        let node = operation("TopK", &["x", "c"], &["y", "i"], &[int("sorted", sorted)]);
        of(&[node], &[shape("c", &[k])], 5, FLOAT)
    };
    assert_answers(&graph(1, 0), &rows, 5, &[5.0]);
    assert_answers(&graph(0, 1), &rows, 5, &[]);
    assert_refused(&graph(2, 0), "TopK", "y", "elements in no order");
    for k in [6, -1] {
        assert_invalid(&graph(k, 1), &format!("node \"y\": {k} elements of 5"));
    }
}

#[test]
fn sums_so_far_run_both_ways() {
    let cases = [
        (0, 0, [1.0, 3.0, 6.0]),
        (1, 0, [0.0, 1.0, 3.0]),
        (0, 1, [6.0, 5.0, 3.0]),
        (1, 1, [5.0, 3.0, 0.0]),
    ];
    for (exclusive, reverse, expected) in cases {
        let attributes = [int("exclusive", exclusive), int("reverse", reverse)];
        let graph = of(&[with("CumSum", &attributes)], &[shape("c", &[1])], 3, FLOAT);
        assert_answers(&graph, &[1.0, 2.0, 3.0], 3, &expected);
    }
    let graph = of(&[with("CumSum", &[])], &[shape("c", &[0])], 3, FLOAT);
    assert_refused(&graph, "CumSum", "y", "works along the rows");
}

#[test]
fn softmax_is_along_one_axis() {
    let rows = [1.0, 1.0, 1.0, 1000.0, -INFINITY, 0.0, 1.0, NAN, 0.0];
    let third = 1.0 / 3.0;
    let shares = [third, third, third, 1.0, 0.0, 0.0, NAN, NAN, NAN];
    assert_answers(&of(&[one("Softmax", &[])], &[], 3, FLOAT), &rows, 3, &shares);
    let logarithms = [-1.098_612_3, -1.098_612_3, -1.098_612_3, 0.0, -INFINITY, -1000.0];
    let graph = of(&[one("LogSoftmax", &[int("axis", 1)])], &[], 3, FLOAT);
    assert_answers(&graph, &rows[..6], 3, &logarithms);
    let first = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    assert_answers(&of(&[one("Hardmax", &[])], &[], 3, FLOAT), &rows, 3, &first);
    let graph = of(&[one("Softmax", &[int("axis", 0)])], &[], 3, FLOAT);
    assert_refused(&graph, "Softmax", "y", "works along the rows");
    let graph = of(&[one("Softmax", &[int("axis", 2)])], &[], 3, FLOAT);
    assert_invalid(&graph, "node \"y\": axis 2 of 2");
}

#[test]
fn softmax_of_an_old_opset_is_along_all_axes_from_one_on() {
    let nodes = [
        operation("Reshape", &["x", "dims"], &["t"], &[]),
        operation("Softmax", &["t"], &["y"], &[]),
    ];
    let graph = of(&nodes, &[shape("dims", &[-1, 2, 2])], 4, FLOAT);
    let old = Writer::default()
        .int(1, 8)
        .message(7, &graph)
        .message(8, &Writer::default().text(1, "").int(2, 11));
    let model = Model::from_bytes(old.finish()).unwrap();
    let plan = hotplate_backend::Backend::compile(&Native, &model, &Default::default()).unwrap();
    assert_close(floats_of(&run(&*plan, &[3.0; 8], 4)[0]), &[0.25; 8]);
    assert_answers(&graph, &[3.0; 8], 4, &[0.5; 8]);
}

#[test]
fn elements_are_divided_by_their_norm() {
    let rows = [3.0, -4.0, 0.0, 0.0, -3.0, -1.0];
    let cases: [(&str, [f32; 6]); 3] = [
        ("MAX", [1.0, -4.0 / 3.0, 0.0, 0.0, 3.0, 1.0]),
        ("L1", [3.0 / 7.0, -4.0 / 7.0, 0.0, 0.0, -0.75, -0.25]),
        ("L2", [0.6, -0.8, 0.0, 0.0, -0.948_683_3, -0.316_227_76]),
    ];
    for (norm, expected) in cases {
        let node = ml_operation("Normalizer", &["x"], &["y"], &[string("norm", norm)]);
        assert_answers(&of(&[node], &[], 2, FLOAT), &rows, 2, &expected);
    }
    for (p, expected) in [(1, cases[1].1), (2, cases[2].1)] {
        let graph = of(&[one("LpNormalization", &[int("p", p)])], &[], 2, FLOAT);
        assert_answers(&graph, &rows, 2, &expected);
    }
    let node = ml_operation("Normalizer", &["x"], &["y"], &[string("norm", "L3")]);
    assert_invalid(&of(&[node], &[], 2, FLOAT), "node \"y\": the norm \"L3\"");
    // The greatest passes over NaN.
    let node = ml_operation("Normalizer", &["x"], &["y"], &[]);
    assert_answers(&of(&[node], &[], 2, FLOAT), &[NAN, 2.0, 2.0, NAN], 2, &[NAN, 1.0, 1.0, NAN]);
}

#[test]
fn layers_get_mean_zero_and_variance_one() {
    let scale = fixture::tensor("s", FLOAT, &[2]).float(4, 1.0).float(4, 2.0);
    let bias = fixture::tensor("b", FLOAT, &[2]).float(4, 0.0).float(4, 10.0);
    let node = operation("LayerNormalization", &["x", "s", "b"], &["y"], &[float("epsilon", 0.0)]);
    let graph = of(&[node], &[scale.clone(), bias], 2, FLOAT);
    assert_answers(&graph, &[1.0, 3.0, 5.0, 1.0], 2, &[-1.0, 12.0, 1.0, 8.0]);
    let node = operation("LayerNormalization", &["x", "s"], &["y"], &[int("axis", 0)]);
    let graph = of(&[node], &[scale], 2, FLOAT);
    assert_refused(&graph, "LayerNormalization", "y", "works along the rows");
}

#[test]
fn axes_that_are_wrong_are_refused() {
    let graph = |axes: &[i64]| of(&[one("ReduceSum", &[ints("axes", axes)])], &[], 3, FLOAT);
    for axis in [2, -3, i64::MAX, i64::MIN] {
        assert_invalid(&graph(&[axis]), &format!("node \"y\": axis {axis} of 2"));
    }
    assert_refused(&graph(&[0, 1]), "ReduceSum", "y", "rows that are made one");
    let nodes = [
        operation("Cast", &["x"], &["axes"], &[int("to", INT64)]),
        operation("ReduceSum", &["x", "axes"], &["y"], &[]),
    ];
    let error = compile(&of(&nodes, &[], 1, FLOAT)).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported, "{error}");
}
