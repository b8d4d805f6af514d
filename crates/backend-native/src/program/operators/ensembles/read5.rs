//! Reads TreeEnsemble of ai.onnx.ml, version 5: branches and leaves in lists of their own.

use hotplate_model::onnx::Node as OnnxNode;

use super::{
    super::post_transform::PostTransform,
    head::{Aggregate, Answer, Model},
    read::required,
    real::Real,
    trees::{Branch, Described, Mode, Weight},
};
use crate::operator::NotTaken;

/// The mode of a branch that holds for the members of a set.
const MEMBER: u8 = 6;

/// Reads a node's attributes.
pub(super) fn read<X: Real>(node: &OnnxNode<'_>) -> Result<Model<X>, NotTaken> {
    let targets = node.int("n_targets")?.unwrap_or(1);
    let targets = usize::try_from(targets).ok().filter(|&targets| targets > 0);
    let targets = targets.ok_or_else(|| NotTaken::invalid(node, "no targets"))?;
    let aggregate = match node.int("aggregate_function")?.unwrap_or(1) {
        0 => Aggregate::Average,
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
    let described = Lists::<X>::read(node)?.described(node, targets)?;
    Ok(Model {
        described,
        scores: targets,
        base: Vec::new(),
        aggregate,
        post_transform,
        answer: Answer::Values,
    })
}

/// The attributes.
struct Lists<X> {
    roots: Vec<i64>,
    features: Vec<i64>,
    splits: Vec<X>,
    modes: Vec<u8>,
    missing: Option<Vec<i64>>,
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
        let missing: Option<Vec<i64>> =
            node.ints("nodes_missing_value_tracks_true")?.map(Iterator::collect);
        let modes = node
            .tensor("nodes_modes")?
            .ok_or_else(|| NotTaken::invalid(node, "nodes_modes is not given"))?
            .elements()?;
        let lists = Self {
            roots: required(node, "tree_roots")?,
            features: required(node, "nodes_featureids")?,
            splits: numbers(node, "nodes_splits")?
                .ok_or_else(|| NotTaken::invalid(node, "nodes_splits is not given"))?,
            modes,
            missing: missing.filter(|tracks| !tracks.is_empty()),
            on_true: required(node, "nodes_truenodeids")?,
            on_false: required(node, "nodes_falsenodeids")?,
            true_is_leaf: required(node, "nodes_trueleafs")?,
            false_is_leaf: required(node, "nodes_falseleafs")?,
            leaf_targets: required(node, "leaf_targetids")?,
            leaf_weights: numbers(node, "leaf_weights")?
                .ok_or_else(|| NotTaken::invalid(node, "leaf_weights is not given"))?,
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
            ("nodes_missing_value_tracks_true", lists.missing.as_ref().map_or(count, Vec::len)),
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

    /// Branches first, leaves behind them, and then what the sets are made of.
    fn described(&self, node: &OnnxNode<'_>, targets: usize) -> Result<Described<X>, NotTaken> {
        let (branches, leaves) = (self.features.len(), self.leaf_targets.len());
        let child = |id: i64, is_leaf: bool| {
            let (base, count) = if is_leaf { (branches, leaves) } else { (0, branches) };
            let id = usize::try_from(id).ok().filter(|&id| id < count);
            id.and_then(|id| u32::try_from(base + id).ok())
        };
        let mut nodes: Vec<Option<Branch<X>>> = vec![None; branches + leaves];
        let mut sets = self.members.split(|member| member.is_nan());
        for at in 0..branches {
            let absent = || {
                let problem = format!("node {at} leads to a node that is not there");
                NotTaken::invalid(node, problem)
            };
            let mut branch = Branch {
                mode: Mode::Equal,
                feature: self.features[at],
                threshold: self.splits[at],
                missing_is_true: self.missing.as_ref().is_some_and(|tracks| tracks[at] != 0),
                on_true: child(self.on_true[at], self.true_is_leaf[at] != 0).ok_or_else(absent)?,
                on_false: child(self.on_false[at], self.false_is_leaf[at] != 0)
                    .ok_or_else(absent)?,
            };
            branch.mode = match self.modes[at] {
                0 => Mode::LessOrEqual,
                1 => Mode::Less,
                2 => Mode::GreaterOrEqual,
                3 => Mode::Greater,
                4 => Mode::Equal,
                5 => Mode::NotEqual,
                MEMBER => {
                    let set = sets.next().ok_or_else(|| {
                        NotTaken::invalid(node, format!("no members for node {at}"))
                    })?;
                    write_set(&mut nodes, at, branch, set);
                    continue;
                }
                other => {
                    return Err(NotTaken::invalid(node, format!("node {at} is of mode {other}")));
                }
            };
            nodes[at] = Some(branch);
        }
        let root = |&id: &i64| {
            child(id, false).ok_or_else(|| NotTaken::invalid(node, format!("no node {id}")))
        };
        let roots = self.roots.iter().map(root).collect::<Result<_, _>>()?;
        let weight = |(leaf, (&target, &value)): (usize, (&i64, &X))| {
            let target = u32::try_from(target).ok().filter(|&target| (target as usize) < targets);
            let (Some(score), Some(at)) = (target, u32::try_from(branches + leaf).ok()) else {
                let problem = format!("leaf {leaf} adds to a target that is not there");
                return Err(NotTaken::invalid(node, problem));
            };
            Ok((at, Weight { score, value }))
        };
        let leaves = self.leaf_targets.iter().zip(&self.leaf_weights).enumerate();
        let weights = leaves.map(weight).collect::<Result<_, _>>()?;
        Ok(Described { nodes, roots, weights })
    }
}

/// Writes a chain of branches that lead to `on_true` where the feature is any of the set.
///
/// ONNX Runtime cuts the fractions of features for some sets, which is not what ONNX says; of whole
/// numbers, as categories are, both say the same.
fn write_set<X: Real>(nodes: &mut Vec<Option<Branch<X>>>, at: usize, branch: Branch<X>, set: &[X]) {
    // Nothing is NaN: so is an empty set.
    let Some((&first, others)) = set.split_first() else {
        nodes[at] = Some(Branch { threshold: X::NAN, ..branch });
        return;
    };
    let mut on_false = branch.on_false;
    for &member in others {
        let missing_is_true = false;
        nodes.push(Some(Branch { threshold: member, missing_is_true, on_false, ..branch }));
        on_false = u32::try_from(nodes.len() - 1)
            .unwrap_or_else(|_| unreachable!("the number of nodes was checked"));
    }
    nodes[at] = Some(Branch { threshold: first, on_false, ..branch });
}

fn numbers<X: Real>(node: &OnnxNode<'_>, name: &str) -> Result<Option<Vec<X>>, NotTaken> {
    let Some(tensor) = node.tensor(name)? else { return Ok(None) };
    if tensor.element.dtype() != Some(X::DTYPE) {
        let reason = format!("{name} of {} on {}", tensor.element, X::DTYPE);
        return Err(NotTaken::unsupported(reason));
    }
    Ok(Some(tensor.elements()?))
}
