//! What configuration cannot ask for, and what it must not pass over in silence.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{fs, path::Path};

use hotplate::{DataView, Engine, ErrorKind, OpenOptions, Registry, Value};
use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, INT64,
    TestDim::{Fixed, Open},
    graph, ints, value,
};
use support::{copy_of, model, names};

fn configure(folder: &Path, text: &str) {
    fs::write(folder.join("hotplate.toml"), text).unwrap();
}

fn refusal_of(folder: &Path, text: &str) -> String {
    configure(folder, text);
    let error = Engine::open(folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    error.to_string()
}

#[test]
fn output_that_the_model_does_not_have_is_refused() {
    let housing = copy_of("housing");
    for output in ["[\"probabilities\"]", "[\"score\", \"predicted_label\"]", "[]"] {
        let error = refusal_of(housing.path(), &format!("[model]\noutput = {output}"));
        assert!(error.contains("expected \"score\" or \"predicted_score\""), "{error}");
    }
    configure(housing.path(), "[model]\noutput = [\"score\"]");
    assert!(Engine::open(housing.path()).is_ok());
    let error = refusal_of(housing.path(), "[model]\nthreshold = 0.5");
    assert!(error.contains("two classes"), "{error}");
}

#[test]
fn raw_scores_need_margins() {
    let raw = "[model]\noutput = [\"predicted_label\", \"raw_scores\"]";
    let error = refusal_of(copy_of("housing").path(), raw);
    assert!(error.contains("one number a row"), "{error}");

    let churn = copy_of("churn");
    configure(churn.path(), raw);
    let engine = Engine::open(churn.path()).unwrap();
    assert!(engine.golden_rows() > 0);
    let row = vec![Value::Missing; engine.columns().len()];
    let answer = engine.bind(&names(&engine)).unwrap().predict(&row).unwrap();
    let [label, probabilities, margins] = answer.outputs() else { panic!("three outputs") };
    assert_eq!((label.shape().rows(), probabilities.shape().dims()), (1, &[1, 2][..]));
    let DataView::F32(&[margin]) = margins.data() else { panic!("one margin") };
    let logistic = 1.0 / (1.0 + f64::from(-margin).exp());
    assert!((logistic - answer.score(0)).abs() < 1e-6, "{margin}, {}", answer.score(0));

    fs::copy(churn.path().join("model.onnx"), churn.path().join("other.onnx")).unwrap();
    let error = refusal_of(churn.path(), &format!("{raw}\ncombine = \"average\""));
    assert!(error.contains("several models"), "{error}");
}

#[test]
fn margins_that_a_model_does_not_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    // Its probabilities are what its leaves say.
    let forest = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 0.25)
        .leaf((0, 2), 0.75)
        .with("classlabels_int64s", ints("classlabels_int64s", &[0, 1]));
    let outputs = [value("label", INT64, &[Open]), value("scores", FLOAT, &[Open, Fixed(2)])];
    let node = forest.node("x", &["label", "scores"]);
    let graph = graph(&[value("x", FLOAT, &[Open, Fixed(1)])], &[node], &outputs);
    fs::write(folder.path().join("model.onnx"), fixture::model(&graph).finish()).unwrap();
    let error = refusal_of(folder.path(), "[model]\noutput = [\"score\", \"raw_score\"]");
    assert!(error.contains("native backend finds no such numbers"), "{error}");
    configure(folder.path(), "[model]\noutput = [\"score\", \"labels\"]");
    assert!(Engine::open(folder.path()).is_ok());
}

#[test]
fn tables_that_nobody_would_read_are_refused() {
    let root = tempfile::tempdir().unwrap();
    for name in ["churn", "housing"] {
        fs::create_dir(root.path().join(name)).unwrap();
        let file = Path::new(name).join("model.onnx");
        fs::copy(model(name).join("model.onnx"), root.path().join(file)).unwrap();
    }
    let open = || Registry::open(root.path(), &OpenOptions::new());
    configure(root.path(), "[serve]\nport = 1");
    assert_eq!(open().unwrap().load().len(), 2);

    configure(root.path(), "[model]\nthreshold = 0.5");
    let error = open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("beside several models"), "{error}");

    configure(root.path(), "");
    configure(&root.path().join("churn"), "[serve]\nport = 1");
    let error = open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("the folder above"), "{error}");
}

#[test]
fn error_among_several_models_names_the_model() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).unwrap();
        let file = Path::new(name).join("model.onnx");
        fs::copy(model("housing").join("model.onnx"), root.path().join(file)).unwrap();
    }
    configure(&root.path().join("b"), "[model]\nthreshold = 0.5");
    let error = Registry::open(root.path(), &OpenOptions::new()).unwrap_err();
    assert!(error.to_string().starts_with("model b: "), "{error}");
}

#[test]
fn golden_rows_that_are_cut_short_are_refused() {
    let housing = copy_of("housing");
    let golden = housing.path().join("golden.csv");
    let text = fs::read_to_string(&golden).unwrap();
    fs::write(&golden, text.lines().next().unwrap()).unwrap();
    let error = Engine::open(housing.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidGoldenRows, "{error}");
}

#[test]
fn pickle_is_known_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("xgboost-model"), b"\x80\x04\x95\x10\x00\x00\x00").unwrap();
    let error = Engine::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsafeModel, "{error}");
}

#[test]
fn categories_are_counted_from_the_first_request_on() {
    let churn = Engine::open(model("churn")).unwrap();
    assert!(churn.unknown_categories().all(|(_, count)| count == 0));
    let names = names(&churn);
    let mut row = vec![Value::Missing; names.len()];
    let contract = names.iter().position(|name| *name == "Contract").unwrap();
    row[contract] = "Ten years".into();
    churn.bind(&names).unwrap().predict(&row).unwrap();
    let counted: Vec<_> = churn.unknown_categories().filter(|&(_, count)| count > 0).collect();
    assert_eq!(counted, [("Contract", 1)]);
}

#[test]
fn refused_row_leaves_no_answer_behind() {
    let churn = Engine::open(model("churn")).unwrap();
    let names = names(&churn);
    let bound = churn.bind(&names).unwrap();
    let mut row = vec![Value::Missing; names.len()];
    let mut answer = churn.answer();
    bound.predict_into(&row, &mut answer).unwrap();
    assert_eq!(answer.rows(), 1);
    row[1] = "text".into();
    assert!(bound.predict_into(&row, &mut answer).is_err());
    assert_eq!(answer.rows(), 0);
}
