//! Reads TreeEnsembleClassifier and TreeEnsembleRegressor of ai.onnx.ml, versions 1 to 3.
//!
//! The nodes are read one tree at a time, from lists that stay in the file, as a forest may have
//! millions.

use hotplate_model::onnx::{Ints, Node as OnnxNode, Strings};

use super::{
    super::{
        Aggregate, Labels,
        weights::{LeafWeights, Weight, Weights},
    },
    Attributes,
    comparison::{Comparison, Mode, Nodes, feature},
    elements,
    ids::{Ids, TreeIds, u32_of},
    missing, most_nodes, score, targets,
};
use crate::{
    operator::NotTaken,
    post_transform::PostTransform,
    real::Real,
    trees::{Leaf, Tree},
};

/// Reads a node's attributes.
pub(super) fn read<X: Real>(node: &OnnxNode<'_>) -> Result<Attributes<X>, NotTaken> {
    let is_classifier = node.op_type == "TreeEnsembleClassifier";
    let labels = if is_classifier { Some(labels(node)?) } else { None };
    let scores = match &labels {
        Some(labels) => labels.len(),
        None => targets(node)?,
    };
    let post_transform = PostTransform::read(node)?;
    let base = numbers(node, "base_values")?.unwrap_or_default();
    let lists = NodeLists::read(node)?;
    let ids = Ids::new(node, lists.tree_ids.clone(), lists.node_ids.clone())?;
    let weights = weights(node, if is_classifier { "class" } else { "target" }, &ids, scores)?;
    let trees = lists.trees(node, &ids, &weights)?;
    let weights = Weights::of(&trees, weights, scores);
    let aggregate = if is_classifier { Aggregate::Sum } else { aggregate(node, trees.len())? };
    Ok(Attributes { trees, weights, scores, base, aggregate, post_transform, labels })
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

fn aggregate(node: &OnnxNode<'_>, trees: usize) -> Result<Aggregate, NotTaken> {
    match node.string("aggregate_function")?.unwrap_or("SUM") {
        "SUM" => Ok(Aggregate::Sum),
        "AVERAGE" => Ok(Aggregate::Average(trees)),
        "MIN" => Ok(Aggregate::Min),
        "MAX" => Ok(Aggregate::Max),
        other => Err(NotTaken::invalid(node, format!("aggregate_function is {other:?}"))),
    }
}

/// The `nodes_*` attributes, all of one length.
struct NodeLists<'a, X> {
    tree_ids: Ints<'a>,
    node_ids: Ints<'a>,
    features: Ints<'a>,
    on_true: Ints<'a>,
    on_false: Ints<'a>,
    /// Not given, or empty, where all missing values go to the false side.
    missing: Option<Ints<'a>>,
    thresholds: Vec<X>,
    modes: Strings<'a>,
}

/// A node as its lists say it.
#[derive(Clone, Copy)]
struct Entry<'a, X> {
    /// Its place in the lists.
    at: usize,
    mode: &'a str,
    feature: i64,
    threshold: X,
    missing_is_true: bool,
    /// Ids in the same tree.
    on_true: i64,
    on_false: i64,
}

impl<'a, X: Real> NodeLists<'a, X> {
    fn read(node: &OnnxNode<'a>) -> Result<Self, NotTaken> {
        let missing_tracks = node.ints("nodes_missing_value_tracks_true")?;
        let lists = Self {
            tree_ids: required(node, "nodes_treeids")?,
            node_ids: required(node, "nodes_nodeids")?,
            features: required(node, "nodes_featureids")?,
            on_true: required(node, "nodes_truenodeids")?,
            on_false: required(node, "nodes_falsenodeids")?,
            missing: missing_tracks.filter(|tracks| tracks.len() > 0),
            thresholds: numbers(node, "nodes_values")?
                .ok_or_else(|| missing(node, "nodes_values"))?,
            modes: node.strings("nodes_modes")?.ok_or_else(|| missing(node, "nodes_modes"))?,
        };
        let count = lists.len();
        let lengths = [
            ("nodes_nodeids", lists.node_ids.len()),
            ("nodes_featureids", lists.features.len()),
            ("nodes_truenodeids", lists.on_true.len()),
            ("nodes_falsenodeids", lists.on_false.len()),
            ("nodes_values", lists.thresholds.len()),
            ("nodes_modes", lists.modes.len()),
            ("nodes_missing_value_tracks_true", lists.missing.as_ref().map_or(count, Ints::len)),
        ];
        if let Some((name, len)) = lengths.into_iter().find(|&(_, len)| len != count) {
            return Err(NotTaken::invalid(node, format!("{count} nodes and {len} {name}")));
        }
        if count >= 1 << 31 {
            return Err(NotTaken::unsupported(format!("{count} nodes")));
        }
        Ok(lists)
    }

