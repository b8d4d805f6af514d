//! What ONNX says an ensemble answers, written down as plainly as it can be.

use hotplate_model::onnx::fixture::{Ensemble, EnsembleNode};

/// The sum of the leaves that these features lead to, tree by tree in the order in which the trees
/// come up.
pub(crate) fn sum(ensemble: &Ensemble, features: &[f32]) -> f32 {
    let mut trees: Vec<i64> = Vec::new();
    for node in &ensemble.nodes {
        if !trees.contains(&node.tree) {
            trees.push(node.tree);
        }
    }
    trees
        .iter()
        .fold(0.0, |sum, &tree| sum + answer(ensemble, tree, root(ensemble, tree), features))
}

/// The one node of a tree that no branch leads to.
fn root(ensemble: &Ensemble, tree: i64) -> i64 {
    let of_tree = || ensemble.nodes.iter().filter(|node| node.tree == tree);
    let is_child = |id| {
        of_tree().any(|node| node.mode != "LEAF" && (node.on_true == id || node.on_false == id))
    };
    of_tree().map(|node| node.id).find(|&id| !is_child(id)).unwrap()
}

fn answer(ensemble: &Ensemble, tree: i64, id: i64, features: &[f32]) -> f32 {
    let node = ensemble.nodes.iter().find(|node| (node.tree, node.id) == (tree, id)).unwrap();
    if node.mode == "LEAF" {
        let weight = ensemble.weights.iter().find(|leaf| (leaf.tree, leaf.node) == (tree, id));
        return weight.unwrap().weight;
    }
    let next = if holds(node, features) { node.on_true } else { node.on_false };
    answer(ensemble, tree, next, features)
}

fn holds(node: &EnsembleNode, features: &[f32]) -> bool {
    let x = features[usize::try_from(node.feature).unwrap()];
    let compared = match node.mode {
        "BRANCH_LEQ" => x <= node.threshold,
        "BRANCH_LT" => x < node.threshold,
        "BRANCH_GT" => x > node.threshold,
        "BRANCH_GTE" => x >= node.threshold,
        other => panic!("no such mode: {other}"),
    };
    compared || (x.is_nan() && node.missing_is_true)
}

/// The logistic function as ONNX Runtime rounds it.
pub(crate) fn logistic(score: f32) -> f32 {
    let of_magnitude = 1.0 / (1.0 + (-score.abs()).exp());
    if score < 0.0 { 1.0 - of_magnitude } else { of_magnitude }
}
