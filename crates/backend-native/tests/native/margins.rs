//! What probabilities are made of, where that is asked for.

use std::sync::Arc;

use hotplate_backend::{Backend, CompileOptions, Plan};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, Ensemble,
        TestDim::{Fixed, Open},
        Writer, floats, ints, ml_operation, string,
    },
};
use hotplate_native::Native;

use crate::support::{
    NUMBERS, bits_of, class, classification, classification_stump, floats_of, numbers, run,
};

fn compile(graph: &Writer, margins: bool) -> Arc<dyn Plan> {
    let model = Model::from_bytes(fixture::model(graph).finish()).unwrap();
    let options = CompileOptions { margins, ..CompileOptions::default() };
    Native.compile(&model, &options).unwrap()
}

/// The margins of rows, beside which the other answers must be what they are without them.
#[track_caller]
fn margins(graph: &Writer, rows: &[f32], width: usize) -> Vec<f32> {
    let (with, without) = (compile(graph, true), compile(graph, false));
    assert_eq!(without.signature().margins(), None);
    let (got, expected) = (run(&*with, rows, width), run(&*without, rows, width));
    assert_eq!(with.signature().margins(), Some(expected.len()));
    let specs = with.signature().outputs().iter().zip(without.signature().outputs());
    for ((spec, expected_spec), (got, expected)) in specs.zip(got.iter().zip(&expected)) {
        assert_eq!(spec, expected_spec);
        assert_eq!(got.data(), expected.data());
    }
    let margins = got.last().unwrap();
    let dims = margins.shape().dims();
    let spec = &with.signature().outputs()[expected.len()];
    assert_eq!(dims[0], rows.len() / width);
    assert_eq!(spec.row_dims.as_deref(), Some(&[Some(dims[1])][..]));
    floats_of(margins).to_vec()
}

/// The scores that a graph answers.
fn scores(graph: &Writer, rows: &[f32], width: usize) -> Vec<f32> {
    let plan = compile(graph, false);
    floats_of(&run(&*plan, rows, width)[1]).to_vec()
}

/// More rows than go through a plan together.
fn many() -> Vec<f32> {
    (-70_i16..70).map(f32::from).collect()
}

fn transformed(trees: Ensemble, transform: &str) -> Ensemble {
    trees.with("post_transform", string("post_transform", transform))
}

/// Three classes, the leaves adding to several.
fn three(transform: &str) -> Ensemble {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 0.25)
        .leaf((0, 2), -1.5)
        .weight((0, 1), 1, 2.0)
        .weight((0, 2), 2, 0.75)
        .with("base_values", floats("base_values", &[0.5, 0.0, -0.125]))
        .with("classlabels_int64s", ints("classlabels_int64s", &[4, 5, 6]));
    transformed(trees, transform)
}

fn of_three(nodes: &[Writer]) -> Writer {
    let label = fixture::value("label", NUMBERS, &[Open]);
    fixture::graph(&[numbers("x", 1)], nodes, &[label, numbers("scores", 3)])
}

/// The same with the probabilities normalized: no longer one ensemble, but a program.
fn normalized(classifier: impl Fn(&str) -> Writer, outputs: &[Writer], width: usize) -> Writer {
    let norm = ml_operation("Normalizer", &["raw"], &["scores"], &[string("norm", "L1")]);
    fixture::graph(&[numbers("x", width)], &[classifier("raw"), norm], outputs)
}

#[test]
fn trees_of_two_classes_have_the_margin_of_the_second() {
    for base in [&[][..], &[0.375]] {
        let trees = classification_stump().with("base_values", floats("base_values", base));
        let plain = scores(&classification(&trees, 1, NUMBERS), &many(), 1);
        let expected: Vec<f32> = plain.chunks(2).map(|row| row[1]).collect();
        let logistic = transformed(trees, "LOGISTIC");
        assert_eq!(margins(&classification(&logistic, 1, NUMBERS), &many(), 1), expected);
        let node = |scores: &str| logistic.node("x", &["label", scores]);
        let program = normalized(node, &class(NUMBERS), 1);
        assert_eq!(margins(&program, &many(), 1), expected);
    }
}

#[test]
fn trees_of_more_classes_have_the_margin_of_each() {
    let graph = |transform| of_three(&[three(transform).node("x", &["label", "scores"])]);
    let expected = scores(&graph("NONE"), &many(), 1);
    assert_eq!(expected[..3], [0.75, 2.0, -0.125]);
    let outputs = [fixture::value("label", NUMBERS, &[Open]), numbers("scores", 3)];
    for transform in ["SOFTMAX", "LOGISTIC"] {
        assert_eq!(margins(&graph(transform), &many(), 1), expected);
        let node = |scores: &str| three(transform).node("x", &["label", scores]);
        assert_eq!(margins(&normalized(node, &outputs, 1), &many(), 1), expected);
    }
}

/// A linear classifier of so many scores.
fn linear(scores: usize, transform: &str, output: &str) -> Writer {
    let coefficients = [0.3, 0.1, 0.2, -0.3, -0.4, 0.5];
    let labels = &[3, 1, 2][..scores.max(2)];
    let attributes = [
        floats("coefficients", &coefficients[..2 * scores]),
        floats("intercepts", &[0.1, 0.2, -0.3][..scores]),
        ints("classlabels_ints", labels),
        string("post_transform", transform),
    ];
    ml_operation("LinearClassifier", &["x"], &["label", output], &attributes)
}

#[test]
fn linear_classifiers_have_their_decision_functions() {
    for (count, classes) in [(1, 2), (2, 2), (3, 3)] {
        let outputs = [
            fixture::value("label", NUMBERS, &[Open]),
            fixture::value("scores", fixture::FLOAT, &[Open, Fixed(classes)]),
        ];
        let plain = [linear(count, "NONE", "scores")];
        let plain = fixture::graph(&[numbers("x", 2)], &plain, &outputs);
        let plain = scores(&plain, &many(), 2);
        let expected: Vec<f32> = match count {
            1 => plain.chunks(2).map(|row| row[1]).collect(),
            _ => plain,
        };
        let graph = normalized(|scores| linear(count, "LOGISTIC", scores), &outputs, 2);
        assert_eq!(margins(&graph, &many(), 2), expected);
    }
}

#[test]
fn probabilities_that_are_made_of_nothing_have_no_margins() {
    let trees = classification(&transformed(classification_stump(), "NONE"), 1, NUMBERS);
    let outputs = class(NUMBERS);
    let linear = normalized(|scores| linear(1, "NONE", scores), &outputs, 2);
    for (graph, width) in [(trees, 1), (linear, 2)] {
        let (with, without) = (compile(&graph, true), compile(&graph, false));
        assert_eq!(with.signature().margins(), None);
        let answers = |plan: &dyn Plan| bits_of(&run(plan, &many(), width)[1]);
        assert_eq!(answers(&*with), answers(&*without));
        assert_eq!(with.signature().outputs().len(), 2);
    }
}
