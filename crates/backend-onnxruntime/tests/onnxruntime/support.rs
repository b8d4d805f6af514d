//! Small graphs, compiled and asked.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use hotplate_backend::{Backend as _, BackendError, CompileOptions, Limits, Part, Plan, Worker};
use hotplate_model::{
    Model,
    onnx::fixture::{self, Writer},
};
use hotplate_onnxruntime::OnnxRuntime;
use hotplate_tensor::{DType, DataView, Inputs, Shape, Tensor, TensorView};

#[path = "../support/library.rs"]
mod library;

/// The library, or return from the test.
macro_rules! backend_or_return {
    () => {
        match $crate::support::backend(std::thread::current().name().unwrap_or("a test")) {
            Some(backend) => backend,
            None => return,
        }
    };
}
pub(crate) use backend_or_return;

/// The backend, where the library is.
pub(crate) fn backend(test: &str) -> Option<OnnxRuntime> {
    static LIBRARY: LazyLock<Option<PathBuf>> = LazyLock::new(|| library::library("onnxruntime"));
    // Asked for each test, so that each says that it was skipped.
    LIBRARY
        .clone()
        .or_else(|| library::library(test))
        .map(|path| OnnxRuntime { library: Some(path) })
}

pub(crate) const LIMITS: Limits = Limits { max_rows: 1024, threads: 1 };

pub(crate) fn model(graph: &Writer) -> Model {
    Model::from_bytes(fixture::model(graph).finish()).unwrap()
}

pub(crate) fn compile(
    backend: &OnnxRuntime,
    graph: &Writer,
) -> Result<Arc<dyn Plan>, BackendError> {
    backend.compile(&model(graph), &CompileOptions::default())
}

pub(crate) fn worker(backend: &OnnxRuntime, graph: &Writer) -> (Arc<dyn Plan>, Box<dyn Worker>) {
    let plan = compile(backend, graph).unwrap();
    let worker = plan.worker(&LIMITS).unwrap();
    (plan, worker)
}

pub(crate) fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

pub(crate) fn floats<'a>(dims: &[usize], elements: &'a [f32]) -> TensorView<'a> {
    TensorView::new(shape(dims), DataView::F32(elements)).unwrap()
}

pub(crate) fn integers<'a>(dims: &[usize], elements: &'a [i64]) -> TensorView<'a> {
    TensorView::new(shape(dims), DataView::I64(elements)).unwrap()
}

pub(crate) fn texts<'a>(dims: &[usize], elements: &'a [&'a str]) -> TensorView<'a> {
    TensorView::new(shape(dims), DataView::Str(elements.into())).unwrap()
}

/// The answers to one request, or why there are none.
pub(crate) fn ask(
    plan: &Arc<dyn Plan>,
    worker: &mut Box<dyn Worker>,
    inputs: &[TensorView<'_>],
) -> Result<Vec<Tensor>, BackendError> {
    let mut outputs = empty_outputs(plan);
    let mut parts = [Part::new(Inputs::from(inputs), &mut outputs)];
    worker.run(&mut parts);
    let [part] = parts;
    part.outcome.map(|()| outputs)
}

pub(crate) fn empty_outputs(plan: &Arc<dyn Plan>) -> Vec<Tensor> {
    plan.signature().outputs().iter().map(|output| Tensor::empty(output.dtype)).collect()
}

/// The elements of an answer that is float32.
pub(crate) fn numbers(tensor: &Tensor) -> &[f32] {
    assert_eq!(tensor.dtype(), DType::F32);
    let DataView::F32(elements) = tensor.data() else { unreachable!("it is") };
    elements
}
