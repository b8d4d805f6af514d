//! Attributes that describe no trees: each is refused, and none harms the reader.

use hotplate_backend::BackendErrorKind;
use hotplate_model::onnx::fixture::{Ensemble, floats, ints, strings};

use crate::support::{
    NUMBERS, assert_invalid, classification, compile, floats_of, numbered_classes, regression,
    regression_stump, run,
};

#[track_caller]
fn invalid(trees: &Ensemble, problem: &str) {
    assert_invalid(&regression(trees, 1), &format!("node \"y\": {problem}"));
}

#[test]
fn cycle_is_an_error() {
    // A leaf on its own, and two branches that lead to each other.
    let trees = Ensemble::regressor()
        .leaf((0, 0), 1.0)
        .branch((0, 1), "BRANCH_LEQ", (0, 0.0), (2, 3))
        .branch((0, 2), "BRANCH_LEQ", (0, 0.0), (1, 4))
        .leaf((0, 3), 1.0)
        .leaf((0, 4), 1.0);
    invalid(&trees, "tree 0: some nodes form a cycle");
    // The root is its own child, so there is none.
    let mut own_child = regression_stump();
    own_child.nodes[0].on_true = 0;
    own_child.nodes.swap_remove(1);
    own_child.weights.swap_remove(0);
    invalid(&own_child, "tree 0: expected one root, got 0");
}

#[test]
fn two_roots_are_an_error() {
    invalid(&regression_stump().leaf((0, 3), 1.0), "tree 0: expected one root, got 2");
}

#[test]
fn child_that_is_not_there_is_an_error() {
    for child in [3, -1, i64::MAX, i64::MIN, 1 << 32] {
        let mut trees = regression_stump();
        trees.nodes[0].on_false = child;
        invalid(&trees, &format!("node 0 leads to {child}, which its tree does not have"));
    }
    // Another tree's node is not there either.
    let mut trees = regression_stump().leaf((1, 5), 1.0);
    trees.nodes[0].on_true = 5;
    invalid(&trees, "node 0 leads to 5, which its tree does not have");
}

#[test]
fn node_that_stands_twice_is_an_error() {
    invalid(&regression_stump().bare_leaf((0, 1)), "node 1 of tree 0 stands twice");
}

#[test]
fn threshold_of_a_leaf_is_not_read() {
    for threshold in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut trees = regression_stump();
        trees.nodes[1].threshold = threshold;
        let plan = compile(&regression(&trees, 1)).unwrap();
        assert_eq!(floats_of(&run(&*plan, &[-1.0, 1.0], 1)[0]), [1.0, 2.0]);
    }
}

#[test]
fn feature_that_the_row_does_not_have_is_an_error() {
    let mut trees = regression_stump();
    trees.nodes[0].feature = 1;
    invalid(&trees, "asks for feature 1 of 1");
    trees.nodes[0].feature = i64::from(u32::MAX);
    invalid(&trees, "node 0 asks for feature 4294967295");
    for feature in [-1, 1 << 32, i64::MAX] {
        trees.nodes[0].feature = feature;
        invalid(&trees, &format!("node 0 asks for feature {feature}"));
    }
}

#[test]
fn weight_in_the_wrong_place_is_an_error() {
    let trees = regression_stump().weight((0, 0), 0, 1.0);
    invalid(&trees, "a weight for node 0 of tree 0, which is no leaf");
    let trees = regression_stump().weight((0, 9), 0, 1.0);
    invalid(&trees, "a weight for node 9 of tree 0, which is not there");
    let trees = regression_stump().weight((9, 0), 0, 1.0);
    invalid(&trees, "a weight for node 0 of tree 9, which is not there");
}

#[test]
fn weight_for_a_class_that_is_not_there_is_an_error() {
    for class in [2, -1, i64::MAX] {
        let trees = Ensemble::classifier().bare_leaf((0, 0)).weight((0, 0), class, 1.0);
        let graph = classification(&numbered_classes(trees), 1, NUMBERS);
        assert_invalid(&graph, &format!("node \"label\": a leaf adds to score {class} of 2"));
    }
}

#[test]
fn lists_of_different_lengths_are_an_error() {
    for name in [
        "nodes_nodeids",
        "nodes_featureids",
        "nodes_truenodeids",
        "nodes_falsenodeids",
        "nodes_missing_value_tracks_true",
    ] {
        let shorter = regression_stump().with(name, ints(name, &[0, 0]));
        invalid(&shorter, &format!("3 nodes and 2 {name}"));
    }
    let shorter = regression_stump().with("nodes_values", floats("nodes_values", &[0.0; 4]));
    invalid(&shorter, "3 nodes and 4 nodes_values");
    let shorter = regression_stump().with("nodes_modes", strings("nodes_modes", &["LEAF"]));
    invalid(&shorter, "3 nodes and 1 nodes_modes");
    let fewer = regression_stump().with("target_nodeids", ints("target_nodeids", &[1]));
    invalid(&fewer, "2 tree ids, 1 node ids, 2 ids and 2 weights of leaves");
}

#[test]
fn list_that_is_missing_is_an_error() {
    for name in [
        "nodes_treeids",
        "nodes_nodeids",
        "nodes_featureids",
        "nodes_truenodeids",
        "nodes_falsenodeids",
        "nodes_values",
        "nodes_modes",
        "target_treeids",
        "target_nodeids",
        "target_ids",
        "target_weights",
    ] {
        invalid(&regression_stump().without(name), &format!("{name} is not given"));
    }
}

#[test]
fn list_of_another_type_is_an_error() {
    let trees = regression_stump().with("nodes_nodeids", floats("nodes_nodeids", &[0.0, 1.0, 2.0]));
    let error = compile(&regression(&trees, 1)).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel);
    let expected = "attribute \"nodes_nodeids\" should be a list of integers, is a list of floats";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn two_base_values_for_one_target_are_an_error() {
    let trees = regression_stump().with("base_values", floats("base_values", &[1.0, 2.0]));
    invalid(&trees, "2 base values for 1 scores");
}

#[test]
fn ids_may_be_any_numbers() {
    let trees = Ensemble::regressor()
        .leaf((i64::MIN, i64::MAX), 2.0)
        .branch((i64::MIN, -5), "BRANCH_LEQ", (0, 0.0), (i64::MIN, i64::MAX))
        .leaf((i64::MIN, i64::MIN), 1.0);
    let plan = compile(&regression(&trees, 1)).unwrap();
    assert_eq!(floats_of(&run(&*plan, &[-1.0, 1.0], 1)[0]), [1.0, 2.0]);
}

#[test]
fn path_of_a_million_branches_is_walked() {
    // A recursive reader would run out of stack.
    let depth = 1_000_000_i64;
    let mut trees = Ensemble::regressor();
    for at in 0..depth {
        let id = 2 * at;
        trees = trees.branch((0, id), "BRANCH_LEQ", (0, 0.0), (id + 2, id + 1));
        trees = trees.leaf((0, id + 1), 1.0);
    }
    trees = trees.leaf((0, 2 * depth), 2.0);
    let plan = compile(&regression(&trees, 1)).unwrap();
    assert_eq!(floats_of(&run(&*plan, &[-1.0, 1.0, f32::NAN], 1)[0]), [2.0, 1.0, 1.0]);
}
