use std::ops::Range;

use crate::real::Real;

/// A decision tree: the root is node 0, the others follow level by level, and the two children of a
/// branch stand side by side, `on_false` first.
#[derive(Clone, Debug)]
pub(crate) struct Tree<X> {
    nodes: Vec<PackedNode<X>>,
    /// Of all branches that have several.
    boundaries: Vec<X>,
    /// The boundaries of such a branch, by node, ascending.
    sets: Vec<(u32, Boundaries)>,
    depth: usize,
    /// By node, or none at all.
    covers: Box<[f32]>,
}

/// A node of a tree; children are indices into its nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Node<X> {
    Branch(Branch<X>),
    Leaf(Leaf<X>),
}

/// Goes to `on_true` where its test holds, else to `on_false`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Branch<X> {
    pub(crate) feature: u32,
    pub(crate) test: Test<X>,
    /// Whether a missing value goes to `on_true`; to `on_false` otherwise.
    pub(crate) missing_is_true: bool,
    pub(crate) on_true: u32,
    pub(crate) on_false: u32,
}

/// Which values, of those that are not missing, a branch is true for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Test<X> {
    /// The threshold and what is below: a number, or infinity.
    AtMost(X),
    /// Those that an even number of the boundaries lie below. Two boundaries fence in what the
    /// branch is false for: the values above the first, up to the second.
    Even(Boundaries),
}

/// Ascending numbers among the [boundaries](Tree::boundaries) of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boundaries {
    pub(crate) first: u32,
    pub(crate) len: u32,
}

/// Where a walk ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Leaf<X> {
    /// What it adds to the score of its tree, where it adds one number.
    pub(crate) value: X,
    /// Its number among the leaves of the ensemble.
    pub(crate) id: u32,
}

/// A node in little room, for there may be millions.
#[derive(Clone, Copy, Debug)]
struct PackedNode<X> {
    /// The threshold, or the leaf's value.
    number: X,
    /// The feature with a bit for missing values and one for sets, or [`LEAF`].
    feature: u32,
    /// The first child, or the leaf's id.
    next: u32,
}

const LEAF: u32 = u32::MAX;
const MISSING_IS_TRUE: u32 = 1 << 31;
const IS_SET: u32 = 1 << 30;

/// The most features that a tree can tell apart.
pub(crate) const MOST_FEATURES: u32 = 1 << 29;

impl<X: Real> Tree<X> {
    /// Reads a tree from its root on. `read` gives the node of an id, its children as ids, and adds
    /// its boundaries to those that it is handed; it is called once a node, in their order. A node that several branches lead to is read, and
    /// stands in the tree, several times. `None` when there would be more than `most` nodes, as
    /// where nodes lead in a circle.
    ///
    /// # Errors
    ///
    /// The first that `read` has.
    pub(crate) fn grow<E>(
        root: u32,
        most: usize,
        mut read: impl FnMut(u32, &mut Vec<X>) -> Result<Node<X>, E>,
    ) -> Result<Option<Self>, E> {
        let mut tree = Self {
            nodes: Vec::new(),
            boundaries: Vec::new(),
            sets: Vec::new(),
            depth: 0,
            covers: Box::default(),
        };
        // The ids of the level that is being read, and of the next.
        let (mut level, mut below) = (vec![root], Vec::new());
        loop {
            if tree.nodes.len() + level.len() > most.min(1 << 31) {
                return Ok(None);
            }
            let first_below = index(tree.nodes.len() + level.len());
            for &id in &level {
                let node = read(id, &mut tree.boundaries)?;
                let next = first_below + index(below.len());
                let packed = tree.pack(node, next);
                tree.nodes.push(packed);
                if let Node::Branch(branch) = node {
                    below.extend([branch.on_false, branch.on_true]);
                }
            }
            if below.is_empty() {
                tree.nodes.shrink_to_fit();
                return Ok(Some(tree));
            }
            tree.depth += 1;
            level.clear();
            std::mem::swap(&mut level, &mut below);
        }
    }

    fn pack(&mut self, node: Node<X>, next: u32) -> PackedNode<X> {
        match node {
            Node::Leaf(Leaf { value, id }) => PackedNode { number: value, feature: LEAF, next: id },
            Node::Branch(Branch { feature, test, missing_is_true, .. }) => {
                debug_assert!(feature < MOST_FEATURES, "its reader bounds it");
                let missing = if missing_is_true { MISSING_IS_TRUE } else { 0 };
                let (number, set) = match test {
                    Test::AtMost(threshold) => (threshold, 0),
                    Test::Even(boundaries) => {
                        self.sets.push((index(self.nodes.len()), boundaries));
                        (X::ZERO, IS_SET)
                    }
                };
                PackedNode { number, feature: feature | missing | set, next }
            }
        }
    }

    /// The tree with its covers: how many rows of the training data came through each node, or
    /// what weight of them, in the order of the nodes.
    ///
    /// # Panics
    ///
    /// When they are not one a node.
    pub(crate) fn with_covers(self, covers: Vec<f32>) -> Self {
        assert_eq!(covers.len(), self.len(), "one cover a node");
        Self { covers: covers.into(), ..self }
    }

    /// The covers of the nodes, where the model has any.
    pub(crate) fn covers(&self) -> Option<&[f32]> {
        (!self.covers.is_empty()).then_some(&self.covers)
    }

    /// The number of nodes.
    pub(crate) const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node at this place.
    pub(crate) fn node(&self, at: usize) -> Node<X> {
        let PackedNode { number, feature, next } = self.nodes[at];
        if feature == LEAF {
            return Node::Leaf(Leaf { value: number, id: next });
        }
        let test = if feature & IS_SET == 0 {
            Test::AtMost(number)
        } else {
            let set = self.sets.binary_search_by_key(&index(at), |&(node, _)| node);
            Test::Even(self.sets[set.unwrap_or_else(|_| unreachable!("the set of a node"))].1)
        };
        Node::Branch(Branch {
            feature: feature & (MOST_FEATURES - 1),
            test,
            missing_is_true: feature & MISSING_IS_TRUE != 0,
            on_false: next,
            on_true: next + 1,
        })
    }

