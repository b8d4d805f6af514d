//! Graphs that are no vector of features and one ensemble, run step by step.

use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, INT64,
    TestDim::{Fixed, Open},
    Writer, floats, int, ml_operation, operation, shape, tensor, value, with_constant,
};
use hotplate_tensor::Value;

use crate::support::{answer, compile, floats_of, numbered_classes, numbers, run, run_cells};

fn stump() -> Ensemble {
    Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

/// What these nodes make of `x`, rows of `width` numbers: `y`, rows of `made`.
fn answers(nodes: &[Writer], x: (&[f32], usize), made: usize) -> Vec<f32> {
    let graph = fixture::graph(&[numbers("x", x.1)], nodes, &[numbers("y", made)]);
    floats_of(&run(&*compile(&graph).unwrap(), x.0, x.1)[0]).to_vec()
}

#[test]
fn output_needs_no_trees() {
    let copied = [operation("Identity", &["x"], &["y"], &[])];
    assert_eq!(answers(&copied, (&[1.0, 2.0, 3.0, 4.0], 2), 2), [1.0, 2.0, 3.0, 4.0]);
    let graph = fixture::graph(&[numbers("x", 1)], &[], &[numbers("x", 1)]);
    assert_eq!(floats_of(&run(&*compile(&graph).unwrap(), &[1.0, 2.0], 1)[0]), [1.0, 2.0]);
}

#[test]
fn trees_are_answered_beside_what_they_read() {
    let outputs = [answer(), numbers("x2", 1)];
    let nodes = [stump().node("x", &["y"]), operation("Identity", &["x"], &["x2"], &[])];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &outputs);
    let outputs = run(&*compile(&graph).unwrap(), &[-1.0, 1.0], 1);
    assert_eq!(floats_of(&outputs[0]), [1.0, 2.0]);
    assert_eq!(floats_of(&outputs[1]), [-1.0, 1.0]);
}

#[test]
fn answer_of_trees_is_worked_on() {
    let attributes = [floats("offset", &[1.0]), floats("scale", &[4.0])];
    let scaled = ml_operation("Scaler", &["z"], &["y"], &attributes);
    let nodes = [stump().node("x", &["z"]), scaled];
    assert_eq!(answers(&nodes, (&[-1.0, 1.0], 1), 1), [0.0, 4.0]);
    let joined = operation("Concat", &["x", "z"], &["y"], &[int("axis", 1)]);
    let nodes = [stump().node("x", &["z"]), joined];
    assert_eq!(answers(&nodes, (&[-1.0, 1.0], 1), 2), [-1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn label_is_cast_to_a_number() {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), -1.0)
        .leaf((0, 2), 1.0);
    let nodes = [
        numbered_classes(trees).node("x", &["l", "s"]),
        operation("Cast", &["l"], &["y"], &[int("to", FLOAT)]),
    ];
    let output = value("y", FLOAT, &[Open]);
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &[output]);
    assert_eq!(floats_of(&run(&*compile(&graph).unwrap(), &[-1.0, 1.0], 1)[0]), [7.0, -3.0]);
}

#[test]
fn concatenation_behind_wider_axes_interleaves() {
    let nodes = [
        operation("Reshape", &["x", "dims"], &["r"], &[]),
        operation("Neg", &["r"], &["n"], &[]),
        operation("Concat", &["r", "n"], &["y"], &[int("axis", 2)]),
    ];
    let output = value("y", FLOAT, &[Open, Fixed(2), Fixed(2)]);
    let graph = fixture::graph(&[numbers("x", 2)], &nodes, &[output]);
    let graph = with_constant(graph, &shape("dims", &[-1, 2, 1]));
    let outputs = run(&*compile(&graph).unwrap(), &[1.0, 2.0, 3.0, 4.0], 2);
    assert_eq!(outputs[0].shape().dims(), [2, 2, 2]);
    assert_eq!(floats_of(&outputs[0]), [1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0]);
}

#[test]
fn whole_tensors_are_one_row() {
    // What is added up along the first axis is no mix of rows, there being none.
    let inputs = [value("x", FLOAT, &[Fixed(2), Fixed(2)]), value("rate", FLOAT, &[])];
    let nodes = [
        operation("ReduceSum", &["x", "axes"], &["sums"], &[int("keepdims", 0)]),
        operation("Mul", &["sums", "rate"], &["y"], &[]),
    ];
    let graph = fixture::graph(&inputs, &nodes, &[value("y", FLOAT, &[Fixed(2)])]);
    let plan = compile(&with_constant(graph, &shape("axes", &[0]))).unwrap();
    let cells = [1.0, 2.0, 3.0, 4.0, 0.5].map(Value::from);
    let outputs = run_cells(&*plan, &[&cells]);
    assert_eq!(floats_of(&outputs[0]), [2.0, 3.0]);
}

#[test]
fn constant_is_cast_before_there_are_rows() {
    let nodes = [
        operation("Cast", &["c"], &["f"], &[int("to", FLOAT)]),
        operation("Add", &["x", "f"], &["y"], &[]),
    ];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &[answer()]);
    let graph = with_constant(graph, &tensor("c", INT64, &[1]).int(7, 3));
    let plan = compile(&graph).unwrap();
    assert!(!plan.steps().iter().any(|step| step.starts_with("Cast")), "{:?}", plan.steps());
    assert_eq!(floats_of(&run(&*plan, &[0.5], 1)[0]), [3.5]);
}
