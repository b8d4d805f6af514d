//! Graphs whose files do not say what they do.

use hotplate_backend::Part;
use hotplate_model::{
    Task,
    onnx::fixture::{
        FLOAT, INT64,
        TestDim::{Fixed, Open, Symbol},
        Writer, graph, int, ints, operation, strings, tensor, value, with_constant,
    },
};
use hotplate_tensor::{DataView, Inputs};

use crate::support::{
    ask, backend_or_return, compile, empty_outputs, floats, integers, numbers, worker,
};

/// `[rows, 8]` through one node of one input, and a second one that is a list of axes.
fn over_axes(op_type: &str, axes: &[i64], attributes: &[Writer], output: &Writer) -> Writer {
    let node = operation(op_type, &["x", "axes"], &["y"], attributes);
    let inputs = [value("x", FLOAT, &[Open, Fixed(8)])];
    let len = i64::try_from(axes.len()).unwrap();
    let axes = axes.iter().fold(tensor("axes", INT64, &[len]), |axes, &axis| axes.int(7, axis));
    with_constant(graph(&inputs, &[node], std::slice::from_ref(output)), &axes)
}

/// Eight rows of eight numbers: as many as a row has.
fn square() -> Vec<f32> {
    (0..64_u8).map(f32::from).collect()
}

#[test]
fn output_that_is_an_input_is_passed_through() {
    let backend = backend_or_return!();
    let dims = [Open, Fixed(1)];
    let inputs = [value("id", INT64, &dims), value("x", FLOAT, &dims)];
    let node = operation("Neg", &["x"], &["y"], &[]);
    let outputs = [value("y", FLOAT, &dims), value("id", INT64, &dims)];
    let (plan, mut worker) = worker(&backend, &graph(&inputs, &[node], &outputs));
    for ids in [[5, 6, 7], [8, 9, 10]] {
        let rows = [integers(&[3, 1], &ids), floats(&[3, 1], &[1., 2., 3.])];
        let answer = ask(&plan, &mut worker, &rows).unwrap();
        assert_eq!(numbers(&answer[0]), [-1., -2., -3.]);
        assert_eq!(answer[1].data(), DataView::I64(&ids));
    }
}

#[test]
fn sum_over_the_batch_is_no_row_of_it_however_many_there_are() {
    let backend = backend_or_return!();
    // The mean over rows has eight elements, which is no batch of eight answers.
    let mean =
        over_axes("ReduceMean", &[0], &[int("keepdims", 0)], &value("y", FLOAT, &[Symbol("k")]));
    let (plan, mut worker) = worker(&backend, &mean);
    let rows = square();
    for count in [8, 3] {
        let answer = ask(&plan, &mut worker, &[floats(&[count, 8], &rows[..8 * count])]).unwrap();
        assert_eq!(answer[0].shape().dims(), [count, 8]);
        assert_eq!(numbers(&answer[0]), &rows[..8 * count]);
    }
}

#[test]
fn rows_on_another_axis_are_not_taken_for_their_own() {
    let backend = backend_or_return!();
    let node = operation("Transpose", &["x"], &["y"], &[ints("perm", &[1, 0])]);
    let inputs = [value("x", FLOAT, &[Open, Fixed(8)])];
    let outputs = [value("y", FLOAT, &[Symbol("a"), Symbol("b")])];
    let (plan, mut worker) = worker(&backend, &graph(&inputs, &[node], &outputs));
    let rows = square();
    let answer = ask(&plan, &mut worker, &[floats(&[8, 8], &rows)]).unwrap();
    assert_eq!(answer[0].shape().dims(), [8, 8, 1]);
    assert_eq!(numbers(&answer[0]), rows);
}

#[test]
fn task_that_the_answers_do_not_fit_is_not_believed() {
    let backend = backend_or_return!();
    // Declared to be one number a row, given as eight.
    let flat = over_axes("Reshape", &[-1], &[], &value("y", FLOAT, &[Symbol("n")]));
    let plan = compile(&backend, &flat).unwrap();
    assert_eq!(*plan.signature().task(), Task::Other);
    // Two classes, and one score.
    let labels = strings("classlabels_strings", &["no", "yes"]);
    let classifier = [
        labels,
        hotplate_model::onnx::fixture::floats("coefficients", &[1.0; 8]),
        hotplate_model::onnx::fixture::floats("intercepts", &[0.5]),
    ];
    let node = hotplate_model::onnx::fixture::ml_operation(
        "LinearClassifier",
        &["x"],
        &["label", "both"],
        &classifier,
    );
    let one = operation("Slice", &["both", "one", "two", "one"], &["scores"], &[]);
    let index = |name: &str, at: i64| tensor(name, INT64, &[1]).int(7, at);
    let graph = graph(
        &[value("x", FLOAT, &[Open, Fixed(8)])],
        &[node, one],
        &[value("label", 8, &[Open]), value("scores", FLOAT, &[Open, Symbol("k")])],
    );
    let graph = with_constant(with_constant(graph, &index("one", 1)), &index("two", 2));
    let (plan, mut worker) = worker(&backend, &graph);
    assert_eq!(*plan.signature().task(), Task::Other);
    let answer = ask(&plan, &mut worker, &[floats(&[8, 8], &square())]).unwrap();
    assert_eq!(answer[1].shape().dims(), [8, 1]);
}

#[test]
fn habits_outlive_the_worker() {
    let backend = backend_or_return!();
    let mean =
        over_axes("ReduceMean", &[0], &[int("keepdims", 0)], &value("y", FLOAT, &[Symbol("k")]));
    let (plan, first) = worker(&backend, &mean);
    plan.seal();
    drop(first);
    let mut worker = plan.worker(&crate::support::LIMITS).unwrap();
    let rows = square();
    let view = [floats(&[8, 8], &rows)];
    let mut outputs = empty_outputs(&plan);
    let mut parts = [Part::new(Inputs::from(&view[..]), &mut outputs)];
    worker.run(&mut parts);
    assert_eq!(numbers(&outputs[0]), rows);
}

#[test]
fn truth_values_of_a_file_may_hold_any_byte() {
    let backend = backend_or_return!();
    let bytes = tensor("odd", 9, &[1, 2]).bytes(9, &[2, 0]);
    let node = operation("Add", &["x", "x"], &["y"], &[]);
    let same = operation("Identity", &["odd"], &["z"], &[]);
    let dims = [Open, Fixed(2)];
    let outputs = [value("y", FLOAT, &dims), value("z", 9, &[Symbol("n"), Fixed(2)])];
    let graph = graph(&[value("x", FLOAT, &dims)], &[node, same], &outputs);
    let (plan, mut worker) = worker(&backend, &with_constant(graph, &bytes));
    let answer = ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 2.])]).unwrap();
    assert_eq!(answer[1].data(), DataView::Bool(&[true, false]));
}
