use super::*;
use crate::{
    Labels, Model, ModelErrorKind as Kind,
    onnx::fixture::{
        FLOAT, INT64, STRING,
        TestDim::{self, Fixed, Open, Symbol},
        Writer, full_graph, graph_of, ints, metadata, model, node, opaque_value, strings, value,
    },
};

const DOUBLE: i64 = 11;
const FLOAT16: i64 = 10;

fn signature_of(graph: &Writer) -> Result<Signature, ModelError> {
    Model::from_bytes(model(graph).finish()).unwrap().signature(None)
}

/// A graph of one input that is declared so and one output per row.
fn taking(input: &Writer) -> Writer {
    Writer::default().message(11, input).message(12, &value("y", FLOAT, &[Open]))
}

/// A graph of these outputs whose one node has these labels.
fn giving(labels: Writer, outputs: &[Writer]) -> Writer {
    let graph = graph_of(&[node("Classifier", &[labels])]);
    let graph = graph.message(11, &value("x", FLOAT, &[Open, Fixed(2)]));
    outputs.iter().fold(graph, |graph, output| graph.message(12, output))
}

fn refusal(graph: &Writer) -> String {
    let error = signature_of(graph).unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedSignature, "{error}");
    error.to_string()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn inputs_become_columns_and_outputs_a_task() {
    let signature = signature_of(&full_graph()).unwrap();
    let columns: Vec<_> =
        signature.schema().columns().iter().map(|column| (&*column.name, column.dtype)).collect();
    assert_eq!(columns, [("age", DType::F32), ("job", DType::Str)]);
    let classes = Labels::Text(names(&["No", "Yes"]));
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    assert_eq!(signature.outputs()[0].row_dims, Some(vec![]));
    assert_eq!(signature.outputs()[1].row_dims, Some(vec![Some(2)]));
}

#[test]
fn rows_axis_may_be_open_symbolic_or_one() {
    for rows in [Open, Symbol("batch"), Fixed(1), Fixed(-1)] {
        let signature = signature_of(&taking(&value("x", FLOAT, &[rows, Fixed(3)]))).unwrap();
        assert_eq!(signature.schema().inputs()[0].width(), 3);
    }
    let flat = signature_of(&taking(&value("x", FLOAT, &[Open]))).unwrap();
    assert_eq!(flat.schema().inputs()[0].width(), 1);
}

#[test]
fn inputs_that_rows_cannot_be_given_to_are_refused() {
    let cases: [(Writer, &str); 11] = [
        (value("x", FLOAT, &[Fixed(8), Fixed(3)]), "\"x\" takes 8 rows at a time"),
        (value("x", FLOAT, &[Fixed(0), Fixed(3)]), "takes 0 rows"),
        (value("x", FLOAT, &[Open, Open]), "axis 1 of input \"x\" is open"),
        (value("x", FLOAT, &[Open, Fixed(2), Symbol("length")]), "axis 2 of input \"x\""),
        (value("x", FLOAT, &[Open, Fixed(0)]), "has no elements"),
        (value("x", FLOAT, &[Open, Fixed(i64::MAX), Fixed(3)]), "overflow"),
        (value("x", FLOAT, &[Open, Fixed(1 << 40)]), "a row has more than"),
        (value("x", FLOAT, &[]), "has no shape"),
        (value("x", FLOAT16, &[Open, Fixed(1)]), "unsupported type float16"),
        (opaque_value("x", 4), "should be a tensor, is a sequence"),
        (opaque_value("x", 9), "should be a tensor, is an optional value"),
    ];
    for (input, expected) in cases {
        let sentence = refusal(&taking(&input));
        assert!(sentence.contains(expected), "{sentence}");
    }
    assert_eq!(refusal(&Writer::default()), "the model has no inputs");
}

#[test]
fn outputs_that_cannot_be_taken_are_refused() {
    let input = Writer::default().message(11, &value("x", FLOAT, &[Open, Fixed(1)]));
    let output = |output: &Writer| input.clone().message(12, output);
    assert_eq!(refusal(&input), "the model has no outputs");
    for kind in [4, 5] {
        let sentence = refusal(&output(&opaque_value("output_probability", kind)));
        assert!(
            sentence.contains("\"output_probability\"") && sentence.contains("\"zipmap\": False")
        );
    }
    assert!(refusal(&output(&opaque_value("y", 8))).contains("is a sparse tensor"));
    assert!(refusal(&output(&value("y", FLOAT16, &[Open]))).contains("float16"));
    let twice = output(&value("y", FLOAT, &[Open])).message(12, &value("y", FLOAT, &[Open]));
    let error = signature_of(&twice).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::Malformed, "two outputs are called \"y\"")
    );
}

