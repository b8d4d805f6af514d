//! Types, shapes and axes.

use hotplate_backend::BackendErrorKind as Kind;
use hotplate_model::{
    Batching,
    onnx::fixture::{
        FLOAT, INT64, STRING,
        TestDim::{Fixed, Open, Symbol},
        Writer, graph, int, ints, maps, ml_operation, operation, strings, tensor, value,
        with_constant, zipmap,
    },
};
use hotplate_tensor::{DType, DataView, StrView, TensorView};

use crate::support::{
    ask, backend_or_return, compile, floats, integers, numbers, shape, texts, worker,
};

/// `[rows, 3]` through an identity.
fn identity(element: i64) -> Writer {
    let dims = [Open, Fixed(3)];
    let node = operation("Identity", &["x"], &["y"], &[]);
    graph(&[value("x", element, &dims)], &[node], &[value("y", element, &dims)])
}

#[test]
fn every_type_comes_back_as_it_went() {
    let backend = backend_or_return!();
    let views = [
        (9, DataView::Bool(&[true, false, true])),
        (3, DataView::I8(&[i8::MIN, 0, i8::MAX])),
        (5, DataView::I16(&[i16::MIN, 0, i16::MAX])),
        (6, DataView::I32(&[i32::MIN, 0, i32::MAX])),
        (7, DataView::I64(&[i64::MIN, 0, i64::MAX])),
        (2, DataView::U8(&[0, 1, u8::MAX])),
        (4, DataView::U16(&[0, 1, u16::MAX])),
        (12, DataView::U32(&[0, 1, u32::MAX])),
        (13, DataView::U64(&[0, 1, u64::MAX])),
        (1, DataView::F32(&[f32::MIN_POSITIVE, f32::INFINITY, -0.0])),
        (11, DataView::F64(&[f64::MIN_POSITIVE, f64::NEG_INFINITY, -0.0])),
        (8, DataView::Str(StrView::from(&["", "naïve 🍳", "a\nb"][..]))),
    ];
    for (element, data) in views {
        let (plan, mut worker) = worker(&backend, &identity(element));
        let view = TensorView::new(shape(&[1, 3]), data).unwrap();
        let outputs = ask(&plan, &mut worker, &[view]).unwrap();
        assert_eq!(outputs[0].data(), data);
        assert_eq!(outputs[0].shape().dims(), [1, 3]);
    }
}

#[test]
fn open_axes_take_any_length_and_come_back_with_it() {
    let backend = backend_or_return!();
    let dims = [Symbol("batch"), Symbol("sequence")];
    let sum = operation("ReduceSum", &["y", "axis"], &["sum"], &[int("keepdims", 0)]);
    let double = operation("Add", &["x", "x"], &["y"], &[]);
    let outputs = [value("y", FLOAT, &dims), value("sum", FLOAT, &[Symbol("batch")])];
    let graph = graph(&[value("x", FLOAT, &dims)], &[double, sum], &outputs);
    let graph = with_constant(graph, &tensor("axis", INT64, &[1]).int(7, 1));
    let (plan, mut worker) = worker(&backend, &graph);
    assert!(!plan.signature().schema().is_table());
    // More shapes than are kept, and each again.
    for length in (1..40).chain(1..40) {
        let elements = vec![0.5; 2 * length];
        let answer = ask(&plan, &mut worker, &[floats(&[2, length], &elements)]).unwrap();
        assert_eq!(answer[0].shape().dims(), [2, length]);
        assert!(numbers(&answer[0]).iter().all(|&number| number == 1.0));
        assert_eq!(numbers(&answer[1]), [length as f32; 2]);
    }
    let nothing = ask(&plan, &mut worker, &[floats(&[0, 4], &[])]).unwrap();
    assert_eq!(nothing[0].shape().rows(), 0);
}

