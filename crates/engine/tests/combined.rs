//! Several model files of one folder answer as one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../../codec/tests/support/counting.rs"]
mod counting;
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use counting::allocations;
use hotplate::{Combine, Engine, ErrorKind, GoldenRows, Label, OpenOptions, Registry, Value};
use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, INT64, STRING,
    TestDim::{Fixed, Open},
};
use support::{Golden, names};

/// More than one turn.
const ROWS: usize = 2500;

fn xgboost(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/xgboost/3.2.0");
    folder.join(format!("{name}.ubj"))
}

/// A folder of these files of XGBoost, and of `hotplate.toml`.
fn folder(files: &[&str], settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in files {
        fs::copy(xgboost(name), folder.path().join(format!("{name}.ubj"))).unwrap();
    }
    configure(folder.path(), settings);
    folder
}

fn configure(folder: &Path, settings: &str) {
    fs::write(folder.join("hotplate.toml"), format!("[model]\n{settings}\n")).unwrap();
}

fn refusal(folder: &Path) -> String {
    let error = Engine::open(folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    error.to_string()
}

/// Numbers from -2 to 2 that look like chance, and some that are missing.
fn numbers(engine: &Engine, rows: usize) -> Vec<f32> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = f32::from(u16::try_from(state >> 16).unwrap()) / 16_384.0 - 2.0;
        if state.is_multiple_of(11) { f32::NAN } else { number }
    };
    (0..rows * engine.columns().len()).map(|_| next()).collect()
}

/// The label of the greater number, of two the second where it is above one half.
fn likeliest(means: &[f64]) -> usize {
    if let [_, second] = means {
        return usize::from(*second > 0.5);
    }
    (1..means.len()).fold(0, |best, at| if means[at] > means[best] { at } else { best })
}

#[expect(clippy::cast_possible_truncation, reason = "what the engine answers is float32")]
fn mean(of: [f32; 2]) -> f32 {
    (of.map(f64::from).iter().sum::<f64>() / 2.0) as f32
}

#[test]
fn values_of_boosters_are_averaged() {
    let files = ["gamma", "squarederror"];
    let folder = folder(&files, "combine = \"average\"");
    let combined = Engine::open(folder.path()).unwrap();
    let apart = files.map(|name| Engine::open(xgboost(name)).unwrap());
    let rows = numbers(&combined, ROWS);
    let answer = combined.predict(&rows).unwrap();
    let answers = apart.each_ref().map(|engine| engine.predict(&rows).unwrap());
    assert_eq!(answer.rows(), ROWS);
    let mut differ = false;
    for row in 0..ROWS {
        let values = answers.each_ref().map(|answer| answer.score(row));
        differ |= values[0] != values[1];
        #[expect(clippy::cast_possible_truncation, reason = "values of float32")]
        let expected = mean(values.map(|value| value as f32));
        assert_eq!(answer.score(row), f64::from(expected), "row {row}");
    }
    assert!(differ);
    assert_eq!(combined.backend(), "native");
    let steps = combined.plan().steps();
    assert_eq!(steps[0], "2 models averaged");
    assert!(steps[1].starts_with("gamma.ubj (native): "), "{steps:?}");
    let error = combined.explain(&rows[..combined.columns().len()]).unwrap_err();
    assert!(error.to_string().contains("a model of one file"), "{error}");
}

#[test]
fn probabilities_of_boosters_are_averaged_and_the_label_follows() {
    let files = ["softmax", "softprob"];
    let folder = folder(&files, "combine = \"average\"");
    // The same model twice would hide a mean that is none.
    fs::copy(xgboost("softprob").with_file_name("softprob.json"), folder.path().join("c.json"))
        .unwrap();
    let combined = Engine::open(folder.path()).unwrap();
    let apart =
        ["softprob", "softmax", "softprob"].map(|name| Engine::open(xgboost(name)).unwrap());
    let rows = numbers(&combined, 300);
    let answer = combined.predict(&rows).unwrap();
    let answers = apart.each_ref().map(|engine| engine.predict(&rows).unwrap());
    for row in 0..300 {
        let means: Vec<f64> = (0..3)
            .map(|class| {
                let one = |at: usize| f64::from(answers[at].probabilities(row)[class]);
                (one(0) + one(1) + one(2)) / 3.0
            })
            .collect();
        for (got, expected) in answer.probabilities(row).iter().zip(&means) {
            assert!((f64::from(*got) - expected).abs() < 1e-7, "row {row}: {got} {expected}");
        }
        let expected = i64::try_from(likeliest(&means)).unwrap();
        assert_eq!(answer.label(row), Some(Label::Integer(expected)), "row {row}");
    }
}

