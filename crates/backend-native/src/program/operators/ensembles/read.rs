//! Reads TreeEnsembleClassifier and TreeEnsembleRegressor of ai.onnx.ml, versions 1 to 3.

use std::collections::HashMap;

use hotplate_model::onnx::Node as OnnxNode;

use super::{
    super::post_transform::PostTransform,
    head::{Aggregate, Answer, Model},
    real::Real,
    trees::{Branch, Described, Mode, Weight},
};
use crate::{head::Labels, operator::NotTaken};

/// Reads a node's attributes.
pub(super) fn read<X: Real>(node: &OnnxNode<'_>) -> Result<Model<X>, NotTaken> {
    let is_classifier = node.op_type == "TreeEnsembleClassifier";
    let (answer, aggregate, scores) = if is_classifier {
        let labels = labels(node)?;
        let scores = labels.len();
        (Answer::Class(labels), Aggregate::Sum, scores)
    } else {
        let targets = node.int("n_targets")?.unwrap_or(1);
        let targets = usize::try_from(targets).ok().filter(|&targets| targets > 0);
        let targets = targets.ok_or_else(|| NotTaken::invalid(node, "no targets"))?;
        (Answer::Values, aggregate(node)?, targets)
    };
    let post_transform = PostTransform::read(node)?;
    let base = numbers(node, "base_values")?.unwrap_or_default();
    let (nodes, ids) = nodes(node)?;
    let roots = ids.trees.iter().map(|tree| tree.first).collect();
    let weights =
        weights(node, if is_classifier { "class" } else { "target" }, &ids, &nodes, scores)?;
    let described = Described { nodes, roots, weights };
    Ok(Model { described, scores, base, aggregate, post_transform, answer })
}

fn labels(node: &OnnxNode<'_>) -> Result<Labels, NotTaken> {
    let labels = match (node.strings("classlabels_strings")?, node.ints("classlabels_int64s")?) {
        (Some(texts), _) if texts.len() > 0 => Labels::Texts(texts.map(str::to_owned).collect()),
        (_, Some(integers)) => Labels::Integers(integers.collect()),
        _ => return Err(NotTaken::invalid(node, "class labels are not given")),
    };
    if labels.len() == 0 {
        return Err(NotTaken::invalid(node, "no classes"));
    }
    Ok(labels)
}

fn aggregate(node: &OnnxNode<'_>) -> Result<Aggregate, NotTaken> {
    match node.string("aggregate_function")?.unwrap_or("SUM") {
        "SUM" => Ok(Aggregate::Sum),
        "AVERAGE" => Ok(Aggregate::Average),
        "MIN" => Ok(Aggregate::Min),
        "MAX" => Ok(Aggregate::Max),
        other => Err(NotTaken::invalid(node, format!("aggregate_function is {other:?}"))),
    }
}

/// The nodes of one tree, which stand together.
struct TreeIds {
    first: u32,
    len: u32,
    /// Where the ids are not `0, 1, 2, …`, as exporters write them.
    by_id: Option<HashMap<i64, u32>>,
}

/// From the ids of trees and nodes to places among all nodes.
struct Ids {
    trees: Vec<TreeIds>,
    by_id: HashMap<i64, usize>,
}

impl Ids {
    fn new(node: &OnnxNode<'_>, trees: &[i64], nodes: &[i64]) -> Result<Self, NotTaken> {
        let mut ids = Self { trees: Vec::new(), by_id: HashMap::new() };
        let mut first = 0_u32;
        for tree in trees.chunk_by(|one, other| one == other) {
            let len = u32::try_from(tree.len()).unwrap_or(u32::MAX);
            let own = &nodes[first as usize..first as usize + tree.len()];
            let by_id = if own.iter().zip(0..).all(|(&id, place)| id == place) {
                None
            } else {
                let mut by_id = HashMap::with_capacity(own.len());
                for (&id, place) in own.iter().zip(first..) {
                    if by_id.insert(id, place).is_some() {
                        let problem = format!("node {id} of tree {} stands twice", tree[0]);
                        return Err(NotTaken::invalid(node, problem));
                    }
                }
                Some(by_id)
            };
            if ids.by_id.insert(tree[0], ids.trees.len()).is_some() {
                return Err(NotTaken::unsupported(format!("tree {} in several parts", tree[0])));
            }
            ids.trees.push(TreeIds { first, len, by_id });
            first += len;
        }
        Ok(ids)
    }

