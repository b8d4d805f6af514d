//! The binary format that `save_model` wrote from 0.7 to 2.x: images of C structures, little-endian,
//! one after the other. Written against `LearnerModelParamLegacy`, `GBTreeModelParam`, `TreeParam`
//! and `RegTree::Node` in XGBoost's sources.

use super::{
    Tree,
    pull::value,
    raw::{RawModel, RawTree},
};
use crate::{ModelError, fault::Fault};

/// What older releases put in front.
const HEADER: &[u8] = b"binf";

/// `LearnerModelParamLegacy`: base score, features, classes, whether attributes follow, whether
/// metrics follow, major and minor version, targets; then reserved.
const LEARNER_BYTES: usize = 136;

/// `GBTreeModelParam`: trees, a number of roots, and what was used no more.
const FOREST_BYTES: usize = 160;

/// `TreeParam`: roots, nodes, deleted nodes, depth, features, values of a leaf; then reserved.
const TREE_BYTES: usize = 148;

/// `RegTree::Node`: parent, left child, right child, feature, condition or value.
const NODE_BYTES: usize = 20;

/// `RTreeNodeStat`: gain, cover, weight, leaf children.
const STATISTICS_BYTES: usize = 16;

/// The release from which on the second field of `GBTreeModelParam` is the number of parallel trees.
const PARALLEL_TREES_SINCE: &[u32] = &[1, 6];

/// The bit of a node's feature that says that missing values go left.
const DEFAULT_LEFT: u32 = 1 << 31;

/// The longest name of an objective or a booster.
const NAME_BYTES: usize = 64;

/// Whether an objective's name and a booster's stand where they do in a model. There is no other
/// mark of the format.
pub(super) fn starts_like_a_model(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let names = reader.take(LEARNER_BYTES).and_then(|_| Ok([reader.name()?, reader.name()?]));
    names.is_ok_and(|[objective, booster]| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b':';
        let is_objective = !objective.is_empty() && objective.bytes().all(plain);
        is_objective && matches!(booster, "gbtree" | "dart" | "gblinear")
    })
}

pub(super) fn read(bytes: &[u8]) -> Result<RawModel, ModelError> {
    let mut reader = Reader::new(bytes);
    let learner = Words(reader.take(LEARNER_BYTES)?);
    let mut raw = RawModel {
        base_score: Some(vec![f32::from_bits(learner.word(0))]),
        base_score_is_margin: learner.word(5) == 0,
        num_feature: Some(learner.word(1).into()),
        num_class: Some(learner.int(2).into()),
        num_target: Some(learner.int(7).max(1).into()),
        version: Some(vec![learner.word(5), learner.word(6)]),
        objective: Some(reader.name()?.to_owned()),
        booster: Some(reader.name()?.to_owned()),
        ..RawModel::default()
    };
    let has_attributes = learner.word(3) != 0;
    if raw.booster.as_deref() == Some("gblinear") {
        return Ok(raw);
    }
    forest(&mut reader, &mut raw)?;
    if raw.booster.as_deref() == Some("dart") {
        raw.weight_drop = Some(if raw.trees.as_ref().is_some_and(|trees| trees.is_empty()) {
            Vec::new()
        } else {
            let count = reader.length(size_of::<f32>())?;
            reader.floats(count)?
        });
    }
    if has_attributes {
        attributes(&mut reader, &mut raw)?;
    }
    Ok(raw)
}

fn forest(reader: &mut Reader<'_>, raw: &mut RawModel) -> Result<(), ModelError> {
    let offset = reader.offset();
    let forest = Words(reader.take(FOREST_BYTES)?);
    let count = forest.int(0);
    let mut trees = Vec::new();
    for index in 0..count.max(0) {
        let offset = reader.offset();
        let tree = tree(reader)?;
        let built = Tree::build(tree, usize::try_from(index).unwrap_or_default());
        trees.push(built.map_err(|fault| ModelError::from(fault).at(offset))?);
    }
    if count < 0 {
        return Err(value("the number of trees", &count.to_string(), offset));
    }
    let groups = reader.take(trees.len().saturating_mul(size_of::<i32>()))?;
    let (groups, _) = groups.as_chunks();
    raw.tree_info = Some(groups.iter().map(|&group| i32::from_le_bytes(group)).collect());
    raw.num_trees = Some(count.into());
    if raw.version.as_ref().is_some_and(|version| version[..] >= *PARALLEL_TREES_SINCE) {
        raw.num_parallel_tree = Some(forest.int(1).into());
    }
    raw.trees = Some(trees);
    Ok(())
}

