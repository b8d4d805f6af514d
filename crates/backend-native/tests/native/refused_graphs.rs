//! Graphs whose nodes are right and whose wiring is not, or not for this engine.

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, Ensemble, FLOAT, INT64, STRING,
        TestDim::{Fixed, Open},
        Writer, floats, int, ml_operation, operation, shape, strings, tensor, with_constant,
    },
    safetensors::fixture::File,
};
use hotplate_native::Native;

use crate::support::{
    NAMES, answer, assert_invalid, assert_refused, class, compile, named_classes, numbered_classes,
    numbers, refusals, regression, texts,
};

fn stump() -> Ensemble {
    Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

fn classifier() -> Ensemble {
    named_classes(Ensemble::classifier().leaf((0, 0), 1.0))
}

/// Why a graph is refused that makes much of a row.
const TOO_MANY: &str = "the steps of a row make more than 524288 elements";

fn of_nodes(nodes: &[Writer]) -> Writer {
    fixture::graph(&[numbers("x", 1)], nodes, &[answer()])
}

#[test]
fn trees_on_other_types_are_refused() {
    for (code, name) in [(STRING, "string"), (9, "bool")] {
        let input = fixture::value("x", code, &[Open, Fixed(2)]);
        let graph = fixture::graph(&[input], &[stump().node("x", &["y"])], &[answer()]);
        let reason = format!("trees on {name}");
        assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "y", &reason);
    }
}

#[test]
fn weights_are_left_to_other_engines() {
    // Whatever they are of: nothing says it here.
    let weights = File::default().f32("w", &[1], &[1.0]).finish();
    let model = Model::from_bytes(weights).unwrap();
    let error = Native.compile(&model, &CompileOptions::default()).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    assert!(error.to_string().contains("not weights in safetensors"), "{error}");
}

#[test]
fn value_that_nothing_makes_is_an_error() {
    let graph = of_nodes(&[stump().node("elsewhere", &["y"])]);
    let sentence = "node \"y\": reads \"elsewhere\", which nothing before it makes";
    assert_invalid(&graph, sentence);
    // Nodes stand in an order in which they can run.
    let late = [stump().node("z", &["y"]), operation("Identity", &["x"], &["z"], &[])];
    assert_invalid(&of_nodes(&late), "node \"y\": reads \"z\", which nothing before it makes");
    let graph = of_nodes(&[stump().node("x", &["z"])]);
    assert_invalid(&graph, "node \"y\": no node makes this output");
}

#[test]
fn value_that_is_left_out_is_nobody_s_output() {
    let nodes =
        [classifier().node("x", &["", "scores"]), operation("Identity", &[""], &["label"], &[])];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &class(NAMES));
    assert_invalid(&graph, "node \"label\": reads \"\", which nothing before it makes");
}

#[test]
fn value_that_is_made_twice_is_an_error() {
    let twice = of_nodes(&[stump().node("x", &["y"]), operation("Identity", &["y"], &["y"], &[])]);
    assert_invalid(&twice, "node \"y\": \"y\" is made a second time");
    let input = of_nodes(&[operation("Identity", &["x"], &["x"], &[]), stump().node("x", &["y"])]);
    assert_invalid(&input, "node \"x\": \"x\" is made a second time");
    let constant = with_constant(of_nodes(&[stump().node("x", &["y"])]), &shape("y", &[1]));
    assert_invalid(&constant, "node \"y\": \"y\" is made a second time");
    let both = with_constant(of_nodes(&[stump().node("x", &["y"])]), &shape("c", &[1]));
    assert_invalid(
        &with_constant(both, &shape("c", &[2])),
        "node \"c\": \"c\" is made a second time",
    );
}

#[test]
fn inputs_of_one_name_are_an_error_whatever_their_columns_are_called() {
    let inputs = [numbers("x", 1), numbers("x", 1)];
    let graph = fixture::graph(&inputs, &[stump().node("x", &["y"])], &[answer()]);
    let model = Model::from_bytes(fixture::model(&graph).finish()).unwrap();
    let column_names = Some(vec!["a".to_owned(), "b".to_owned()]);
    let error = Native
        .compile(&model, &CompileOptions { column_names, ..CompileOptions::default() })
        .unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel);
    assert_eq!(error.to_string(), "two inputs are called \"x\"");
}

#[test]
fn outputs_of_one_name_are_an_error() {
    let graph =
        fixture::graph(&[numbers("x", 1)], &[stump().node("x", &["y"])], &[answer(), answer()]);
    let error = compile(&graph).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel, "{error}");
    let graph =
        fixture::graph(&[numbers("x", 1)], &[classifier().node("x", &["y", "y"])], &[answer()]);
    assert_invalid(&graph, "node \"y\": \"y\" is made a second time");
}

#[test]
fn constant_that_is_not_as_long_as_the_rows_is_refused() {
    let constant = tensor("c", FLOAT, &[1, 1]).float(4, 1.0);
    let joined = operation("Concat", &["x", "c"], &["z"], &[int("axis", 1)]);
    let graph = with_constant(of_nodes(&[joined, stump().node("z", &["y"])]), &constant);
    assert_refused(&graph, "Concat", "z", "puts float32 [1, 1] beside float32 [rows, 1]");
}

