use std::borrow::Cow;

use super::*;
use crate::{
    Model, ModelErrorKind as Kind, OutputSpec, Signature, Task,
    onnx::fixture::{
        self, FLOAT, INT64, STRING,
        TestDim::{self, Fixed, Open},
        Writer, full_graph, int, ints, maps, model, named, node, strings, value, zipmap,
    },
};

fn of(graph: &Writer) -> Model {
    Model::from_bytes(model(graph).finish()).unwrap()
}

fn signature_of(graph: &Writer) -> Result<Signature, ModelError> {
    of(graph).signature(None)
}

/// A classifier of these labels, whose scores a ZipMap names by them.
fn classifier(labels: &Writer, key: i64) -> Writer {
    named_by(labels, labels, key)
}

/// A classifier of these classes, whose scores a ZipMap names by these labels.
fn named_by(labels: &Writer, classes: &Writer, key: i64) -> Writer {
    let classes = std::slice::from_ref(classes);
    let scores = fixture::ml_operation("Classifier", &["x"], &["label", "raw"], classes);
    let last = named("the last", zipmap("raw", "scores", labels)).text(6, "names").text(99, "kept");
    let outputs = [value("label", key, &[Open]), maps("scores", key).text(3, "for people")];
    fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &[scores, last], &outputs)
}

#[test]
fn maps_are_described_as_the_scores_they_are_made_of() {
    let labels = ints("classlabels_int64s", &[3, 1, 2]);
    let signature = signature_of(&classifier(&labels, INT64)).unwrap();
    let row_dims = Some(vec![Some(3)]);
    let name = "scores".to_owned();
    let expected = OutputSpec { name, dtype: DType::F32, row_dims, optional: false };
    assert_eq!(signature.outputs()[1], expected);
    let classes = Labels::Integers(vec![3, 1, 2]);
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    let texts = classifier(&strings("classlabels_strings", &["no", "yes"]), STRING);
    let Task::Classifier { classes, .. } = signature_of(&texts).unwrap().task().clone() else {
        panic!("it classifies")
    };
    assert_eq!(classes, Labels::Text(vec!["no".to_owned(), "yes".to_owned()]));
}

#[test]
fn names_that_are_not_the_labels_classes_are_none() {
    let names = ints("classlabels_int64s", &[-3, 7]);
    let other = named_by(&names, &ints("classlabels_int64s", &[7, -3]), INT64);
    assert_eq!(*signature_of(&other).unwrap().task(), Task::Other);
    // A label that is the number of a score is no class of that name.
    let of_numbers = |classes: &[i64]| {
        let nodes = [
            fixture::operation("ArgMax", &["x"], &["label"], &[int("axis", 1)]),
            zipmap("x", "scores", &ints("classlabels_int64s", classes)),
        ];
        let outputs = [value("label", INT64, &[Open]), maps("scores", INT64)];
        let graph = fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &nodes, &outputs);
        signature_of(&graph).unwrap().task().clone()
    };
    assert_eq!(of_numbers(&[-3, 7]), Task::Other);
    let classes = Labels::Integers(vec![0, 1]);
    assert_eq!(of_numbers(&[0, 1]), Task::Classifier { label: 0, probabilities: 1, classes });
}

#[test]
fn one_class_is_no_choice() {
    let signature = signature_of(&classifier(&ints("classlabels_int64s", &[1]), INT64)).unwrap();
    assert_eq!(*signature.task(), Task::Other);
    assert_eq!(signature.outputs()[1].row_dims, Some(vec![Some(1)]));
}

#[test]
fn truth_values_of_several_classes_are_no_label() {
    let outputs = [value("label", INT64, &[Open]), maps("scores", INT64)];
    let nodes = [
        fixture::ml_operation("Binarizer", &["x"], &["b"], &[]),
        fixture::operation("Cast", &["b"], &["label"], &[int("to", INT64)]),
        zipmap("x", "scores", &ints("classlabels_int64s", &[0, 1])),
    ];
    let graph = fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &nodes, &outputs);
    assert_eq!(*signature_of(&graph).unwrap().task(), Task::Other);
}

#[test]
fn other_sequences_are_refused() {
    let integers = ints("classlabels_int64s", &[0, 1]);
    let other = |node: Writer, output: Writer| {
        fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &[node], &[output])
    };
    let maps = || maps("y", INT64);
    let cases = [
        other(zipmap("x", "y", &strings("classlabels_strings", &["a", "b"])), maps()),
        other(zipmap("x", "y", &ints("classlabels_int64s", &[])), maps()),
        other(zipmap("x", "y", &ints("others", &[0, 1])), maps()),
        other(zipmap("x", "z", &integers), maps()),
        other(node("ZipMaps", std::slice::from_ref(&integers)), maps()),
        other(zipmap("x", "y", &integers), fixture::opaque_value("y", 4)),
        other(zipmap("x", "y", &integers).text(1, "z"), maps()),
        other(zipmap("x", "y", &integers).text(2, "z"), maps()),
    ];
    for graph in cases {
        let error = signature_of(&graph).unwrap_err();
        assert_eq!(error.kind(), Kind::UnsupportedSignature, "{error}");
        let model = of(&graph);
        assert!(matches!(model.without_zipmap().unwrap(), Cow::Borrowed(_)));
    }
    let wrong = other(zipmap("x", "y", &int("classlabels_int64s", 1)), maps());
    assert_eq!(signature_of(&wrong).unwrap_err().kind(), Kind::BadAttribute);
    assert_eq!(of(&wrong).without_zipmap().unwrap_err().kind(), Kind::BadAttribute);
}

