//! ONNX's operators of trees.
//!
//! - `lists`: reads TreeEnsembleClassifier and TreeEnsembleRegressor, versions 1 to 3 of ai.onnx.ml.
//! - `ids`: where the nodes are that such lists name.
//! - `five`: reads TreeEnsemble, version 5.
//! - `comparison`: branches as ONNX says them, and the trees that they make.
//! - `head`: what is made of the scores of a row, by ONNX Runtime's rules.

mod comparison;
mod five;
mod head;
mod ids;
mod lists;

use hotplate_model::onnx::{Node, TensorProto};

pub(crate) use self::head::Head;
use super::{Aggregate, Ensemble, Labels, weights::Weights};
use crate::{operator::NotTaken, post_transform::PostTransform, real::Real, trees::Tree};

/// An ensemble as the attributes say.
#[derive(Debug)]
struct Attributes<X> {
    trees: Vec<Tree<X>>,
    weights: Weights<X>,
    /// The number of classes or targets.
    scores: usize,
    /// What each score has beside; none, or as many as there are scores, but for two classes.
    base: Vec<X>,
    aggregate: Aggregate,
    post_transform: PostTransform,
    /// A classifier's.
    labels: Option<Labels>,
}

/// Reads a node that compares and adds in this precision.
///
/// # Errors
///
/// When the attributes describe no trees, or none that this engine takes.
pub(crate) fn read<X: Real>(node: &Node<'_>) -> Result<(Ensemble<X>, Head<X>), NotTaken> {
    let attributes = match node.op_type {
        "TreeEnsemble" => five::read(node)?,
        _ => lists::read(node)?,
    };
    let head = Head::new(node, &attributes)?;
    let Attributes { trees, weights, scores, aggregate, .. } = attributes;
    let start = vec![X::ZERO; head.sums()];
    // ONNX Runtime answers with the first of several weights, and with the threshold of a leaf that
    // has none.
    if scores == 1 && !weights.has_one_a_leaf(&trees) {
        return Err(NotTaken::unsupported("leaves without a weight, or with several"));
    }
    Ok((Ensemble { trees, weights, start, aggregate }, head))
}

/// Whether a node is an ensemble.
pub(crate) fn is_ensemble(node: &Node<'_>) -> bool {
    let names = ["TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble"];
    node.domain == "ai.onnx.ml" && names.contains(&node.op_type)
}

/// The number of targets that a node says it has.
fn targets(node: &Node<'_>) -> Result<usize, NotTaken> {
    let targets = usize::try_from(node.int("n_targets")?.unwrap_or(1)).ok();
    let targets = targets.filter(|&targets| targets > 0);
    targets.ok_or_else(|| NotTaken::invalid(node, "no targets"))
}

/// The elements of a tensor, which is the attribute called `name`.
fn elements<X: Real>(name: &str, tensor: &TensorProto<'_>) -> Result<Vec<X>, NotTaken> {
    if tensor.element.dtype() != Some(X::DTYPE) {
        let reason = format!("{name} of {} on {}", tensor.element, X::DTYPE);
        return Err(NotTaken::unsupported(reason));
    }
    Ok(tensor.elements()?)
}

fn missing(node: &Node<'_>, name: &str) -> NotTaken {
    NotTaken::invalid(node, format!("{name} is not given"))
}

/// The score of an id, if there is one.
fn score(id: i64, scores: usize) -> Option<u32> {
    u32::try_from(id).ok().filter(|&score| (score as usize) < scores)
}

/// How many nodes the trees of a file of so many may have: those that branches share stand in a tree
/// several times.
const fn most_nodes(nodes: usize) -> usize {
    nodes.saturating_mul(2).saturating_add(4096)
}
