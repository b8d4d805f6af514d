//! Models that ONNX Runtime runs, through the same engine.
#![cfg(all(feature = "native", feature = "onnxruntime"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../codec/tests/support/counting.rs"]
mod counting;
#[path = "../../backend-onnxruntime/tests/support/library.rs"]
mod library;
mod support;

use std::{fs, path::PathBuf, thread};

use counting::allocations;
use hotplate::{
    BackendChoice, DType, DataView, Device, DeviceChoice, Engine, ErrorKind, Format, OpenOptions,
    Shape, TensorView, tolerance::Tolerance,
};
use hotplate_model::onnx::fixture::{
    self, FLOAT, FOREIGN, INT64,
    TestDim::{Fixed, Open, Symbol},
    Writer, graph, operation, tensor, value, with_constant,
};
use support::{Golden, model, names};

/// Options for ONNX Runtime, or return from the test.
macro_rules! onnxruntime_or_return {
    () => {
        match library::library(thread::current().name().unwrap_or("a test")) {
            Some(path) => OpenOptions::new()
                .backend(BackendChoice::OnnxRuntime)
                .device(DeviceChoice::CPU)
                .onnxruntime(path),
            None => return,
        }
    };
}

/// A folder with a model of this graph.
fn folder(graph: &Writer) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    fs::write(&path, fixture::model(graph).finish()).unwrap();
    (folder, path)
}

/// Rows of the table at the indices in `ids`, `[batch, sequence]`, summed under `mask`.
fn embedding() -> Writer {
    let dims = [Symbol("batch"), Symbol("sequence")];
    let nodes = [
        operation("Gather", &["table", "ids"], &["found"], &[]),
        operation("Mul", &["found", "mask"], &["masked"], &[]),
        operation("ReduceSum", &["masked", "axis"], &["y"], &[fixture::int("keepdims", 0)]),
    ];
    let table = tensor("table", FLOAT, &[3]).float(4, 1.0).float(4, 10.0).float(4, 100.0);
    let graph = graph(
        &[value("ids", INT64, &dims), value("mask", FLOAT, &dims)],
        &nodes,
        &[value("y", FLOAT, &[Symbol("batch")])],
    );
    let axis = tensor("axis", INT64, &[1]).int(7, 1);
    with_constant(with_constant(graph, &table), &axis)
}

fn ids<'a>(dims: &[usize], elements: &'a [i64]) -> TensorView<'a> {
    TensorView::new(Shape::new(dims).unwrap(), DataView::I64(elements)).unwrap()
}

fn mask<'a>(dims: &[usize], elements: &'a [f32]) -> TensorView<'a> {
    TensorView::new(Shape::new(dims).unwrap(), DataView::F32(elements)).unwrap()
}

#[test]
fn shipped_models_give_the_same_answers_as_natively() {
    let options = onnxruntime_or_return!();
    for name in ["churn", "housing"] {
        // Opening asks for the golden rows.
        let engine = options.clone().open(model(name)).unwrap();
        assert_eq!(engine.backend(), "onnxruntime");
        assert_eq!(engine.placement().device, Device::Cpu);
        assert!(engine.golden_rows() > 1000);
        let native = Engine::open(model(name)).unwrap();
        assert_eq!(native.backend(), "native");
        let golden = Golden::of(name);
        let tolerance = Tolerance::of("onnxruntime", Format::Onnx, DType::F32);
        for row in 0..200 {
            let values = golden.values(&native, row);
            let ask = |engine: &Engine| {
                engine.bind(&names(engine)).unwrap().predict(&values).unwrap().score(0)
            };
            assert!(tolerance.accepts(ask(&engine), ask(&native)), "{name}, row {row}");
        }
    }
}

