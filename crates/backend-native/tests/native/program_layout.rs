//! Operators that move elements and change none, alone in a graph, on rows.

use hotplate_model::onnx::fixture::{
    self, FLOAT, INT64, STRING,
    TestDim::{self, Fixed, Open},
    Writer, int, ints, ml_operation, operation, strings,
};
use hotplate_tensor::{DataView, Shape, StrBuf, Tensor, TensorView};

use crate::support::{assert_invalid, assert_refused, compile, floats_of, run, run_views};

/// Six numbers a row: `[1, 2, 3, 4, 5, 6]`, and as many from 11 and from 21 on.
const ROWS: [f32; 18] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 21.0, 22.0, 23.0, 24.0, 25.0,
    26.0,
];

/// A list of integers that nodes can read.
fn list(name: &str, integers: &[i64]) -> Writer {
    fixture::shape(name, integers)
}

/// One integer that nodes can read.
fn one(name: &str, integer: i64) -> Writer {
    fixture::tensor(name, INT64, &[]).int(7, integer)
}

/// A constant of numbers.
fn matrix(name: &str, dims: &[i64], numbers: &[f32]) -> Writer {
    numbers.iter().fold(fixture::tensor(name, FLOAT, dims), |tensor, &n| tensor.float(4, n))
}

/// A graph from rows `x` of these dimensions to `y`.
fn graph(row: &[i64], constants: &[Writer], nodes: &[Writer]) -> Writer {
    graph_of(FLOAT, FLOAT, row, constants, nodes)
}

fn graph_of(from: i64, to: i64, row: &[i64], constants: &[Writer], nodes: &[Writer]) -> Writer {
    let dims: Vec<TestDim<'_>> = [Open].into_iter().chain(row.iter().map(|&n| Fixed(n))).collect();
    let graph = fixture::graph(
        &[fixture::value("x", from, &dims)],
        nodes,
        &[fixture::value("y", to, &[Open, Open])],
    );
    constants.iter().fold(graph, fixture::with_constant)
}

/// The last node, from `inputs` to `y`.
fn last(op_type: &str, inputs: &[&str], attributes: &[Writer]) -> Writer {
    operation(op_type, inputs, &["y"], attributes)
}

/// The rows once more as `t`, by an operator that only programs take.
fn same() -> Writer {
    operation("Tile", &["x", "once"], &["t"], &[])
}

fn answer(graph: &Writer, row: &[i64], rows: usize) -> Tensor {
    let plan = compile(graph).unwrap_or_else(|error| panic!("{error}"));
    let mut dims = vec![rows];
    dims.extend(row.iter().map(|&dim| usize::try_from(dim).unwrap()));
    let shape = Shape::new(&dims).unwrap();
    let view = TensorView::new(shape, DataView::F32(&ROWS[..shape.elements()])).unwrap();
    run_views(&*plan, &[view]).remove(0)
}

/// Checks the shape of an answer to three rows, the answer to the second one, and that rows alone
/// are answered as in a batch.
#[track_caller]
fn assert_second_row(graph: &Writer, row: &[i64], dims: &[usize], expected: &[f32]) {
    let together = answer(graph, row, 3);
    assert_eq!(together.shape().dims()[1..], *dims);
    let width = expected.len();
    assert_eq!(floats_of(&together)[width..2 * width], *expected);
    let alone = answer(graph, row, 1);
    assert_eq!(floats_of(&alone), &floats_of(&together)[..width]);
}

/// The dimensions of a row, an operator, its axes, and the dimensions that it makes.
type Case<'a> = (&'a [i64], &'a str, &'a [i64], &'a [usize]);

