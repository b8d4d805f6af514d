//! Reads TreeEnsemble of ai.onnx.ml, version 5: branches and leaves in lists of their own.

use hotplate_model::onnx::Node as OnnxNode;

use super::{
    super::{
        Aggregate,
        weights::{LeafWeights, Weight, Weights},
    },
    Attributes,
    comparison::{Comparison, Mode, Nodes, feature},
    elements, missing, most_nodes, score, targets,
};
use crate::{operator::NotTaken, post_transform::PostTransform, real::Real, trees::Leaf};

/// The mode of a branch that holds for the members of a set.
const MEMBER: u8 = 6;

/// Reads a node's attributes.
pub(super) fn read<X: Real>(node: &OnnxNode<'_>) -> Result<Attributes<X>, NotTaken> {
    let scores = targets(node)?;
    let lists = Lists::<X>::read(node)?;
    let aggregate = match node.int("aggregate_function")?.unwrap_or(1) {
        0 => Aggregate::Average(lists.roots.len()),
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => return Err(NotTaken::invalid(node, format!("aggregate_function is {other}"))),
    };
    let post_transform = match node.int("post_transform")?.unwrap_or(0) {
        0 => PostTransform::None,
        // ONNX Runtime has the two the other way round.
        1 | 2 => return Err(NotTaken::unsupported("SOFTMAX or LOGISTIC of version 5")),
        3 => PostTransform::SoftmaxZero,
        4 => return Err(NotTaken::unsupported("PROBIT")),
        other => return Err(NotTaken::invalid(node, format!("post_transform is {other}"))),
    };
    let nodes = lists.nodes(node)?;
    let weights = lists.weights(node, scores)?;
    let roots = lists.roots(node)?;
    nodes.check_ways(&roots).map_err(|_| NotTaken::invalid(node, "some nodes form a cycle"))?;
    let mut left = most_nodes(nodes.comparisons.len());
    let mut trees = Vec::with_capacity(roots.len());
    for root in roots {
        let tree = nodes.tree(root, left, |id| Leaf { value: weights.value_of(id), id })?;
        left = left.saturating_sub(tree.len());
        trees.push(tree);
    }
    let weights = Weights::of(&trees, weights, scores);
    let (base, labels) = (Vec::new(), None);
    Ok(Attributes { trees, weights, scores, base, aggregate, post_transform, labels })
}

/// The attributes.
struct Lists<X> {
    roots: Vec<i64>,
    features: Vec<i64>,
    splits: Vec<X>,
    modes: Vec<u8>,
    missing_tracks: Option<Vec<i64>>,
    on_true: Vec<i64>,
    on_false: Vec<i64>,
    true_is_leaf: Vec<i64>,
    false_is_leaf: Vec<i64>,
    leaf_targets: Vec<i64>,
    leaf_weights: Vec<X>,
    /// Sets, a NaN behind each.
    members: Vec<X>,
}

impl<X: Real> Lists<X> {
    fn read(node: &OnnxNode<'_>) -> Result<Self, NotTaken> {
        let tracks: Option<Vec<i64>> =
            node.ints("nodes_missing_value_tracks_true")?.map(Iterator::collect);
        let modes =
            node.tensor("nodes_modes")?.ok_or_else(|| missing(node, "nodes_modes"))?.elements()?;
        let lists = Self {
            roots: required(node, "tree_roots")?,
            features: required(node, "nodes_featureids")?,
            splits: numbers(node, "nodes_splits")?.ok_or_else(|| missing(node, "nodes_splits"))?,
            modes,
            missing_tracks: tracks.filter(|tracks| !tracks.is_empty()),
            on_true: required(node, "nodes_truenodeids")?,
            on_false: required(node, "nodes_falsenodeids")?,
            true_is_leaf: required(node, "nodes_trueleafs")?,
            false_is_leaf: required(node, "nodes_falseleafs")?,
            leaf_targets: required(node, "leaf_targetids")?,
            leaf_weights: numbers(node, "leaf_weights")?
                .ok_or_else(|| missing(node, "leaf_weights"))?,
            members: numbers(node, "membership_values")?.unwrap_or_default(),
        };
        let count = lists.features.len();
        let lengths = [
            ("nodes_splits", lists.splits.len()),
            ("nodes_modes", lists.modes.len()),
            ("nodes_truenodeids", lists.on_true.len()),
            ("nodes_falsenodeids", lists.on_false.len()),
            ("nodes_trueleafs", lists.true_is_leaf.len()),
            ("nodes_falseleafs", lists.false_is_leaf.len()),
            (
                "nodes_missing_value_tracks_true",
                lists.missing_tracks.as_ref().map_or(count, Vec::len),
            ),
        ];
        if let Some((name, len)) = lengths.into_iter().find(|&(_, len)| len != count) {
            return Err(NotTaken::invalid(node, format!("{count} nodes and {len} {name}")));
        }
        let (targets, weights) = (lists.leaf_targets.len(), lists.leaf_weights.len());
        if targets != weights {
            let problem = format!("{targets} targets and {weights} weights of leaves");
            return Err(NotTaken::invalid(node, problem));
        }
        if count + targets + lists.members.len() >= 1 << 31 {
            return Err(NotTaken::unsupported(format!("{count} nodes")));
        }
        Ok(lists)
    }