#[test]
fn names_come_from_the_caller_then_the_file_then_the_inputs() {
    let graph = taking(&value("x", FLOAT, &[Open, Fixed(2)]));
    let plain = Model::from_bytes(model(&graph).finish()).unwrap();
    assert!(!plain.signature(None).unwrap().schema().is_named());
    let entry = metadata("feature_names", "[\"a\", \"b\"]");
    let named = Model::from_bytes(model(&graph).message(14, &entry).finish()).unwrap();
    assert_eq!(named.signature(None).unwrap().schema().column_index("b"), Some(1));
    let chosen = named.signature(Some(names(&["c", "d"]))).unwrap();
    assert_eq!(chosen.schema().column_index("d"), Some(1));
    assert_eq!(chosen.schema().column_index("b"), None);
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let graph = taking(&value("x", FLOAT, &[Open, Fixed(2)]));
    for json in ["", "[1, 2]", "{\"a\": 1}", "[\"a\", \"b\"", "[\"a\"]", "[\"a\", \"a\"]"] {
        let entry = metadata("feature_names", json);
        let file = Model::from_bytes(model(&graph).message(14, &entry).finish()).unwrap();
        assert_eq!(file.signature(None).unwrap_err().kind(), Kind::BadNames, "{json}");
        assert!(file.signature(Some(names(&["a", "b"]))).is_ok(), "the caller's names win");
        let error = file.signature(Some(names(&["a"]))).unwrap_err();
        assert_eq!(error.to_string(), "expected 2 column names, got 1");
    }
}

#[test]
fn one_number_a_row_is_a_regression() {
    let with = |element, dims: &[TestDim<'_>]| {
        let graph = giving(strings("keys", &[]), &[value("y", element, dims)]);
        signature_of(&graph).unwrap().task().clone()
    };
    for dims in [&[Open][..], &[Open, Fixed(1)], &[Symbol("n"), Fixed(1)]] {
        assert_eq!(with(FLOAT, dims), Task::Regressor { value: 0 });
        assert_eq!(with(DOUBLE, dims), Task::Regressor { value: 0 });
        assert_eq!(with(INT64, dims), Task::Other);
    }
    assert_eq!(with(FLOAT, &[Open, Fixed(2)]), Task::Other);
    // One that is not known to be one may be several.
    assert_eq!(with(FLOAT, &[Open, Open]), Task::Other);
    assert_eq!(with(FLOAT, &[Symbol("n"), Symbol("k")]), Task::Other);
    assert_eq!(with(FLOAT, &[Open, Open, Open]), Task::Other);
    assert_eq!(with(FLOAT, &[]), Task::Other);
}

#[test]
fn label_and_probabilities_are_a_classification() {
    let label = value("label", INT64, &[Fixed(1)]);
    let scores = |dims: &[TestDim<'_>]| value("scores", FLOAT, dims);
    let task = |labels: &Writer, outputs: &[Writer]| {
        signature_of(&giving(labels.clone(), outputs)).unwrap().task().clone()
    };
    let three = ints("classlabels_int64s", &[0, 1, 2]);
    let classes = || Labels::Integers(vec![0, 1, 2]);
    let expected = Task::Classifier { label: 0, probabilities: 1, classes: classes() };
    for dims in [&[Open, Fixed(3)][..], &[Open, Open], &[]] {
        assert_eq!(task(&three, &[label.clone(), scores(dims)]), expected);
    }
    let linear = ints("classlabels_ints", &[0, 1, 2]);
    assert_eq!(task(&linear, &[label.clone(), scores(&[Open, Fixed(3)])]), expected);
    assert_eq!(
        task(&three, &[scores(&[Open, Fixed(3)]), label.clone()]),
        Task::Classifier { label: 1, probabilities: 0, classes: classes() }
    );
    let words = strings("classlabels_strings", &["a", "b", "c"]);
    let others = [
        task(&three, &[label.clone(), scores(&[Open, Fixed(2)])]),
        task(&words, &[label.clone(), scores(&[Open, Fixed(3)])]),
        task(&three, &[value("label", STRING, &[Open]), scores(&[Open, Fixed(3)])]),
        task(&three, &[label.clone(), scores(&[Open])]),
        task(&ints("classlabels_int64s", &[1]), &[label.clone(), scores(&[Open, Fixed(1)])]),
        task(&ints("others", &[0, 1, 2]), &[label.clone(), scores(&[Open, Fixed(3)])]),
        task(&three, &[label.clone(), scores(&[Open, Fixed(3)]), scores(&[Open]).text(1, "z")]),
    ];
    for other in others {
        assert_eq!(other, Task::Other);
    }
}

#[test]
fn labels_of_the_last_classifier_count() {
    let first = node("First", &[strings("classlabels_strings", &["a", "b"])]);
    let second = node("Second", &[strings("classlabels_strings", &["c", "d"])]);
    let single = node("Encoder", &[strings("classlabels_strings", &["e"])]);
    let graph = graph_of(&[first, second, single])
        .message(11, &value("x", FLOAT, &[Open, Fixed(2)]))
        .message(12, &value("label", STRING, &[Open]))
        .message(12, &value("scores", FLOAT, &[Open, Fixed(2)]));
    let signature = signature_of(&graph).unwrap();
    let Task::Classifier { classes, .. } = signature.task() else { panic!("it classifies") };
    assert_eq!(*classes, Labels::Text(names(&["c", "d"])));
}

#[test]
fn labels_of_the_wrong_type_are_refused() {
    let scores = value("scores", FLOAT, &[Open, Fixed(2)]);
    let graph =
        giving(ints("classlabels_strings", &[1, 2]), &[value("l", STRING, &[Open]), scores]);
    let error = signature_of(&graph).unwrap_err();
    assert_eq!((error.kind(), error.node()), (Kind::BadAttribute, Some("Classifier")));
}
