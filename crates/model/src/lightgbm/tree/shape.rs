use super::{Child, StoredNode};
use crate::lightgbm::fault::Problem;

/// The most nodes on the way to a leaf, once it is seen that every node and every leaf is on
/// exactly one way. All children are in range.
///
/// Walks without recursion, since a tree may be as deep as it has nodes.
pub(super) fn depth(nodes: &[StoredNode]) -> Result<usize, Problem> {
    if nodes.is_empty() {
        return Ok(0);
    }
    let mut node_seen = vec![false; nodes.len()];
    let mut leaf_seen = vec![false; nodes.len() + 1];
    let mut ahead = vec![(0, 1)];
    node_seen[0] = true;
    let mut deepest = 0;
    while let Some((node, depth)) = ahead.pop() {
        deepest = deepest.max(depth);
        let StoredNode { left, right, .. } = nodes[node];
        for child in [left, right] {
            let (seen, part, index) = match Child::from_stored(child) {
                Child::Node(index) => (&mut node_seen[index], "node", index),
                Child::Leaf(index) => (&mut leaf_seen[index], "leaf", index),
            };
            if std::mem::replace(seen, true) {
                return Err(Problem::ReachedTwice { part, index });
            }
            if child >= 0 {
                ahead.push((index, depth + 1));
            }
        }
    }
    // Each node has two children, so when all nodes are reached, all leaves are.
    match node_seen.iter().position(|seen| !seen) {
        Some(node) => Err(Problem::Unreached { node }),
        None => Ok(deepest),
    }
}