/// A classifier in one stump: the probabilities where `x` is below `at`, and those
/// where it is not.
fn stump(at: f32, low: &[f32], high: &[f32], labels: &[&str]) -> Vec<u8> {
    let mut trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LT", (0, at), (1, 2))
        .bare_leaf((0, 1))
        .bare_leaf((0, 2));
    for (leaf, weights) in [(1, low), (2, high)] {
        for (class, weight) in (0..).zip(weights) {
            trees = trees.weight((0, leaf), class, *weight);
        }
    }
    let classes = Fixed(i64::try_from(labels.len()).unwrap());
    let labels = fixture::strings("classlabels_strings", labels);
    let trees = trees.with("classlabels_strings", labels);
    let graph = fixture::graph(
        &[fixture::value("x", FLOAT, &[Open, Fixed(2)])],
        &[trees.node("x", &["label", "scores"])],
        &[
            fixture::value("label", STRING, &[Open]),
            fixture::value("scores", FLOAT, &[Open, classes]),
        ],
    );
    fixture::model(&graph).finish()
}

const ABC: [&str; 3] = ["a", "b", "c"];

/// Three models: two weakly for `b`, one strongly for `a`, where `x` is below zero; and all for
/// another class each where it is not.
fn stumps(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("1.onnx", stump(0.0, &[0.375, 0.5, 0.125], &[0.5, 0.25, 0.25], &ABC));
    write("2.onnx", stump(0.0, &[0.375, 0.5, 0.125], &[0.0, 0.75, 0.25], &ABC));
    write("3.onnx", stump(0.0, &[1.0, 0.0, 0.0], &[0.125, 0.25, 0.625], &ABC));
    configure(folder.path(), settings);
    folder
}

#[test]
fn majority_decides_where_models_vote() {
    let averaged = Engine::open(stumps("combine = \"average\"").path()).unwrap();
    let voted = Engine::open(stumps("combine = \"vote\"").path()).unwrap();
    assert_eq!(voted.plan().steps()[0], "3 models vote");
    let rows: [f32; 4] = [-1.0, 0.0, 1.0, 0.0];
    let (averaged, voted) = (averaged.predict(&rows).unwrap(), voted.predict(&rows).unwrap());
    // Means of 1.75, 1 and 0.25 thirds; then of 0.625, 1.25 and 1.125, where every class has a vote.
    assert_eq!(averaged.label(0), Some(Label::Text("a")));
    assert_eq!(voted.label(0), Some(Label::Text("b")));
    for answer in [averaged, voted] {
        assert_eq!(answer.label(1), Some(Label::Text("b")));
        let thirds = |numbers: [f64; 3]| numbers.map(|number| number / 3.0);
        for (row, expected) in
            [thirds([1.75, 1.0, 0.25]), thirds([0.625, 1.25, 1.125])].iter().enumerate()
        {
            for (got, expected) in answer.probabilities(row).iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() < 1e-7, "{got} {expected}");
            }
        }
    }
}