fn tree(reader: &mut Reader<'_>) -> Result<RawTree, ModelError> {
    let offset = reader.offset();
    let parameters = Words(reader.take(TREE_BYTES)?);
    let nodes = parameters.int(1);
    let nodes = usize::try_from(nodes)
        .map_err(|_| value("a number of nodes", &nodes.to_string(), offset))?;
    let images = reader.take(nodes.saturating_mul(NODE_BYTES))?;
    let statistics = reader.take(nodes.saturating_mul(STATISTICS_BYTES))?;
    let mut tree = RawTree {
        num_nodes: Some(parameters.int(1).into()),
        num_deleted: Some(parameters.int(2).into()),
        size_leaf_vector: Some(parameters.int(5).into()),
        ..RawTree::default()
    };
    for node in images.chunks_exact(NODE_BYTES).map(Words) {
        tree.left_children.push(node.int(1));
        tree.right_children.push(node.int(2));
        tree.split_indices.push(node.word(3) & !DEFAULT_LEFT);
        tree.default_left.push(u8::from(node.word(3) & DEFAULT_LEFT != 0));
        tree.split_conditions.push(f32::from_bits(node.word(4)));
    }
    let covers = statistics.chunks_exact(STATISTICS_BYTES).map(Words);
    tree.sum_hessian = covers.map(|node| f32::from_bits(node.word(1))).collect();
    Ok(tree)
}

/// Reads the attributes that a prediction depends on.
fn attributes(reader: &mut Reader<'_>, raw: &mut RawModel) -> Result<(), ModelError> {
    // Each is two texts, and a text has a length.
    let count = reader.length(2 * size_of::<u64>())?;
    for _ in 0..count {
        let (key, offset) = (reader.text()?, reader.offset());
        let text = reader.text()?;
        let number = |what| {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
            let quoted = || value(what, &String::from_utf8_lossy(text), offset);
            number.ok_or_else(quoted).map(Some)
        };
        match key {
            b"best_iteration" => raw.best_iteration = number("the best iteration")?,
            b"best_ntree_limit" => raw.best_ntree_limit = number("the best limit of trees")?,
            _ => {}
        }
    }
    Ok(())
}

/// An image of a C structure of four-byte fields, of which each is asked for by its place.
#[derive(Clone, Copy)]
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn word(self, index: usize) -> u32 {
        let (words, _) = self.0.as_chunks();
        words.get(index).copied().map_or(0, u32::from_le_bytes)
    }

    fn int(self, index: usize) -> i32 {
        self.word(index).cast_signed()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(HEADER) { HEADER.len() } else { 0 };
        Self { bytes, at }
    }

    const fn offset(&self) -> usize {
        self.at
    }

    fn take(&mut self, needed: usize) -> Result<&'a [u8], ModelError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..needed).ok_or_else(|| {
            let fault = Fault::PastTheEnd { needed: needed as u64, left: rest.len() };
            ModelError::from(fault).at(self.at)
        })?;
        self.at += needed;
        Ok(taken)
    }

    /// A count of things of at least `bytes` each, which the rest of the file can hold.
    fn length(&mut self, bytes: usize) -> Result<usize, ModelError> {
        let offset = self.at;
        let (counts, _) = self.take(size_of::<u64>())?.as_chunks();
        let count = counts.first().copied().map_or(0, u64::from_le_bytes);
        let left = self.bytes.len() - self.at;
        usize::try_from(count).ok().filter(|&count| count <= left / bytes).ok_or_else(|| {
            let needed = count.saturating_mul(bytes as u64);
            ModelError::from(Fault::PastTheEnd { needed, left }).at(offset)
        })
    }

    fn text(&mut self) -> Result<&'a [u8], ModelError> {
        let length = self.length(1)?;
        self.take(length)
    }

    /// A text that is the name of an objective or a booster.
    fn name(&mut self) -> Result<&'a str, ModelError> {
        const WHAT: &str = "the name of an objective or a booster";
        let offset = self.at;
        let bytes = self.text()?;
        if bytes.len() > NAME_BYTES {
            return Err(value(WHAT, "longer than any is", offset));
        }
        std::str::from_utf8(bytes)
            .map_err(|_| ModelError::from(Fault::NotUtf8 { what: WHAT }).at(offset))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ModelError> {
        let (floats, _) = self.take(count.saturating_mul(size_of::<f32>()))?.as_chunks();
        Ok(floats.iter().map(|&float| f32::from_le_bytes(float)).collect())
    }
}