#[test]
fn constant_that_nobody_reads_is_harmless() {
    let constant = tensor("c", FLOAT, &[1]).float(4, 1.0);
    compile(&with_constant(regression(&stump(), 1), &constant)).unwrap();
}

#[test]
fn output_that_is_the_same_for_all_rows_is_refused() {
    let graph = fixture::graph(&[numbers("x", 1)], &[], &[numbers("c", 1)]);
    let graph = with_constant(graph, &tensor("c", FLOAT, &[1, 1]).float(4, 1.0));
    assert_refused(&graph, "output", "c", "float32 [1, 1], which has no rows in front");
}

#[test]
fn wrong_numbers_of_inputs_and_outputs_are_errors() {
    let two = operation("Identity", &["x", "x"], &["z"], &[]);
    assert_invalid(&of_nodes(&[two, stump().node("z", &["y"])]), "node \"z\": reads 2 inputs");
    let none = operation("Identity", &[], &["z"], &[]);
    assert_invalid(&of_nodes(&[none, stump().node("z", &["y"])]), "node \"z\": reads 0 inputs");
    let outputs = operation("Identity", &["x"], &["z", "w"], &[]);
    assert_invalid(&of_nodes(&[outputs, stump().node("z", &["y"])]), "node \"z\": makes 2 outputs");
    let no_output = operation("Identity", &["x"], &[], &[]);
    assert_invalid(
        &of_nodes(&[no_output, stump().node("x", &["y"])]),
        "node \"\": makes 0 outputs",
    );
    let trees = stump().node("x", &["y", "z"]);
    assert_invalid(&of_nodes(&[trees]), "node \"y\": makes 2 outputs");
    let trees = classifier().node("x", &["y", "z", "w"]);
    assert_invalid(&of_nodes(&[trees]), "node \"y\": makes 3 outputs");
    // A second input of the trees.
    let trees = stump().node("x", &["y"]).text(1, "x");
    assert_invalid(&of_nodes(&[trees]), "node \"y\": reads 2 inputs");
}

#[test]
fn output_that_is_declared_of_another_type_is_an_error() {
    let declared = |label: i64, scores: i64| {
        let outputs = [
            fixture::value("label", label, &[Open]),
            fixture::value("scores", scores, &[Open, Fixed(2)]),
        ];
        let node = classifier().node("x", &["label", "scores"]);
        fixture::graph(&[numbers("x", 1)], &[node], &outputs)
    };
    compile(&declared(STRING, FLOAT)).unwrap();
    let sentence = "node \"label\": declared to be of type int64, made as string";
    assert_invalid(&declared(INT64, FLOAT), sentence);
    let sentence = "node \"scores\": declared to be of type float64, made as float32";
    assert_invalid(&declared(STRING, 11), sentence);
    let numbered = Ensemble::classifier().leaf((0, 0), 1.0);
    let numbered = numbered_classes(numbered).node("x", &["label", "scores"]);
    let graph = fixture::graph(&[numbers("x", 1)], &[numbered], &class(NAMES));
    assert_invalid(&graph, "node \"label\": declared to be of type string, made as int64");
}

#[test]
fn graph_that_asks_for_more_than_its_file_is_worth_is_refused() {
    // Each node is forty bytes and doubles the row, and then joins the widest with nothing.
    let mut nodes = Vec::new();
    let mut last = "x".to_owned();
    for at in 0..16 {
        let next = format!("d{at}");
        nodes.push(operation("Concat", &[&last, &last], &[&next], &[int("axis", 1)]));
        last = next;
    }
    for at in 0..2000 {
        let next = format!("c{at}");
        nodes.push(operation("Concat", &[&last], &[&next], &[int("axis", 1)]));
        last = next;
    }
    nodes.push(stump().node(&last, &["y"]));
    let refused = refusals(&of_nodes(&nodes));
    assert_eq!(refused.len(), 1, "what reads a refused node is not refused again");
    assert_eq!(refused[0].2, TOO_MANY);
    // Rows that are too wide by themselves.
    for at in 16..20 {
        let (last, next) = (format!("d{}", at - 1), format!("d{at}"));
        nodes.insert(at, operation("Concat", &[&last, &last], &[&next], &[int("axis", 1)]));
    }
    assert_eq!(refusals(&of_nodes(&nodes))[0].2, TOO_MANY);
}

#[test]
fn chain_of_arithmetic_without_end_is_refused() {
    let attributes = [floats("offset", &[0.0]), floats("scale", &[1.0])];
    let mut nodes = Vec::new();
    let mut last = "x".to_owned();
    for at in 0..20_000 {
        let next = format!("s{at}");
        nodes.push(ml_operation("Scaler", &[&last], &[&next], &attributes));
        last = next;
    }
    nodes.push(stump().node(&last, &["y"]));
    assert_eq!(refusals(&of_nodes(&nodes))[0].2, TOO_MANY);
}

#[test]
fn categories_beyond_the_widest_row_are_refused() {
    let names: Vec<String> = (0..40_000).map(|name| name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let encoder = ml_operation("OneHotEncoder", &["s"], &["z"], &[strings("cats_strings", &names)]);
    let nodes = [encoder, stump().node("z", &["y"])];
    let graph = fixture::graph(&[texts("s", 14)], &nodes, &[answer()]);
    assert_refused(&graph, "ai.onnx.ml.OneHotEncoder", "z", TOO_MANY);
}
