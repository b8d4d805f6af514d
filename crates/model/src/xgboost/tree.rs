use super::{XgBoostFault, fault::TreeFault, raw::RawTree};

mod build;

/// A tree, checked: node 0 is the root, and every other node is the child of exactly one.
///
/// Nodes are in the order of the file, without those that training deleted.
#[derive(Clone, Debug)]
pub struct Tree {
    slots: Vec<Slot>,
    /// The values of all leaves, `leaf_width` each.
    values: Vec<f32>,
    leaf_width: usize,
    /// The sets of all categorical splits, each ascending.
    categories: Vec<u32>,
    /// The cover of each node; empty where the file has none.
    cover: Vec<f32>,
    group: usize,
    weight: f32,
}

/// A node as it is kept.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Its values begin here.
    Leaf {
        first: u32,
    },
    Numerical {
        split: Split,
        threshold: f32,
    },
    /// Its set begins here, and has this many members.
    Categorical {
        split: Split,
        first: u32,
        count: u32,
    },
}

/// What both kinds of splits have.
#[derive(Clone, Copy, Debug)]
struct Split {
    feature: u32,
    left: u32,
    right: u32,
    default_left: bool,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node<'a> {
    /// A row that comes here adds these values: one, or one per output group.
    Leaf {
        /// Of [`Tree::leaf_width`] elements.
        values: &'a [f32],
    },
    /// A value below the threshold goes left, NaN goes the default way, all else goes right.
    Numerical {
        /// The index of the feature.
        feature: usize,
        /// Not NaN; it may be infinite.
        threshold: f32,
        /// Whether a missing value goes left.
        default_left: bool,
        /// The index of the left child.
        left: usize,
        /// The index of the right child.
        right: usize,
    },
    /// A member of the set goes **right**, NaN goes the default way, all else goes left.
    ///
    /// A value is truncated towards zero and looked up, unless it is negative or at least 16777216,
    /// and so no member.
    Categorical {
        /// The index of the feature.
        feature: usize,
        /// Ascending, without repetition, at least one, each below 16777216.
        categories: &'a [u32],
        /// Whether a missing value goes left.
        default_left: bool,
        /// The index of the left child.
        left: usize,
        /// The index of the right child.
        right: usize,
    },
}

impl Tree {
    /// The number of nodes, which is at least one.
    #[expect(clippy::len_without_is_empty, reason = "no tree is empty")]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// The node at `index`.
    ///
    /// # Panics
    ///
    /// When there are not as many nodes.
    pub fn node(&self, index: usize) -> Node<'_> {
        match self.slots[index] {
            Slot::Leaf { first } => {
                let first = first as usize;
                Node::Leaf { values: &self.values[first..first + self.leaf_width] }
            }
            Slot::Numerical { split, threshold } => Node::Numerical {
                feature: split.feature as usize,
                threshold,
                default_left: split.default_left,
                left: split.left as usize,
                right: split.right as usize,
            },
            Slot::Categorical { split, first, count } => Node::Categorical {
                feature: split.feature as usize,
                categories: &self.categories[first as usize..first as usize + count as usize],
                default_left: split.default_left,
                left: split.left as usize,
                right: split.right as usize,
            },
        }
    }

    /// All nodes, in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..self.len()).map(|index| self.node(index))
    }

    /// The values of a leaf: one, or one per output group where leaves are vectors.
    pub const fn leaf_width(&self) -> usize {
        self.leaf_width
    }

    /// The sum of the hessians of the training rows that came to the node at `index` (the cover),
    /// unless the file has none: those with vector leaves had none up to 3.1.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn cover(&self, index: usize) -> Option<f32> {
        assert!(index < self.len(), "node {index} of {}", self.len());
        self.cover.get(index).copied()
    }

    /// The output group that it adds to; 0 where leaves are vectors, which add to all.
    pub const fn group(&self) -> usize {
        self.group
    }

    /// What its leaves count for: 1 unless the booster is DART.
    pub const fn weight(&self) -> f32 {
        self.weight
    }

    /// Sets what the model says about a tree.
    pub(super) fn place(&mut self, group: usize, weight: f32) {
        (self.group, self.weight) = (group, weight);
    }

    /// The greatest feature that a split asks about.
    pub(super) fn greatest_feature(&self) -> Option<u32> {
        let feature = |slot: &Slot| match slot {
            Slot::Leaf { .. } => None,
            Slot::Numerical { split, .. } | Slot::Categorical { split, .. } => Some(split.feature),
        };
        self.slots.iter().filter_map(feature).max()
    }

    /// Checks a tree by itself: children, sets, and that the lists agree.
    pub(super) fn build(raw: RawTree, index: usize) -> Result<Self, XgBoostFault> {
        build::build(raw, index).map_err(|fault| fault.of(index))
    }
}

impl TreeFault {
    /// The refusal of a list that has not one entry per node.
    fn unless_one_per_node(what: &'static str, got: usize, nodes: usize) -> Result<(), Self> {
        if got == nodes { Ok(()) } else { Err(Self::Count { what, expected: nodes, got }) }
    }
}
