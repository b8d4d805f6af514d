//! Tabular models, ONNX Runtime beside the native engine: calls of one row or of a thousand through
//! each, in one process and one thread, in turns, on the same rows. The ratio is how many times
//! longer ONNX Runtime takes.
//!
//! Both sides do the whole call: `Engine::predict_into`, from typed columns into memory that is kept,
//! against the best call that the library's own safe interface has (reused inputs of numbers, a
//! preallocated output, and no output but the scores). A tensor of texts can only be made anew
//! there: a caller has strings, so making them is part of the call, and so is what the native engine
//! does to look them up. The answers of all rows are compared bit for bit before anything is timed.
//!
//! CatBoost's own library is timed beside its trees too, LightGBM's and XGBoost's beside their own
//! files (the module `own_files` tells what is counted), and the peak of memory is told that opening
//! the largest model takes.
//!
//! The models are made, in about a minute, by
//!
//! ```sh
//! .ci/tabular
//! cargo bench -p hotplate-benches --bench engines
//! ```
//!
//! and the library is that which `.ci/onnxruntime` brings or `ORT_DYLIB_PATH` names.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod calls;
mod contributions;
mod direct;
mod library;
mod memory;
mod own_files;

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use hotplate::{Answer, BackendChoice, DataView, Engine, OpenOptions};
use hotplate_benches::compare;
use hotplate_onnxruntime::Library as OnnxRuntime;

use crate::{
    calls::{Call, Columns},
    direct::Direct,
    library::Library,
};

/// The models, and how many rows a call has.
const CASES: [(&str, usize); 18] = [
    ("churn-lightgbm-500x31", 1),
    ("churn-lightgbm-500x31-trees-alone", 1),
    ("churn-lightgbm-500x31-trees-alone", 1000),
    ("churn-xgboost-500-depth-6", 1),
    (SYMMETRIC, 1),
    (SYMMETRIC, 1000),
    ("churn-boosting-100-depth-3", 1),
    ("churn-columns-boosting", 1),
    ("churn-columns-lightgbm", 1),
    ("housing-lightgbm-1000x31-trees-alone", 1),
    ("housing-lightgbm-1000x31-trees-alone", 1000),
    ("housing-boosting-100-depth-3", 1),
    ("housing-forest-100-depth-12", 1),
    (LARGEST, 1),
    ("telephone-lightgbm-categories", 1),
    ("telephone-lightgbm-categories", 1000),
    ("diamonds-lightgbm-100", 1),
    ("diamonds-lightgbm-100", 1000),
];

/// CatBoost's trees, whose own file is beside the graph.
const SYMMETRIC: &str = "churn-catboost-500-depth-6-trees-alone";

/// The model whose opening is watched.
const LARGEST: &str = "housing-forest-100-unlimited";

fn main() {
    let mut words = env::args().skip(1);
    if let (Some(memory::OPEN), Some(model)) = (words.next().as_deref(), words.next()) {
        return memory::open_and_tell(Path::new(&model));
    }
    // `cargo test` runs every bench once, to see that its answers are right.
    let quick = !env::args().any(|argument| argument == "--bench");
    let wanted = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted));
    let Some((library, models)) = found() else { return };
    let library = OnnxRuntime::load(Some(&library)).unwrap();
    println!("{:46}{:>12} {:>12}", "", "onnxruntime", "native");
    for (model, rows) in CASES {
        let case = format!("{model}, {rows}");
        if is_wanted(&case) {
            run(quick, library, &models.join(model), &case, rows);
        }
    }
    let case = format!("{SYMMETRIC}, catboost");
    if is_wanted(&case) {
        println!("{:46}{:>12} {:>12}", "", "catboost", "native");
        beside_catboost(quick, &models, &case);
    }
    own_files::run(quick, &models, is_wanted);
    contributions::run(quick, &models, is_wanted);
    let case = format!("{LARGEST}, memory");
    if is_wanted(&case) {
        memory::tell(&models.join(LARGEST).join("model.onnx"), &case);
    }
}

