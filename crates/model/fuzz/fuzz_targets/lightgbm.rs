//! Any bytes as a LightGBM file: read, described and walked in full, or refused.
//!
//! `cargo fuzz run lightgbm` in the folder above; the models of the tests make good seeds.

#![no_main]

use hotplate_model::{
    Model,
    lightgbm::{Child, LightGbmModel, Split},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    let Ok(lightgbm) = model.lightgbm() else { return };
    let _ = model.signature(None);
    assert!(model.external_files().expect("there are none").is_empty());
    walk(&lightgbm);
});

/// Goes to every leaf.
fn walk(model: &LightGbmModel) {
    assert_eq!(model.trees().len(), model.iterations() * model.scores());
    for tree in model.trees() {
        let mut leaves = 0;
        let mut ahead = vec![tree.root()];
        while let Some(child) = ahead.pop() {
            let node = match child {
                Child::Node(node) => tree.node(node),
                Child::Leaf(leaf) => {
                    assert!(leaf < tree.leaf_values().len());
                    leaves += 1;
                    continue;
                }
            };
            assert!(node.feature < model.features().len());
            if let Split::Categorical { set } = node.split {
                assert!(set.iter().all(|category| set.contains(category)));
            }
            ahead.extend([node.left, node.right]);
        }
        assert_eq!(leaves, tree.leaf_values().len());
    }
}