    /// The nodes, the root first.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node<X>> + Clone + '_ {
        (0..self.len()).map(|at| self.node(at))
    }

    /// The branches, the root first.
    pub(crate) fn branches(&self) -> impl Iterator<Item = Branch<X>> + Clone + '_ {
        self.nodes().filter_map(|node| match node {
            Node::Branch(branch) => Some(branch),
            Node::Leaf(_) => None,
        })
    }

    /// The numbers of a set, ascending.
    pub(crate) fn set(&self, Boundaries { first, len }: Boundaries) -> &[X] {
        &self.boundaries[first as usize..][..len as usize]
    }

    /// Whether a branch has other boundaries than one.
    pub(crate) const fn has_sets(&self) -> bool {
        !self.sets.is_empty()
    }

    /// The number of branches on the longest path.
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    /// The number of leaves.
    pub(crate) const fn leaves(&self) -> usize {
        self.nodes.len().div_ceil(2)
    }

    /// By node, the leaves below it, which are counted from left to right, the true side left.
    pub(crate) fn leaf_ranges(&self) -> Vec<Range<usize>> {
        // Children stand behind their parent: counted from the back, placed from the front.
        let mut ranges = vec![0..1; self.nodes.len()];
        for at in (0..self.len()).rev() {
            if let Node::Branch(branch) = self.node(at) {
                let sides = [branch.on_true, branch.on_false];
                ranges[at].end = sides.map(|side| ranges[side as usize].end).iter().sum();
            }
        }
        for at in 0..self.len() {
            if let Node::Branch(branch) = self.node(at) {
                let Range { start, end } = ranges[at];
                let middle = start + ranges[branch.on_true as usize].len();
                ranges[branch.on_true as usize] = start..middle;
                ranges[branch.on_false as usize] = middle..end;
            }
        }
        ranges
    }

    /// The leaves from left to right.
    pub(crate) fn leaves_in_order(&self) -> Vec<Leaf<X>> {
        let mut leaves = vec![Leaf::default(); self.leaves()];
        for (node, range) in self.nodes().zip(self.leaf_ranges()) {
            if let Node::Leaf(leaf) = node {
                leaves[range.start] = leaf;
            }
        }
        leaves
    }

    /// The number of features that the tree may ask for.
    pub(crate) fn features(&self) -> usize {
        self.branches().map(|branch| branch.feature as usize + 1).max().unwrap_or(0)
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or_else(|_| unreachable!("no more nodes than `u32` indices name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(on_false: u32, on_true: u32) -> Node<f32> {
        Node::Branch(Branch {
            feature: 0,
            test: Test::AtMost(0.0),
            missing_is_true: false,
            on_true,
            on_false,
        })
    }

    fn leaf(id: u32) -> Node<f32> {
        Node::Leaf(Leaf { value: 0.5, id })
    }

    fn grow(nodes: &[Node<f32>], root: u32, most: usize) -> Option<Tree<f32>> {
        Tree::grow(root, most, |id, _| Ok::<_, ()>(nodes[id as usize])).unwrap()
    }

    #[test]
    fn nodes_are_put_in_breadth_first_order() {
        let nodes = [leaf(3), branch(0, 3), leaf(1), branch(2, 4), leaf(2)];
        let tree = grow(&nodes, 1, 5).unwrap();
        assert_eq!(tree.depth(), 2);
        let expected = [branch(1, 2), leaf(3), branch(3, 4), leaf(1), leaf(2)];
        assert_eq!(tree.nodes().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn node_of_two_branches_stands_twice() {
        let nodes = [branch(1, 2), branch(2, 2), leaf(7)];
        let tree = grow(&nodes, 0, 9).unwrap();
        let expected = [branch(1, 2), branch(3, 4), leaf(7), leaf(7), leaf(7)];
        assert_eq!(tree.nodes().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn circle_ends_at_the_bound() {
        assert!(grow(&[branch(0, 1), leaf(0)], 0, 1000).is_none());
    }

    #[test]
    fn sets_are_those_of_their_nodes() {
        let set = |first| Branch {
            feature: 3,
            test: Test::Even(Boundaries { first, len: 2 }),
            missing_is_true: true,
            on_false: 1,
            on_true: 2,
        };
        let read = |id: u32, boundaries: &mut Vec<f32>| {
            let first = u32::try_from(boundaries.len()).unwrap();
            if id == 0 {
                boundaries.extend([1.0, 2.0]);
                return Ok::<_, ()>(Node::Branch(Branch { on_false: 1, on_true: 2, ..set(first) }));
            }
            Ok(leaf(id))
        };
        let tree = Tree::grow(0, 3, read).unwrap().unwrap();
        assert_eq!(tree.node(0), Node::Branch(set(0)));
        assert_eq!(tree.set(Boundaries { first: 0, len: 2 }), [1.0, 2.0]);
        assert!(tree.has_sets());
    }

    #[test]
    fn path_of_a_million_branches_is_a_tree() {
        let deep = 1_000_000;
        let read = |id: u32, _: &mut Vec<f32>| {
            Ok::<_, ()>(if id.is_multiple_of(2) && id < 2 * deep {
                branch(id + 1, id + 2)
            } else {
                leaf(id)
            })
        };
        let tree = Tree::grow(0, 1 << 22, read).unwrap().unwrap();
        assert_eq!(tree.depth(), deep as usize);
    }
}