    fn place(&self, tree: i64, node: i64) -> Option<u32> {
        let tree = &self.trees[*self.by_id.get(&tree)?];
        match &tree.by_id {
            Some(by_id) => by_id.get(&node).copied(),
            None => u32::try_from(node).ok().filter(|&id| id < tree.len).map(|id| tree.first + id),
        }
    }
}

/// Branches, and nothing in place of leaves.
type Nodes<X> = Vec<Option<Branch<X>>>;

fn nodes<X: Real>(node: &OnnxNode<'_>) -> Result<(Nodes<X>, Ids), NotTaken> {
    let tree_ids = required(node, "nodes_treeids")?;
    let node_ids = required(node, "nodes_nodeids")?;
    let features = required(node, "nodes_featureids")?;
    let on_true = required(node, "nodes_truenodeids")?;
    let on_false = required(node, "nodes_falsenodeids")?;
    let missing: Option<Vec<i64>> =
        node.ints("nodes_missing_value_tracks_true")?.map(Iterator::collect);
    let missing = missing.filter(|tracks| !tracks.is_empty());
    let thresholds: Vec<X> = numbers(node, "nodes_values")?
        .ok_or_else(|| NotTaken::invalid(node, "nodes_values is not given"))?;
    let Some(modes) = node.strings("nodes_modes")? else {
        return Err(NotTaken::invalid(node, "nodes_modes is not given"));
    };
    let count = tree_ids.len();
    let lengths = [
        ("nodes_nodeids", node_ids.len()),
        ("nodes_featureids", features.len()),
        ("nodes_truenodeids", on_true.len()),
        ("nodes_falsenodeids", on_false.len()),
        ("nodes_values", thresholds.len()),
        ("nodes_modes", modes.len()),
        ("nodes_missing_value_tracks_true", missing.as_ref().map_or(count, Vec::len)),
    ];
    if let Some((name, len)) = lengths.into_iter().find(|&(_, len)| len != count) {
        return Err(NotTaken::invalid(node, format!("{count} nodes and {len} {name}")));
    }
    if count >= 1 << 31 {
        return Err(NotTaken::unsupported(format!("{count} nodes")));
    }
    let ids = Ids::new(node, &tree_ids, &node_ids)?;
    let mut nodes = Vec::with_capacity(count);
    let mut is_child = vec![false; count];
    for (at, mode) in modes.enumerate() {
        if mode == "LEAF" {
            nodes.push(None);
            continue;
        }
        let mode = mode_of(mode)
            .ok_or_else(|| NotTaken::invalid(node, format!("node {at} is of mode {mode:?}")))?;
        let mut child = |id: i64| {
            let place = ids.place(tree_ids[at], id).ok_or_else(|| {
                let problem = format!("node {at} leads to {id}, which its tree does not have");
                NotTaken::invalid(node, problem)
            })?;
            is_child[place as usize] = true;
            Ok::<_, NotTaken>(place)
        };
        nodes.push(Some(Branch {
            mode,
            feature: features[at],
            threshold: thresholds[at],
            missing_is_true: missing.as_ref().is_some_and(|tracks| tracks[at] != 0),
            on_true: child(on_true[at])?,
            on_false: child(on_false[at])?,
        }));
    }
    if nodes.iter().flatten().any(|branch| is_odd_chain(branch, &nodes)) {
        return Err(NotTaken::unsupported("a set of which some members take missing values"));
    }
    // ONNX Runtime begins with a tree's first node, whatever leads to it.
    if ids.trees.iter().any(|tree| is_child[tree.first as usize]) {
        return Err(NotTaken::unsupported("a tree whose first node is not its root"));
    }
    Ok((nodes, ids))
}

