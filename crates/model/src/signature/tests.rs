use super::*;
use crate::{
    Labels, Model, ModelErrorKind as Kind,
    onnx::fixture::{
        FLOAT, INT64, STRING,
        TestDim::{self, Fixed, Open, Symbol},
        Writer, full_graph, graph_of, ints, maps, metadata, ml_operation, model, node,
        opaque_value, optional, shapeless, strings, value,
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

/// A graph of these outputs whose one node has these labels, and makes `label` and `scores`.
fn giving(labels: Writer, outputs: &[Writer]) -> Writer {
    let graph = graph_of(&[ml_operation("Classifier", &["x"], &["label", "scores"], &[labels])]);
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
    let shape = |rows: TestDim<'_>| {
        let signature = signature_of(&taking(&value("x", FLOAT, &[rows, Fixed(3)]))).unwrap();
        assert_eq!(signature.schema().inputs()[0].row_shape.width(), Some(3));
        signature.batching()
    };
    for rows in [Open, Symbol("batch"), Fixed(-1)] {
        assert_eq!(shape(rows), Batching::Rows);
    }
    assert_eq!(shape(Fixed(1)), Batching::OneRow);
    let flat = signature_of(&taking(&value("x", FLOAT, &[Open]))).unwrap();
    assert_eq!(flat.schema().inputs()[0].row_shape.width(), Some(1));
}

#[test]
fn one_input_of_one_row_makes_the_model_run_row_by_row() {
    let one = value("b", FLOAT, &[Fixed(1), Fixed(2)]);
    let signature = signature_of(&taking(&value("a", FLOAT, &[Open])).message(11, &one)).unwrap();
    assert_eq!(signature.batching(), Batching::OneRow);
    assert_eq!(signature.schema().columns().len(), 3);
}

#[test]
fn dimensions_of_a_row_may_be_open() {
    let ids = value("ids", INT64, &[Symbol("batch"), Symbol("length")]);
    let image = value("image", FLOAT, &[Symbol("batch"), Fixed(3), Open, Open]);
    let signature = signature_of(&taking(&ids).message(11, &image)).unwrap();
    let shapes: Vec<_> = signature
        .schema()
        .inputs()
        .iter()
        .map(|input| (input.row_shape.to_string(), input.row_shape.width()))
        .collect();
    assert_eq!(shapes, [("[length]".to_owned(), None), ("[3, ?, ?]".to_owned(), None)]);
    assert_eq!(signature.batching(), Batching::Rows);
    assert!(!signature.schema().is_table());
}

#[test]
fn wide_rows_are_tensors_and_no_table() {
    let signature = signature_of(&taking(&value("x", FLOAT, &[Open, Fixed(1 << 28)]))).unwrap();
    assert!(!signature.schema().is_table());
    assert_eq!(signature.schema().inputs()[0].row_shape.width(), Some(1 << 28));
}

#[test]
fn model_without_a_rows_axis_takes_its_tensors_whole() {
    let open = || value("x", FLOAT, &[Open, Fixed(3)]);
    let y = || value("y", FLOAT, &[Open]);
    let graph = |inputs: &[Writer], outputs: &[Writer]| {
        signature_of(&crate::onnx::fixture::graph(inputs, &[], outputs)).unwrap()
    };
    let cases = [
        graph(&[value("x", FLOAT, &[Fixed(8), Fixed(3)])], &[y()]),
        graph(&[open(), value("roi", FLOAT, &[Fixed(0)])], &[y()]),
        graph(&[open(), value("rate", FLOAT, &[])], &[y()]),
        graph(&[value("x", FLOAT, &[Fixed(1), Fixed(3)]), value("z", FLOAT, &[Fixed(2)])], &[y()]),
        graph(&[open()], &[y(), value("top", FLOAT, &[Fixed(5), Open, Fixed(2)])]),
    ];
    let shapes: Vec<String> = cases
        .iter()
        .map(|signature| {
            assert_eq!(signature.batching(), Batching::None);
            assert_eq!(*signature.task(), Task::Other);
            let inputs = signature.schema().inputs().iter();
            inputs.map(|input| input.row_shape.to_string()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(shapes, ["[8, 3]", "[?, 3] [0]", "[?, 3] []", "[1, 3] [2]", "[?, 3]"]);
    assert_eq!(cases[4].outputs()[1].row_dims, Some(vec![Some(5), None, Some(2)]));
    // Exporters write no axes where they do not know them.
    let unknown = graph(&[open()], &[y(), value("mean", FLOAT, &[])]);
    assert_eq!(unknown.batching(), Batching::Rows);
    assert_eq!(unknown.outputs()[1].row_dims, None);
    // An output of one row, or of nobody knows how many, says nothing.
    for first in [Fixed(1), Open, Symbol("n")] {
        let rows = graph(&[open()], &[value("y", FLOAT, &[first, Fixed(2)])]);
        assert_eq!(rows.batching(), Batching::Rows);
        assert_eq!(rows.outputs()[0].row_dims, Some(vec![Some(2)]));
    }
}

#[test]
fn input_of_no_shape_is_a_matrix_where_a_classical_model_takes_it() {
    let shapeless = || crate::onnx::fixture::shapeless("x", FLOAT);
    let y = value("y", FLOAT, &[Open]);
    let graph = |nodes: &[Writer]| {
        signature_of(&crate::onnx::fixture::graph(&[shapeless()], nodes, std::slice::from_ref(&y)))
    };
    let signature = graph(&[node("Normalizer", &[])]).unwrap();
    assert_eq!(signature.batching(), Batching::Rows);
    assert_eq!(signature.schema().inputs()[0].row_shape.to_string(), "[?]");
    let conv = crate::onnx::fixture::operation("Conv", &["x"], &["z"], &[]);
    let error = graph(&[conv, node("Normalizer", &[])]).unwrap_err();
    assert!(error.to_string().contains("has no shape"), "{error}");
}

#[test]
fn inputs_that_rows_cannot_be_given_to_are_refused() {
    let most = hotplate_tensor::MAX_RANK;
    let wide = "\"x\" has more than 268435456 elements";
    let cases: [(Writer, &str); 11] = [
        (value("x", FLOAT, &[Open, Fixed(0)]), "has no elements"),
        (value("x", FLOAT, &[Open, Fixed(i64::MAX), Fixed(3)]), wide),
        (value("x", FLOAT, &[Open, Fixed((1 << 28) + 1)]), wide),
        (value("x", FLOAT, &[Open, Symbol("k"), Fixed(1 << 40)]), wide),
        (value("x", FLOAT, &[Fixed(1), Fixed(1 << 15), Open, Fixed(1 << 14)]), wide),
        (value("x", FLOAT, &[Fixed(1 << 15), Fixed(1 << 14)]), wide),
        (value("x", FLOAT, &vec![Fixed(2); most]), "has more than 7 axes"),
        (shapeless("x", FLOAT), "has no shape"),
        (value("x", FLOAT16, &[Open, Fixed(1)]), "unsupported type float16"),
        (opaque_value("x", 4), "should be a tensor, is a sequence"),
        (optional("x", FLOAT, &[Open]), "should be a tensor, is an optional value"),
    ];
    for (input, expected) in cases {
        let sentence = refusal(&taking(&input));
        assert!(sentence.contains(expected), "{sentence}");
    }
    assert_eq!(refusal(&Writer::default()), "the model has no inputs");
    let x = value("x", FLOAT, &[Open]);
    let error = signature_of(&taking(&x).message(11, &x)).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::Malformed, "two inputs are called \"x\"")
    );
    // As many axes as tensors have: one is that of the rows.
    signature_of(&taking(&value("x", FLOAT, &vec![Open; most]))).unwrap();
}

#[test]
fn outputs_that_cannot_be_taken_are_refused() {
    let input = Writer::default().message(11, &value("x", FLOAT, &[Open, Fixed(1)]));
    let output = |output: &Writer| input.clone().message(12, output);
    assert_eq!(refusal(&input), "the model has no outputs");
    for (kind, noun) in [(4, "a sequence"), (5, "a map")] {
        let sentence = refusal(&output(&opaque_value("output_probability", kind)));
        assert!(sentence.starts_with("output \"output_probability\" is "), "{sentence}");
        assert!(sentence.contains(noun) && sentence.contains("ZipMap"), "{sentence}");
    }
    assert!(refusal(&output(&maps("y", INT64))).contains("a ZipMap node"), "no node makes it");
    assert!(refusal(&output(&opaque_value("y", 8))).contains("is a sparse tensor"));
    assert!(refusal(&output(&opaque_value("y", 9))).contains("is an optional value"));
    assert!(refusal(&output(&value("y", FLOAT16, &[Open]))).contains("float16"));
    let twice = output(&value("y", FLOAT, &[Open])).message(12, &value("y", FLOAT, &[Open]));
    let error = signature_of(&twice).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::Malformed, "two outputs are called \"y\"")
    );
}

