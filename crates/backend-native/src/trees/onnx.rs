//! Reads TreeEnsembleClassifier and TreeEnsembleRegressor of ai.onnx.ml, versions 1 to 3.

use std::{collections::HashMap, mem};

use hotplate_model::onnx::Node as OnnxNode;

use super::{Branch, Node, Tree, tree::Malformed};
use crate::{
    head::{Binary, Head, Labels},
    operator::NotTaken,
};

/// An ensemble as its node says: trees, and what is made of their sum.
#[derive(Debug)]
pub(crate) struct TreeModel {
    pub(crate) trees: Vec<Tree>,
    pub(crate) head: Head,
}

impl TreeModel {
    /// Reads the node's attributes and checks that they describe trees.
    pub(crate) fn read(node: &OnnxNode<'_>) -> Result<Self, NotTaken> {
        let classifier = node.op_type == "TreeEnsembleClassifier";
        let weights = Weights::of(node, if classifier { "class" } else { "target" })?;
        let head = if classifier {
            classifier_head(node, &weights)?
        } else {
            regressor_head(node, &weights)?
        };
        let mut ensemble = Ensemble::read(node)?;
        ensemble.set_leaves(node, &weights)?;
        let trees = ensemble.into_trees(node)?;
        let head = match head {
            Head::Value { base, divisor: Some(_) } => {
                #[expect(clippy::cast_precision_loss, reason = "ONNX divides in float32")]
                let divisor = Some(trees.len() as f32);
                Head::Value { base, divisor }
            }
            head => head,
        };
        Ok(Self { trees, head })
    }

    /// The number of features that the trees may ask for.
    pub(crate) fn features(&self) -> usize {
        self.trees.iter().map(Tree::features).max().unwrap_or(0)
    }

    /// What a classifier calls its classes.
    pub(crate) const fn labels(&self) -> Option<&Labels> {
        match &self.head {
            Head::Binary(binary) => Some(&binary.labels),
            Head::Value { .. } => None,
        }
    }
}

/// The `class_*` or `target_*` attributes: what leaves add, and to which score.
struct Weights {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    values: Vec<f32>,
    /// The one score that all of them add to.
    score: i64,
}

impl Weights {
    fn of(node: &OnnxNode<'_>, prefix: &str) -> Result<Self, NotTaken> {
        let ints = |name: &str| required_ints(node, &format!("{prefix}_{name}"));
        let (trees, nodes, scores) = (ints("treeids")?, ints("nodeids")?, ints("ids")?);
        let name = format!("{prefix}_weights");
        let values: Vec<f32> = match node.floats(&name)? {
            Some(values) => values.collect(),
            None => return Err(double_or_missing(node, &name)),
        };
        if [trees.len(), nodes.len(), scores.len()] != [values.len(); 3] {
            return Err(NotTaken::invalid(
                node,
                format!(
                    "{} tree ids, {} node ids, {} ids and {} weights of leaves",
                    trees.len(),
                    nodes.len(),
                    scores.len(),
                    values.len()
                ),
            ));
        }
        let score = scores.first().copied().unwrap_or(0);
        if scores.iter().any(|&other| other != score) {
            return Err(NotTaken::unsupported("leaves that add to several scores"));
        }
        Ok(Self { trees, nodes, values, score })
    }
}

/// Nodes by tree, while they are put together.
struct Ensemble {
    trees: Vec<Vec<Node>>,
    tree_of_id: HashMap<i64, usize>,
    /// For each tree, its nodes by their ids, unless the ids are `0, 1, 2, …` as exporters write.
    node_of_id: Vec<Option<HashMap<i64, u32>>>,
}