#[test]
fn second_of_two_classes_needs_more_than_half() {
    let folder = tempfile::tempdir().unwrap();
    for (name, low, high) in
        [("1.onnx", [0.25, 0.75], [0.25, 0.75]), ("2.onnx", [0.75, 0.25], [0.5, 0.5])]
    {
        fs::write(folder.path().join(name), stump(0.0, &low, &high, &["no", "yes"])).unwrap();
    }
    let rows: [f32; 4] = [-1.0, 0.0, 1.0, 0.0];
    let labels = |settings: &str| {
        configure(folder.path(), settings);
        let answer = Engine::open(folder.path()).unwrap().predict(&rows).unwrap();
        assert_eq!(answer.probabilities(0), [0.5, 0.5]);
        assert_eq!(answer.probabilities(1), [0.375, 0.625]);
        [0, 1].map(|row| answer.label(row).unwrap().to_string())
    };
    assert_eq!(labels("combine = \"average\""), ["no", "yes"]);
    assert_eq!(labels("combine = \"average\"\nthreshold = 0.5"), ["yes", "yes"]);
    // By the rule of their operator, both models say the second class of either row.
    assert_eq!(labels("combine = \"vote\""), ["yes", "yes"]);
}

/// Rows of texts and numbers, each column an input of its own.
#[test]
fn pipelines_are_combined_turn_by_turn() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/churn/model.onnx");
    let folder = tempfile::tempdir().unwrap();
    for name in ["1.onnx", "2.onnx"] {
        fs::copy(&model, folder.path().join(name)).unwrap();
    }
    configure(folder.path(), "combine = \"average\"\nunknown_categories = \"refuse\"");
    let (combined, alone) = (Engine::open(folder.path()).unwrap(), Engine::open(&model).unwrap());
    let golden = Golden::of("churn");
    let row = |row: usize| golden.values(&alone, row % golden.rows());
    // Golden rows hold texts that training never saw.
    let is_known =
        |row: &Vec<Value<'_>>| combined.bind(&names(&combined)).unwrap().predict(row).is_ok();
    let known: Vec<Vec<Value<'_>>> = (0..golden.rows()).map(row).filter(is_known).collect();
    let unknown = (0..golden.rows()).map(row).find(|row| !is_known(row)).unwrap();
    let mut rows: Vec<_> = known.iter().cycle().take(ROWS).cloned().collect();
    let ask = |engine: &Engine, rows: &[Vec<Value<'_>>]| {
        let names = names(engine);
        let mut answer = engine.answer();
        engine.bind(&names).unwrap().predict_rows_into(rows, &mut answer).map(|()| answer)
    };
    let (both, one) = (ask(&combined, &rows).unwrap(), ask(&alone, &rows).unwrap());
    for row in 0..ROWS {
        assert_eq!(both.label(row), one.label(row), "row {row}");
        assert_eq!(both.probabilities(row), one.probabilities(row), "row {row}");
    }
    rows[2100] = unknown;
    let error = ask(&combined, &rows).unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::UnknownCategory, Some(2100)), "{error}");
}

#[test]
fn labels_of_rows_in_later_turns_are_theirs() {
    let voted = Engine::open(stumps("combine = \"vote\"").path()).unwrap();
    let rows = numbers(&voted, ROWS);
    let mut answer = voted.answer();
    voted.predict_into(&rows, &mut answer).unwrap();
    for (row, cells) in rows.chunks_exact(2).enumerate() {
        let alone = voted.predict(cells).unwrap();
        assert_eq!(answer.label(row), alone.label(0), "row {row}");
        assert_eq!(answer.probabilities(row), alone.probabilities(0), "row {row}");
    }
}

#[test]
fn row_of_combined_models_allocates_nothing() {
    for settings in ["combine = \"average\"", "combine = \"vote\""] {
        let engine = Engine::open(stumps(settings).path()).unwrap();
        let rows = numbers(&engine, 64);
        let mut answer = engine.answer();
        engine.predict_into(&rows, &mut answer).unwrap();
        for row in rows.chunks_exact(2) {
            let count = allocations(|| engine.predict_into(row, &mut answer).unwrap());
            assert_eq!(count, 0, "{row:?}");
        }
    }
}

