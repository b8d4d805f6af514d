//! Deep trees in blocks of one cache line, many trees in flight.
//!
//! A fully grown forest is larger than the caches, so what a walk costs is the lines that it loads.
//! A block has three levels of a tree in the 64 bytes of a line (two lines where numbers are
//! float64): seven branches, and eight exits to
//! a leaf or a further block. The blocks and the leaves that a block leads to lie side by side, so
//! an exit says only which of them is meant.
//!
//! Several trees are in flight, each in a lane, so that their lines are on the way together. A lane
//! that has found a leaf takes the next tree at once; whether it has is never branched on, as no
//! processor could foresee it. A shallow leaf fills its part of a block with branches that no
//! number passes.

use std::hint::select_unpredictable;

use super::{
    payload::Payload,
    tree::{Leaf, Node, Test, Tree},
};
use crate::real::Real;

/// Trees in flight.
const LANES: usize = 8;

/// The levels of a block.
const BLOCK_LEVELS: usize = 3;

/// The branches of a block.
const BRANCHES: usize = 7;

/// The exits of a block.
const EXITS: usize = 8;

/// What is in the bits of an exit where it leads to a leaf; the others say to which.
const IS_LEAF: u8 = 8;

/// Three levels of a tree; the branches that branch `b` leads to are `2b + 1` and `2b + 2`, the
/// first where its comparison is false.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Block<X> {
    /// NaN where there is no branch, which no comparison passes.
    thresholds: [X; BRANCHES],
    features: [u16; BRANCHES],
    /// A bit for each branch that a missing value passes.
    missing_is_true: u8,
    /// [`IS_LEAF`] or not, and how far from the first leaf or block.
    exits: [u8; EXITS],
    first_block: u32,
    first_leaf: u32,
}

/// An ensemble, laid out in blocks.
pub(crate) struct Blocks<X, V> {
    blocks: Vec<Block<X>>,
    /// What the leaves say.
    said: Vec<V>,
    /// The first block of the tree of each lane, group by group: trees of like depth together.
    roots: Vec<u32>,
    /// The tree of each lane; past the last tree for idle lanes.
    tree_of_lane: Vec<u32>,
    has_missing_bit: bool,
}

impl<X: Real, V: Payload<X>> Blocks<X, V> {
    /// Lays out these trees, or `None` when they ask for no feature or for too many, or whether
    /// one is in a set.
    pub(crate) fn new(trees: &[Tree<X>]) -> Option<Self> {
        let features = trees.iter().map(Tree::features).max().unwrap_or(0);
        if !(1..=1 << 16).contains(&features) || trees.iter().any(Tree::has_sets) {
            return None;
        }
        let has_missing_bit =
            trees.iter().flat_map(Tree::branches).any(|branch| branch.missing_is_true);
        let leaves = trees.iter().map(Tree::leaves).sum();
        // Counted first: blocks are too well aligned to grow where they lie.
        let blocks: usize = trees.iter().map(blocks_of).sum();
        let idle = trees.len().next_multiple_of(LANES) - trees.len();
        let mut laid_out = Self {
            blocks: Vec::with_capacity(blocks + idle),
            said: Vec::with_capacity(leaves),
            roots: Vec::new(),
            tree_of_lane: Vec::new(),
            has_missing_bit,
        };
        let mut by_depth: Vec<usize> = (0..trees.len()).collect();
        by_depth.sort_by_key(|&tree| trees[tree].depth());
        for &tree in &by_depth {
            laid_out.push_tree(tree, |at| trees[tree].node(at as usize))?;
        }
        for idle in trees.len()..trees.len().next_multiple_of(LANES) {
            laid_out.push_tree(idle, |_| Node::Leaf(Leaf::default()))?;
        }
        debug_assert_eq!(laid_out.blocks.len(), blocks + idle, "as counted");
        Some(laid_out)
    }

