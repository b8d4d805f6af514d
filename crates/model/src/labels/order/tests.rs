use crate::{
    Labels,
    labels::tests::traced,
    onnx::fixture::{
        FLOAT, INT64, Writer, floats, int, ints, ml_operation, operation, shape, string, tensor,
    },
};

fn number(name: &str, number: f32) -> Writer {
    tensor(name, FLOAT, &[]).float(4, number)
}

/// Whether a graph of these nodes is a classifier of two, among these constants: `one`, `ten`,
/// `minus`, `half` and the integers `second`, `first` and `swapped`.
fn is_classifier(nodes: &[Writer]) -> bool {
    let constants = [
        tensor("classes", INT64, &[2]).int(7, 5).int(7, -1),
        number("one", 1.0),
        number("ten", 10.0),
        number("minus", -1.0),
        number("half", 0.5),
        shape("second", &[1]),
        shape("first", &[0]),
        shape("swapped", &[1, 0]),
    ];
    let classes = traced(nodes, &constants, INT64);
    assert!(classes.is_none() || classes == Some(Labels::Integers(vec![5, -1])));
    classes.is_some()
}

fn node(op_type: &str, inputs: &[&str], output: &str) -> Writer {
    operation(op_type, inputs, &[output], &[])
}

fn along(op_type: &str, inputs: &[&str], output: &str, axis: i64) -> Writer {
    operation(op_type, inputs, &[output], &[int("axis", axis)])
}

/// The label of the greatest of `value`.
fn label_of(value: &str) -> [Writer; 2] {
    [along("ArgMax", &[value], "i", 1), node("Gather", &["classes", "i"], "label")]
}

/// Nodes that make scores of `z`, by which the label is chosen.
fn keep_order(nodes: &[Writer]) -> bool {
    is_classifier(&[&[node("MatMul", &["x", "x"], "z")], &label_of("z")[..], nodes].concat())
}

fn svm(lists: &[Writer], scores: &str) -> Writer {
    let attributes = [&[ints("classlabels_ints", &[5, -1])], lists].concat();
    ml_operation("SVMClassifier", &["x"], &["label", scores], &attributes)
}

fn normalizer(norm: &str) -> Writer {
    ml_operation("Normalizer", &["z"], &["scores"], &[string("norm", norm)])
}

fn reduce(op_type: &str, of: &str, axis: i64) -> Writer {
    operation(op_type, &[of], &["r"], &[ints("axes", &[axis])])
}

#[test]
fn operators_that_keep_the_order_are_followed() {
    for op_type in ["Exp", "Flatten", "Identity", "Reshape", "Sigmoid", "Squeeze", "Softmax"] {
        assert!(keep_order(&[node(op_type, &["z"], "scores")]), "{op_type}");
    }
    assert!(keep_order(&[operation("Cast", &["z"], &["scores"], &[int("to", 11)])]));
    assert!(keep_order(&[along("Softmax", &["z"], "scores", 1)]));
    assert!(keep_order(&[normalizer("L1")]) && keep_order(&[normalizer("L2")]));
    assert!(keep_order(&[node("Mul", &["z", "ten"], "scores")]));
    assert!(keep_order(&[node("Mul", &["ten", "z"], "scores")]));
    let softmax = [
        reduce("ReduceMax", "z", 1),
        node("Sub", &["z", "r"], "a"),
        node("Exp", &["a"], "b"),
        node("ReduceSum", &["b", "second"], "s"),
        node("Reshape", &["s", "shape"], "t"),
        node("Div", &["b", "t"], "scores"),
    ];
    assert!(keep_order(&softmax));
    // Both may be made of the same value.
    let both = [node("Softmax", &["x"], "p"), node("Sigmoid", &["x"], "scores")];
    assert!(is_classifier(&[&both, &label_of("p")[..]].concat()));
}

#[test]
fn operators_that_change_the_order_are_not() {
    let cases = [
        along("Gather", &["z", "swapped"], "scores", 1),
        ml_operation("ArrayFeatureExtractor", &["z", "swapped"], &["scores"], &[]),
        node("Transpose", &["z"], "scores"),
        node("Neg", &["z"], "scores"),
        node("Concat", &["z", "z"], "scores"),
        node("Mul", &["z", "minus"], "scores"),
        node("Mul", &["z", "swapped"], "scores"),
        node("Mul", &["z", "x"], "scores"),
        node("Sub", &["one", "z"], "scores"),
        node("MatMul", &["z", "x"], "scores"),
        operation("Cast", &["z"], &["scores"], &[int("to", INT64)]),
        along("Softmax", &["z"], "scores", 0),
        normalizer("MAX"),
        ml_operation("Normalizer", &["z"], &["scores"], &[]),
    ];
    for (index, case) in cases.into_iter().enumerate() {
        assert!(!keep_order(&[case]), "case {index}");
    }
    let over_rows = [reduce("ReduceMax", "z", 0), node("Sub", &["z", "r"], "scores")];
    assert!(!keep_order(&over_rows));
    let of_another = [reduce("ReduceSum", "x", 1), node("Div", &["z", "r"], "scores")];
    assert!(!keep_order(&of_another));
    let circle = [node("Exp", &["scores"], "a"), node("Exp", &["a"], "scores")];
    assert!(!keep_order(&circle));
}