/// Whether a branch and the next are one set to ONNX Runtime, which then sends missing values where
/// the first does, though the file says otherwise of the second.
fn is_odd_chain<X: Real>(branch: &Branch<X>, nodes: &[Option<Branch<X>>]) -> bool {
    nodes[branch.on_false as usize].is_some_and(|next| {
        (branch.mode, next.mode) == (Mode::Equal, Mode::Equal)
            && (branch.feature, branch.on_true) == (next.feature, next.on_true)
            && branch.missing_is_true != next.missing_is_true
    })
}

fn mode_of(name: &str) -> Option<Mode> {
    Some(match name {
        "BRANCH_LEQ" => Mode::LessOrEqual,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::GreaterOrEqual,
        "BRANCH_GT" => Mode::Greater,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::NotEqual,
        _ => return None,
    })
}

/// What leaves add, in the order of the file.
fn weights<X: Real>(
    node: &OnnxNode<'_>,
    prefix: &str,
    ids: &Ids,
    nodes: &[Option<Branch<X>>],
    scores: usize,
) -> Result<Vec<(u32, Weight<X>)>, NotTaken> {
    let of = |name: &str| required(node, &format!("{prefix}_{name}"));
    let (tree_ids, node_ids, score_ids) = (of("treeids")?, of("nodeids")?, of("ids")?);
    let name = format!("{prefix}_weights");
    let values: Vec<X> = numbers(node, &name)?
        .ok_or_else(|| NotTaken::invalid(node, format!("{name} is not given")))?;
    if [tree_ids.len(), node_ids.len(), score_ids.len()] != [values.len(); 3] {
        let problem = format!(
            "{} tree ids, {} node ids, {} ids and {} weights of leaves",
            tree_ids.len(),
            node_ids.len(),
            score_ids.len(),
            values.len()
        );
        return Err(NotTaken::invalid(node, problem));
    }
    let mut weights = Vec::with_capacity(values.len());
    for (index, &value) in values.iter().enumerate() {
        let (tree, id) = (tree_ids[index], node_ids[index]);
        let place = ids.place(tree, id).ok_or_else(|| {
            let problem = format!("a weight for node {id} of tree {tree}, which is not there");
            NotTaken::invalid(node, problem)
        })?;
        if nodes[place as usize].is_some() {
            let problem = format!("a weight for node {id} of tree {tree}, which is no leaf");
            return Err(NotTaken::invalid(node, problem));
        }
        let score = score_ids[index];
        let score = u32::try_from(score).ok().filter(|&score| (score as usize) < scores);
        let score = score.ok_or_else(|| {
            let problem = format!("a leaf adds to score {} of {scores}", score_ids[index]);
            NotTaken::invalid(node, problem)
        })?;
        weights.push((place, Weight { score, value }));
    }
    Ok(weights)
}

/// A list of floats, or of doubles where it is said to be one by `NAME_as_tensor`.
fn numbers<X: Real>(node: &OnnxNode<'_>, name: &str) -> Result<Option<Vec<X>>, NotTaken> {
    if let Some(floats) = node.floats(name)?
        && floats.len() > 0
    {
        return Ok(Some(floats.map(X::widened).collect()));
    }
    let Some(tensor) = node.tensor(&format!("{name}_as_tensor"))? else {
        return Ok(node.floats(name)?.map(|_| Vec::new()));
    };
    if tensor.element.dtype() != Some(X::DTYPE) {
        let reason = format!("{name}_as_tensor of {} on {}", tensor.element, X::DTYPE);
        return Err(NotTaken::unsupported(reason));
    }
    Ok(Some(tensor.elements()?))
}

pub(super) fn required(node: &OnnxNode<'_>, name: &str) -> Result<Vec<i64>, NotTaken> {
    match node.ints(name)? {
        Some(values) => Ok(values.collect()),
        None => Err(NotTaken::invalid(node, format!("{name} is not given"))),
    }
}