#[test]
fn dimensions_change_within_a_row() {
    let all = [11.0, 12.0, 13.0, 14.0, 15.0, 16.0];
    let reshape = |target: &[i64]| {
        graph(&[6], &[list("shape", target)], &[last("Reshape", &["x", "shape"], &[])])
    };
    assert_second_row(&reshape(&[-1, 2, 3]), &[6], &[2, 3], &all);
    assert_second_row(&reshape(&[0, 3, -1]), &[6], &[3, 2], &all);
    assert_second_row(&reshape(&[-1, 6]), &[6], &[6], &all);
    let cases: [Case<'_>; 4] = [
        (&[2, 3], "Flatten", &[], &[6]),
        (&[1, 6], "Squeeze", &[1], &[6]),
        (&[1, 6], "Squeeze", &[], &[6]),
        (&[6], "Unsqueeze", &[1, -1], &[1, 6, 1]),
    ];
    for (row, op_type, axes, dims) in cases {
        let inputs: &[&str] = if axes.is_empty() { &["x"] } else { &["x", "axes"] };
        let graph = graph(row, &[list("axes", axes)], &[last(op_type, inputs, &[])]);
        assert_second_row(&graph, row, dims, &all);
    }
}

#[test]
fn rows_move_among_the_axes_and_back() {
    let nodes = [
        operation("Transpose", &["x"], &["turned"], &[]),
        operation("Reshape", &["turned", "shape"], &["deep"], &[]),
        last("Transpose", &["deep"], &[ints("perm", &[3, 0, 2, 1])]),
    ];
    let graph = graph(&[6], &[list("shape", &[1, 3, 2, -1])], &nodes);
    assert_second_row(&graph, &[6], &[1, 2, 3], &[11.0, 13.0, 15.0, 12.0, 14.0, 16.0]);
}

#[test]
fn parts_are_taken_and_put_together() {
    let slice = |starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]| {
        let lists = [list("s", starts), list("e", ends), list("a", axes), list("t", steps)];
        graph(&[6], &lists, &[last("Slice", &["x", "s", "e", "a", "t"], &[])])
    };
    assert_second_row(&slice(&[1], &[-1], &[1], &[2]), &[6], &[2], &[12.0, 14.0]);
    let backwards = slice(&[-1], &[i64::MIN], &[-1], &[-4]);
    assert_second_row(&backwards, &[6], &[2], &[16.0, 12.0]);
    let all_rows = slice(&[0, 4], &[i64::MAX, 99], &[0, 1], &[1, 1]);
    assert_second_row(&all_rows, &[6], &[2], &[15.0, 16.0]);
    let nodes = [
        operation("Split", &["x"], &["a", "b"], &[int("axis", 1), int("num_outputs", 2)]),
        operation("Split", &["b", "lens"], &["c", "", "d"], &[int("axis", -1)]),
        last("Concat", &["d", "a", "c", "a"], &[int("axis", 1)]),
    ];
    let graph = graph(&[6], &[list("lens", &[1, 1, 1])], &nodes);
    let expected = [16.0, 11.0, 12.0, 13.0, 14.0, 11.0, 12.0, 13.0];
    assert_second_row(&graph, &[6], &[8], &expected);
}

#[test]
fn elements_repeat_and_get_edges() {
    let tile = graph(&[2], &[list("n", &[1, 2])], &[last("Tile", &["x", "n"], &[])]);
    assert_second_row(&tile, &[2], &[4], &[3.0, 4.0, 3.0, 4.0]);
    let expand = graph(&[1, 2], &[list("n", &[2, 1])], &[last("Expand", &["x", "n"], &[])]);
    assert_second_row(&expand, &[1, 2], &[2, 2], &[3.0, 4.0, 3.0, 4.0]);
    let pads = [list("pads", &[0, 1, 0, -1]), fixture::tensor("edge", FLOAT, &[]).float(4, 9.0)];
    let pad = graph(&[3], &pads, &[last("Pad", &["x", "pads", "edge"], &[])]);
    assert_second_row(&pad, &[3], &[3], &[9.0, 4.0, 5.0]);
}