    fn len(&self) -> usize {
        self.tree_ids.len()
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'a, X>> + '_ {
        let children = self.on_true.clone().zip(self.on_false.clone());
        let asked = self.features.clone().zip(&self.thresholds);
        let missing = self.missing.clone().into_iter().flatten().chain(std::iter::repeat(0));
        let all = self.modes.clone().zip(asked).zip(missing).zip(children).enumerate();
        all.map(|(at, (((mode, (feature, &threshold)), missing), (on_true, on_false)))| Entry {
            at,
            mode,
            feature,
            threshold,
            missing_is_true: missing != 0,
            on_true,
            on_false,
        })
    }

    /// Every tree, checked.
    fn trees(
        &self,
        node: &OnnxNode<'_>,
        ids: &Ids,
        weights: &LeafWeights<X>,
    ) -> Result<Vec<Tree<X>>, NotTaken> {
        let mut left = most_nodes(self.len());
        let mut trees = Vec::with_capacity(ids.trees.len());
        let mut nodes = Nodes { comparisons: Vec::new(), sets: Vec::new(), members: Vec::new() };
        let mut grow = |own: &TreeIds, entries: &mut dyn Iterator<Item = Entry<'a, X>>| {
            let weights_of = |place: usize| weights.of(own.first + u32_of(place));
            nodes.comparisons.clear();
            for entry in entries.take(own.len as usize) {
                let comparison = comparison(node, own, &entry)?;
                if comparison.is_some() && !weights_of(nodes.comparisons.len()).is_empty() {
                    let (id, tree) = (own.id_at(nodes.comparisons.len()), own.id);
                    let problem =
                        format!("a weight for node {id} of tree {tree}, which is no leaf");
                    return Err(NotTaken::invalid(node, problem));
                }
                nodes.comparisons.push(comparison);
            }
            let root = check(node, own, &nodes)?;
            let tree = nodes.tree(root, left, |place| {
                let id = own.first + place;
                Leaf { value: weights.value_of(id), id }
            })?;
            left = left.saturating_sub(tree.len());
            trees.push(tree);
            Ok::<_, NotTaken>(())
        };
        match &ids.order {
            None => {
                let mut entries = self.entries();
                ids.trees.iter().try_for_each(|own| grow(own, &mut entries))?;
            }
            Some(order) => {
                let entries: Vec<_> = self.entries().collect();
                let mut entries = order.iter().map(|&at| entries[at as usize]);
                ids.trees.iter().try_for_each(|own| grow(own, &mut entries))?;
            }
        }
        Ok(trees)
    }
}

/// A branch, its children as places in its tree, or nothing for a leaf.
fn comparison<X: Real>(
    node: &OnnxNode<'_>,
    own: &TreeIds,
    entry: &Entry<'_, X>,
) -> Result<Option<Comparison<X>>, NotTaken> {
    let &Entry { at, mode, threshold, missing_is_true, .. } = entry;
    let mode = match mode {
        "LEAF" => return Ok(None),
        "BRANCH_LEQ" => Mode::LessOrEqual,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::GreaterOrEqual,
        "BRANCH_GT" => Mode::Greater,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::NotEqual,
        _ => return Err(NotTaken::invalid(node, format!("node {at} is of mode {mode:?}"))),
    };
    let child = |id: i64| {
        own.place(id).ok_or_else(|| {
            let problem = format!("node {at} leads to {id}, which its tree does not have");
            NotTaken::invalid(node, problem)
        })
    };
    Ok(Some(Comparison {
        mode,
        feature: feature(node, at, entry.feature)?,
        threshold,
        missing_is_true,
        on_true: child(entry.on_true)?,
        on_false: child(entry.on_false)?,
    }))
}