#[test]
fn graph_of_one_row_is_asked_row_by_row() {
    let backend = backend_or_return!();
    let dims = [Fixed(1), Fixed(2)];
    let node = operation("Add", &["x", "x"], &["y"], &[]);
    let graph = graph(&[value("x", FLOAT, &dims)], &[node], &[value("y", FLOAT, &dims)]);
    let (plan, mut worker) = worker(&backend, &graph);
    assert_eq!(plan.signature().batching(), Batching::OneRow);
    let answer = ask(&plan, &mut worker, &[floats(&[3, 2], &[1., 2., 3., 4., 5., 6.])]).unwrap();
    assert_eq!(answer[0].shape().dims(), [3, 2]);
    assert_eq!(numbers(&answer[0]), [2., 4., 6., 8., 10., 12.]);
}

#[test]
fn graph_without_a_rows_axis_takes_whole_tensors() {
    let backend = backend_or_return!();
    let inputs = [value("a", FLOAT, &[Fixed(2), Fixed(3)]), value("b", FLOAT, &[Fixed(3)])];
    let node = operation("MatMul", &["a", "b"], &["y"], &[]);
    let graph = graph(&inputs, &[node], &[value("y", FLOAT, &[Fixed(2)])]);
    let (plan, mut worker) = worker(&backend, &graph);
    assert_eq!(plan.signature().batching(), Batching::None);
    let a: Vec<f32> = (0..12_u8).map(f32::from).collect();
    let b = [1., 0., 0., 0., 1., 0.];
    let inputs = [floats(&[2, 2, 3], &a), floats(&[2, 3], &b)];
    let answer = ask(&plan, &mut worker, &inputs).unwrap();
    assert_eq!(answer[0].shape().dims(), [2, 2]);
    assert_eq!(numbers(&answer[0]), [0., 3., 7., 10.]);
}

#[test]
fn texts_are_looked_up() {
    let backend = backend_or_return!();
    let attributes = [
        strings("keys_strings", &["red", "green", "größe"]),
        ints("values_int64s", &[1, 2, 3]),
        int("default_int64", -1),
    ];
    let node = ml_operation("LabelEncoder", &["x"], &["y"], &attributes);
    let dims = [Open, Fixed(2)];
    let graph = graph(&[value("x", STRING, &dims)], &[node], &[value("y", INT64, &dims)]);
    let (plan, mut worker) = worker(&backend, &graph);
    for _ in 0..3 {
        let words = texts(&[2, 2], &["größe", "", "red", "green"]);
        let answer = ask(&plan, &mut worker, &[words]).unwrap();
        assert_eq!(answer[0].data(), DataView::I64(&[3, -1, 1, 2]));
    }
    // What the library cannot hold is the request's fault, and the next request is answered.
    let error = ask(&plan, &mut worker, &[texts(&[1, 2], &["a\0b", "red"])]).unwrap_err();
    assert_eq!(error.kind(), Kind::RefusedRows, "{error}");
    ask(&plan, &mut worker, &[texts(&[1, 2], &["red", "red"])]).unwrap();
}

#[test]
fn maps_of_scores_are_a_matrix() {
    let backend = backend_or_return!();
    let labels = strings("classlabels_strings", &["no", "yes"]);
    let double = operation("Add", &["x", "x"], &["scores"], &[]);
    let nodes = [double, zipmap("scores", "probabilities", &labels)];
    let inputs = [value("x", FLOAT, &[Open, Fixed(2)])];
    let graph = graph(&inputs, &nodes, &[maps("probabilities", STRING)]);
    let (plan, mut worker) = worker(&backend, &graph);
    assert_eq!(plan.signature().outputs()[0].dtype, DType::F32);
    let answer = ask(&plan, &mut worker, &[floats(&[2, 2], &[0.1, 0.4, 0.2, 0.3])]).unwrap();
    assert_eq!(answer[0].shape().dims(), [2, 2]);
    assert_eq!(numbers(&answer[0]), [0.2, 0.8, 0.4, 0.6]);
}