    fn push_tree(&mut self, tree: usize, node_at: impl Fn(u32) -> Node<X>) -> Option<()> {
        let root = self.blocks.len();
        self.tree_of_lane.push(u32::try_from(tree).ok()?);
        self.roots.push(u32::try_from(root).ok()?);
        // The node at the top of each block, in the order of the blocks.
        let mut tops = vec![0];
        let mut at = 0;
        while at < tops.len() {
            let mut block = Block {
                thresholds: [X::NAN; BRANCHES],
                features: [0; BRANCHES],
                missing_is_true: 0,
                exits: [0; EXITS],
                first_block: u32::try_from(root + tops.len()).ok()?,
                first_leaf: u32::try_from(self.said.len()).ok()?,
            };
            let mut inside = [None; BRANCHES + EXITS];
            inside[0] = Some(tops[at]);
            for branch in 0..BRANCHES {
                let Some(node) = inside[branch] else { continue };
                // A leaf is what a branch that is never true leads to.
                inside[2 * branch + 1] = Some(node);
                if let Node::Branch(it) = node_at(node) {
                    let Test::AtMost(threshold) = it.test else { return None };
                    block.thresholds[branch] = threshold;
                    block.features[branch] = u16::try_from(it.feature).ok()?;
                    block.missing_is_true |= u8::from(it.missing_is_true) << branch;
                    inside[2 * branch + 1] = Some(it.on_false);
                    inside[2 * branch + 2] = Some(it.on_true);
                }
            }
            let (mut blocks, mut leaves) = (0, 0);
            for (exit, node) in inside[BRANCHES..].iter().enumerate() {
                let Some(node) = *node else { continue };
                let leads_to = match node_at(node) {
                    Node::Branch(_) => {
                        tops.push(node);
                        blocks += 1;
                        blocks - 1
                    }
                    Node::Leaf(leaf) => {
                        self.said.push(V::of(leaf));
                        leaves += 1;
                        IS_LEAF | (leaves - 1)
                    }
                };
                block.exits[exit] = leads_to;
            }
            self.blocks.push(block);
            at += 1;
        }
        Some(())
    }

    /// The length that [`visit`](Self::visit) needs `said` to have.
    pub(crate) const fn lanes(&self) -> usize {
        self.roots.len()
    }

    /// Writes what each tree says of this feature vector, by tree.
    pub(crate) fn visit(&self, features: &[X], said: &mut [V]) {
        if self.has_missing_bit {
            self.visit_with::<true>(features, said);
        } else {
            self.visit_with::<false>(features, said);
        }
    }

    fn visit_with<const MISSING: bool>(&self, features: &[X], said: &mut [V]) {
        let roots = self.roots.as_chunks::<LANES>().0;
        let trees = self.tree_of_lane.as_chunks::<LANES>().0;
        for (roots, trees) in roots.iter().zip(trees) {
            let leaves = self.walk::<MISSING>(*roots, features);
            for (tree, leaf) in trees.iter().zip(leaves) {
                said[*tree as usize] = self.said[leaf as usize];
            }
        }
    }

    /// From the first blocks of some trees to the leaves.
    #[inline]
    fn walk<const MISSING: bool>(&self, roots: [u32; LANES], features: &[X]) -> [u32; LANES] {
        let mut at = roots;
        let mut leaves = [0; LANES];
        loop {
            let mut all_leaves = IS_LEAF;
            for (at, leaf) in at.iter_mut().zip(&mut leaves) {
                let block = &self.blocks[*at as usize];
                let to = block.exits[block.exit::<MISSING>(features)];
                let nth = u32::from(to & (IS_LEAF - 1));
                all_leaves &= to;
                // A lane that is at a leaf stays in its block and finds it again.
                *leaf = block.first_leaf + nth;
                let stays = to & IS_LEAF != 0;
                *at = select_unpredictable(stays, *at, block.first_block + nth);
            }
            if all_leaves != 0 {
                return leaves;
            }
        }
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let bytes = size_of_val(&self.blocks[..]) + size_of_val(&self.said[..]);
        let blocks = self.blocks.len();
        format!("{blocks} blocks in {}, {LANES} trees in flight", super::size(bytes))
    }
}

/// The blocks of a tree: one for its root, and one for each branch of every third level.
fn blocks_of<X: Real>(tree: &Tree<X>) -> usize {
    let mut tops = vec![0];
    let (mut below, mut blocks) = (Vec::new(), 0);
    while !tops.is_empty() {
        blocks += tops.len();
        for _ in 0..BLOCK_LEVELS {
            for at in tops.drain(..) {
                if let Node::Branch(branch) = tree.node(at) {
                    below.extend([branch.on_false as usize, branch.on_true as usize]);
                }
            }
            std::mem::swap(&mut tops, &mut below);
        }
        tops.retain(|&at| matches!(tree.node(at), Node::Branch(_)));
    }
    blocks
}

impl<X: Real> Block<X> {
    /// The exit that this feature vector leaves by.
    #[inline]
    fn exit<const MISSING: bool>(&self, features: &[X]) -> usize {
        let passes = |branch: usize| {
            let x = features[usize::from(self.features[branch])];
            let mut passes = x <= self.thresholds[branch];
            if MISSING {
                passes |= x.is_nan() & (self.missing_is_true >> branch & 1 == 1);
            }
            usize::from(passes)
        };
        let second = 1 + passes(0);
        let third = 2 * second + 1 + passes(second);
        2 * third + 1 + passes(third) - BRANCHES
    }
}
