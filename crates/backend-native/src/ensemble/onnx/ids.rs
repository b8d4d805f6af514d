//! What trees and nodes are called in the lists of a node, and where they are.

use std::collections::HashMap;

use hotplate_model::onnx::{Ints, Node as OnnxNode};

use crate::operator::NotTaken;

/// The nodes of one tree, and what they are called.
pub(super) struct TreeIds {
    pub(super) id: i64,
    /// The tree's first node among those of all trees.
    pub(super) first: u32,
    pub(super) len: u32,
    /// Places in the tree by id, where these are not `0, 1, 2, …`, as exporters write them.
    by_id: Option<HashMap<i64, u32>>,
}

impl TreeIds {
    pub(super) fn place(&self, id: i64) -> Option<u32> {
        match &self.by_id {
            Some(by_id) => by_id.get(&id).copied(),
            None => u32::try_from(id).ok().filter(|&id| id < self.len),
        }
    }

    /// The id of the node at a place; for a message.
    pub(super) fn id_at(&self, place: usize) -> i64 {
        let by_id = self.by_id.iter().flatten();
        let found = by_id.into_iter().find(|(_, at)| **at as usize == place);
        found.map_or_else(|| i64::try_from(place).unwrap_or(i64::MAX), |(&id, _)| id)
    }
}

/// From the ids of trees and nodes to places among all nodes, tree by tree.
pub(super) struct Ids {
    pub(super) trees: Vec<TreeIds>,
    tree_of_id: HashMap<i64, usize>,
    /// Where the nodes of trees stand between those of others: the places in the lists.
    pub(super) order: Option<Vec<u32>>,
}

impl Ids {
    /// Reads the ids of the trees and of the nodes, which are as many.
    ///
    /// # Errors
    ///
    /// When a node stands twice in a tree.
    pub(super) fn new(
        node: &OnnxNode<'_>,
        tree_ids: Ints<'_>,
        node_ids: Ints<'_>,
    ) -> Result<Self, NotTaken> {
        let tree_ids: Vec<i64> = tree_ids.collect();
        let mut tree_of_id = HashMap::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut is_in_order = true;
        for own in tree_ids.chunk_by(|one, other| one == other) {
            let tree = *tree_of_id.entry(own[0]).or_insert(counts.len());
            is_in_order &= tree == counts.len();
            counts.resize(counts.len().max(tree + 1), 0);
            counts[tree] += u32_of(own.len());
        }
        let mut node_ids: Vec<i64> = node_ids.collect();
        let order = (!is_in_order).then(|| {
            let mut order: Vec<u32> = (0..u32_of(tree_ids.len())).collect();
            order.sort_by_key(|&at| tree_of_id[&tree_ids[at as usize]]);
            node_ids = order.iter().map(|&at| node_ids[at as usize]).collect();
            order
        });
        let mut ids = Self { trees: Vec::with_capacity(counts.len()), tree_of_id, order };
        let mut id_of_tree = vec![0; counts.len()];
        ids.tree_of_id.iter().for_each(|(&id, &tree)| id_of_tree[tree] = id);
        let mut first = 0;
        for (id, len) in id_of_tree.into_iter().zip(counts) {
            let own = &node_ids[first as usize..(first + len) as usize];
            let by_id = by_id(own).map_err(|twice| {
                NotTaken::invalid(node, format!("node {twice} of tree {id} stands twice"))
            })?;
            ids.trees.push(TreeIds { id, first, len, by_id });
            first += len;
        }
        Ok(ids)
    }

    /// The place of a node among those of all trees.
    pub(super) fn place(&self, tree: i64, node: i64) -> Option<u32> {
        let tree = &self.trees[*self.tree_of_id.get(&tree)?];
        tree.place(node).map(|place| tree.first + place)
    }

    /// The number of nodes.
    pub(super) fn nodes(&self) -> u32 {
        self.trees.last().map_or(0, |tree| tree.first + tree.len)
    }
}

/// The places of ids, unless they are `0, 1, 2, …`, or the id that stands twice.
fn by_id(ids: &[i64]) -> Result<Option<HashMap<i64, u32>>, i64> {
    if ids.iter().zip(0..).all(|(&id, place)| id == place) {
        return Ok(None);
    }
    let mut by_id = HashMap::with_capacity(ids.len());
    for (&id, place) in ids.iter().zip(0..) {
        if by_id.insert(id, place).is_some() {
            return Err(id);
        }
    }
    Ok(Some(by_id))
}

/// A number of nodes, which are fewer than 2³¹.
pub(super) fn u32_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
