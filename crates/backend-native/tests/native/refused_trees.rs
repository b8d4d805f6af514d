//! Ensembles that are right and not for this engine, each with its reason.

use hotplate_model::onnx::fixture::{Ensemble, Writer, attribute, ints, string, strings, tensor};

use crate::support::{
    NUMBERS, assert_invalid, assert_refused, classification, classification_stump, compile,
    regression, regression_stump,
};

#[track_caller]
fn regressor_refused(trees: &Ensemble, reason: &str) {
    assert_refused(&regression(trees, 1), "ai.onnx.ml.TreeEnsembleRegressor", "y", reason);
}

#[track_caller]
fn classifier_refused(trees: &Ensemble, reason: &str) {
    let graph = classification(trees, 1, NUMBERS);
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleClassifier", "label", reason);
}

/// The attribute called `name` as a tensor of one double.
fn double(name: &str) -> Writer {
    attribute(name, 4).message(5, &tensor("", 11, &[1]).double(10, 0.5))
}

#[test]
fn what_the_tests_below_change_is_taken() {
    compile(&regression(&regression_stump(), 1)).unwrap();
    compile(&classification(&classification_stump(), 1, NUMBERS)).unwrap();
}

#[test]
fn comparisons_that_onnx_does_not_have_are_an_error() {
    for mode in ["BRANCH_MEMBER", "branch_leq", ""] {
        let mut trees = regression_stump();
        trees.nodes[0].mode = mode;
        assert_invalid(&regression(&trees, 1), &format!("node \"y\": node 0 is of mode {mode:?}"));
    }
}

#[test]
fn leaf_that_adds_to_a_target_that_is_not_there_is_an_error() {
    let problem = "node \"y\": a leaf adds to score 1 of 1";
    assert_invalid(&regression(&regression_stump().weight((0, 1), 1, 5.0), 1), problem);
    let other = regression_stump().with("target_ids", ints("target_ids", &[1, 1]));
    assert_invalid(&regression(&other, 1), problem);
}

#[test]
fn leaf_with_no_weight_or_several_is_refused() {
    let reason = "leaves without a weight, or with several";
    regressor_refused(&regression_stump().weight((0, 2), 0, 5.0), reason);
    // The first leaf again, after the second.
    regressor_refused(&regression_stump().weight((0, 1), 0, 5.0), reason);
    regressor_refused(&regression_stump().bare_leaf((1, 0)), reason);
}

#[test]
fn two_classes_that_only_some_leaves_add_to_are_refused() {
    let trees = classification_stump().with("class_ids", ints("class_ids", &[0, 1]));
    classifier_refused(&trees, "two classes that only some leaves add to");
}

#[test]
fn one_class_that_is_called_by_name_is_refused() {
    let trees = classification_stump()
        .without("classlabels_int64s")
        .with("classlabels_strings", strings("classlabels_strings", &["Yes"]));
    classifier_refused(&trees, "one class that is called by name");
}

#[test]
fn transform_that_no_other_arithmetic_reproduces_is_refused() {
    let probit = |trees: Ensemble| trees.with("post_transform", string("post_transform", "PROBIT"));
    classifier_refused(&probit(classification_stump()), "PROBIT");
    regressor_refused(&probit(regression_stump()), "PROBIT");
}

#[test]
fn transforms_and_aggregates_that_onnx_does_not_have_are_an_error() {
    let trees = classification_stump().with("post_transform", string("post_transform", "logistic"));
    let graph = classification(&trees, 1, NUMBERS);
    assert_invalid(&graph, "node \"label\": post_transform is \"logistic\"");
    let trees =
        regression_stump().with("aggregate_function", string("aggregate_function", "MEDIAN"));
    let graph = regression(&trees, 1);
    assert_invalid(&graph, "node \"y\": aggregate_function is \"MEDIAN\"");
}

#[test]
fn double_precision_on_single_is_refused() {
    for name in ["nodes_values", "target_weights", "base_values"] {
        let as_tensor = format!("{name}_as_tensor");
        let trees = regression_stump().without(name).with(&as_tensor, double(&as_tensor));
        regressor_refused(&trees, &format!("{as_tensor} of float64 on float32"));
    }
}

#[test]
fn labels_that_are_missing_are_an_error() {
    let trees = classification_stump().without("classlabels_int64s");
    let graph = classification(&trees, 1, NUMBERS);
    assert_invalid(&graph, "node \"label\": class labels are not given");
    let empty = classification_stump()
        .without("classlabels_int64s")
        .with("classlabels_strings", strings("classlabels_strings", &[]));
    let graph = classification(&empty, 1, NUMBERS);
    assert_invalid(&graph, "node \"label\": class labels are not given");
}
