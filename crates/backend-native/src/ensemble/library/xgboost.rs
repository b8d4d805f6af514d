//! XGBoost's trees, by the rules of the library's prediction.
//!
//! Numbers are float32. A margin begins with its base and has the leaves added in the order of the
//! file, in float32, as the library does it.

use std::convert::Infallible;

use hotplate_backend::BackendError;
use hotplate_model::{
    Signature,
    xgboost::{CategoryNames, Node as FileNode, Tree as FileTree, XgBoostModel},
};

use super::{
    LibraryFinish, LibraryModel, check_table, encoder, outputs, refusal, regions::Regions, small,
};
use crate::{
    ensemble::{
        Aggregate, Ensemble,
        weights::{LeafWeights, Weight, Weights},
    },
    trees::{Leaf, Node, Tree},
};

/// Values from which on no value is a category: float32 does not hold all whole numbers beyond.
const NO_CATEGORY: f32 = 16_777_216.0;

/// Reads a model whose signature this is.
///
/// # Errors
///
/// When its rows are no table.
pub(crate) fn read(
    model: &XgBoostModel,
    signature: &Signature,
) -> Result<LibraryModel<f32>, BackendError> {
    check_table(signature, model.num_feature)?;
    let mut trees = Vec::with_capacity(model.used_trees().len());
    let mut leaves = Vec::new();
    let mut first_id = 0;
    for tree in model.used_trees() {
        for (at, node) in tree.nodes().enumerate() {
            let FileNode::Leaf { values } = node else { continue };
            // A leaf of several values has one for each margin.
            let first_score = if values.len() == 1 { tree.group() } else { 0 };
            leaves.extend(values.iter().enumerate().map(|(nth, value)| {
                let score = small(first_score + nth);
                (small(first_id + at), Weight { score, value: value * tree.weight() })
            }));
        }
        trees.push((tree, first_id));
        first_id += tree.len();
    }
    let weights = LeafWeights::new(leaves, small(first_id));
    let trees: Vec<Tree<f32>> =
        trees.into_iter().map(|(tree, first_id)| grow(tree, first_id, &weights)).collect();
    let start = model.base_margins.clone();
    let scores = start.len();
    let weights = Weights::of(&trees, weights, scores);
    let ensemble = Ensemble { trees, weights, start, aggregate: Aggregate::Sum };
    let texts = (0..model.num_feature)
        .map(|feature| match model.categories.get(feature) {
            Some(Some(CategoryNames::Texts(texts))) => Some(&texts[..]),
            _ => None,
        })
        .collect();
    let encoder = encoder(signature, &texts)?;
    let (outputs, labels) = outputs(signature);
    let finish = LibraryFinish::xgboost(model.objective.transform, scores, labels);
    let finish = finish.ok_or_else(|| refusal(signature, "an objective of its own".to_owned()))?;
    Ok(LibraryModel { ensemble, finish, encoder, outputs })
}

fn grow(tree: &FileTree, first_id: usize, weights: &LeafWeights<f32>) -> Tree<f32> {
    let has_covers = tree.cover(0).is_some();
    let mut covers = Vec::new();
    let read = |at: u32, pool: &mut Vec<f32>| {
        covers.extend(tree.cover(at as usize));
        match tree.node(at as usize) {
            FileNode::Leaf { .. } => {
                let id = small(first_id) + at;
                Ok(Node::Leaf(Leaf { value: weights.value_of(id), id }))
            }
            FileNode::Numerical { feature, threshold, default_left, left, right } => {
                let rule = |x: f32| if x.is_nan() { default_left } else { x < threshold };
                let regions = Regions::of(vec![threshold.next_down(), threshold], rule);
                regions.branch(small(feature), small(left), small(right), pool)
            }
            FileNode::Categorical { feature, categories, default_left, left, right } => {
                let rule = |x: f32| {
                    if x.is_nan() {
                        return default_left;
                    }
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "it is within 24 bits, and its fraction is to be cut off"
                    )]
                    let is_member = (0.0..NO_CATEGORY).contains(&x)
                        && categories.binary_search(&(x as u32)).is_ok();
                    !is_member
                };
                #[expect(clippy::cast_precision_loss, reason = "categories are within 24 bits")]
                let changes = categories
                    .iter()
                    .flat_map(|&member| [member as f32, (member + 1) as f32].map(f32::next_down));
                let regions = Regions::of(changes.collect(), rule);
                regions.branch(small(feature), small(left), small(right), pool)
            }
        }
    };
    let grown: Result<_, Infallible> = Tree::grow(0, usize::MAX, read);
    let Ok(grown) = grown;
    let grown = grown.unwrap_or_else(|| unreachable!("the reader bounds the nodes of a tree"));
    if has_covers { grown.with_covers(covers) } else { grown }
}
