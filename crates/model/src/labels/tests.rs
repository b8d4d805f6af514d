use super::*;
use crate::{
    Model, Task,
    onnx::fixture::{
        self, FLOAT, INT64, STRING,
        TestDim::{Fixed, Open},
        Writer, int, ints, ml_operation, operation, strings, tensor, value, with_constant,
    },
};

const INT32: i64 = 6;
const DOUBLE: i64 = 11;

/// The classes of a graph of these nodes, which make `label` and `scores`, and these constants, if
/// it is a classifier.
pub(super) fn traced(nodes: &[Writer], constants: &[Writer], label: i64) -> Option<Labels> {
    let outputs = [value("label", label, &[Open]), value("scores", FLOAT, &[Open, Open])];
    let graph = fixture::graph(&[value("x", FLOAT, &[Open, Fixed(2)])], nodes, &outputs);
    let file = fixture::model(&constants.iter().fold(graph, with_constant)).finish();
    match Model::from_bytes(file).unwrap().signature(None).unwrap().task().clone() {
        Task::Classifier { classes, .. } => Some(classes),
        _ => None,
    }
}

fn classes(nodes: &[Writer], constant: &Writer, label: i64) -> Option<Labels> {
    traced(nodes, std::slice::from_ref(constant), label)
}

fn integers(constant: Writer) -> Option<Labels> {
    classes(&[argmax("i"), lookup("i", "label")], &constant, INT64)
}

fn argmax(output: &str) -> Writer {
    operation("ArgMax", &["scores"], &[output], &[int("axis", 1)])
}

fn lookup(index: &str, output: &str) -> Writer {
    ml_operation("ArrayFeatureExtractor", &["classes", index], &[output], &[])
}

fn pass(op_type: &str, input: &str, output: &str) -> Writer {
    operation(op_type, &[input, "other"], &[output], &[])
}

fn whole_numbers() -> Writer {
    tensor("classes", INT64, &[2]).int(7, 5).int(7, -1)
}

fn texts() -> Writer {
    tensor("classes", STRING, &[1, 2]).text(6, "no").text(6, "yes")
}

fn of_texts() -> Option<Labels> {
    Some(Labels::Text(vec!["no".to_owned(), "yes".to_owned()]))
}

#[test]
fn label_that_is_looked_up_names_the_classes() {
    let nodes = [
        argmax("a"),
        pass("Cast", "a", "b"),
        lookup("b", "c"),
        pass("Cast", "c", "d"),
        pass("Reshape", "d", "e"),
        pass("Squeeze", "e", "f"),
        pass("Flatten", "f", "g"),
        pass("Identity", "g", "label"),
    ];
    assert_eq!(classes(&nodes, &texts(), STRING), of_texts());
    assert_eq!(classes(&nodes, &whole_numbers(), INT64), Some(Labels::Integers(vec![5, -1])));
    assert_eq!(classes(&nodes, &whole_numbers(), STRING), None, "of another type than declared");
    let gather = [argmax("a"), operation("Gather", &["classes", "a"], &["label"], &[])];
    assert_eq!(classes(&gather, &texts(), STRING), of_texts());
}

#[test]
fn whole_numbers_of_any_type_are_classes() {
    let expected = Some(Labels::Integers(vec![5, -1]));
    assert_eq!(integers(whole_numbers()), expected);
    assert_eq!(integers(tensor("classes", INT32, &[2]).int(5, 5).int(5, -1)), expected);
    let floats = |last| tensor("classes", FLOAT, &[2]).float(4, 5.0).float(4, last);
    assert_eq!(integers(floats(-1.0)), expected);
    assert_eq!(
        integers(tensor("classes", DOUBLE, &[2]).double(10, 5.0).double(10, -1.0)),
        expected
    );
    for last in [0.5, f32::NAN, f32::INFINITY, 1e30] {
        assert_eq!(integers(floats(last)), None, "{last}");
    }
    assert_eq!(integers(tensor("classes", 9, &[2]).int(5, 0).int(5, 1)), None);
    assert_eq!(integers(fixture::external("classes", INT64, &[2], "weights", "0")), None);
}