impl Ensemble {
    fn read(node: &OnnxNode<'_>) -> Result<Self, NotTaken> {
        let tree_ids = required_ints(node, "nodes_treeids")?;
        let node_ids = required_ints(node, "nodes_nodeids")?;
        let features = required_ints(node, "nodes_featureids")?;
        let on_true = required_ints(node, "nodes_truenodeids")?;
        let on_false = required_ints(node, "nodes_falsenodeids")?;
        let missing =
            node.ints("nodes_missing_value_tracks_true")?.map(Iterator::collect::<Vec<_>>);
        let missing = missing.filter(|tracks| !tracks.is_empty());
        let Some(thresholds) = node.floats("nodes_values")? else {
            return Err(double_or_missing(node, "nodes_values"));
        };
        let thresholds: Vec<f32> = thresholds.collect();
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
        if u32::try_from(count).is_err() {
            return Err(NotTaken::unsupported(format!("{count} nodes")));
        }

        let mut ensemble =
            Self { trees: Vec::new(), tree_of_id: HashMap::new(), node_of_id: Vec::new() };
        for (index, id) in node_ids.iter().enumerate() {
            ensemble.enter(node, tree_ids[index], *id)?;
        }
        // Children are named by id, so every id must be known before any branch is made.
        let mut filled = vec![0; ensemble.trees.len()];
        for (index, mode) in modes.enumerate() {
            let tree = ensemble.tree_of_id[&tree_ids[index]];
            let made = if mode == "LEAF" {
                Node::Leaf(0.0)
            } else {
                let feature = u32::try_from(features[index]).map_err(|_| {
                    NotTaken::invalid(
                        node,
                        format!("node {index} asks for feature {}", features[index]),
                    )
                })?;
                let threshold = thresholds[index];
                // Infinity stands for "missing against the rest". Below the least there is no next
                // number, which a strict comparison becomes one with.
                if threshold.is_nan() || threshold == f32::NEG_INFINITY {
                    return Err(NotTaken::unsupported(format!(
                        "node {index} compares with {threshold}"
                    )));
                }
                let child = |id: i64| {
                    ensemble.node_index(tree, id).ok_or_else(|| {
                        NotTaken::invalid(
                            node,
                            format!("node {index} leads to {id}, which its tree does not have"),
                        )
                    })
                };
                let branch = Branch {
                    feature,
                    threshold,
                    missing_is_true: missing.as_ref().is_some_and(|tracks| tracks[index] != 0),
                    on_true: child(on_true[index])?,
                    on_false: child(on_false[index])?,
                };
                Node::Branch(normalise(branch, mode)?)
            };
            ensemble.trees[tree][filled[tree]] = made;
            filled[tree] += 1;
        }
        Ok(ensemble)
    }

    /// Makes room for a node.
    fn enter(&mut self, node: &OnnxNode<'_>, tree_id: i64, node_id: i64) -> Result<(), NotTaken> {
        let tree = *self.tree_of_id.entry(tree_id).or_insert_with(|| {
            self.trees.push(Vec::new());
            self.node_of_id.push(None);
            self.trees.len() - 1
        });
        let nodes = &mut self.trees[tree];
        let at = nodes.len();
        nodes.push(Node::Leaf(0.0));
        let by_id = &mut self.node_of_id[tree];
        if by_id.is_none() && usize::try_from(node_id) != Ok(at) {
            *by_id = Some((0..at).map(|at| (at as i64, small(at))).collect());
        }
        if let Some(by_id) = by_id
            && by_id.insert(node_id, small(at)).is_some()
        {
            return Err(NotTaken::invalid(
                node,
                format!("node {node_id} of tree {tree_id} stands twice"),
            ));
        }
        Ok(())
    }

    fn node_index(&self, tree: usize, id: i64) -> Option<u32> {
        match &self.node_of_id[tree] {
            Some(by_id) => by_id.get(&id).copied(),
            None => u32::try_from(id).ok().filter(|&id| (id as usize) < self.trees[tree].len()),
        }
    }

    /// Gives the leaves what they add.
    fn set_leaves(&mut self, node: &OnnxNode<'_>, weights: &Weights) -> Result<(), NotTaken> {
        let ids = weights.trees.iter().zip(&weights.nodes);
        let mut is_set: Vec<_> = self.trees.iter().map(|nodes| vec![false; nodes.len()]).collect();
        for ((&tree_id, &node_id), &value) in ids.zip(&weights.values) {
            let tree = self.tree_of_id.get(&tree_id).copied();
            let place = tree.and_then(|tree| Some((tree, self.node_index(tree, node_id)?)));
            let Some((tree, at)) = place else {
                return Err(NotTaken::invalid(
                    node,
                    format!("a weight for node {node_id} of tree {tree_id}, which is not there"),
                ));
            };
            if mem::replace(&mut is_set[tree][at as usize], true) {
                return Err(NotTaken::unsupported("a leaf with several weights"));
            }
            match &mut self.trees[tree][at as usize] {
                Node::Leaf(leaf) => *leaf = value,
                Node::Branch(_) => {
                    return Err(NotTaken::invalid(
                        node,
                        format!("a weight for node {node_id} of tree {tree_id}, which is no leaf"),
                    ));
                }
            }
        }
        let mut nodes = self.trees.iter().flatten().zip(is_set.iter().flatten());
        if nodes.any(|(node, &is_set)| matches!(node, Node::Leaf(_)) && !is_set) {
            // ONNX Runtime answers with the leaf's threshold, or without the base value.
            return Err(NotTaken::unsupported("a leaf without a weight"));
        }
        Ok(())
    }

