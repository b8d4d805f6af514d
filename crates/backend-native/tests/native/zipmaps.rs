//! Scores with the names of their columns.

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, Ensemble, FLOAT,
        TestDim::{Fixed, Open},
        Writer, ints, maps, operation, strings, value, zipmap,
    },
};
use hotplate_native::Native;

use crate::support::{
    NAMES, NUMBERS, assert_invalid, bits_of, compile, floats_of, named_classes, numbered_classes,
    numbers, run,
};

fn stump() -> Ensemble {
    Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 0.25)
        .leaf((0, 2), 0.75)
}

fn named() -> Writer {
    strings("classlabels_strings", &["No", "Yes"])
}

/// The stump as exporters write it: its scores in maps.
fn exported(trees: &Ensemble, labels: &Writer, key: i64) -> Writer {
    let nodes = [trees.node("x", &["label", "raw"]), zipmap("raw", "scores", labels)];
    let outputs = [value("label", key, &[Open]), maps("scores", key)];
    fixture::graph(&[numbers("x", 1)], &nodes, &outputs)
}

#[test]
fn maps_are_answered_as_the_matrix_of_scores() {
    let numbered = ints("classlabels_int64s", &[7, -3]);
    let cases = [
        exported(&named_classes(stump()), &named(), NAMES),
        exported(&numbered_classes(stump()), &numbered, NUMBERS),
    ];
    for graph in cases {
        let plan = compile(&graph).unwrap();
        let outputs = run(&*plan, &[-1.0, 1.0, 0.5], 1);
        assert_eq!(outputs[1].shape().dims(), [3, 2]);
        assert_eq!(bits_of(&outputs[1]), [0.75, 0.25, 0.25, 0.75, 0.25, 0.75].map(f32::to_bits));
    }
}

#[test]
fn file_without_zipmap_is_answered_alike() {
    let with = exported(&named_classes(stump()), &named(), NAMES);
    let model = Model::from_bytes(fixture::model(&with).finish()).unwrap();
    let without = Model::from_bytes(model.without_zipmap().unwrap().into_owned()).unwrap();
    let rows = [-1.0, 1.0, f32::NAN];
    let answers = [model, without].map(|model| {
        let plan = Native.compile(&model, &CompileOptions::default()).unwrap();
        let outputs = run(&*plan, &rows, 1);
        (format!("{:?}", outputs[0].data()), bits_of(&outputs[1]))
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn classes_that_are_not_as_many_as_scores_are_an_error() {
    let three = strings("classlabels_strings", &["a", "b", "c"]);
    let graph = exported(&named_classes(stump()), &three, NAMES);
    assert_invalid(&graph, "node \"scores\": 3 classes for 2 scores");
    let both = zipmap("raw", "scores", &named()).message(5, &ints("classlabels_int64s", &[0, 1]));
    let outputs = [value("label", NAMES, &[Open]), maps("scores", NAMES)];
    let nodes = [named_classes(stump()).node("x", &["label", "raw"]), both];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &outputs);
    assert_invalid(&graph, "node \"scores\": 2 texts and 2 integers");
}

/// A matrix that is no answer of trees, in maps.
fn of_numbers(labels: &Writer) -> Writer {
    let nodes = [operation("Neg", &["x"], &["raw"], &[]), zipmap("raw", "scores", labels)];
    fixture::graph(&[numbers("x", 2)], &nodes, &[maps("scores", NUMBERS)])
}

#[test]
fn maps_of_any_numbers_are_answered_as_the_matrix() {
    let plan = compile(&of_numbers(&ints("classlabels_int64s", &[0, 1]))).unwrap();
    assert_eq!(floats_of(&run(&*plan, &[1.0, 2.0, 3.0, 4.0], 2)[0]), [-1.0, -2.0, -3.0, -4.0]);
}

#[test]
fn classes_that_are_not_as_many_as_any_numbers_are_an_error() {
    let graph = of_numbers(&ints("classlabels_int64s", &[0, 1, 2]));
    assert_invalid(&graph, "node \"scores\": 3 classes for 2 scores");
}

#[test]
fn maps_of_labels_are_an_error() {
    let labels = ints("classlabels_int64s", &[0, 1]);
    let nodes = [numbered_classes(stump()).node("x", &["l", "s"]), zipmap("l", "scores", &labels)];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &[maps("scores", NUMBERS)]);
    let error = compile(&graph).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel, "{error}");
}

#[test]
fn maps_that_are_used_as_a_tensor_are_an_error() {
    let nodes = |last: Writer| {
        [named_classes(stump()).node("x", &["label", "raw"]), zipmap("raw", "maps", &named()), last]
    };
    let declared = |name, nodes: &[Writer]| {
        let outputs = [value("label", NAMES, &[Open]), value(name, FLOAT, &[Open, Fixed(2)])];
        fixture::graph(&[numbers("x", 1)], nodes, &outputs)
    };
    let unread = nodes(operation("Identity", &["raw"], &["scores"], &[]));
    let problem = "declared to be a tensor, made as maps";
    assert_invalid(&declared("maps", &unread), &format!("node \"maps\": {problem}"));
    for reader in ["Identity", "Neg"] {
        let read = nodes(operation(reader, &["maps"], &["scores"], &[]));
        let error = compile(&declared("scores", &read)).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::InvalidModel, "{error}");
    }
}