#[test]
fn label_that_is_looked_up_otherwise_is_not_traced() {
    let earlier = fixture::node("First", &[ints("classlabels_int64s", &[0, 1])]);
    let nearest = [earlier.clone(), operation("TopK", &["x"], &["i"], &[]), lookup("i", "label")];
    assert_eq!(classes(&nearest, &whole_numbers(), INT64), None, "not the earlier node's either");
    let computed = [argmax("i"), pass("Mul", "x", "classes"), lookup("i", "label")];
    assert_eq!(classes(&computed, &whole_numbers().text(8, "unread"), INT64), None);
    let circle = [pass("Cast", "label", "a"), pass("Cast", "a", "label")];
    assert_eq!(classes(&circle, &whole_numbers(), INT64), None);
    let circle = [pass("Cast", "i", "j"), pass("Cast", "j", "i"), lookup("i", "label")];
    assert_eq!(classes(&circle, &whole_numbers(), INT64), None);
}

#[test]
fn label_of_a_node_is_of_that_node() {
    let make = |outputs: &[&str], labels: &[i64]| {
        ml_operation("Classifier", &["x"], outputs, &[ints("classlabels_int64s", labels)])
    };
    let nodes =
        [make(&["a", "scores"], &[3, 4]), pass("Cast", "a", "label"), make(&["b"], &[0, 1])];
    let expected = Some(Labels::Integers(vec![3, 4]));
    assert_eq!(classes(&nodes, &whole_numbers(), INT64), expected);
    let nodes = [make(&["a", "scores"], &[3, 4]), pass("Custom", "a", "label")];
    assert_eq!(classes(&nodes, &whole_numbers(), INT64), None, "who knows what it makes");
    let nodes = [make(&["label", "a"], &[3, 4]), make(&["b", "scores"], &[3, 4])];
    assert_eq!(classes(&nodes, &whole_numbers(), INT64), None, "scores of another node");
    let index_times_ten = [
        make(&["a", "b"], &[0, 1]),
        operation("MatMul", &["b", "x"], &["scores"], &[]),
        operation("TopK", &["scores", "one"], &["c", "i"], &[]),
        operation("Mul", &["i", "ten"], &["label"], &[]),
    ];
    assert_eq!(classes(&index_times_ten, &whole_numbers(), INT64), None);
}

#[test]
fn encoders_rename_classes() {
    let encoder = |input: &str, keys: &[i64], values: &Writer| {
        let attributes = [ints("keys_int64s", keys), values.clone()];
        ml_operation("LabelEncoder", &[input], &["label"], &attributes)
    };
    let names = strings("values_strings", &["yes", "no"]);
    let of_index = [argmax("i"), pass("Cast", "i", "j"), encoder("j", &[1, 0], &names)];
    assert_eq!(classes(&of_index, &whole_numbers(), STRING), of_texts());
    let of_lookup = [argmax("i"), lookup("i", "k"), encoder("k", &[-1, 5], &names)];
    assert_eq!(classes(&of_lookup, &whole_numbers(), STRING), of_texts());
    let numbers = [argmax("i"), encoder("i", &[0, 1], &ints("values_int64s", &[7, 9]))];
    assert_eq!(classes(&numbers, &whole_numbers(), INT64), Some(Labels::Integers(vec![7, 9])));
    for nodes in [
        [argmax("i"), encoder("i", &[0, 2], &names)],
        [argmax("i"), encoder("i", &[0, 0], &names)],
        [argmax("i"), encoder("i", &[0, 1], &strings("values_strings", &["a"]))],
        [argmax("i"), encoder("i", &[0, 1], &ints("others", &[]))],
        [argmax("i"), ml_operation("LabelEncoder", &["i"], &["label"], &[int("default_int64", 1)])],
    ] {
        assert_eq!(classes(&nodes, &whole_numbers(), STRING), None);
    }
    assert_eq!(classes(&[argmax("label")], &whole_numbers(), INT64), None, "an index is no class");
}