    fn into_trees(self, node: &OnnxNode<'_>) -> Result<Vec<Tree>, NotTaken> {
        let ids: HashMap<usize, i64> =
            self.tree_of_id.into_iter().map(|(id, tree)| (tree, id)).collect();
        let check = |(tree, nodes)| {
            Tree::new(nodes).map_err(|malformed| match malformed {
                Malformed::SharedChild { .. } => {
                    NotTaken::unsupported("branches that share a child")
                }
                other => NotTaken::invalid(node, format!("tree {}: {other}", ids[&tree])),
            })
        };
        self.trees.into_iter().enumerate().map(check).collect()
    }
}

/// The branch with its comparison made *x ≤ threshold*; exact for every float32.
fn normalise(mut branch: Branch, mode: &str) -> Result<Branch, NotTaken> {
    // x < t is x ≤ the float below t, and x > t is the opposite of x ≤ t but for NaN, which makes
    // both false.
    let (strict, opposite) = match mode {
        "BRANCH_LEQ" => (false, false),
        "BRANCH_LT" => (true, false),
        "BRANCH_GT" => (false, true),
        "BRANCH_GTE" => (true, true),
        other => return Err(NotTaken::unsupported(format!("branches of mode {other}"))),
    };
    if strict {
        branch.threshold = branch.threshold.next_down();
    }
    if opposite {
        mem::swap(&mut branch.on_true, &mut branch.on_false);
        branch.missing_is_true = !branch.missing_is_true;
    }
    Ok(branch)
}

fn classifier_head(node: &OnnxNode<'_>, weights: &Weights) -> Result<Head, NotTaken> {
    let labels = match (node.strings("classlabels_strings")?, node.ints("classlabels_int64s")?) {
        (Some(texts), _) if texts.len() > 0 => Labels::Texts(texts.map(str::to_owned).collect()),
        (_, Some(integers)) => Labels::Integers(integers.collect()),
        _ => return Err(NotTaken::invalid(node, "class labels are not given")),
    };
    if labels.len() != 2 {
        return Err(NotTaken::unsupported(format!("{} classes", labels.len())));
    }
    match weights.score {
        0 => {}
        1 => return Err(NotTaken::unsupported("leaves that add to the second class alone")),
        other => return Err(NotTaken::invalid(node, format!("leaves that add to class {other}"))),
    }
    let base = match base_values(node)?[..] {
        [] => None,
        [base] => Some(base),
        _ => return Err(NotTaken::unsupported("two base values for two classes")),
    };
    let all_positive = !weights.values.iter().any(|&weight| weight < 0.0);
    let logistic = match post_transform(node)? {
        "NONE" => false,
        "LOGISTIC" => true,
        other => return Err(NotTaken::unsupported(format!("{other} on two classes"))),
    };
    Ok(Head::Binary(Binary { labels, base, all_positive, logistic }))
}

fn regressor_head(node: &OnnxNode<'_>, weights: &Weights) -> Result<Head, NotTaken> {
    if node.int("n_targets")?.unwrap_or(1) != 1 || weights.score != 0 {
        return Err(NotTaken::unsupported("several targets"));
    }
    match post_transform(node)? {
        "NONE" => {}
        other => return Err(NotTaken::unsupported(format!("{other} on a regression"))),
    }
    let base = match base_values(node)?[..] {
        [] => None,
        [base] => Some(base),
        ref more => {
            return Err(NotTaken::invalid(node, format!("{} base values", more.len())));
        }
    };
    let divisor = match node.string("aggregate_function")?.unwrap_or("SUM") {
        "SUM" => None,
        // The number of trees is known once they are read.
        "AVERAGE" => Some(1.0),
        other => return Err(NotTaken::unsupported(format!("aggregation by {other}"))),
    };
    Ok(Head::Value { base, divisor })
}

fn post_transform<'a>(node: &OnnxNode<'a>) -> Result<&'a str, NotTaken> {
    Ok(node.string("post_transform")?.unwrap_or("NONE"))
}

fn base_values(node: &OnnxNode<'_>) -> Result<Vec<f32>, NotTaken> {
    if node.attribute("base_values_as_tensor").is_some() {
        return Err(NotTaken::unsupported("base values in double precision"));
    }
    Ok(node.floats("base_values")?.map(Iterator::collect).unwrap_or_default())
}

fn required_ints(node: &OnnxNode<'_>, name: &str) -> Result<Vec<i64>, NotTaken> {
    match node.ints(name)? {
        Some(values) => Ok(values.collect()),
        None => Err(NotTaken::invalid(node, format!("{name} is not given"))),
    }
}

fn double_or_missing(node: &OnnxNode<'_>, name: &str) -> NotTaken {
    if node.attribute(&format!("{name}_as_tensor")).is_some() {
        NotTaken::unsupported(format!("{name} in double precision"))
    } else {
        NotTaken::invalid(node, format!("{name} is not given"))
    }
}

fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or_else(|_| unreachable!("the number of nodes was checked"))
}