    /// Branches first, leaves behind them.
    fn nodes(&self, node: &OnnxNode<'_>) -> Result<Nodes<X>, NotTaken> {
        let (branches, leaves) = (self.features.len(), self.leaf_targets.len());
        let mut comparisons: Vec<Option<Comparison<X>>> = vec![None; branches + leaves];
        let mut sets = Vec::new();
        // Where the next set begins.
        let mut first_member = 0;
        for at in 0..branches {
            let absent = || {
                let problem = format!("node {at} leads to a node that is not there");
                NotTaken::invalid(node, problem)
            };
            let child = |id: i64, is_leaf: i64| self.child(id, is_leaf != 0).ok_or_else(absent);
            let mode = match self.modes[at] {
                0 => Mode::LessOrEqual,
                1 => Mode::Less,
                2 => Mode::GreaterOrEqual,
                3 => Mode::Greater,
                4 => Mode::Equal,
                5 => Mode::NotEqual,
                MEMBER => {
                    let rest = self.members.get(first_member..).filter(|rest| !rest.is_empty());
                    let rest = rest.ok_or_else(|| {
                        NotTaken::invalid(node, format!("no members for node {at}"))
                    })?;
                    let len = rest.iter().take_while(|member| !member.is_nan()).count();
                    sets.push((small(at), first_member..first_member + len));
                    first_member += len + 1;
                    Mode::Member
                }
                other => {
                    return Err(NotTaken::invalid(node, format!("node {at} is of mode {other}")));
                }
            };
            comparisons[at] = Some(Comparison {
                mode,
                feature: feature(node, at, self.features[at])?,
                threshold: self.splits[at],
                missing_is_true: self.missing_tracks.as_ref().is_some_and(|tracks| tracks[at] != 0),
                on_true: child(self.on_true[at], self.true_is_leaf[at])?,
                on_false: child(self.on_false[at], self.false_is_leaf[at])?,
            });
        }
        Ok(Nodes { comparisons, sets, members: self.members.clone() })
    }

    /// The place of a branch or leaf among all nodes.
    fn child(&self, id: i64, is_leaf: bool) -> Option<u32> {
        let (branches, leaves) = (self.features.len(), self.leaf_targets.len());
        let (base, count) = if is_leaf { (branches, leaves) } else { (0, branches) };
        let id = usize::try_from(id).ok().filter(|&id| id < count)?;
        Some(small(base + id))
    }

    fn roots(&self, node: &OnnxNode<'_>) -> Result<Vec<u32>, NotTaken> {
        let root = |&id: &i64| {
            let problem = || NotTaken::invalid(node, format!("no node {id}"));
            self.child(id, false).ok_or_else(problem)
        };
        self.roots.iter().map(root).collect()
    }

    fn weights(&self, node: &OnnxNode<'_>, scores: usize) -> Result<LeafWeights<X>, NotTaken> {
        let branches = self.features.len();
        let weight = |(leaf, (&target, &value)): (usize, (&i64, &X))| {
            let score = score(target, scores).ok_or_else(|| {
                let problem = format!("leaf {leaf} adds to a target that is not there");
                NotTaken::invalid(node, problem)
            })?;
            Ok((small(branches + leaf), Weight { score, value }))
        };
        let leaves = self.leaf_targets.iter().zip(&self.leaf_weights).enumerate();
        let weights = leaves.map(weight).collect::<Result<_, NotTaken>>()?;
        Ok(LeafWeights::new(weights, small(branches + self.leaf_targets.len())))
    }
}

/// A place among the nodes, whose number was checked.
fn small(place: usize) -> u32 {
    u32::try_from(place).unwrap_or_else(|_| unreachable!("the number of nodes was checked"))
}

fn required(node: &OnnxNode<'_>, name: &str) -> Result<Vec<i64>, NotTaken> {
    Ok(node.ints(name)?.ok_or_else(|| missing(node, name))?.collect())
}

fn numbers<X: Real>(node: &OnnxNode<'_>, name: &str) -> Result<Option<Vec<X>>, NotTaken> {
    node.tensor(name)?.map(|tensor| elements(name, &tensor)).transpose()
}
