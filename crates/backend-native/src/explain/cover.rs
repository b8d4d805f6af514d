//! How many rows come through each node of a tree.

use super::compare::goes_true;
use crate::{
    real::Real,
    trees::{Node, Tree},
};

/// By node, the number of leaves below it, itself included.
pub(super) fn leaves<X: Real>(tree: &Tree<X>) -> Vec<f64> {
    let mut leaves = vec![1.0; tree.len()];
    // Children stand behind their parent.
    for at in (0..tree.len()).rev() {
        if let Node::Branch(branch) = tree.node(at) {
            leaves[at] = leaves[branch.on_true as usize] + leaves[branch.on_false as usize];
        }
    }
    leaves
}

/// By node, the number of `rows`, `[rows, width]` row-major, that come through it.
pub(super) fn counted<X: Real>(tree: &Tree<X>, rows: &[X], width: usize) -> Vec<f64> {
    let mut covers = vec![0.0; tree.len()];
    for row in rows.chunks_exact(width) {
        let mut at = 0;
        loop {
            covers[at] += 1.0;
            let Node::Branch(branch) = tree.node(at) else { break };
            let x = row[branch.feature as usize];
            let is_true = goes_true(branch.test, branch.missing_is_true, x, |set| tree.set(set));
            at = if is_true { branch.on_true } else { branch.on_false } as usize;
        }
    }
    covers
}
