//! Graphs that ONNX Runtime does not take.

use hotplate_backend::{Backend as _, BackendErrorKind as Kind, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{
        Ensemble, FLOAT, FOREIGN, STRING,
        TestDim::{Fixed, Open},
        Writer, graph, named, operation, shape, strings, value, with_constant,
    },
    safetensors::fixture::File,
};
use hotplate_onnxruntime::OnnxRuntime;

use crate::support::{ask, backend_or_return, compile, floats, numbers, worker};

const DIMS: [hotplate_model::onnx::fixture::TestDim<'_>; 2] = [Open, Fixed(2)];

fn of_nodes(nodes: &[Writer]) -> Writer {
    graph(&[value("x", FLOAT, &DIMS)], nodes, &[value("y", FLOAT, &DIMS)])
}

#[test]
fn weights_are_left_to_other_engines() {
    let weights = File::default().f32("w", &[1], &[1.0]).finish();
    let model = Model::from_bytes(weights).unwrap();
    let refused = OnnxRuntime::default().compile(&model, &CompileOptions::default());
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(error.to_string(), "ONNX Runtime reads ONNX, not safetensors");
}

#[test]
fn operators_that_it_does_not_have_are_named() {
    let backend = backend_or_return!();
    let foreign = operation("Magic", &["x"], &["y"], &[]).text(7, FOREIGN);
    let unknown = operation("NoSuchOperator", &["x"], &["y"], &[]);
    let cases = [
        (named("spell", foreign.clone()), "com.example.Magic", "spell"),
        (foreign, "com.example.Magic", "y"),
        (unknown, "NoSuchOperator", "y"),
    ];
    for (node, operator, name) in cases {
        let error = compile(&backend, &of_nodes(&[node])).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported, "{error}");
        let refusal = &error.refusals()[0];
        assert_eq!((refusal.operator.as_str(), refusal.node.as_str()), (operator, name));
    }
}

#[test]
fn graphs_that_make_no_sense_are_refused() {
    let backend = backend_or_return!();
    let cases =
        [operation("Add", &["x"], &["y"], &[]), operation("Add", &["x", "nowhere"], &["y"], &[])];
    let (plan, mut worker) = worker(&backend, &of_nodes(&[operation("Neg", &["x"], &["y"], &[])]));
    for node in cases {
        let error = compile(&backend, &of_nodes(&[node])).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidModel, "{error}");
        assert!(!error.to_string().contains(".cc"), "{error}");
        // What runs already goes on.
        let answer = ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 2.])]).unwrap();
        assert_eq!(numbers(&answer[0]), [-1., -2.]);
    }
}

#[test]
fn memory_that_is_not_there_is_told_from_other_failures() {
    let backend = backend_or_return!();
    // 2^50 zeros, which nobody has.
    let zeros = operation("ConstantOfShape", &["huge"], &["zeros"], &[]);
    let sum = operation("ReduceSum", &["zeros"], &["sum"], &[]);
    let add = operation("Add", &["x", "sum"], &["y"], &[]);
    let nodes = of_nodes(&[zeros, sum, add]);
    let huge = with_constant(nodes, &shape("huge", &[1 << 25, 1 << 25]));
    let outcome = compile(&backend, &huge).and_then(|plan| {
        let mut worker = plan.worker(&crate::support::LIMITS)?;
        ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 2.])])
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
    let (plan, mut worker) = worker(&backend, &of_nodes(&[operation("Neg", &["x"], &["y"], &[])]));
    ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 2.])]).unwrap();
}

#[test]
fn graph_that_would_end_the_process_is_refused() {
    let backend = backend_or_return!();
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 0.7)
        .leaf((0, 2), 0.7)
        .with("classlabels_strings", strings("classlabels_strings", &["only"]));
    let outputs = [value("label", STRING, &[Open]), value("scores", FLOAT, &[Open, Fixed(1)])];
    let node = trees.node("x", &["label", "scores"]);
    let error =
        compile(&backend, &graph(&[value("x", FLOAT, &DIMS)], &[node], &outputs)).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    assert!(error.to_string().contains("one class that is called by name"), "{error}");
}
