//! Deep trees in blocks of one cache line, many trees in flight.
//!
//! A fully grown forest is larger than the caches, so what a walk costs is the lines that it loads.
//! A block has three levels of a tree in the 64 bytes of a line: seven branches, and eight exits to
//! a leaf or a further block. The blocks and the leaves that a block leads to lie side by side, so
//! an exit says only which of them is meant.
//!
//! Several trees are in flight, each in a lane, so that their lines are on the way together. A lane
//! that has found a leaf takes the next tree at once; whether it has is never branched on, as no
//! processor could foresee it. A shallow leaf fills its part of a block with branches that no
//! number passes.

use std::{fmt, hint::select_unpredictable};

use super::{Node, Tree};

/// Trees in flight.
const LANES: usize = 8;

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
struct Block {
    /// NaN where there is no branch, which no comparison passes.
    thresholds: [f32; BRANCHES],
    features: [u16; BRANCHES],
    /// A bit for each branch that a missing value passes.
    missing_is_true: u8,
    /// [`IS_LEAF`] or not, and how far from the first leaf or block.
    exits: [u8; EXITS],
    first_block: u32,
    first_leaf: u32,
}

/// An ensemble, laid out in blocks.
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    /// What the leaves add.
    values: Vec<f32>,
    /// The first block of the tree of each lane, group by group: trees of like depth together.
    roots: Vec<u32>,
    /// The tree of each lane; past the last tree for idle lanes.
    tree_of_lane: Vec<u32>,
    trees: usize,
    has_missing_bit: bool,
}

impl Blocks {
    /// Lays out these trees, or `None` when they ask for no feature or for too many.
    pub(crate) fn new(trees: &[Tree]) -> Option<Self> {
        let features = trees.iter().map(Tree::features).max().unwrap_or(0);
        if !(1..=1 << 16).contains(&features) {
            return None;
        }
        let branches = trees.iter().flat_map(Tree::nodes);
        let has_missing_bit =
            branches.into_iter().any(|node| matches!(node, Node::Branch(b) if b.missing_is_true));
        let leaves = trees.iter().map(Tree::leaves).sum();
        let mut laid_out = Self {
            blocks: Vec::new(),
            values: Vec::with_capacity(leaves),
            roots: Vec::new(),
            tree_of_lane: Vec::new(),
            trees: trees.len(),
            has_missing_bit,
        };
        let mut by_depth: Vec<usize> = (0..trees.len()).collect();
        by_depth.sort_by_key(|&tree| trees[tree].depth());
        for &tree in &by_depth {
            laid_out.push_tree(tree, trees[tree].nodes())?;
        }
        for idle in trees.len()..trees.len().next_multiple_of(LANES) {
            laid_out.push_tree(idle, &[Node::Leaf(0.0)])?;
        }
        laid_out.blocks.shrink_to_fit();
        Some(laid_out)
    }

    fn push_tree(&mut self, tree: usize, nodes: &[Node]) -> Option<()> {
        let root = self.blocks.len();
        self.tree_of_lane.push(u32::try_from(tree).ok()?);
        self.roots.push(u32::try_from(root).ok()?);
        // The node at the top of each block, in the order of the blocks.
        let mut tops = vec![0];
        let mut at = 0;
        while at < tops.len() {
            let mut block = Block {
                thresholds: [f32::NAN; BRANCHES],
                features: [0; BRANCHES],
                missing_is_true: 0,
                exits: [0; EXITS],
                first_block: u32::try_from(root + tops.len()).ok()?,
                first_leaf: u32::try_from(self.values.len()).ok()?,
            };
            let mut inside = [None; BRANCHES + EXITS];
            inside[0] = Some(tops[at]);
            for branch in 0..BRANCHES {
                let Some(node) = inside[branch] else { continue };
                // A leaf is what a branch that is never true leads to.
                inside[2 * branch + 1] = Some(node);
                if let Node::Branch(it) = &nodes[node as usize] {
                    block.thresholds[branch] = it.threshold;
                    block.features[branch] = u16::try_from(it.feature).ok()?;
                    block.missing_is_true |= u8::from(it.missing_is_true) << branch;
                    inside[2 * branch + 1] = Some(it.on_false);
                    inside[2 * branch + 2] = Some(it.on_true);
                }
            }
            let (mut blocks, mut leaves) = (0, 0);
            for (exit, node) in inside[BRANCHES..].iter().enumerate() {
                let Some(node) = *node else { continue };
                let leads_to = match nodes[node as usize] {
                    Node::Branch(_) => {
                        tops.push(node);
                        blocks += 1;
                        blocks - 1
                    }
                    Node::Leaf(value) => {
                        self.values.push(value);
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

    /// The length that [`sum`](Self::sum) needs its scratch to have: one for each lane.
    pub(crate) const fn scratch_len(&self) -> usize {
        self.roots.len()
    }

    /// The sum of what every tree says of this feature vector, added in float32 in the order of
    /// the model's file.
    pub(crate) fn sum(&self, features: &[f32], leaves: &mut [u32]) -> f32 {
        if self.has_missing_bit {
            self.visit::<true>(features, leaves);
        } else {
            self.visit::<false>(features, leaves);
        }
        let leaves = &leaves[..self.trees];
        leaves.iter().fold(0.0, |sum, &leaf| sum + self.values[leaf as usize])
    }

    /// Writes each tree's leaf to `leaves`, by tree.
    fn visit<const MISSING: bool>(&self, features: &[f32], leaves: &mut [u32]) {
        let roots = self.roots.as_chunks::<LANES>().0;
        let trees = self.tree_of_lane.as_chunks::<LANES>().0;
        for (roots, trees) in roots.iter().zip(trees) {
            let found = self.walk::<MISSING>(*roots, features);
            for (tree, leaf) in trees.iter().zip(found) {
                leaves[*tree as usize] = leaf;
            }
        }
    }

    /// From the first blocks of some trees to the leaves.
    #[inline]
    fn walk<const MISSING: bool>(&self, roots: [u32; LANES], features: &[f32]) -> [u32; LANES] {
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
        let bytes = size_of_val(&self.blocks[..]) + size_of_val(&self.values[..]);
        let blocks = self.blocks.len();
        format!("{blocks} blocks in {}, {LANES} trees in flight", super::size(bytes))
    }
}

impl Block {
    /// The exit that this feature vector leaves by.
    #[inline]
    fn exit<const MISSING: bool>(&self, features: &[f32]) -> usize {
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

/// The layout, not the blocks: there may be hundreds of thousands.
impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blocks({})", self.describe())
    }
}
