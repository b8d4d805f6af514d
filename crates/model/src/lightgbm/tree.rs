use std::fmt;

mod read;
mod shape;

/// How far from 0 a value may be to be taken for 0: `kZeroThreshold` of the library, 1e-35 rounded to
/// float32.
pub const ZERO_THRESHOLD: f64 = 1e-35_f32 as f64;

/// A decision tree.
///
/// Every node and every leaf is reached from the root in exactly one way.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<StoredNode>,
    leaf_values: Vec<f64>,
    node_counts: Option<Vec<u32>>,
    leaf_counts: Option<Vec<u32>>,
    sets: Sets,
    depth: usize,
    shrinkage: f64,
}

/// A node, which sends a row to one of two children.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node<'a> {
    /// The index of the feature whose value decides.
    pub feature: usize,
    /// How it decides.
    pub split: Split<'a>,
    /// Where a value goes that goes left.
    pub left: Child,
    /// Where one goes that goes right.
    pub right: Child,
}

/// How a node decides; the rules are [above](super).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split<'a> {
    /// By whether a number is less than or equal to another.
    Numerical {
        /// The largest value that goes left; not NaN.
        threshold: f64,
        /// Whether missing values go left.
        default_left: bool,
        /// Which values are missing.
        missing: Missing,
    },
    /// By whether a category is one of a set.
    Categorical {
        /// The categories that go left.
        set: CategorySet<'a>,
    },
}

/// Which values a numerical split takes for missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// None. NaN is taken for 0.
    None,
    /// Zero, and NaN, which is taken for it.
    Zero,
    /// NaN.
    Nan,
}

/// Where a row goes from a node: the index of another, or of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Child {
    /// An index of a node.
    Node(usize),
    /// An index of [`Tree::leaf_values`].
    Leaf(usize),
}

/// A set of category codes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CategorySet<'a> {
    words: &'a [u32],
}

#[derive(Clone, Copy, Debug)]
struct StoredNode {
    split: StoredSplit,
    feature: u32,
    left: i32,
    right: i32,
}

#[derive(Clone, Copy, Debug)]
enum StoredSplit {
    Numerical { threshold: f64, default_left: bool, missing: Missing },
    Categorical { set: u32 },
}

/// The category sets of a tree: set `i` is the words from boundary `i` to the next.
#[derive(Clone, Debug, Default)]
struct Sets {
    boundaries: Vec<usize>,
    words: Vec<u32>,
}

impl Tree {
    /// Where a row starts: the first node, or the leaf of a tree that has no nodes.
    pub const fn root(&self) -> Child {
        if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) }
    }

    /// The number of nodes, which is one less than that of leaves.
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the tree is a single leaf.
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node by its index.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn node(&self, index: usize) -> Node<'_> {
        let StoredNode { split, feature, left, right } = self.nodes[index];
        let split = match split {
            StoredSplit::Numerical { threshold, default_left, missing } => {
                Split::Numerical { threshold, default_left, missing }
            }
            StoredSplit::Categorical { set } => {
                Split::Categorical { set: self.sets.get(set as usize) }
            }
        };
        let (left, right) = (Child::from_stored(left), Child::from_stored(right));
        Node { feature: feature as usize, split, left, right }
    }

    /// All nodes, by their indices.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..self.nodes.len()).map(|index| self.node(index))
    }

    /// What the leaves add to a score, by their indices. Anything that a float64 can be.
    pub fn leaf_values(&self) -> &[f64] {
        &self.leaf_values
    }

    /// The rows of the training that came by each node, if the file says it.
    pub fn node_counts(&self) -> Option<&[u32]> {
        self.node_counts.as_deref()
    }

    /// The rows of the training that came to each leaf, if the file says it.
    pub fn leaf_counts(&self) -> Option<&[u32]> {
        self.leaf_counts.as_deref()
    }

    /// The most nodes that a row comes by.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// What the leaves were multiplied with when the tree was trained; [`leaf_values`](
    /// Self::leaf_values) are the products.
    pub const fn shrinkage(&self) -> f64 {
        self.shrinkage
    }
}

impl Child {
    /// A leaf is stored as its index with all bits inverted.
    const fn from_stored(child: i32) -> Self {
        if child < 0 { Self::Leaf(!child as usize) } else { Self::Node(child as usize) }
    }
}

impl Sets {
    /// The number of sets.
    const fn len(&self) -> usize {
        self.boundaries.len().saturating_sub(1)
    }

    fn get(&self, set: usize) -> CategorySet<'_> {
        CategorySet { words: &self.words[self.boundaries[set]..self.boundaries[set + 1]] }
    }
}

impl<'a> CategorySet<'a> {
    /// Whether a category is in the set.
    pub fn contains(self, category: u32) -> bool {
        let word = self.words.get(category as usize / 32).copied().unwrap_or(0);
        word >> (category % 32) & 1 == 1
    }

    /// The categories, in rising order.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        (0_u32..).step_by(32).zip(self.words).flat_map(|(first, &word)| {
            (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        })
    }

    /// The set as bits, 32 categories a word, the lowest bit first.
    pub const fn words(self) -> &'a [u32] {
        self.words
    }
}

impl fmt::Debug for CategorySet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