#[test]
fn graph_that_native_does_not_take_goes_to_onnxruntime() {
    let options = onnxruntime_or_return!().backend(BackendChoice::Auto);
    let (_folder, path) = folder(&embedding());
    let inspection = options.inspect(&path).unwrap();
    let choice = inspection.choice.unwrap();
    assert_eq!(choice.backend, "onnxruntime");
    let [native] = &choice.passed_over[..] else { panic!("{:?}", choice.passed_over) };
    assert_eq!((native.backend, native.kind), ("native", ErrorKind::Unsupported));
    assert!(!native.refusals.is_empty());
    assert!(inspection.onnxruntime.unwrap().version.starts_with("1."));

    let engine = options.open(&path).unwrap();
    let (two, one) = ([2, 0, 1, 1], [0.5, 1.0, 1.0, 0.0]);
    let answer = engine.predict(&[ids(&[2, 2], &two), mask(&[2, 2], &one)][..]).unwrap();
    assert_eq!((answer.rows(), answer.score(0), answer.score(1)), (2, 51.0, 10.0));
    // Forced, the native engine says what it does not take.
    let error = options.backend(BackendChoice::Native).open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name() {
    let (_folder, path) = folder(&embedding());
    let engine = onnxruntime_or_return!().open(&path).unwrap();
    let (four, ones) = ([0, 1, 2, 0], [1.0; 4]);
    let refused = |views: &[TensorView<'_>], kind, words: &str| {
        let error = engine.predict(views).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    let shape = ErrorKind::WrongShape;
    refused(&[ids(&[2, 2], &four)], shape, "expected 2 tensors, one for each input, got 1");
    refused(
        &[mask(&[2, 2], &ones), mask(&[2, 2], &ones)],
        ErrorKind::WrongType,
        "input \"ids\": expected int64, got float32",
    );
    refused(
        &[ids(&[4], &four), mask(&[2, 2], &ones)],
        shape,
        "input \"ids\": expected shape [4, sequence], got shape [4]",
    );
    refused(
        &[ids(&[2, 2], &four), mask(&[1, 4], &ones)],
        shape,
        "input \"mask\": expected shape [2, sequence], got shape [1, 4]",
    );
    refused(
        &[ids(&[1, 4], &four), mask(&[1, 2], &ones[..2])],
        shape,
        "input \"mask\": expected \"sequence\" to be 4, as in \"ids\", got 2",
    );
    let beyond = [0, 1, 9, 0];
    let views = [ids(&[2, 2], &beyond), mask(&[2, 2], &ones)];
    refused(&views, ErrorKind::RefusedRows, "out of data bounds, idx=9");
    // No request is harmed by another's fault.
    let answer = engine.predict(&[ids(&[2, 2], &four), mask(&[2, 2], &ones)][..]).unwrap();
    assert_eq!((answer.score(0), answer.score(1)), (11.0, 101.0));
    assert!(engine.predict(&[0.5_f32, 1.5]).is_err());
}

#[test]
fn many_threads_share_the_sessions() {
    let (_folder, path) = folder(&embedding());
    let engine = onnxruntime_or_return!().instances(2).open(&path).unwrap();
    thread::scope(|scope| {
        for thread in 0..6_i64 {
            let engine = &engine;
            scope.spawn(move || {
                for (round, length) in (0..200_i64).zip((1..=5).cycle()) {
                    let id = (thread + round) % 3;
                    let row = [id; 5];
                    let views = [
                        ids(&[1, length], &row[..length]),
                        mask(&[1, length], &[1.0; 5][..length]),
                    ];
                    let expected = [1.0, 10.0, 100.0].map(|found| found * length as f64);
                    let score = engine.predict(&views[..]).unwrap().score(0);
                    assert_eq!(Some(&score), usize::try_from(id).ok().map(|id| &expected[id]));
                }
            });
        }
    });
}

#[test]
fn row_allocates_nothing_on_our_side() {
    let engine = onnxruntime_or_return!().instances(1).open(model("housing")).unwrap();
    let golden = Golden::of("housing");
    let mut answer = engine.answer();
    engine.predict_into(&golden.numbers::<8>(0), &mut answer).unwrap();
    for row in 0..100 {
        let row = golden.numbers::<8>(row);
        assert_eq!(allocations(|| engine.predict_into(&row, &mut answer).unwrap()), 0);
    }
}

#[test]
fn device_is_as_asked_or_said_not_to_be() {
    let options = onnxruntime_or_return!();
    let gpu = DeviceChoice::On(Device::Cuda(0));
    let anywhere = options.clone().device(DeviceChoice::Auto).require_device(true);
    let error = anywhere.open(model("housing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    // Whatever the machine: a device that is had is used, and one that is not is told.
    for backend in [BackendChoice::Auto, BackendChoice::OnnxRuntime, BackendChoice::Native] {
        let options = options.clone().backend(backend).device(gpu);
        let engine = options.open(model("housing")).unwrap();
        assert_eq!(engine.requested_device(), gpu);
        let required = options.require_device(true).open(model("housing"));
        if engine.placement().device == Device::Cpu {
            let why = engine.placement().fell_back.clone().unwrap();
            assert!(why.contains("cuda:0"), "{why}");
            let error = required.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DeviceUnavailable);
            assert!(error.to_string().contains("cuda:0"), "{error}");
        } else {
            assert_eq!(required.unwrap().placement().fell_back, None);
        }
    }
}

#[test]
fn raw_scores_are_refused() {
    let options = onnxruntime_or_return!();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(model("churn").join("model.onnx"), folder.path().join("model.onnx")).unwrap();
    let raw = "[model]\noutput = [\"predicted_label\", \"raw_score\"]";
    fs::write(folder.path().join("hotplate.toml"), raw).unwrap();
    let error = options.open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("onnxruntime backend finds no such numbers"), "{error}");
}

#[test]
fn what_nobody_takes_names_both_reasons() {
    let options = onnxruntime_or_return!().backend(BackendChoice::Auto);
    let magic = operation("Magic", &["x"], &["y"], &[]).text(7, FOREIGN);
    let dims = [Open, Fixed(2)];
    let (_folder, path) =
        folder(&graph(&[value("x", FLOAT, &dims)], &[magic], &[value("y", FLOAT, &dims)]));
    let error = options.open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    for words in ["native: ", "onnxruntime: ", "com.example.Magic"] {
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn graph_that_needs_more_memory_than_there_is_does_not_open() {
    let options = onnxruntime_or_return!();
    let zeros = operation("ConstantOfShape", &["huge"], &["zeros"], &[]);
    let sum = operation("ReduceSum", &["zeros"], &["sum"], &[]);
    let add = operation("Add", &["x", "sum"], &["y"], &[]);
    let dims = [Open, Fixed(2)];
    let graph = graph(&[value("x", FLOAT, &dims)], &[zeros, sum, add], &[value("y", FLOAT, &dims)]);
    let huge = fixture::shape("huge", &[1 << 25, 1 << 25]);
    let (_folder, path) = folder(&with_constant(graph, &huge));
    let serving = options.open(model("housing")).unwrap();
    assert_eq!(options.open(&path).unwrap_err().kind(), ErrorKind::OutOfMemory);
    serving.predict(&Golden::of("housing").numbers::<8>(0)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn threads_that_run_a_model_do_not_step_back_with_those_that_compiled_it() {
    let options = onnxruntime_or_return!();
    /// The niceness of each thread of this process.
    fn of_all() -> Vec<i32> {
        let niceness = |thread: fs::DirEntry| {
            // A thread of another test may be gone by now.
            let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
            stat.rsplit_once(") ")?.1.split(' ').nth(16)?.parse().ok()
        };
        fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|thread| niceness(thread.unwrap()))
            .collect()
    }
    let (_folder, path) = folder(&embedding());
    let before = of_all();
    let step_back = || {
        let niceness = rustix::process::nice(7).unwrap();
        assert!(of_all().contains(&niceness), "the thread that compiles has stepped back");
    };
    let engine = options.instances(1).threads(2).compile_behind(step_back).open(path).unwrap();
    let after = of_all();
    assert!(after.len() > before.len(), "two threads run the model, one of them its own");
    assert!(after.iter().all(|niceness| before.contains(niceness)), "{after:?}");
    drop(engine);
}
