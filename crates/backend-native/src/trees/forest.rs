//! All trees of an ensemble in one array of nodes, walked eight trees at a time.
//!
//! A walk is a chain of dependent loads, so one tree alone waits for memory at every step; eight
//! chains in flight hide most of that. A step has no branch to mispredict: the children of a node
//! lie side by side, so the next node is `node + offset + (x ≤ threshold)`, and a leaf leads to
//! itself. Trees of like depth share a group, so that few lanes idle on a leaf.

use super::{
    payload::Payload,
    tree::{Node, Test, Tree},
};
use crate::real::Real;

/// Trees walked together.
const LANES: usize = 8;

/// A node: eight bytes where numbers are float32.
#[derive(Clone, Copy, Debug)]
struct PackedNode<X> {
    /// NaN in a leaf: no comparison holds, so it goes nowhere. In a branch of several boundaries,
    /// the [index](Real::index) of their set.
    threshold: X,
    /// From the low bits: the feature; a bit for where a missing value goes and one for a set, in a
    /// forest that has such; the distance to the children, which is zero in a leaf.
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
pub(crate) struct Forest<X, V> {
    nodes: Vec<PackedNode<X>>,
    /// What the leaf at the same index says.
    said: Vec<V>,
    /// The boundaries of the sets, each ascending, and where those of each set end.
    boundaries: Vec<X>,
    set_ends: Vec<u32>,
    feature_bits: u32,
    /// Whether any branch sends missing values to its true side.
    has_missing_bit: bool,
    groups: Vec<Group>,
    /// The tree that each lane of each group walks; past the last tree for idle lanes.
    tree_of_lane: Vec<u32>,
}

impl<X: Real, V: Payload<X>> Forest<X, V> {
    /// Lays out these trees, or `None` when one of them is too large for a node's distance.
    pub(crate) fn new(trees: &[Tree<X>]) -> Option<Self> {
        let features = trees.iter().map(Tree::features).max().unwrap_or(0);
        let has_missing_bit =
            trees.iter().flat_map(Tree::branches).any(|branch| branch.missing_is_true);
        let has_set_bit = trees.iter().any(Tree::has_sets);
        let feature_bits = features.max(1).next_power_of_two().ilog2();
        // A forest with sets has both bits.
        let has_missing_bit = has_missing_bit || has_set_bit;
        let distance_shift = feature_bits + u32::from(has_missing_bit) + u32::from(has_set_bit);

        let count: usize = trees.iter().map(Tree::len).sum();
        let mut nodes = Vec::with_capacity(count + 1);
        let mut said = Vec::with_capacity(count + 1);
        let mut roots = Vec::with_capacity(trees.len());
        let (mut boundaries, mut set_ends) = (Vec::new(), Vec::new());
        for tree in trees {
            roots.push(u32::try_from(nodes.len()).ok()?);
            for (at, node) in (0_u32..).zip(tree.nodes()) {
                let branch = match node {
                    Node::Leaf(leaf) => {
                        nodes.push(PackedNode { threshold: X::NAN, link: 0 });
                        said.push(V::of(leaf));
                        continue;
                    }
                    Node::Branch(branch) => branch,
                };
                let distance = branch.on_false - at;
                if distance.leading_zeros() < distance_shift {
                    return None;
                }
                let missing = u32::from(branch.missing_is_true) << feature_bits;
                let mut link = distance << distance_shift | missing | branch.feature;
                let threshold = match branch.test {
                    Test::AtMost(threshold) => threshold,
                    Test::Even(set) => {
                        link |= 1 << (feature_bits + 1);
                        boundaries.extend_from_slice(tree.set(set));
                        set_ends.push(u32::try_from(boundaries.len()).ok()?);
                        X::of_index(u32::try_from(set_ends.len() - 1).ok()?)
                    }
                };
                nodes.push(PackedNode { threshold, link });
                said.push(V::default());
            }
        }
        let idle = u32::try_from(nodes.len()).ok()?;
        nodes.push(PackedNode { threshold: X::NAN, link: 0 });
        said.push(V::default());

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
        Some(Self {
            nodes,
            said,
            boundaries,
            set_ends,
            feature_bits,
            has_missing_bit,
            groups,
            tree_of_lane,
        })
    }

    /// The length that [`visit`](Self::visit) needs `said` to have.
    pub(crate) const fn lanes(&self) -> usize {
        self.tree_of_lane.len()
    }

    /// Writes what each tree says of this feature vector, by tree.
    pub(crate) fn visit(&self, features: &[X], said: &mut [V]) {
        match (self.has_missing_bit, self.set_ends.is_empty()) {
            (false, _) => self.visit_with::<false, false>(features, said),
            (true, true) => self.visit_with::<true, false>(features, said),
            (true, false) => self.visit_with::<true, true>(features, said),
        }
    }

    fn visit_with<const MISSING: bool, const SETS: bool>(&self, features: &[X], said: &mut [V]) {
        let lanes = self.tree_of_lane.chunks_exact(LANES);
        for (group, trees) in self.groups.iter().zip(lanes) {
            let leaves = self.walk::<MISSING, SETS>(*group, features);
            for (leaf, &tree) in leaves.iter().zip(trees) {
                said[tree as usize] = self.said[*leaf as usize];
            }
        }
    }

    /// From the roots of a group to the leaves.
    #[inline]
    fn walk<const MISSING: bool, const SETS: bool>(
        &self,
        group: Group,
        features: &[X],
    ) -> [u32; LANES] {
        let feature_mask = (1 << self.feature_bits) - 1;
        let distance_shift = self.feature_bits + u32::from(MISSING) + u32::from(SETS);
        let mut at = group.roots;
        for _ in 0..group.depth {
            let mut moved = 0;
            for at in &mut at {
                let node = self.nodes[*at as usize];
                let x = features[(node.link & feature_mask) as usize];
                let mut goes_true = x <= node.threshold;
                if SETS && node.link >> (self.feature_bits + 1) & 1 == 1 {
                    goes_true = self.is_even(node.threshold.index(), x);
                }
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

    /// Whether an even number of a set's boundaries lie below a value, which is not missing.
    fn is_even(&self, set: u32, x: X) -> bool {
        let set = set as usize;
        let first = set.checked_sub(1).map_or(0, |before| self.set_ends[before] as usize);
        let boundaries = &self.boundaries[first..self.set_ends[set] as usize];
        !x.is_nan() && boundaries.partition_point(|&boundary| boundary < x).is_multiple_of(2)
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let bytes = size_of_val(&self.nodes[..])
            + size_of_val(&self.said[..])
            + size_of_val(&self.boundaries[..]);
        let nodes = self.nodes.len() - 1;
        format!("{nodes} nodes in {}, {LANES} trees walked at a time", super::size(bytes))
    }
}
