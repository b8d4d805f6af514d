//! Any bytes as a model of XGBoost in the encoding that they look like: read, described and walked
//! whole, or refused.
//!
//! `cargo fuzz run xgboost` in the folder above; the files in `tests/xgboost` make good seeds.

#![no_main]

use hotplate_model::{
    Format, Model,
    xgboost::{Node, Tree},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    if !matches!(model.format(), Format::XgBoost(_)) {
        return;
    }
    let _ = model.signature(None);
    let model = model.xgboost().expect("a file that was opened reads again");
    assert!(model.used_trees().len() <= model.trees.len());
    assert!(model.base_margins.iter().all(|margin| margin.is_finite()));
    for tree in &model.trees {
        assert!(tree.group() < model.groups());
        walk(tree, model.num_feature);
    }
});

/// Every node but the root is the child of exactly one, and every split asks about a feature.
fn walk(tree: &Tree, features: usize) {
    let mut parents = vec![0_u8; tree.len()];
    for node in tree.nodes() {
        let (feature, left, right) = match node {
            Node::Leaf { values } => {
                assert_eq!(values.len(), tree.leaf_width());
                continue;
            }
            Node::Numerical { feature, threshold, left, right, .. } => {
                assert!(!threshold.is_nan());
                (feature, left, right)
            }
            Node::Categorical { feature, categories, left, right, .. } => {
                assert!(!categories.is_empty() && categories.is_sorted());
                (feature, left, right)
            }
        };
        assert!(feature < features);
        parents[left] += 1;
        parents[right] += 1;
    }
    assert_eq!(parents[0], 0);
    assert!(parents[1..].iter().all(|&count| count == 1));
}