#[test]
fn greatest_is_that_of_a_row() {
    let along_axis = |attributes: &[Writer]| {
        is_classifier(&[
            node("MatMul", &["x", "x"], "scores"),
            operation("ArgMax", &["scores"], &["i"], attributes),
            node("Gather", &["classes", "i"], "label"),
        ])
    };
    assert!(along_axis(&[int("axis", 1)]) && along_axis(&[int("axis", -1)]));
    assert!(!along_axis(&[int("axis", 0)]) && !along_axis(&[]));
}

/// A label of whether a score is great enough, of these inputs of the comparison.
fn threshold(compared: &[&str], rest: &[Writer]) -> bool {
    let label = [
        node("GreaterOrEqual", compared, "g"),
        operation("Cast", &["g"], &["i"], &[int("to", INT64)]),
        node("Gather", &["classes", "i"], "label"),
    ];
    is_classifier(&[&label, rest].concat())
}

#[test]
fn second_of_two_scores_may_be_chosen_by_a_threshold() {
    let scores = || node("MatMul", &["x", "x"], "scores");
    let column = |index: &str, axis| along("Gather", &["scores", index], "c", axis);
    let second = || [scores(), column("second", 1)];
    assert!(threshold(&["c", "half"], &second()));
    let extracted = ml_operation("ArrayFeatureExtractor", &["scores", "second"], &["c"], &[]);
    assert!(threshold(&["c", "half"], &[scores(), extracted]));
    assert!(!threshold(&["half", "c"], &second()), "the other way round");
    assert!(!threshold(&["c", "x"], &second()), "no limit");
    assert!(!threshold(&["c", "half"], &[scores(), column("first", 1)]));
    assert!(!threshold(&["c", "half"], &[scores(), column("second", 0)]));
    assert!(!threshold(&["scores", "half"], &[scores()]), "a truth value for each");
    let elsewhere = [scores(), along("Gather", &["x", "second"], "c", 1)];
    assert!(!threshold(&["c", "half"], &elsewhere));
}

#[test]
fn one_score_and_its_opposite_are_two() {
    let pair = |op_type: &str, inputs: &[&str], order: &[&str], axis| {
        let nodes = [
            node("MatMul", &["x", "x"], "z"),
            node("Sigmoid", &["z"], "p"),
            node(op_type, inputs, "q"),
            along("Concat", order, "scores", axis),
        ];
        threshold(&["z", "half"], &nodes)
    };
    assert!(pair("Sub", &["one", "p"], &["q", "p"], 1));
    assert!(pair("Neg", &["p"], &["q", "p"], -1));
    assert!(!pair("Sub", &["one", "p"], &["p", "q"], 1), "the other way round");
    assert!(!pair("Sub", &["p", "one"], &["q", "p"], 1));
    assert!(!pair("Sub", &["one", "x"], &["q", "p"], 1), "of something else");
    assert!(!pair("Sub", &["one", "p"], &["q", "p"], 0));
    assert!(!pair("Sub", &["one", "p"], &["q", "x"], 1));
}

#[test]
fn margins_of_pairs_are_no_scores_of_classes() {
    let probabilities = [floats("prob_a", &[1.0]), floats("prob_b", &[0.0])];
    assert!(is_classifier(&[svm(&probabilities, "scores")]));
    let none = [floats("prob_a", &[]), floats("prob_b", &[])];
    for lists in [&none[..], &probabilities[..1], &[]] {
        assert!(!is_classifier(&[svm(lists, "scores")]));
        let last = [
            normalizer("L2"),
            node("Identity", &["z"], "scores"),
            operation("Cast", &["z"], &["scores"], &[int("to", FLOAT)]),
        ];
        for node in last {
            assert!(!is_classifier(&[svm(lists, "z"), node]));
        }
    }
    let [index, label] = label_of("z");
    let of_index = [
        ml_operation("SVMClassifier", &["x"], &["l", "z"], &[]),
        index,
        label,
        node("Identity", &["z"], "scores"),
    ];
    assert!(!is_classifier(&of_index));
}
