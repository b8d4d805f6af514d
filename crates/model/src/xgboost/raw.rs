//! A model as a file holds it, before anything is checked but what fields are made of.

use super::{CategoryNames, Tree};
use crate::{ModelError, fault::Fault};

/// The fields of a model; which are there depends on the release that wrote it.
#[derive(Debug, Default)]
pub(super) struct RawModel {
    /// Major, minor and patch.
    pub(super) version: Option<Vec<u32>>,
    pub(super) objective: Option<String>,
    pub(super) booster: Option<String>,
    pub(super) num_feature: Option<i64>,
    pub(super) num_class: Option<i64>,
    pub(super) num_target: Option<i64>,
    pub(super) base_score: Option<Vec<f32>>,
    /// Whether that is the margin already, as before 1.0.
    pub(super) base_score_is_margin: bool,
    /// Checked but for what the rest of the model says about them.
    pub(super) trees: Option<Vec<Tree>>,
    pub(super) tree_info: Option<Vec<i32>>,
    pub(super) num_trees: Option<i64>,
    pub(super) num_parallel_tree: Option<i64>,
    pub(super) iteration_indptr: Option<Vec<i64>>,
    pub(super) weight_drop: Option<Vec<f32>>,
    pub(super) categories: Option<Vec<Option<CategoryNames>>>,
    pub(super) best_iteration: Option<i64>,
    pub(super) best_ntree_limit: Option<i64>,
    pub(super) feature_names: Option<Vec<String>>,
    pub(super) feature_types: Option<Vec<String>>,
}

/// The fields of a tree: an entry per node, unless it says otherwise.
#[derive(Debug, Default)]
pub(super) struct RawTree {
    pub(super) id: Option<i64>,
    pub(super) num_nodes: Option<i64>,
    pub(super) num_deleted: Option<i64>,
    pub(super) size_leaf_vector: Option<i64>,
    /// The left child, or -1 of a leaf.
    pub(super) left_children: Vec<i32>,
    /// The right child; of a leaf with several values, in newer files, its place among those.
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<u32>,
    /// The threshold, or the value of a leaf.
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<u8>,
    pub(super) sum_hessian: Vec<f32>,
    /// In older files with several values a leaf, those of every node.
    pub(super) base_weights: Vec<f32>,
    /// In newer files with several values a leaf, those of the leaves.
    pub(super) leaf_weights: Option<Vec<f32>>,
    /// 1 for a split by category; none at all in older files.
    pub(super) split_type: Vec<u8>,
    pub(super) categories: Vec<i32>,
    /// The nodes that split by category, and where in `categories` the sets of each begin.
    pub(super) categories_nodes: Vec<i32>,
    pub(super) categories_segments: Vec<i64>,
    pub(super) categories_sizes: Vec<i64>,
}

/// Fills a field that may be there once.
pub(super) fn set<T>(
    field: &mut Option<T>,
    value: T,
    what: &'static str,
) -> Result<(), ModelError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::Twice { what }.into()),
    }
}
