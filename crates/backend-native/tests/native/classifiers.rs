//! Two classes by one score.

use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, floats, int, operation, string, strings, tensor, with_constant,
};
use hotplate_tensor::{DataView, Tensor};

use crate::{
    oracle::logistic,
    support::{
        NAMES, NUMBERS, class, classification, compile, floats_of, named_classes, numbered_classes,
        numbers, run,
    },
};

/// The score is `low` where x ≤ 0, else `high`.
fn stump(low: f32, high: f32) -> Ensemble {
    Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), low)
        .leaf((0, 2), high)
}

fn transform(ensemble: Ensemble, name: &str) -> Ensemble {
    ensemble.with("post_transform", string("post_transform", name))
}

fn base(ensemble: Ensemble, base: f32) -> Ensemble {
    ensemble.with("base_values", floats("base_values", &[base]))
}

/// Label and scores of a row at −1 and of one at +1.
fn answers(ensemble: Ensemble) -> (Vec<i64>, Vec<f32>) {
    let plan = compile(&classification(&numbered_classes(ensemble), 1, NUMBERS)).unwrap();
    let outputs = run(&*plan, &[-1.0, 1.0], 1);
    (integers_of(&outputs[0]), floats_of(&outputs[1]).to_vec())
}

fn integers_of(tensor: &Tensor) -> Vec<i64> {
    let DataView::I64(elements) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    elements.to_vec()
}

#[test]
fn positive_weights_are_a_probability_that_one_half_cuts() {
    let expected = (vec![7, -3], vec![1.0 - 0.5, 0.5, 1.0 - 0.6, 0.6]);
    assert_eq!(answers(stump(0.5, 0.6)), expected);
    assert_eq!(answers(transform(stump(0.5, 0.6), "NONE")), expected);
    // Zero is not negative.
    assert_eq!(answers(stump(0.0, 0.6)).0, [7, -3]);
}

#[test]
fn mixed_weights_are_a_margin_that_zero_cuts() {
    let (labels, scores) = answers(stump(-0.25, 0.25));
    assert_eq!((labels, scores), (vec![7, -3], vec![0.25, -0.25, -0.25, 0.25]));
    assert_eq!(answers(stump(-0.25, 0.0)).0, [7, 7], "zero is not above zero");
}

#[test]
fn logistic_makes_probabilities_of_margins() {
    let (labels, scores) = answers(transform(stump(-0.25, 3.5), "LOGISTIC"));
    assert_eq!(labels, [7, -3]);
    assert_eq!(scores, [logistic(0.25), logistic(-0.25), logistic(-3.5), logistic(3.5)]);
}

#[test]
fn logistic_of_positive_weights_is_still_cut_at_one_half_of_the_margin() {
    let (labels, scores) = answers(transform(stump(0.25, 3.5), "LOGISTIC"));
    assert_eq!(labels, [7, -3]);
    assert_eq!(scores, [logistic(-0.25), logistic(0.25), logistic(-3.5), logistic(3.5)]);
}

#[test]
fn base_value_moves_the_score_before_it_is_cut() {
    let (labels, scores) = answers(base(stump(0.25, 0.5), 0.25));
    assert_eq!((labels, scores), (vec![7, -3], vec![0.5, 0.5, 0.25, 0.75]));
    // The sign of the base is not that of a weight.
    let (labels, scores) = answers(base(stump(0.25, 0.75), -0.125));
    assert_eq!((labels, scores), (vec![7, -3], vec![0.875, 0.125, 0.375, 0.625]));
    let (labels, _) = answers(base(stump(-0.25, 0.25), 0.5));
    assert_eq!(labels, [-3, -3]);
}

#[test]
fn classes_are_called_by_name() {
    let graph = classification(&named_classes(stump(-1.0, 1.0)), 1, NAMES);
    let outputs = run(&*compile(&graph).unwrap(), &[-1.0, 1.0, f32::NAN], 1);
    let DataView::Str(labels) = outputs[0].data() else { panic!("names") };
    assert_eq!(labels.iter().collect::<Vec<_>>(), ["No", "Yes", "Yes"]);
    assert_eq!(outputs[0].shape().dims(), [3]);
    assert_eq!(outputs[1].shape().dims(), [3, 2]);
}

#[test]
fn empty_names_leave_the_numbers() {
    let both = numbered_classes(stump(-1.0, 1.0))
        .with("classlabels_strings", strings("classlabels_strings", &[]));
    let plan = compile(&classification(&both, 1, NUMBERS)).unwrap();
    assert_eq!(integers_of(&run(&*plan, &[1.0], 1)[0]), [-3]);
}

#[test]
fn what_lightgbm_s_exporter_puts_behind_the_trees_costs_nothing() {
    let trees = numbered_classes(transform(stump(-1.0, 2.0), "LOGISTIC"));
    let nodes = [
        trees.node("x", &["label_tensor", "raw"]),
        operation("Identity", &["label_tensor"], &["lgbm_label"], &[]),
        operation("Cast", &["lgbm_label"], &["label"], &[int("to", NUMBERS)]),
        operation("Mul", &["raw", "one"], &["scores"], &[]),
    ];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &class(NUMBERS));
    let graph = with_constant(graph, &tensor("one", FLOAT, &[]).float(4, 1.0));
    let plan = compile(&graph).unwrap();
    let outputs = run(&*plan, &[-1.0, 1.0], 1);
    assert_eq!(integers_of(&outputs[0]), [7, -3]);
    assert_eq!(floats_of(&outputs[1])[1], logistic(-1.0));
    // As fast as the trees alone: nothing is run node by node.
    let alone = compile(&classification(&trees, 1, NUMBERS)).unwrap();
    assert_eq!(plan.steps(), alone.steps());
}