#[test]
fn file_without_zipmap_says_the_same_of_itself() {
    let labels = ints("classlabels_int64s", &[8, 9]);
    let graph = classifier(&labels, INT64);
    let stale = maps("scores", INT64);
    for graph in [graph.clone(), graph.message(13, &stale)] {
        let with = of(&graph);
        let bytes = with.without_zipmap().unwrap().into_owned();
        let without = Model::from_bytes(bytes).unwrap();
        let (a, b) = (with.signature(None).unwrap(), without.signature(None).unwrap());
        assert_eq!((a.outputs(), a.task()), (b.outputs(), b.task()));
        let onnx = without.onnx().unwrap();
        let last = &onnx.graph.nodes[1];
        assert_eq!((last.name, last.domain, last.op_type), ("the last", "", "Identity"));
        assert_eq!((&last.inputs[..], &last.outputs[..]), (&["raw"][..], &["scores"][..]));
        assert!(last.attributes().is_empty());
        let scores = &onnx.graph.outputs[1].ty;
        assert_eq!(scores.to_string(), "a tensor of float32 [?, 2]");
        assert!(matches!(without.without_zipmap().unwrap(), Cow::Borrowed(_)));
        let kept = |text: &[u8]| without.bytes().windows(text.len()).any(|bytes| bytes == text);
        assert!(kept(b"kept") && kept(b"for people") && kept(b"A model for tests."));
        assert!(!kept(b"ZipMap"));
    }
}

/// Only a ZipMap hid a node whose classes are no text.
#[test]
fn maps_are_no_label_with_or_without_zipmap() {
    let nodes = [
        fixture::ml_operation(
            "Classifier",
            &["x"],
            &["a"],
            &[strings("classlabels_strings", &["@@"])],
        ),
        zipmap("a", "scores", &ints("classlabels_int64s", &[8, 9])),
        fixture::operation("Identity", &["scores"], &["b"], &[]),
    ];
    for other in [value("x", FLOAT, &[Open]), value("b", INT64, &[Open])] {
        let outputs = [maps("scores", INT64), other];
        let graph = fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], &nodes, &outputs);
        let mut bytes = model(&graph).finish();
        let at = bytes.windows(2).position(|bytes| bytes == b"@@").unwrap();
        bytes[at..at + 2].fill(0xFF);
        let with = Model::from_bytes(bytes).unwrap();
        let without = Model::from_bytes(with.without_zipmap().unwrap().into_owned()).unwrap();
        let task = |model: &Model| {
            model.signature(None).map(|it| it.task().clone()).map_err(|error| error.kind())
        };
        assert_eq!(task(&with), task(&without));
    }
}

#[test]
fn every_other_byte_stays() {
    let labels = ints("classlabels_int64s", &[8, 9]);
    let graph = |last: Writer, scores: Writer| {
        let input = value("x", FLOAT, &[Open, Fixed(2)]);
        let tail = Writer::default().text(10, "a graph's description").int(77, 5).double(78, 0.5);
        let graph = fixture::graph(&[input], &[node("First", &[]), last], &[scores]);
        model(&graph.raw(&tail.finish())).text(70, "unknown").finish()
    };
    let with = graph(zipmap("y", "scores", &labels), maps("scores", INT64));
    let identity = fixture::operation("Identity", &["y"], &["scores"], &[]);
    let without = graph(identity, value("scores", FLOAT, &[Open, Fixed(2)]));
    assert_eq!(*Model::from_bytes(with).unwrap().without_zipmap().unwrap(), without);
}

#[test]
fn operators_that_identity_is_one_of_are_imported() {
    let labels = ints("classlabels_int64s", &[8, 9]);
    let ml = Writer::default().text(1, ML_DOMAIN).int(2, 3);
    let file = Writer::default().int(1, 10).message(7, &classifier(&labels, INT64)).message(8, &ml);
    let with = Model::from_bytes(file.finish()).unwrap();
    let bytes = with.without_zipmap().unwrap().into_owned();
    let without = Model::from_bytes(bytes).unwrap();
    assert_eq!(without.onnx().unwrap().opset(""), Some(9));
    assert_eq!(without.onnx().unwrap().opset(ML_DOMAIN), Some(3));
}

#[test]
fn file_that_has_no_zipmap_is_borrowed() {
    let shapes: [&[TestDim<'_>]; 3] = [&[Open], &[Open, Fixed(2)], &[]];
    let plain = |dims| fixture::graph(&[value("x", FLOAT, dims)], &[], &[value("y", FLOAT, dims)]);
    for graph in shapes.into_iter().map(plain).chain([full_graph()]) {
        let model = of(&graph);
        let Cow::Borrowed(bytes) = model.without_zipmap().unwrap() else {
            panic!("nothing was to be exchanged")
        };
        assert_eq!(bytes, model.bytes());
    }
}

proptest::proptest! {
    #[test]
    fn changed_file_is_spliced_or_refused_and_reads_again(at: usize, byte: u8) {
        let mut bytes =
            model(&classifier(&ints("classlabels_int64s", &[8, 9]), INT64)).finish();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(model) = Model::from_bytes(bytes)
            && let Ok(spliced) = model.without_zipmap()
        {
            let again = Model::from_bytes(spliced.into_owned()).unwrap();
            proptest::prop_assert!(matches!(again.without_zipmap(), Ok(Cow::Borrowed(_))));
        }
    }
}