#[test]
fn elements_are_picked_by_index() {
    let gather = |indices: Writer| {
        graph(&[6], &[indices], &[last("Gather", &["x", "i"], &[int("axis", 1)])])
    };
    assert_second_row(&gather(list("i", &[5, 0, -3])), &[6], &[3], &[16.0, 11.0, 14.0]);
    assert_second_row(&gather(list("i", &[4, 2])), &[6], &[2], &[15.0, 13.0]);
    assert_second_row(&gather(one("i", 2)), &[6], &[], &[13.0]);
    let extract = ml_operation("ArrayFeatureExtractor", &["x", "i"], &["y"], &[]);
    let extract = graph(&[6], &[list("i", &[3, 3, 0])], &[extract]);
    assert_second_row(&extract, &[6], &[3], &[14.0, 14.0, 11.0]);
}

/// A graph from rows of integers `x` to `y`.
fn picking(to: i64, width: i64, constants: &[Writer], nodes: &[Writer]) -> Writer {
    graph_of(INT64, to, &[width], constants, nodes)
}

fn picked(graph: &Writer, indices: &[i64], width: usize) -> Tensor {
    let plan = compile(graph).unwrap_or_else(|error| panic!("{error}"));
    let shape = Shape::new(&[indices.len() / width, width]).unwrap();
    run_views(&*plan, &[TensorView::new(shape, DataView::I64(indices)).unwrap()]).remove(0)
}

