use std::{fmt, ops::Range};

/// A decision tree whose nodes have been checked: the root is node 0, every other node is the
/// child of exactly one branch, and all are reached.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    depth: usize,
}

/// A node of a tree; children are indices into its nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Node {
    Branch(Branch),
    /// What the tree adds to the score.
    Leaf(f32),
}

/// Goes to `on_true` where `x ≤ threshold`, else to `on_false`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) feature: u32,
    /// A number, or infinity, which only a missing value is not below.
    pub(crate) threshold: f32,
    /// Whether a missing value goes to `on_true`; to `on_false` otherwise.
    pub(crate) missing_is_true: bool,
    pub(crate) on_true: u32,
    pub(crate) on_false: u32,
}

/// Why nodes do not make a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A branch names a node that is not there.
    NoSuchChild { node: usize },
    /// Two branches, or one twice, lead to the same node.
    SharedChild { child: usize },
    /// Every node is some branch's child, or several are none's.
    Roots { count: usize },
    /// Some nodes are reached by no path from the root: they form a cycle.
    Cycle,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchChild { node } => {
                write!(f, "node {node} has a child that is not there")
            }
            Self::SharedChild { child } => write!(f, "two branches lead to node {child}"),
            Self::Roots { count } => write!(f, "expected one root, got {count}"),
            Self::Cycle => f.write_str("some nodes form a cycle"),
        }
    }
}

impl Tree {
    /// Checks the nodes, which may be in any order, and puts them in breadth-first order, the two
    /// children of a branch side by side: `on_false`, then `on_true`.
    pub(crate) fn new(nodes: Vec<Node>) -> Result<Self, Malformed> {
        let root = root_of(&nodes)?;
        let mut ordered = Vec::with_capacity(nodes.len());
        ordered.push(nodes[root]);
        let mut depth = 0;
        let mut level_end = 1;
        let mut at = 0;
        while at < ordered.len() {
            if at == level_end {
                depth += 1;
                level_end = ordered.len();
            }
            if let Node::Branch(mut branch) = ordered[at] {
                let children = [branch.on_false, branch.on_true].map(|child| nodes[child as usize]);
                branch.on_false = index(ordered.len());
                branch.on_true = index(ordered.len() + 1);
                ordered.extend(children);
                ordered[at] = Node::Branch(branch);
            }
            at += 1;
        }
        if ordered.len() == nodes.len() {
            Ok(Self { nodes: ordered, depth })
        } else {
            Err(Malformed::Cycle)
        }
    }

    /// The nodes in breadth-first order.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
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
        for (at, node) in self.nodes.iter().enumerate().rev() {
            if let Node::Branch(branch) = node {
                let sides = [branch.on_true, branch.on_false];
                ranges[at].end = sides.map(|side| ranges[side as usize].end).iter().sum();
            }
        }
        for (at, node) in self.nodes.iter().enumerate() {
            if let Node::Branch(branch) = node {
                let Range { start, end } = ranges[at];
                let middle = start + ranges[branch.on_true as usize].len();
                ranges[branch.on_true as usize] = start..middle;
                ranges[branch.on_false as usize] = middle..end;
            }
        }
        ranges
    }

    /// What the leaves add, from left to right.
    pub(crate) fn leaf_values(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.leaves()];
        for (node, leaves) in self.nodes.iter().zip(self.leaf_ranges()) {
            if let Node::Leaf(value) = node {
                values[leaves.start] = *value;
            }
        }
        values
    }

    /// The number of features that the tree may ask for.
    pub(crate) fn features(&self) -> usize {
        let feature = |node: &Node| match node {
            Node::Branch(branch) => branch.feature as usize + 1,
            Node::Leaf(_) => 0,
        };
        self.nodes.iter().map(feature).max().unwrap_or(0)
    }
}

/// The only node that is no child. That every node is a child at most once makes whatever is
/// reached from there a tree.
fn root_of(nodes: &[Node]) -> Result<usize, Malformed> {
    let mut is_child = vec![false; nodes.len()];
    for (node, branch) in nodes.iter().enumerate() {
        let Node::Branch(branch) = branch else { continue };
        for child in [branch.on_false as usize, branch.on_true as usize] {
            match is_child.get_mut(child) {
                None => return Err(Malformed::NoSuchChild { node }),
                Some(true) => return Err(Malformed::SharedChild { child }),
                Some(unseen) => *unseen = true,
            }
        }
    }
    let mut roots = (0..nodes.len()).filter(|&node| !is_child[node]);
    match (roots.next(), roots.count()) {
        (Some(root), 0) => Ok(root),
        (first, others) => Err(Malformed::Roots { count: others + usize::from(first.is_some()) }),
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or_else(|_| unreachable!("as many nodes as `u32` indices name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(on_false: u32, on_true: u32) -> Node {
        Node::Branch(Branch {
            feature: 0,
            threshold: 0.0,
            missing_is_true: false,
            on_true,
            on_false,
        })
    }

    #[test]
    fn nodes_are_put_in_breadth_first_order() {
        let nodes =
            vec![Node::Leaf(3.0), branch(0, 3), Node::Leaf(1.0), branch(2, 4), Node::Leaf(2.0)];
        let tree = Tree::new(nodes).unwrap();
        assert_eq!(tree.depth(), 2);
        let expected =
            [branch(1, 2), Node::Leaf(3.0), branch(3, 4), Node::Leaf(1.0), Node::Leaf(2.0)];
        assert_eq!(tree.nodes(), expected);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let leaf = Node::Leaf(0.0);
        let refusal = |nodes: &[Node]| Tree::new(nodes.to_vec()).unwrap_err();
        assert_eq!(refusal(&[branch(1, 7), leaf]), Malformed::NoSuchChild { node: 0 });
        assert_eq!(refusal(&[branch(1, 1), leaf]), Malformed::SharedChild { child: 1 });
        assert_eq!(refusal(&[leaf, leaf]), Malformed::Roots { count: 2 });
        assert_eq!(refusal(&[]), Malformed::Roots { count: 0 });
        assert_eq!(refusal(&[branch(0, 1), leaf]), Malformed::Roots { count: 0 });
        assert_eq!(refusal(&[leaf, branch(1, 2), leaf]), Malformed::Cycle);
    }

    #[test]
    fn path_of_a_million_branches_is_a_tree() {
        let deep = 1_000_000;
        let mut nodes: Vec<Node> = (0..deep)
            .map(|at| branch(2 * at + 1, 2 * at + 2))
            .flat_map(|b| [b, Node::Leaf(0.0)])
            .collect();
        // Branch k lies at 2k with its leaf at 2k + 1; the last branch ends in a leaf.
        for (at, node) in nodes.iter_mut().enumerate().step_by(2) {
            *node = branch(index(at + 1), index(at + 2));
        }
        nodes.push(Node::Leaf(0.0));
        assert_eq!(Tree::new(nodes).unwrap().depth(), deep as usize);
    }
}