#[test]
fn output_that_may_be_absent_is_read_as_its_tensor() {
    let graph = Writer::default().message(11, &value("x", FLOAT, &[Open, Fixed(1)]));
    let maybe = optional("y", INT64, &[Open, Fixed(4)]);
    let signature = signature_of(&graph.message(12, &maybe)).unwrap();
    let [output] = signature.outputs() else { panic!("it has one") };
    assert_eq!((output.dtype, output.optional), (DType::I64, true));
    assert_eq!(output.row_dims, Some(vec![Some(4)]));
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
    let whole = taking(&value("x", FLOAT, &[Open, Symbol("k")]));
    let entry = metadata("feature_names", "[\"a\"]");
    let file = Model::from_bytes(model(&whole).message(14, &entry).finish()).unwrap();
    assert!(file.signature(None).is_ok(), "a row without cells needs no names for them");
    assert_eq!(file.signature(Some(names(&["a"]))).unwrap_err().kind(), Kind::BadNames);
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
    for dims in [&[Open, Fixed(3)][..], &[Open, Open]] {
        assert_eq!(task(&three, &[label.clone(), scores(dims)]), expected);
    }
    assert_eq!(task(&three, &[label.clone(), shapeless("scores", FLOAT)]), expected);
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
fn labels_of_a_node_that_makes_neither_output_do_not_count() {
    let elsewhere = node("Classifier", &[strings("classlabels_strings", &["a", "b"])]);
    let graph = graph_of(&[elsewhere])
        .message(11, &value("x", FLOAT, &[Open, Fixed(2)]))
        .message(12, &value("label", STRING, &[Open]))
        .message(12, &value("scores", FLOAT, &[Open, Fixed(2)]));
    assert_eq!(*signature_of(&graph).unwrap().task(), Task::Other);
}

#[test]
fn labels_of_the_wrong_type_are_refused() {
    let scores = value("scores", FLOAT, &[Open, Fixed(2)]);
    let graph =
        giving(ints("classlabels_strings", &[1, 2]), &[value("label", STRING, &[Open]), scores]);
    let error = signature_of(&graph).unwrap_err();
    assert_eq!((error.kind(), error.node()), (Kind::BadAttribute, Some("Classifier")));
}