#[test]
fn several_files_are_refused_until_configuration_says_what_they_are() {
    let folder = folder(&["gamma", "squarederror"], "");
    let error = Engine::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SeveralModels);
    assert!(error.to_string().contains("`combine = \"average\"`"), "{error}");
    assert!(OpenOptions::new().combine(Combine::Average).open(folder.path()).is_ok());
    let registry = Registry::open(folder.path(), &OpenOptions::new().combine(Combine::Average));
    assert!(registry.unwrap().load().only().is_some());

    configure(folder.path(), "combin = \"average\"");
    assert!(refusal(folder.path()).contains("did you mean `combine`?"));
    configure(folder.path(), "combine = \"average\"\nfile = \"gamma.ubj\"");
    assert!(refusal(folder.path()).contains("take one of the two keys away"));
    configure(folder.path(), "combine = \"vote\"");
    assert!(refusal(folder.path()).contains("only classifiers vote"));
}

#[test]
fn models_that_differ_are_refused_by_name() {
    let classes = folder(&["binary-logistic", "softprob"], "combine = \"average\"");
    let error = refusal(classes.path());
    assert!(error.contains("softprob.ubj: expected the classes 0, 1, got 0, 1, 2"), "{error}");
    assert!(error.contains("as binary-logistic.ubj does"), "{error}");

    let columns = folder(&["frame", "squarederror"], "combine = \"average\"");
    let error = refusal(columns.path());
    assert!(error.contains("squarederror.ubj: expected"), "{error}");
    assert!(error.contains("column"), "{error}");

    let tasks = folder(&["binary-logistic", "squarederror"], "combine = \"average\"");
    let error = refusal(tasks.path());
    assert!(error.contains("expected a classifier, got a model of one number"), "{error}");

    let order = stumps("combine = \"vote\"");
    let other = stump(0.0, &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0], &["a", "c", "b"]);
    fs::write(order.path().join("4.onnx"), other).unwrap();
    let error = refusal(order.path());
    assert!(error.contains("4.onnx: expected the classes \"a\", \"b\", \"c\", got"), "{error}");

    let threshold = folder(&["binary-logistic"], "combine = \"vote\"\nthreshold = 0.4");
    assert!(Engine::open(threshold.path()).is_ok());
    fs::copy(xgboost("binary-logistic"), threshold.path().join("again.ubj")).unwrap();
    assert!(refusal(threshold.path()).contains("no decision threshold"));
}

/// A mean of integers would be none.
#[test]
fn outputs_without_a_mean_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = fixture::operation("Cast", &["x"], &["y"], &[fixture::int("to", INT64)]);
    let graph = fixture::graph(
        &[fixture::value("x", FLOAT, &[Open, Fixed(2)])],
        &[node],
        &[fixture::value("y", INT64, &[Open, Fixed(2)])],
    );
    for name in ["1.onnx", "2.onnx"] {
        fs::write(folder.path().join(name), fixture::model(&graph).finish()).unwrap();
    }
    configure(folder.path(), "combine = \"average\"");
    let error = refusal(folder.path());
    assert!(error.contains("1.onnx: output \"y\" of int64 has no mean"), "{error}");
}

#[test]
fn golden_rows_are_those_of_the_mean() {
    let folder = stumps("combine = \"average\"\ncolumns = [\"p\", \"q\"]");
    let golden = |label: &str| format!("p,q,output.label\n-1,0,{label}\n1,0,b\n");
    let path = folder.path().join("golden.csv");
    fs::write(&path, golden("a")).unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    assert_eq!(engine.golden_rows(), 2);
    assert_eq!(
        GoldenRows::read(&path, engine.signature()).unwrap().verify(&engine).unwrap().wrong,
        0
    );
    fs::write(&path, golden("b")).unwrap();
    assert_eq!(Engine::open(folder.path()).unwrap_err().kind(), ErrorKind::WrongAnswers);
}

#[test]
fn inspection_tells_every_file() {
    let inspection = hotplate::inspect(stumps("combine = \"vote\"").path()).unwrap();
    assert!(inspection.file.ends_with("1.onnx"));
    let others: Vec<bool> = inspection
        .combined_with
        .iter()
        .zip(["2.onnx", "3.onnx"])
        .map(|(other, name)| other.file.ends_with(name) && other.sha256 != inspection.sha256)
        .collect();
    assert_eq!(others, [true, true]);
    assert_eq!(inspection.choice.unwrap().steps[0], "3 models vote");
}