#[test]
fn outputs_may_have_other_shapes_than_the_file_declares() {
    let backend = backend_or_return!();
    // Declared as `[rows, k]` and `[1]`, given as `[rows, 2]` and `[rows]`.
    let slice = operation("Slice", &["x", "zero", "two", "one"], &["y"], &[]);
    let first = operation("ReduceMax", &["x", "one"], &["z"], &[int("keepdims", 0)]);
    let outputs = [value("y", FLOAT, &[Open, Symbol("k")]), value("z", FLOAT, &[Fixed(1)])];
    let graph = graph(&[value("x", FLOAT, &[Open, Open])], &[slice, first], &outputs);
    let index = |name: &str, at: i64| tensor(name, INT64, &[1]).int(7, at);
    let graph =
        [index("zero", 0), index("two", 2), index("one", 1)].iter().fold(graph, with_constant);
    let (plan, mut worker) = worker(&backend, &graph);
    for _ in 0..2 {
        let rows = floats(&[3, 2], &[1., 2., 4., 3., 5., 6.]);
        let answer = ask(&plan, &mut worker, &[rows]).unwrap();
        assert_eq!(answer[0].shape().dims(), [3, 2]);
        assert_eq!(answer[1].shape().dims(), [3]);
        assert_eq!(numbers(&answer[1]), [2., 4., 6.]);
    }
}

#[test]
fn answers_that_are_not_one_for_each_row_are_refused() {
    let backend = backend_or_return!();
    let all = operation("NonZero", &["x"], &["y"], &[]);
    let outputs = [value("y", INT64, &[Symbol("axes"), Symbol("found")])];
    let graph = graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &[all], &outputs);
    let (plan, mut worker) = worker(&backend, &graph);
    let three = floats(&[3, 2], &[1., 0., 0., 0., 0., 0.]);
    let error = ask(&plan, &mut worker, &[three]).unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert!(error.to_string().contains("rows of output \"y\" differ in shape"), "{error}");
}

#[test]
fn graph_whose_answers_have_rows_on_another_axis_is_asked_row_by_row() {
    let backend = backend_or_return!();
    let nodes = [
        operation("ReduceMax", &["x", "one"], &["z"], &[int("keepdims", 0)]),
        operation("Unsqueeze", &["z", "zero"], &["y"], &[]),
    ];
    let outputs = [value("y", FLOAT, &[Fixed(1), Open])];
    let graph = graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &nodes, &outputs);
    let index = |name: &str, at: i64| tensor(name, INT64, &[1]).int(7, at);
    let graph = with_constant(with_constant(graph, &index("one", 1)), &index("zero", 0));
    let (plan, mut worker) = worker(&backend, &graph);
    for _ in 0..2 {
        let rows = floats(&[3, 2], &[1., 2., 4., 3., 5., 6.]);
        let answer = ask(&plan, &mut worker, &[rows]).unwrap();
        assert_eq!(answer[0].shape().dims(), [3, 1]);
        assert_eq!(numbers(&answer[0]), [2., 4., 6.]);
    }
}

#[test]
fn integers_out_of_bounds_are_the_request_s_fault() {
    let backend = backend_or_return!();
    let node = operation("Gather", &["table", "x"], &["y"], &[]);
    let dims = [Open, Open];
    let graph = graph(&[value("x", INT64, &dims)], &[node], &[value("y", FLOAT, &dims)]);
    let table = tensor("table", FLOAT, &[3]).float(4, 0.5).float(4, 1.5).float(4, 2.5);
    let plan = compile(&backend, &with_constant(graph, &table)).unwrap();
    let mut worker = plan.worker(&crate::support::LIMITS).unwrap();
    let answer = ask(&plan, &mut worker, &[integers(&[1, 2], &[2, 0])]).unwrap();
    assert_eq!(numbers(&answer[0]), [2.5, 0.5]);
    let error = ask(&plan, &mut worker, &[integers(&[1, 2], &[0, 9])]).unwrap_err();
    assert_eq!(error.kind(), Kind::RefusedRows);
    let message = error.to_string();
    assert!(message.contains("out of data bounds, idx=9"), "{message}");
    assert!(!message.contains('/') && !message.contains("Name:"), "{message}");
    ask(&plan, &mut worker, &[integers(&[1, 2], &[2, 0])]).unwrap();
}