/// The root of a tree, of whose nodes all are on a way from there.
fn check<X: Real>(node: &OnnxNode<'_>, own: &TreeIds, nodes: &Nodes<X>) -> Result<u32, NotTaken> {
    let invalid = |problem: String| NotTaken::invalid(node, format!("tree {}: {problem}", own.id));
    let comparisons = &nodes.comparisons;
    let mut is_child = vec![false; comparisons.len()];
    for comparison in comparisons.iter().flatten() {
        is_child[comparison.on_true as usize] = true;
        is_child[comparison.on_false as usize] = true;
        // To ONNX Runtime the two are one set, which sends missing values where the first does.
        let next = comparisons[comparison.on_false as usize].filter(|next| {
            (comparison.mode, next.mode) == (Mode::Equal, Mode::Equal)
                && (comparison.feature, comparison.on_true) == (next.feature, next.on_true)
        });
        if next.is_some_and(|next| next.missing_is_true != comparison.missing_is_true) {
            let reason = "a set of which some members take missing values";
            return Err(NotTaken::unsupported(reason));
        }
    }
    let roots: Vec<u32> = (0..).zip(&is_child).filter(|(_, is)| !**is).map(|(at, _)| at).collect();
    let [root] = roots[..] else {
        return Err(invalid(format!("expected one root, got {}", roots.len())));
    };
    match nodes.check_ways(&[root]) {
        Ok(reached) if reached.iter().all(|reached| *reached) => Ok(root),
        _ => Err(invalid("some nodes form a cycle".to_owned())),
    }
}

/// What leaves add.
fn weights<X: Real>(
    node: &OnnxNode<'_>,
    prefix: &str,
    ids: &Ids,
    scores: usize,
) -> Result<LeafWeights<X>, NotTaken> {
    let of = |name: &str| required(node, &format!("{prefix}_{name}"));
    let (tree_ids, node_ids, score_ids) = (of("treeids")?, of("nodeids")?, of("ids")?);
    let name = format!("{prefix}_weights");
    let values: Vec<X> = numbers(node, &name)?.ok_or_else(|| missing(node, &name))?;
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
    for (((tree, id), target), value) in tree_ids.zip(node_ids).zip(score_ids).zip(values) {
        let place = ids.place(tree, id).ok_or_else(|| {
            let problem = format!("a weight for node {id} of tree {tree}, which is not there");
            NotTaken::invalid(node, problem)
        })?;
        let score = score(target, scores).ok_or_else(|| {
            NotTaken::invalid(node, format!("a leaf adds to score {target} of {scores}"))
        })?;
        weights.push((place, Weight { score, value }));
    }
    Ok(LeafWeights::new(weights, ids.nodes()))
}

/// A list of floats, or of doubles where it is said to be one by `NAME_as_tensor`.
fn numbers<X: Real>(node: &OnnxNode<'_>, name: &str) -> Result<Option<Vec<X>>, NotTaken> {
    if let Some(floats) = node.floats(name)?
        && floats.len() > 0
    {
        return Ok(Some(floats.map(X::widened).collect()));
    }
    let as_tensor = format!("{name}_as_tensor");
    match node.tensor(&as_tensor)? {
        Some(tensor) => elements(&as_tensor, &tensor).map(Some),
        None => Ok(node.floats(name)?.map(|_| Vec::new())),
    }
}

fn required<'a>(node: &OnnxNode<'a>, name: &str) -> Result<Ints<'a>, NotTaken> {
    node.ints(name)?.ok_or_else(|| missing(node, name))
}
