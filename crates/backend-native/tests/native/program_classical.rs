//! Preprocessing of classical models and ensembles of several scores, in graphs that are run step
//! by step. Expected values are ONNX Runtime's or follow from ONNX's text.

use hotplate_backend::BackendErrorKind;
use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, INT64, STRING,
    TestDim::{Fixed, Open},
    Writer, float, floats, int, ints, node, string, strings, value,
};
use hotplate_tensor::{DataView, Tensor, Value};

use crate::support::{
    assert_invalid, assert_refused, compile, floats_of, numbers, outputs, rows, run, run_cells,
    run_part, run_strictly,
};

/// The code of float64.
const DOUBLE: i64 = 11;

/// A graph of one node that makes `y`, of `dims` a row, of `x`, a row of `width` elements.
fn graph_of(node: &Writer, x: (i64, i64), y: (i64, &[i64])) -> Writer {
    let dims: Vec<_> = [Open].into_iter().chain(y.1.iter().map(|&dim| Fixed(dim))).collect();
    let input = value("x", x.0, &[Open, Fixed(x.1)]);
    fixture::graph(&[input], std::slice::from_ref(node), &[value("y", y.0, &dims)])
}

/// What a node makes of the rows of `x`, all at once, which is what it makes of each alone.
#[track_caller]
fn answer_of(node: &Writer, x: i64, y: (i64, &[i64]), cells: &[&[Value<'_>]]) -> Tensor {
    let width = i64::try_from(cells[0].len()).unwrap();
    let plan = compile(&graph_of(node, (x, width), y)).unwrap();
    let all = run_cells(&*plan, cells).remove(0);
    let alone: Vec<String> =
        cells.iter().map(|row| elements(&run_cells(&*plan, &[row]).remove(0))).collect();
    assert_eq!(elements(&all), alone.concat());
    all
}

/// The elements in words, so that answers of all types compare.
fn elements(tensor: &Tensor) -> String {
    let words: Vec<String> = match tensor.data() {
        DataView::F32(elements) => elements.iter().map(|x| format!("{x:?};")).collect(),
        DataView::F64(elements) => elements.iter().map(|x| format!("{x:?};")).collect(),
        DataView::I64(elements) => elements.iter().map(|x| format!("{x:?};")).collect(),
        DataView::Str(elements) => elements.iter().map(|x| format!("{x};")).collect(),
        other => panic!("a tensor of {}", other.dtype()),
    };
    words.concat()
}

#[test]
fn numbers_of_all_types_are_scaled() {
    let scaler = node("Scaler", &[floats("offset", &[1.0, 0.5]), floats("scale", &[2.0, 4.0])]);
    let cells: &[&[Value<'_>]] = &[&[3.into(), 1.into()], &[(-1).into(), 0.into()]];
    for x in [FLOAT, DOUBLE, INT64] {
        assert_eq!(elements(&answer_of(&scaler, x, (FLOAT, &[2]), cells)), "4.0;2.0;-4.0;-2.0;");
    }
    // Doubles are scaled in double precision.
    let scaler = node("Scaler", &[floats("offset", &[1.0]), floats("scale", &[1.0])]);
    let near_one = 1.0 + f64::EPSILON;
    let scaled = answer_of(&scaler, DOUBLE, (FLOAT, &[1]), &[&[near_one.into()]]);
    assert_eq!(floats_of(&scaled), [2.220_446e-16]);
}

#[test]
fn missing_numbers_are_imputed() {
    let replaced = float("replaced_value_float", f32::NAN);
    let imputer = node("Imputer", &[floats("imputed_value_floats", &[7.0, 8.0]), replaced]);
    let cells: &[&[Value<'_>]] = &[&[Value::Missing, 1.into()], &[2.into(), Value::Missing]];
    for x in [FLOAT, DOUBLE] {
        assert_eq!(elements(&answer_of(&imputer, x, (x, &[2]), cells)), "7.0;1.0;2.0;8.0;");
    }
    let replaced = int("replaced_value_int64", -1);
    let imputer = node("Imputer", &[ints("imputed_value_int64s", &[9]), replaced]);
    let cells: &[&[Value<'_>]] = &[&[(-1).into(), 1.into()]];
    assert_eq!(elements(&answer_of(&imputer, INT64, (INT64, &[2]), cells)), "9;1;");
}

#[test]
fn numbers_are_binarized_and_missing_ones_refused() {
    let binarizer = node("Binarizer", &[float("threshold", 0.5)]);
    let cells: &[&[Value<'_>]] = &[&[0.5.into(), 0.75.into()]];
    assert_eq!(elements(&answer_of(&binarizer, FLOAT, (FLOAT, &[2]), cells)), "0.0;1.0;");
    let plan = compile(&graph_of(&binarizer, (FLOAT, 1), (FLOAT, &[1]))).unwrap();
    let columns = rows(&*plan, &[&[Value::Missing]]);
    let mut outputs = outputs(&*plan);
    let part = hotplate_backend::Part::new(columns.inputs(), &mut outputs);
    assert_eq!(run_part(&*plan, part).unwrap_err().kind(), BackendErrorKind::RefusedRows);
}

#[test]
fn categories_become_indicators() {
    let encoder = node("OneHotEncoder", &[ints("cats_int64s", &[3, -2])]);
    // Fractions are cut.
    let cells: &[&[Value<'_>]] = &[&[3.9.into()], &[(-2).into()], &[0.into()], &[Value::Missing]];
    let expected = "1.0;0.0;0.0;1.0;0.0;0.0;0.0;0.0;";
    for x in [FLOAT, DOUBLE] {
        assert_eq!(elements(&answer_of(&encoder, x, (FLOAT, &[1, 2]), cells)), expected);
    }
    let cells: &[&[Value<'_>]] = &[&[3.into()], &[(-2).into()], &[0.into()], &[1.into()]];
    assert_eq!(elements(&answer_of(&encoder, INT64, (FLOAT, &[1, 2]), cells)), expected);
}

#[test]
fn unknown_texts_are_counted_and_refused_by_column() {
    let encoder = node("OneHotEncoder", &[strings("cats_strings", &["a", "b"])]);
    let graph = graph_of(&encoder, (STRING, 2), (FLOAT, &[2, 2]));
    let plan = compile(&graph).unwrap();
    let cells: &[&[Value<'_>]] = &[&["a".into(), "".into()], &["b".into(), "?".into()]];
    let encoded = run_cells(&*plan, cells).remove(0);
    assert_eq!(elements(&encoded), "1.0;0.0;0.0;0.0;0.0;1.0;0.0;0.0;");
    assert_eq!(plan.unknown_categories(), [(0, 0), (1, 1)]);
    let error = run_strictly(&*plan, cells).unwrap_err();
    let at = error.as_unknown_category().unwrap();
    assert_eq!(
        (at.row, at.column, &*at.got, &at.known[..]),
        (1, 1, "?", &["a".into(), "b".into()][..])
    );

    let attributes = [strings("cats_strings", &["a", "b"]), int("zeros", 0)];
    let plan =
        compile(&graph_of(&node("OneHotEncoder", &attributes), (STRING, 1), (FLOAT, &[1, 2])));
    let plan = plan.unwrap();
    let columns = rows(&*plan, &[&["c".into()]]);
    let mut outputs = outputs(&*plan);
    let part = hotplate_backend::Part::new(columns.inputs(), &mut outputs);
    assert_eq!(run_part(&*plan, part).unwrap_err().kind(), BackendErrorKind::UnknownCategory);
}

#[test]
fn labels_are_encoded() {
    let texts = strings("keys_strings", &["a", "b", "a"]);
    let encoder = node("LabelEncoder", &[texts.clone(), ints("values_int64s", &[1, 2, 3])]);
    let cells: &[&[Value<'_>]] = &[&["a".into(), "b".into()], &["?".into(), "".into()]];
    // Of equal keys the first counts.
    assert_eq!(elements(&answer_of(&encoder, STRING, (INT64, &[2]), cells)), "1;2;-1;-1;");

    let attributes = [
        floats("keys_floats", &[0.0, 1.5, f32::NAN]),
        strings("values_strings", &["zero", "more", "none"]),
        string("default_string", "other"),
    ];
    let encoder = node("LabelEncoder", &attributes);
    let cells: &[&[Value<'_>]] = &[&[(-0.0).into(), 1.5.into()], &[Value::Missing, 2.into()]];
    // In version 3 NaN is equal to nothing.
    let expected = "zero;more;other;other;";
    assert_eq!(elements(&answer_of(&encoder, FLOAT, (STRING, &[2]), cells)), expected);

    let attributes =
        [ints("keys_int64s", &[5, 700, -1]), floats("values_floats", &[0.5, 1.5, 2.5])];
    let cells: &[&[Value<'_>]] = &[&[5.into(), 700.into()], &[(-1).into(), 6.into()]];
    let encoder = node("LabelEncoder", &attributes);
    assert_eq!(elements(&answer_of(&encoder, INT64, (FLOAT, &[2]), cells)), "0.5;1.5;2.5;-0.0;");
}

#[test]
fn unknown_labels_are_refused_where_the_file_has_no_default() {
    let keys = strings("keys_strings", &["a"]);
    let encoder = node("LabelEncoder", &[keys.clone(), ints("values_int64s", &[1])]);
    let plan = compile(&graph_of(&encoder, (STRING, 1), (INT64, &[1]))).unwrap();
    run_strictly(&*plan, &[&["?".into()]]).unwrap_err();
    assert_eq!(plan.unknown_categories(), [(0, 1)]);
    let default = int("default_int64", 0);
    let encoder = node("LabelEncoder", &[keys, ints("values_int64s", &[1]), default]);
    let plan = compile(&graph_of(&encoder, (STRING, 1), (INT64, &[1]))).unwrap();
    run_strictly(&*plan, &[&["?".into()]]).unwrap();
    assert_eq!(plan.unknown_categories(), []);
}

#[test]
fn categories_are_mapped_both_ways() {
    let attributes = [strings("cats_strings", &["a", "b"]), ints("cats_int64s", &[4, 9])];
    let mapper = node("CategoryMapper", &attributes);
    let cells: &[&[Value<'_>]] = &[&["b".into(), "?".into()]];
    assert_eq!(elements(&answer_of(&mapper, STRING, (INT64, &[2]), cells)), "9;-1;");
    let cells: &[&[Value<'_>]] = &[&[4.into(), 5.into()]];
    assert_eq!(elements(&answer_of(&mapper, INT64, (STRING, &[2]), cells)), "a;_Unused;");
}

#[test]
fn vectors_are_cut_and_filled_to_their_lengths() {
    let attributes = [ints("inputdimensions", &[1, 3])];
    let vectorizer = fixture::ml_operation("FeatureVectorizer", &["s", "t"], &["y"], &attributes);
    let inputs = [numbers("s", 2), numbers("t", 2)];
    let plan = compile(&fixture::graph(&inputs, &[vectorizer], &[numbers("y", 4)])).unwrap();
    let row = [1, 2, 3, 4].map(Value::from);
    assert_eq!(floats_of(&run_cells(&*plan, &[&row])[0]), [1.0, 3.0, 4.0, 0.0]);
}

#[test]
fn wrong_attributes_are_refused() {
    let one = |node: &Writer| graph_of(node, (FLOAT, 2), (FLOAT, &[2]));
    let scaler = node("Scaler", &[floats("offset", &[0.0; 3]), floats("scale", &[1.0; 3])]);
    assert_invalid(&one(&scaler), "node \"y\": 3 values for 2 features");
    let scaler = node("Scaler", &[floats("offset", &[0.0; 2]), floats("scale", &[1.0])]);
    assert_invalid(&one(&scaler), "node \"y\": 2 offsets and 1 scales");
    let imputer = node("Imputer", &[ints("imputed_value_int64s", &[1])]);
    assert_invalid(&one(&imputer), "node \"y\": no floats to impute in float32 [rows, 2]");
    assert_invalid(&one(&node("Imputer", &[])), "node \"y\": no imputed values are given");
    let vectorizer = node("FeatureVectorizer", &[ints("inputdimensions", &[1, 2])]);
    assert_invalid(&one(&vectorizer), "node \"y\": 2 dimensions for 1 inputs");
    let encoder =
        node("LabelEncoder", &[floats("keys_floats", &[1.0]), ints("values_int64s", &[])]);
    assert_invalid(&one(&encoder), "node \"y\": 1 keys and 0 values");
    let encoder = node("OneHotEncoder", &[strings("cats_strings", &["a"])]);
    let graph = graph_of(&encoder, (FLOAT, 1), (FLOAT, &[1, 1]));
    let reason = "float32 among categories of texts";
    assert_refused(&graph, "ai.onnx.ml.OneHotEncoder", "y", reason);
}

/// Three classes: a leaf of the first tree adds to all, the second tree to the last alone.
fn three_classes() -> Ensemble {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .bare_leaf((0, 1))
        .bare_leaf((0, 2))
        .branch((1, 0), "BRANCH_NEQ", (1, 2.0), (1, 2))
        .bare_leaf((1, 1))
        .bare_leaf((1, 2));
    let weights = [((0, 1), [0.5, 0.25, 0.0]), ((0, 2), [0.0, 0.5, 0.25])];
    let trees = weights.iter().fold(trees, |trees, &(at, weights)| {
        (0..).zip(weights).fold(trees, |trees, (class, weight)| trees.weight(at, class, weight))
    });
    trees.weight((1, 1), 2, 0.125).weight((1, 2), 2, 0.5)
}

fn classes(trees: &Ensemble, label: i64, classes: i64) -> Writer {
    let outputs = [value("label", label, &[Open]), value("s", FLOAT, &[Open, Fixed(classes)])];
    fixture::graph(&[numbers("x", 2)], &[trees.node("x", &["label", "s"])], &outputs)
}

#[test]
fn trees_of_several_classes_are_added_class_by_class() {
    let named = three_classes()
        .with("classlabels_strings", strings("classlabels_strings", &["a", "b", "c"]));
    let plan = compile(&classes(&named, STRING, 3)).unwrap();
    let answers = run(&*plan, &[-1.0, 2.0, 1.0, f32::NAN, 1.0, 2.0], 2);
    // Of equal scores the first is greatest; NaN is not equal to two.
    assert_eq!(elements(&answers[0]), "a;b;c;");
    let expected = [0.5, 0.25, 0.5, 0.0, 0.5, 0.375, 0.0, 0.5, 0.75];
    assert_eq!(floats_of(&answers[1]), expected);

    let based = named
        .with("base_values", floats("base_values", &[0.0, 1.0, 0.0]))
        .with("post_transform", string("post_transform", "SOFTMAX"));
    let plan = compile(&classes(&based, STRING, 3)).unwrap();
    let answers = run(&*plan, &[-1.0, 2.0], 2);
    assert_eq!(elements(&answers[0]), "b;");
    assert!((floats_of(&answers[1]).iter().sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn two_classes_of_a_score_each_are_called_as_onnx_runtime_calls_them() {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LT", (0, 0.0), (1, 2))
        .bare_leaf((0, 1))
        .bare_leaf((0, 2));
    let trees = trees.weight((0, 1), 0, 0.75).weight((0, 1), 1, -0.25);
    let trees = trees.weight((0, 2), 0, -0.25).weight((0, 2), 1, 0.75);
    let numbered = trees.with("classlabels_int64s", ints("classlabels_int64s", &[7, -3]));
    let plan = compile(&classes(&numbered, INT64, 2)).unwrap();
    let answers = run(&*plan, &[-1.0, 0.0, 1.0, 0.0], 2);
    assert_eq!(elements(&answers[0]), "0;1;");
    assert_eq!(floats_of(&answers[1]), [0.75, -0.25, -0.25, 0.75]);
}

/// Two targets, of which a leaf adds to one.
fn two_targets(aggregate: &str) -> Writer {
    let trees = Ensemble::regressor()
        .branch((0, 0), "BRANCH_EQ", (0, 1.0), (2, 1))
        .branch((0, 1), "BRANCH_EQ", (0, 3.0), (2, 3))
        .bare_leaf((0, 2))
        .bare_leaf((0, 3))
        .bare_leaf((1, 0));
    let trees = trees.weight((0, 2), 0, 1.0).weight((0, 3), 1, 5.0).weight((1, 0), 1, 4.0);
    let trees = trees
        .with("n_targets", int("n_targets", 2))
        .with("aggregate_function", string("aggregate_function", aggregate));
    fixture::graph(&[numbers("x", 2)], &[trees.node("x", &["y"])], &[numbers("y", 2)])
}

#[test]
fn branches_may_share_a_child_and_scores_are_aggregated() {
    let cases = [
        ("SUM", [1.0, 4.0, 0.0, 9.0]),
        ("AVERAGE", [0.5, 2.0, 0.0, 4.5]),
        ("MIN", [1.0, 4.0, 0.0, 4.0]),
        ("MAX", [1.0, 4.0, 0.0, 5.0]),
    ];
    for (aggregate, expected) in cases {
        let plan = compile(&two_targets(aggregate)).unwrap();
        let answers = run(&*plan, &[3.0, 0.0, 2.0, 0.0], 2);
        assert_eq!(floats_of(&answers[0]), expected, "{aggregate}");
        let answers = run(&*plan, &[1.0, 0.0, f32::NAN, 0.0], 2);
        assert_eq!(floats_of(&answers[0]), expected, "{aggregate}");
    }
}

#[test]
fn what_is_no_ensemble_is_refused() {
    let labels = ints("classlabels_int64s", &[1, 2, 3]);
    let trees = three_classes().with("classlabels_int64s", labels);
    let bases = trees.clone().with("base_values", floats("base_values", &[1.0]));
    let problem = "node \"label\": 1 base values for 3 scores";
    assert_invalid(&classes(&bases, INT64, 3), problem);
    let beyond = trees.clone().weight((1, 1), 3, 1.0);
    assert_invalid(&classes(&beyond, INT64, 3), "node \"label\": a leaf adds to score 3 of 3");
    let cycle = trees
        .clone()
        .branch((2, 0), "BRANCH_EQ", (0, 0.0), (1, 2))
        .branch((2, 1), "BRANCH_EQ", (0, 0.0), (2, 2))
        .branch((2, 2), "BRANCH_EQ", (0, 0.0), (1, 1));
    compile(&classes(&cycle, INT64, 3)).unwrap_err();
    let feature = trees.branch((2, 0), "BRANCH_EQ", (2, 0.0), (1, 1)).bare_leaf((2, 1)).weight(
        (2, 1),
        0,
        1.0,
    );
    assert_invalid(&classes(&feature, INT64, 3), "node \"label\": asks for feature 2 of 2");
}
