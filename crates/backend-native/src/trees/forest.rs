//! All trees of an ensemble in one array of eight-byte nodes, walked eight trees at a time.
//!
//! A walk is a chain of dependent loads, so one tree alone waits for memory at every step; eight
//! chains in flight hide most of that. A step has no branch to mispredict: the children of a node
//! lie side by side, so the next node is `node + offset + (x ≤ threshold)`, and a leaf leads to
//! itself. Trees of like depth share a group, so that few lanes idle on a leaf.

use std::fmt;

use super::{Node, Tree};

/// Trees walked together.
const LANES: usize = 8;

/// Eight bytes of a node.
#[derive(Clone, Copy, Debug)]
struct PackedNode {
    /// NaN in a leaf: no comparison holds, so it goes nowhere.
    threshold: f32,
    /// From the low bits: the feature; one bit for where a missing value goes, in a forest that
    /// has such; the distance to the children, which is zero in a leaf.
    link: u32,
}

/// Trees that are walked together.
#[derive(Clone, Copy, Debug)]
struct Group {
    roots: [u32; LANES],
    /// The steps from a root to the farthest leaf.
    depth: usize,
}

/// An ensemble, laid out to be walked.
pub(crate) struct Forest {
    nodes: Vec<PackedNode>,
    /// What the leaf at the same index adds.
    values: Vec<f32>,
    feature_bits: u32,
    /// Whether any branch sends missing values to its true side.
    has_missing_bit: bool,
    groups: Vec<Group>,
    /// The tree that each lane of each group walks; past the last tree for idle lanes.
    tree_of_lane: Vec<u32>,
    trees: usize,
}

impl Forest {
    /// Lays out these trees, or `None` when one of them is too large for a node's distance.
    pub(crate) fn new(trees: &[Tree]) -> Option<Self> {
        let features = trees.iter().map(Tree::features).max().unwrap_or(0);
        let branches = trees.iter().flat_map(Tree::nodes).filter_map(|node| match node {
            Node::Branch(branch) => Some(branch),
            Node::Leaf(_) => None,
        });
        let has_missing_bit = branches.clone().any(|branch| branch.missing_is_true);
        let feature_bits = features.max(1).next_power_of_two().ilog2();
        let distance_shift = feature_bits + u32::from(has_missing_bit);

        let count: usize = trees.iter().map(|tree| tree.nodes().len()).sum();
        let mut nodes = Vec::with_capacity(count + 1);
        let mut values = Vec::with_capacity(count + 1);
        let mut roots = Vec::with_capacity(trees.len());
        for tree in trees {
            roots.push(u32::try_from(nodes.len()).ok()?);
            for (at, node) in (0_u32..).zip(tree.nodes()) {
                let (packed, value) = match node {
                    Node::Leaf(value) => (PackedNode { threshold: f32::NAN, link: 0 }, *value),
                    Node::Branch(branch) => {
                        let distance = branch.on_false - at;
                        if distance.leading_zeros() < distance_shift {
                            return None;
                        }
                        let missing = u32::from(branch.missing_is_true) << feature_bits;
                        let link = distance << distance_shift | missing | branch.feature;
                        (PackedNode { threshold: branch.threshold, link }, 0.0)
                    }
                };
                nodes.push(packed);
                values.push(value);
            }
        }
        let idle = u32::try_from(nodes.len()).ok()?;
        nodes.push(PackedNode { threshold: f32::NAN, link: 0 });
        values.push(0.0);

        let mut by_depth: Vec<usize> = (0..trees.len()).collect();
        by_depth.sort_by_key(|&tree| trees[tree].depth());
        let lanes = trees.len().next_multiple_of(LANES);
        let tree_of_lane = by_depth
            .iter()
            .copied()
            .chain(trees.len()..lanes)
            .map(u32::try_from)
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        let root_of_lane = |lane: usize| by_depth.get(lane).map_or(idle, |&tree| roots[tree]);
        let groups = (0..lanes)
            .step_by(LANES)
            .map(|first| Group {
                roots: std::array::from_fn(|lane| root_of_lane(first + lane)),
                // The last tree of a group is its deepest.
                depth: trees[by_depth[trees.len().min(first + LANES) - 1]].depth(),
            })
            .collect();
        let trees = trees.len();
        Some(Self { nodes, values, feature_bits, has_missing_bit, groups, tree_of_lane, trees })
    }

    /// The length that [`sum`](Self::sum) needs its scratch to have.
    pub(crate) const fn scratch_len(&self) -> usize {
        self.tree_of_lane.len()
    }

    /// The sum of what every tree says of this feature vector, in float32, tree by tree in the
    /// order of the model's file: ONNX Runtime's order, and so its rounding.
    pub(crate) fn sum(&self, features: &[f32], scratch: &mut [f32]) -> f32 {
        if self.has_missing_bit {
            self.visit::<true>(features, scratch);
        } else {
            self.visit::<false>(features, scratch);
        }
        scratch[..self.trees].iter().fold(0.0, |sum, value| sum + value)
    }

    /// Writes what each tree says to `scratch`, by tree.
    fn visit<const MISSING: bool>(&self, features: &[f32], scratch: &mut [f32]) {
        let lanes = self.tree_of_lane.chunks_exact(LANES);
        for (group, trees) in self.groups.iter().zip(lanes) {
            let leaves = self.walk::<MISSING>(*group, features);
            for (leaf, &tree) in leaves.iter().zip(trees) {
                scratch[tree as usize] = self.values[*leaf as usize];
            }
        }
    }

    /// From the roots of a group to the leaves.
    fn walk<const MISSING: bool>(&self, group: Group, features: &[f32]) -> [u32; LANES] {
        let feature_mask = (1 << self.feature_bits) - 1;
        let distance_shift = self.feature_bits + u32::from(MISSING);
        let mut at = group.roots;
        for _ in 0..group.depth {
            let mut moved = 0;
            for at in &mut at {
                let node = self.nodes[*at as usize];
                let x = features[(node.link & feature_mask) as usize];
                let mut goes_true = x <= node.threshold;
                if MISSING {
                    goes_true |= x.is_nan() & (node.link >> self.feature_bits & 1 == 1);
                }
                let distance = node.link >> distance_shift;
                *at += distance + u32::from(goes_true);
                moved |= distance;
            }
            if moved == 0 {
                break;
            }
        }
        at
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let bytes = self.nodes.len() * (size_of::<PackedNode>() + size_of::<f32>());
        let nodes = self.nodes.len() - 1;
        format!("{nodes} nodes in {}, {LANES} trees walked at a time", super::size(bytes))
    }
}

/// The layout, not the nodes: there may be millions.
impl fmt::Debug for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forest({})", self.describe())
    }
}
