//! Ensembles that are right and not for this engine, each with its reason.

use hotplate_model::onnx::fixture::{
    self, Ensemble, Writer, attribute, floats, int, ints, string, strings, tensor,
};

use crate::support::{
    NUMBERS, answer, assert_invalid, assert_refused, classification, compile, numbered_classes,
    numbers, regression,
};

fn regressor() -> Ensemble {
    Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

fn classifier() -> Ensemble {
    let stump = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), -1.0)
        .leaf((0, 2), 1.0);
    numbered_classes(stump)
}

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
    compile(&regression(&regressor(), 1)).unwrap();
    compile(&classification(&classifier(), 1, NUMBERS)).unwrap();
}

#[test]
fn other_comparisons_are_refused() {
    for mode in ["BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER", "branch_leq", ""] {
        let mut trees = regressor();
        trees.nodes[0].mode = mode;
        regressor_refused(&trees, &format!("branches of mode {mode}"));
    }
}

#[test]
fn several_scores_are_refused() {
    let two = regressor().weight((0, 1), 1, 5.0);
    regressor_refused(&two, "leaves that add to several scores");
    let second = classifier().with("class_ids", ints("class_ids", &[1, 1]));
    classifier_refused(&second, "leaves that add to the second class alone");
    regressor_refused(&regressor().with("n_targets", int("n_targets", 2)), "several targets");
    let other = regressor().with("target_ids", ints("target_ids", &[1, 1]));
    regressor_refused(&other, "several targets");
}

#[test]
fn leaf_with_no_weight_or_several_is_refused() {
    let several = "a leaf with several weights";
    regressor_refused(&regressor().weight((0, 2), 0, 5.0), several);
    // The first leaf again, after the second.
    regressor_refused(&regressor().weight((0, 1), 0, 5.0), several);
    regressor_refused(&regressor().bare_leaf((1, 0)), "a leaf without a weight");
}

#[test]
fn more_or_fewer_classes_than_two_are_refused() {
    for (labels, reason) in [(&[1][..], "1 classes"), (&[1, 2, 3], "3 classes")] {
        let trees = classifier().with("classlabels_int64s", ints("classlabels_int64s", labels));
        classifier_refused(&trees, reason);
    }
}

#[test]
fn other_transforms_and_aggregates_are_refused() {
    for name in ["SOFTMAX", "SOFTMAX_ZERO", "PROBIT", "logistic"] {
        let trees = classifier().with("post_transform", string("post_transform", name));
        classifier_refused(&trees, &format!("{name} on two classes"));
    }
    let trees = regressor().with("post_transform", string("post_transform", "LOGISTIC"));
    regressor_refused(&trees, "LOGISTIC on a regression");
    for name in ["MIN", "MAX"] {
        let trees = regressor().with("aggregate_function", string("aggregate_function", name));
        regressor_refused(&trees, &format!("aggregation by {name}"));
    }
}

#[test]
fn double_precision_is_refused() {
    let refused = |name: &str, reason: &str| {
        let as_tensor = format!("{name}_as_tensor");
        let trees = regressor().without(name).with(&as_tensor, double(&as_tensor));
        regressor_refused(&trees, reason);
    };
    refused("nodes_values", "nodes_values in double precision");
    refused("target_weights", "target_weights in double precision");
    refused("base_values", "base values in double precision");
}

#[test]
fn two_base_values_for_two_classes_are_refused() {
    let trees = classifier().with("base_values", floats("base_values", &[0.5, 0.5]));
    classifier_refused(&trees, "two base values for two classes");
}

#[test]
fn branches_that_share_a_child_are_refused() {
    let mut shared = regressor();
    shared.nodes[0].on_false = 1;
    shared.nodes.truncate(2);
    shared.weights.truncate(1);
    regressor_refused(&shared, "branches that share a child");
}

#[test]
fn tree_that_is_too_wide_for_the_layout_names_its_node() {
    // Sixteen bits name a feature of so wide a row, which leaves sixteen for the way to a child.
    let width = hotplate_tensor::Schema::MAX_COLUMNS;
    let last = i64::try_from(width).unwrap() - 1;
    let branches = (1 << 17) - 1;
    let mut trees = Ensemble::regressor();
    for id in 0..branches {
        trees = trees.branch((0, id), "BRANCH_LEQ", (last, 0.0), (2 * id + 1, 2 * id + 2));
    }
    for id in branches..=2 * branches {
        trees = trees.leaf((0, id), 1.0);
    }
    let reason = "a tree too large for the native layout";
    assert_refused(&regression(&trees, width), "ai.onnx.ml.TreeEnsembleRegressor", "y", reason);
}

#[test]
fn second_ensemble_is_refused() {
    let nodes = [regressor().node("x", &["y"]), regressor().node("x", &["z"])];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &[answer()]);
    let reason = "a second ensemble in one graph";
    assert_refused(&graph, "ai.onnx.ml.TreeEnsembleRegressor", "z", reason);
}

#[test]
fn labels_that_are_missing_are_an_error() {
    let trees = classifier().without("classlabels_int64s");
    let graph = classification(&trees, 1, NUMBERS);
    assert_invalid(&graph, "node \"label\": class labels are not given");
    let empty = classifier()
        .without("classlabels_int64s")
        .with("classlabels_strings", strings("classlabels_strings", &[]));
    let graph = classification(&empty, 1, NUMBERS);
    assert_invalid(&graph, "node \"label\": class labels are not given");
}