#[test]
fn every_row_picks_of_a_constant() {
    let table = matrix("table", &[3, 2], &[0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
    let nodes = [last("Gather", &["table", "x"], &[])];
    let gather = picking(FLOAT, 1, std::slice::from_ref(&table), &nodes);
    let answer = picked(&gather, &[2, -3], 1);
    assert_eq!(answer.shape().dims(), [2, 1, 2]);
    assert_eq!(floats_of(&answer), [20.0, 21.0, 0.0, 1.0]);

    let nodes = [last("GatherND", &["table", "x"], &[])];
    let points = picking(FLOAT, 2, std::slice::from_ref(&table), &nodes);
    assert_eq!(floats_of(&picked(&points, &[2, 0, -1, 1], 2)), [20.0, 21.0]);

    let nodes = [last("GatherElements", &["part", "x"], &[])];
    let constants = [matrix("part", &[3, 1], &[0.0, 10.0, 20.0])];
    let each = picking(FLOAT, 1, &constants, &nodes);
    assert_eq!(floats_of(&picked(&each, &[2, 1, -3], 1)), [20.0, 10.0, 0.0]);

    let plan = compile(&gather).unwrap();
    let mut outputs = crate::support::outputs(&*plan);
    let beyond = TensorView::new(Shape::new(&[1, 1]).unwrap(), DataView::I64(&[3])).unwrap();
    let views = [beyond];
    let inputs = hotplate_tensor::Inputs::from(&views[..]);
    let part = hotplate_backend::Part::new(inputs, &mut outputs);
    let error = crate::support::run_part(&*plan, part).unwrap_err();
    assert_eq!(error.kind(), hotplate_backend::BackendErrorKind::RefusedRows);
}

#[test]
fn classes_are_texts_by_their_index() {
    let classes =
        operation("Constant", &[], &["classes"], &[strings("value_strings", &["no", "yes"])]);
    let nodes = [
        classes,
        ml_operation("ArrayFeatureExtractor", &["classes", "x"], &["found"], &[]),
        last("Reshape", &["found", "shape"], &[]),
    ];
    let graph = picking(STRING, 1, &[list("shape", &[-1])], &nodes);
    let answer = picked(&graph, &[1, 0, 1], 1);
    let mut expected = StrBuf::default();
    expected.extend(["yes", "no", "yes"]);
    assert_eq!(answer.data(), DataView::Str(expected.view()));
}

#[test]
fn indices_become_lists() {
    let constants = [one("depth", 3), matrix("values", &[2], &[-1.0, 1.0])];
    let nodes = [last("OneHot", &["x", "depth", "values"], &[int("axis", 1)])];
    let answer = picked(&picking(FLOAT, 2, &constants, &nodes), &[0, 2, -1, 3], 2);
    assert_eq!(answer.shape().dims(), [2, 3, 2]);
    let (off, on) = (-1.0, 1.0);
    assert_eq!(floats_of(&answer), [on, off, off, off, off, on, off, off, off, off, on, off]);
}

#[test]
fn number_of_rows_is_asked_for_and_passed_on() {
    let shape = operation("Shape", &["x"], &["dims"], &[]);
    let rows = operation("Gather", &["dims", "zero"], &["rows"], &[]);
    let list_of_it = [
        operation("Unsqueeze", &["rows", "axes"], &["listed"], &[]),
        operation("Concat", &["listed", "open"], &["target"], &[int("axis", 0)]),
    ];
    let constants = [
        one("zero", 0),
        list("axes", &[0]),
        list("open", &[-1]),
        list("two", &[2]),
        matrix("pair", &[1, 2], &[7.0, 8.0]),
    ];
    let mut nodes = vec![shape.clone(), rows];
    nodes.extend(list_of_it);
    nodes.push(last("Reshape", &["x", "target"], &[]));
    let reshaped = graph(&[2, 3], &constants, &nodes);
    assert_second_row(&reshaped, &[2, 3], &[6], &[11.0, 12.0, 13.0, 14.0, 15.0, 16.0]);

    let of_shape = [shape.clone(), last("ConstantOfShape", &["dims"], &[])];
    assert_second_row(&graph(&[2], &constants, &of_shape), &[2], &[2], &[0.0, 0.0]);

    let first = operation("Slice", &["dims", "axes", "starts"], &["rows"], &[]);
    let target = operation("Concat", &["rows", "two"], &["target"], &[int("axis", 0)]);
    let with_starts = |constants: &[Writer]| [constants, &[list("starts", &[1])]].concat();
    let expanded = [shape.clone(), first.clone(), target, last("Expand", &["pair", "target"], &[])];
    let expanded = graph(&[3], &with_starts(&constants), &expanded);
    assert_second_row(&expanded, &[3], &[2], &[7.0, 8.0]);

    let ones = operation("Constant", &[], &["one"], &[ints("value_ints", &[1])]);
    let repeats = operation("Concat", &["rows", "one"], &["repeats"], &[int("axis", 0)]);
    let tiled = [shape, first, ones, repeats, last("Tile", &["pair", "repeats"], &[])];
    let tiled = graph(&[3], &with_starts(&constants), &tiled);
    assert_second_row(&tiled, &[3], &[2], &[7.0, 8.0]);
}

#[test]
fn what_would_mix_rows_is_refused() {
    let torn = "rows are taken apart or put together: float32 [rows, 6]";
    let cases: [(&str, &[&str], &[Writer], &str); 11] = [
        ("Reshape", &["t", "torn"], &[], torn),
        ("Reshape", &["t", "fixed"], &[], "dimensions for a number of rows: float32 [rows, 6]"),
        ("Flatten", &["t"], &[int("axis", 0)], torn),
        ("Squeeze", &["t", "zero"], &[], "squeezes the rows axis"),
        ("Concat", &["t", "t"], &[int("axis", 0)], "puts rows behind one another"),
        ("Slice", &["t", "zero", "one"], &[], "takes some of the rows"),
        ("Split", &["t"], &[], "splits the rows axis"),
        ("Gather", &["t", "zero"], &[], "picks rows by their index"),
        ("Tile", &["t", "ones"], &[], "repeats the rows"),
        ("Pad", &["t", "pads"], &[], "adds rows"),
        ("Expand", &["t", "fixed"], &[], "rows elements side by side with 2"),
    ];
    let constants = [
        list("once", &[1, 1]),
        list("torn", &[-1, 3]),
        list("fixed", &[2, 6]),
        list("zero", &[0]),
        list("one", &[1]),
        list("ones", &[2, 1]),
        list("pads", &[0, 0, 1, 0]),
    ];
    for (op_type, inputs, attributes, reason) in cases {
        let graph = graph(&[6], &constants, &[same(), last(op_type, inputs, attributes)]);
        assert_refused(&graph, op_type, "y", reason);
    }
}

#[test]
fn number_of_rows_is_no_number() {
    let nodes = [operation("Shape", &["x"], &["dims"], &[]), last("Add", &["dims", "dims"], &[])];
    let graph = graph_of(FLOAT, INT64, &[6], &[], &nodes);
    assert_refused(&graph, "Add", "y", "computes with the number of rows");
}

#[test]
fn contradictions_are_said() {
    let cases: [(&str, &[&str], &[Writer], &str); 12] = [
        ("Reshape", &["t", "open"], &[], "leaves two dimensions open"),
        ("Reshape", &["t", "narrow"], &[], "6 elements in dimensions for 5"),
        ("Reshape", &["t", "deep"], &[], "keeps dimension 2"),
        ("Squeeze", &["t", "one"], &[], "squeezes 6 elements"),
        ("Unsqueeze", &["t"], &[], "axes are not given"),
        ("Transpose", &["t"], &[ints("perm", &[0, 0])], "names axis 0 twice"),
        ("Transpose", &["t"], &[ints("perm", &[0])], "2 axes in another order of 1"),
        ("Concat", &["t"], &[], "axis is not given"),
        ("Slice", &["t", "one", "one", "one", "zero"], &[], "takes steps of zero"),
        ("Split", &["t", "one"], &[int("axis", 1)], "splits 6 elements into [1]"),
        ("Gather", &["t", "six"], &[int("axis", 1)], "the index 6 of 6 elements"),
        ("Tile", &["t", "one"], &[], "1 repeats of 2 axes"),
    ];
    let constants = [
        list("once", &[1, 1]),
        list("open", &[-1, -1]),
        list("narrow", &[0, 5]),
        list("deep", &[-1, 6, 0]),
        list("one", &[1]),
        list("zero", &[0]),
        list("six", &[6]),
    ];
    for (op_type, inputs, attributes, problem) in cases {
        let graph = graph(&[6], &constants, &[same(), last(op_type, inputs, attributes)]);
        assert_invalid(&graph, &format!("node \"y\": {problem}"));
    }
}

#[test]
fn huge_sizes_are_refused_before_they_are_made() {
    let constants = [list("huge", &[1 << 40]), list("n", &[1, 1 << 30])];
    let reason = "a row of more than 16777216 elements";
    let tiled = graph(&[6], &constants, &[last("Tile", &["x", "n"], &[])]);
    assert_refused(&tiled, "Tile", "y", reason);
    let nodes =
        [operation("ConstantOfShape", &["huge"], &["much"], &[]), last("Identity", &["x"], &[])];
    assert_refused(&graph(&[6], &constants, &nodes), "ConstantOfShape", "much", reason);
}

#[test]
fn blocks_of_rows_are_answered_alike() {
    let nodes = [
        operation("Transpose", &["x"], &["turned"], &[]),
        operation("Slice", &["turned", "s", "e", "a", "t"], &["some"], &[]),
        last("Transpose", &["some"], &[]),
    ];
    let lists = [list("s", &[1]), list("e", &[-9]), list("a", &[0]), list("t", &[-1])];
    let plan = compile(&graph(&[2], &lists, &nodes)).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let rows: Vec<f32> = (0..2 * 77).map(|number| number as f32).collect();
    let answers = run(&*plan, &rows, 2);
    let swapped: Vec<f32> = rows.chunks_exact(2).flat_map(|row| [row[1], row[0]]).collect();
    assert_eq!(floats_of(&answers[0]), swapped);
}
