//! Ensembles of trees, ONNX Runtime beside the native engine: one row through each, in one process
//! and one thread, in turns, on the same rows, a different one each time. The ratio is how many
//! times longer ONNX Runtime takes.
//!
//! Both sides do the whole call: `Engine::predict_into` against the best call that the library's
//! own safe interface has (a reused input, a preallocated output, and no output but the scores).
//! The answers of all rows are compared bit for bit before anything is timed.
//!
//! The models are made, in some minutes, by
//!
//! ```sh
//! .ci/engines
//! cargo bench -p hotplate-benches --bench engines
//! ```
//!
//! and the library is that which `.ci/onnxruntime` brings or `ORT_DYLIB_PATH` names.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::Instant,
};

use hotplate::{Answer, BackendChoice, DataView, Engine, OpenOptions, Shape, TensorView};
use hotplate_benches::compare;
use hotplate_onnxruntime::Library;
use ort::{
    session::{
        HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue,
        builder::GraphOptimizationLevel,
    },
    value::Tensor,
};

/// The ensembles, by data set and name, and how many rows a call has.
const CASES: [(&str, &str, usize); 10] = [
    ("churn", "lightgbm-500x31", 1),
    ("churn", "lightgbm-500x31", 1000),
    ("churn", "lightgbm-500x31-as-exported", 1),
    ("churn", "xgboost-500-depth-6", 1),
    ("churn", "boosting-100-depth-3", 1),
    ("housing", "lightgbm-1000x31", 1),
    ("housing", "lightgbm-1000x31", 1000),
    ("housing", "boosting-100-depth-3", 1),
    ("housing", "forest-100-depth-12", 1),
    ("housing", "forest-100-unlimited", 1),
];

fn main() {
    // `cargo test` runs every bench once, to see that its answers are right.
    let quick = !env::args().any(|argument| argument == "--bench");
    let wanted = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let library = match env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => target.join("onnxruntime/lib/libonnxruntime.so"),
    };
    if !library.exists() {
        println!("skipped: no ONNX Runtime; run .ci/onnxruntime");
        return;
    }
    let library = Library::load(Some(&library)).unwrap();
    println!("{:40}{:>12} {:>12}", "", "onnxruntime", "native");
    for (data, ensemble, rows) in CASES {
        let name = format!("{data}/{ensemble}");
        let case = format!("{name}, {rows}");
        if wanted.as_ref().is_some_and(|wanted| !case.contains(wanted)) {
            continue;
        }
        let folder = target.join("engines").join(data);
        let model = folder.join(format!("{ensemble}.onnx"));
        if !model.exists() {
            println!("{name}: skipped, no such model; run benches/engines/recipe.py");
            continue;
        }
        run(quick, library, &model, &folder.join("rows.f32"), &case, rows);
    }
}

/// Checks and times one ensemble, at so many rows a call.
fn run(quick: bool, library: &Library, model: &Path, rows: &Path, case: &str, rows_a_call: usize) {
    let features: Vec<f32> = fs::read(rows)
        .unwrap()
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    let start = Instant::now();
    let engine = OpenOptions::new().backend(BackendChoice::Native).instances(1).open(model);
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => return println!("{case}: not taken by the native engine: {error}"),
    };
    let opened = start.elapsed();
    let width = engine.columns().len();
    let calls: Vec<&[f32]> = features.chunks_exact(rows_a_call * width).collect();

    let mut answer = engine.answer();
    let mut direct = Direct::new(library, model, rows_a_call, width);
    for rows in &calls {
        native(&engine, rows, width, &mut answer);
        let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(scores(&answer)), bits(&direct.run(rows)), "{case}");
    }

    let (mut ours, mut theirs) = (calls.iter().cycle(), calls.iter().cycle());
    let paired = compare(
        quick,
        || direct.time(theirs.next().unwrap()),
        || {
            native(&engine, ours.next().unwrap(), width, &mut answer);
            black_box(scores(&answer));
        },
    );
    println!("{case:40}{paired}");
    if rows_a_call == 1 {
        let trees = engine.plan().steps().into_iter().find(|step| step.contains(" trees of "));
        println!("    {}; opened in {opened:.1?}", trees.unwrap_or_default());
    }
}

fn native(engine: &Engine, rows: &[f32], width: usize, answer: &mut Answer) {
    let shape = Shape::new(&[rows.len() / width, width]).unwrap();
    let view = TensorView::new(shape, DataView::F32(black_box(rows))).unwrap();
    engine.predict_into(&[view][..], answer).unwrap();
}

/// Of a classifier the probabilities, of a regression its value: the last output.
fn scores(answer: &Answer) -> &[f32] {
    match answer.outputs().last().unwrap().data() {
        DataView::F32(scores) => scores,
        _ => panic!("scores are float32"),
    }
}

/// ONNX Runtime through its own interface.
struct Direct {
    session: Session,
    input: SessionInputValue<'static>,
    options: RunOptions<HasSelectedOutputs>,
}

impl Direct {
    fn new(library: &Library, model: &Path, rows: usize, width: usize) -> Self {
        let build = || {
            Session::builder(&library.environment)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?
                .commit_from_file(model)
        };
        let session = build().map_err(|error: ort::Error| error.to_string()).unwrap();
        let outputs = session.outputs();
        let columns = if outputs.len() == 1 { 1 } else { 2 };
        let name = outputs.last().unwrap().name().to_owned();
        let dims = |width: usize| [rows, width].map(|dim| i64::try_from(dim).unwrap());
        let zeros =
            |width: usize| Tensor::from_array((dims(width), vec![0.0_f32; rows * width])).unwrap();
        let scores = OutputSelector::no_default().with(&name).preallocate(&name, zeros(columns));
        let options = RunOptions::new().unwrap().with_outputs(scores);
        Self { session, input: zeros(width).into(), options }
    }

    fn call<T>(&mut self, rows: &[f32], read: impl FnOnce(&[f32]) -> T) -> T {
        let SessionInputValue::Owned(input) = &mut self.input else { unreachable!("it is owned") };
        input.try_extract_tensor_mut::<f32>().unwrap().1.copy_from_slice(black_box(rows));
        let input = std::slice::from_ref(&self.input);
        let outputs = self.session.run_with_options(input, &self.options).unwrap();
        read(outputs[0].try_extract_tensor::<f32>().unwrap().1)
    }

    fn run(&mut self, rows: &[f32]) -> Vec<f32> {
        self.call(rows, <[f32]>::to_vec)
    }

    fn time(&mut self, rows: &[f32]) {
        self.call(rows, |scores| {
            black_box(scores);
        });
    }
}