/// The library and the folder of models, or a word on how to get them.
fn found() -> Option<(PathBuf, PathBuf)> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let library = match env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => target.join("onnxruntime/lib").join(format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}")),
    };
    let models = target.join("tabular");
    let mut needed = CASES.iter().map(|(model, _)| *model).chain(own_files::cases());
    let whole = needed.all(|model| models.join(model).exists());
    if library.exists() && whole {
        return Some((library, models));
    }
    assert!(env::var_os("CI").is_none(), "run .ci/onnxruntime and .ci/tabular first");
    println!("skipped: no ONNX Runtime, or not all models; run .ci/onnxruntime and .ci/tabular");
    None
}

/// Checks and times one model, at so many rows a call.
fn run(quick: bool, library: &OnnxRuntime, folder: &Path, case: &str, rows_a_call: usize) {
    let model = folder.join("model.onnx");
    let (engine, opened) = match open(&model) {
        Ok(opened) => opened,
        Err(error) => return println!("{case}: not taken by the native engine: {error}"),
    };
    let values = calls::read(&folder.join("test_data_set_0"));
    let columns = Columns::of(&values.inputs);
    let calls = columns.calls(rows_a_call);
    let scores_a_row = values.scores_a_row;

    let mut answer = engine.answer();
    let (mut direct, opened_direct) =
        Direct::open(library, &model, &calls[0], rows_a_call, scores_a_row);
    for call in &calls {
        native(&engine, call, &mut answer);
        let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(scores(&answer)), bits(&direct.run(call)), "{case}");
    }

    let (mut ours, mut theirs) = (calls.iter().cycle(), calls.iter().cycle());
    let paired = compare(
        quick,
        || direct.time(theirs.next().unwrap()),
        || {
            native(&engine, ours.next().unwrap(), &mut answer);
            black_box(scores(&answer));
        },
    );
    println!("{case:46}{paired}");
    if rows_a_call == 1 {
        let trees = engine.plan().steps().into_iter().find(|step| step.contains(" trees of "));
        let trees = trees.map(|trees| trees + "; ").unwrap_or_default();
        println!("    {trees}opened in {opened:.1?}, by ONNX Runtime in {opened_direct:.1?}");
    }
}

/// Times CatBoost's own library, from Python since that is what it has for everyone, on all rows at
/// once.
fn beside_catboost(quick: bool, models: &Path, case: &str) {
    let folder = models.join(SYMMETRIC);
    let values = calls::read(&folder.join("test_data_set_0"));
    let columns = Columns::of(&values.inputs);
    let calls = columns.calls(columns.rows());
    let (engine, _) = open(&folder.join("model.onnx")).unwrap();
    let mut answer = engine.answer();
    native(&engine, &calls[0], &mut answer);

    let mut catboost = Library::start(models, "time_catboost.py", &folder);
    // It answers margins, which cost it less than probabilities would.
    let margins = catboost.answers();
    let probabilities = scores(&answer).chunks_exact(2);
    assert_eq!(margins.len(), probabilities.len(), "{case}");
    for (row, (margin, probabilities)) in margins.iter().zip(probabilities).enumerate() {
        let expected = 1.0 / (1.0 + (-margin).exp());
        let apart = (f64::from(probabilities[1]) - expected).abs();
        assert!(apart < 1e-6, "{case}: row {row} is {apart} off {expected}");
    }
    let paired = hotplate_benches::compare_timed(
        quick,
        |times| catboost.time(times),
        hotplate_benches::timed(|| {
            native(&engine, &calls[0], &mut answer);
            black_box(scores(&answer));
        }),
    );
    println!("{case:46}{paired}");
}

/// The model in the native engine, and how long that took.
fn open(model: &Path) -> Result<(Engine, Duration), hotplate::Error> {
    let start = Instant::now();
    let engine = OpenOptions::new().backend(BackendChoice::Native).instances(1).open(model)?;
    Ok((engine, start.elapsed()))
}

fn native(engine: &Engine, call: &Call<'_>, answer: &mut Answer) {
    engine.predict_into(black_box(&call.views[..]), answer).unwrap();
}

/// Of a classifier the probabilities, of a regression its value: the last output.
fn scores(answer: &Answer) -> &[f32] {
    match answer.outputs().last().unwrap().data() {
        DataView::F32(scores) => scores,
        _ => panic!("scores are float32"),
    }
}
