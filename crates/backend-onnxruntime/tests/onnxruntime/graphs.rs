//! Graphs that take some reading: weights in other files, answers that may be absent.

use std::fs;

use hotplate_backend::{Backend as _, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, FLOAT,
        TestDim::{Fixed, Open},
        Writer, attribute, external, graph, operation, optional, value, with_constant,
    },
};
use hotplate_tensor::DType;

use crate::support::{LIMITS, ask, backend_or_return, floats, numbers, worker};

#[test]
fn weights_beside_the_model_are_found() {
    let backend = backend_or_return!();
    let folder = tempfile::tempdir().unwrap();
    let node = operation("Add", &["x", "w"], &["y"], &[]);
    let dims = [Open, Fixed(2)];
    let graph = graph(&[value("x", FLOAT, &dims)], &[node], &[value("y", FLOAT, &dims)]);
    let graph = with_constant(graph, &external("w", FLOAT, &[2], "weights/w.bin", "4"));
    let path = folder.path().join("m.onnx");
    fs::write(&path, fixture::model(&graph).finish()).unwrap();
    fs::create_dir(folder.path().join("weights")).unwrap();
    let weights: Vec<u8> = [9.0_f32, 0.5, 1.5].iter().flat_map(|w| w.to_le_bytes()).collect();
    fs::write(folder.path().join("weights/w.bin"), weights).unwrap();
    let plan = {
        let model = Model::open(&path).unwrap();
        backend.compile(&model, &CompileOptions::default()).unwrap()
    };
    let mut worker = plan.worker(&LIMITS).unwrap();
    plan.seal();
    // Nothing of the files is needed any more.
    drop(folder);
    let answer = ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 1.])]).unwrap();
    assert_eq!(numbers(&answer[0]), [1.5, 2.5]);
}

#[test]
fn answer_that_is_absent_is_a_row_of_nothing() {
    let backend = backend_or_return!();
    let dims = [Open, Fixed(2)];
    // The type of what could have been there: a tensor of float32.
    let element = Writer::default().message(1, &Writer::default().int(1, FLOAT));
    let ty = attribute("type", 13).message(14, &element);
    let nodes = [operation("Neg", &["x"], &["y"], &[]), operation("Optional", &[], &["z"], &[ty])];
    let outputs = [value("y", FLOAT, &dims), optional("z", FLOAT, &dims)];
    let graph = graph(&[value("x", FLOAT, &dims)], &nodes, &outputs);
    let (plan, mut worker) = worker(&backend, &graph);
    let answer = ask(&plan, &mut worker, &[floats(&[3, 2], &[1.; 6])]).unwrap();
    assert_eq!(numbers(&answer[0]), [-1.; 6]);
    assert_eq!((answer[1].shape().dims(), answer[1].dtype()), (&[3, 0][..], DType::F32));
}

#[test]
fn answer_that_may_be_absent_and_is_there_is_a_tensor() {
    let backend = backend_or_return!();
    let dims = [Open, Fixed(2)];
    let node = operation("Optional", &["x"], &["y"], &[]);
    let graph = graph(&[value("x", FLOAT, &dims)], &[node], &[optional("y", FLOAT, &dims)]);
    let (plan, mut worker) = worker(&backend, &graph);
    let answer = ask(&plan, &mut worker, &[floats(&[1, 2], &[1., 2.])]).unwrap();
    assert_eq!(numbers(&answer[0]), [1., 2.]);
}
