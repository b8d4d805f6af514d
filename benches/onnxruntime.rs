//! What Hotplate costs on top of ONNX Runtime: `Engine::predict` beside the best call that the
//! library's own safe interface has, in one process, in turns, on the same rows.
//!
//! The models are those that `.ci/models` makes, the library that which `.ci/onnxruntime` brings or
//! `ORT_DYLIB_PATH` names.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    hint::black_box,
    path::{Path, PathBuf},
};

use hotplate::{BackendChoice, DataView, DeviceChoice, Engine, OpenOptions, Shape, TensorView};
use hotplate_benches::compare;
use hotplate_onnxruntime::Library;
use ort::{
    session::{
        OutputSelector, RunOptions, Session, SessionInputValue, builder::GraphOptimizationLevel,
    },
    value::{DynValue, Tensor},
};

fn main() {
    // `cargo test` runs every bench once, to see that its answers are right.
    let quick = !env::args().any(|argument| argument == "--bench");
    let Some((library, models)) = found() else { return };
    println!("{:24}{:>12} {:>12}", "", "engine", "ort");
    for (model, rows) in [("identity", 1), ("fraud-mlp", 1), ("fraud-mlp", 32)] {
        let engine = open(&library, &models.join(model), 1);
        small(quick, &engine, &models.join(model), rows);
    }
    for rows in [1, 8] {
        let engine = open(&library, &models.join("minilm"), 2);
        minilm(quick, &engine, &models.join("minilm"), rows);
    }
}

/// The library and the folder of models, or a word on how to get them.
fn found() -> Option<(PathBuf, PathBuf)> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let library = match env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => target.join("onnxruntime/lib").join(format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}")),
    };
    let models = target.join("models");
    if library.exists() && models.join("minilm").exists() {
        return Some((library, models));
    }
    assert!(env::var_os("CI").is_none(), "run .ci/onnxruntime and .ci/models first");
    println!("skipped: no ONNX Runtime, or no models; run .ci/onnxruntime and .ci/models");
    None
}

fn open(library: &Path, model: &Path, threads: usize) -> Engine {
    OpenOptions::new()
        .backend(BackendChoice::OnnxRuntime)
        .device(DeviceChoice::CPU)
        .onnxruntime(library)
        .instances(1)
        .threads(threads)
        .open(model.join("model.onnx"))
        .unwrap()
}

/// A session with the settings that the engine's has.
fn session(model: &Path, threads: usize) -> Session {
    let environment = &Library::loaded().unwrap().environment;
    let build = || {
        Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(threads)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .commit_from_file(model.join("model.onnx"))
    };
    build().map_err(|error: ort::Error| error.to_string()).unwrap()
}

/// A model of one float32 input of 20 elements a row, and one float32 output.
fn small(quick: bool, engine: &Engine, model: &Path, rows: usize) {
    let mut session = session(model, 1);
    let elements: Vec<f32> = (0..rows * 20).map(|at| (at % 17) as f32 / 17.0).collect();
    let expected = engine.predict(&elements).unwrap();
    let width = expected.outputs()[0].shape().elements() / rows;

    let dims = |width: usize| [rows, width].map(|dim| i64::try_from(dim).unwrap());
    let input = Tensor::from_array((dims(20), elements.clone())).unwrap();
    let mut inputs = [SessionInputValue::from(input)];
    let output = Tensor::from_array((dims(width), vec![0.0_f32; rows * width])).unwrap();
    let name = session.outputs()[0].name().to_owned();
    let outputs = OutputSelector::default().preallocate(name, output);
    let options = RunOptions::new().unwrap().with_outputs(outputs);
    let mut direct = || {
        let SessionInputValue::Owned(input) = &mut inputs[0] else { unreachable!("it is owned") };
        input.try_extract_tensor_mut::<f32>().unwrap().1.copy_from_slice(black_box(&elements));
        let outputs = session.run_with_options(&inputs[..], &options).unwrap();
        outputs[0].try_extract_tensor::<f32>().unwrap().1[0]
    };
    let DataView::F32(numbers) = expected.outputs()[0].data() else { panic!("float32") };
    assert_eq!(direct(), numbers[0]);
    let paired = compare(
        quick,
        || {
            black_box(engine.predict(black_box(&elements)).unwrap().score(0));
        },
        || {
            black_box(direct());
        },
    );
    let name = model.file_name().unwrap().to_string_lossy();
    println!("{:24}{paired}", format!("{name}, {rows} x 20"));
}

/// Sentences of 32 tokens.
fn minilm(quick: bool, engine: &Engine, model: &Path, rows: usize) {
    const LENGTH: usize = 32;
    let mut session = session(model, 2);
    let len = rows * LENGTH;
    let ids: Vec<i64> = (0..len).map(|at| 1000 + (at * 37 % 20_000) as i64).collect();
    let (mask, types) = (vec![1_i64; len], vec![0_i64; len]);
    let shape = Shape::new(&[rows, LENGTH]).unwrap();
    let view = |elements| TensorView::new(shape, DataView::I64(elements)).unwrap();
    let views = [view(&ids), view(&mask), view(&types)];
    let mut answer = engine.answer();
    engine.predict_into(&views[..], &mut answer).unwrap();

    let dims = [rows, LENGTH].map(|dim| i64::try_from(dim).unwrap());
    let inputs: Vec<SessionInputValue<'_>> = [&ids, &mask, &types]
        .into_iter()
        .map(|elements| Tensor::from_array((dims, elements.clone())).unwrap().into())
        .collect();
    let mut direct = || {
        let outputs = session.run(&inputs[..]).unwrap();
        first_of(&outputs["sentence_embedding"])
    };
    let DataView::F32(numbers) = answer.outputs()[1].data() else { panic!("float32") };
    assert!((direct() - numbers[0]).abs() < 1e-5);
    let paired = compare(
        quick,
        || {
            engine.predict_into(black_box(&views[..]), &mut answer).unwrap();
            black_box(answer.outputs());
        },
        || {
            black_box(direct());
        },
    );
    println!("{:24}{paired}", format!("minilm, {rows} x {LENGTH} tokens"));
}

fn first_of(value: &DynValue) -> f32 {
    value.try_extract_tensor::<f32>().unwrap().1[0]
}
