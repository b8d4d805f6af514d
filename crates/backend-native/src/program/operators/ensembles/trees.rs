//! Nodes of trees, checked and laid out to be walked eight trees at a time.
//!
//! A walk is a chain of dependent loads, so one tree alone waits for memory at every step; eight
//! chains in flight hide most of that. A leaf leads to itself, so that a lane that has arrived
//! needs no branch of its own.
//!
//! Branches may share children, as LightGBM's categories do (a chain of branches that compare for
//! equality with one leaf where any of them holds). Nothing leads back to a node on the way to it,
//! which is checked: every walk ends.

use hotplate_model::onnx::Node as OnnxNode;

use super::real::Real;
use crate::operator::NotTaken;

/// Trees walked together.
const LANES: usize = 8;

/// How a branch compares a feature with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

/// A branch as a file says it; children are indices among the nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch<X> {
    pub(super) mode: Mode,
    pub(super) feature: i64,
    pub(super) threshold: X,
    /// Whether a missing value goes to `on_true`, whatever the comparison says.
    pub(super) missing_is_true: bool,
    pub(super) on_true: u32,
    pub(super) on_false: u32,
}

/// What a leaf adds to a score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight<X> {
    pub(super) score: u32,
    pub(super) value: X,
}

/// An ensemble as a file says it.
#[derive(Debug)]
pub(super) struct Described<X> {
    /// Nothing in place of a leaf.
    pub(super) nodes: Vec<Option<Branch<X>>>,
    /// The first node of each tree, in the order in which they are added up.
    pub(super) roots: Vec<u32>,
    /// What the leaves add, each with its node, in the order in which it is added.
    pub(super) weights: Vec<(u32, Weight<X>)>,
}

/// A node. A branch goes to `on_true` where `x ≤ threshold` (or `x = threshold`), else to
/// `on_false`; a leaf goes to itself.
#[derive(Clone, Copy, Debug)]
struct Node<X> {
    /// In a leaf, what it adds to the only score.
    threshold: X,
    /// The feature, shifted by [`FLAGS`] bits.
    feature: u32,
    on_true: u32,
    on_false: u32,
}

const FLAGS: u32 = 2;
/// The branch compares for equality.
const IS_EQUAL: u32 = 1;
/// A missing value goes to `on_true`.
const MISSING_IS_TRUE: u32 = 2;

/// An ensemble, laid out to be walked.
pub(super) struct Trees<X> {
    nodes: Vec<Node<X>>,
    /// Of all trees, then of idle lanes, to a multiple of [`LANES`].
    roots: Vec<u32>,
    trees: usize,
    /// The weights of node `n` are those from `starts[n]` to `starts[n + 1]`.
    starts: Vec<u32>,
    weights: Vec<Weight<X>>,
}

impl<X: Real> Trees<X> {
    /// Checks the nodes, whose branches may ask for any of `features`, and lays them out.
    pub(super) fn new(
        node: &OnnxNode<'_>,
        mut described: Described<X>,
        features: usize,
    ) -> Result<Self, NotTaken> {
        let count = described.nodes.len();
        if count >= 1 << 31 || described.weights.len() >= 1 << 31 {
            return Err(NotTaken::unsupported("as many nodes as that"));
        }
        check_ends(node, &described)?;
        let mut nodes = Vec::with_capacity(count + 1);
        for (at, branch) in (0..).zip(&described.nodes) {
            nodes.push(match branch {
                None => leaf(at),
                Some(branch) => {
                    let feature = usize::try_from(branch.feature).unwrap_or(usize::MAX);
                    if feature >= features {
                        let problem = format!("asks for feature {} of {features}", branch.feature);
                        return Err(NotTaken::invalid(node, problem));
                    }
                    let feature = u32::try_from(feature)
                        .ok()
                        .filter(|feature| feature.leading_zeros() >= FLAGS)
                        .ok_or_else(|| NotTaken::unsupported(format!("feature {feature}")))?;
                    normalised(branch, feature)
                }
            });
        }
        let idle = u32::try_from(count).unwrap_or_default();
        nodes.push(leaf(idle));

        described.weights.sort_by_key(|&(node, _)| node);
        let mut starts = Vec::with_capacity(count + 2);
        let mut placed = 0_u32;
        let mut rest = described.weights.iter().peekable();
        for at in 0..=idle {
            starts.push(placed);
            while let Some((_, weight)) = rest.next_if(|(node, _)| *node == at) {
                nodes[at as usize].threshold = weight.value;
                placed += 1;
            }
        }
        starts.push(placed);
        let weights = described.weights.into_iter().map(|(_, weight)| weight).collect();

        let trees = described.roots.len();
        let mut roots = described.roots;
        roots.resize(trees.next_multiple_of(LANES), idle);
        Ok(Self { nodes, roots, trees, starts, weights })
    }

    /// The number of trees.
    pub(super) const fn len(&self) -> usize {
        self.trees
    }

    pub(super) fn weights(&self) -> &[Weight<X>] {
        &self.weights
    }

    /// Whether every leaf has one weight, no more and no less.
    pub(super) fn has_one_weight_a_leaf(&self) -> bool {
        let idle = self.nodes.len() - 1;
        let weights = self.starts.windows(2).map(|ends| ends[1] - ends[0]);
        self.nodes[..idle]
            .iter()
            .zip(0..)
            .zip(weights)
            .all(|((node, at), weights)| weights == u32::from(is_leaf(node, at)))
    }

    /// Whether there is a tree of which every leaf adds to this score.
    ///
    /// Every leaf of a tree, because a leaf may be in several: nodes between one root and the next
    /// are taken for a tree's, as files have them. `false` is always safe.
    pub(super) fn always_scores(&self, score: u32) -> bool {
        let mut first = 0;
        let mut ends: Vec<u32> = self.roots[1.min(self.trees)..self.trees].to_vec();
        ends.push(u32::try_from(self.nodes.len() - 1).unwrap_or_default());
        for end in ends {
            if end > first
                && (first..end).all(|at| {
                    !is_leaf(&self.nodes[at as usize], at)
                        || self.weights_of(at).iter().any(|weight| weight.score == score)
                })
            {
                return true;
            }
            first = end.max(first);
        }
        false
    }

    /// What a node adds.
    fn weights_of(&self, node: u32) -> &[Weight<X>] {
        let at = node as usize;
        &self.weights[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Calls `each` with what the leaves of a row have, tree by tree; there is one weight a leaf.
    #[inline]
    pub(super) fn for_each_value(&self, x: &[X], mut each: impl FnMut(X)) {
        self.for_each_leaf(x, |leaf| each(self.nodes[leaf as usize].threshold));
    }

    /// Calls `each` with every weight of the leaves of a row, tree by tree.
    #[inline]
    pub(super) fn for_each_weight(&self, x: &[X], mut each: impl FnMut(Weight<X>)) {
        self.for_each_leaf(x, |leaf| self.weights_of(leaf).iter().for_each(|&weight| each(weight)));
    }

    #[inline]
    fn for_each_leaf(&self, x: &[X], mut each: impl FnMut(u32)) {
        let mut left = self.trees;
        for roots in self.roots.chunks_exact(LANES) {
            let mut at = [0; LANES];
            at.copy_from_slice(roots);
            self.walk(&mut at, x);
            at.iter().take(left).for_each(|&leaf| each(leaf));
            left = left.saturating_sub(LANES);
        }
    }

    /// From roots to leaves.
    #[inline]
    fn walk(&self, lanes: &mut [u32; LANES], x: &[X]) {
        loop {
            let mut moved = 0;
            for at in lanes.iter_mut() {
                let node = &self.nodes[*at as usize];
                let x = x[(node.feature >> FLAGS) as usize];
                let is_wanted = (node.feature & IS_EQUAL == 0) | (x >= node.threshold);
                let is_missing = (node.feature & MISSING_IS_TRUE != 0) & x.is_nan();
                let holds = ((x <= node.threshold) & is_wanted) | is_missing;
                let next = if holds { node.on_true } else { node.on_false };
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                return;
            }
        }
    }
}

const fn is_leaf<X>(node: &Node<X>, at: u32) -> bool {
    node.on_true == at && node.on_false == at
}

const fn leaf<X: Real>(at: u32) -> Node<X> {
    Node { threshold: X::ZERO, feature: 0, on_true: at, on_false: at }
}

/// The branch with its comparison made *x ≤ threshold* or *x = threshold*; exact for every number.
fn normalised<X: Real>(branch: &Branch<X>, feature: u32) -> Node<X> {
    let Branch { mode, threshold, missing_is_true, on_true, on_false, .. } = *branch;
    let (mut threshold, mut missing_is_true) = (threshold, missing_is_true);
    let is_opposite = matches!(mode, Mode::Greater | Mode::GreaterOrEqual | Mode::NotEqual)
        && !threshold.is_nan()
        || mode == Mode::NotEqual;
    if matches!(mode, Mode::Less | Mode::GreaterOrEqual) {
        // There is nothing below negative infinity; to NaN nothing compares.
        let below = threshold.below();
        threshold = if below < threshold { below } else { X::NAN };
    }
    let is_equal = matches!(mode, Mode::Equal | Mode::NotEqual);
    let (mut on_true, mut on_false) = (on_true, on_false);
    if is_opposite {
        (on_true, on_false) = (on_false, on_true);
        // A missing value is not equal to anything; no other comparison holds.
        missing_is_true = mode != Mode::NotEqual && !missing_is_true;
    }
    let flags = (u32::from(is_equal) * IS_EQUAL) | (u32::from(missing_is_true) * MISSING_IS_TRUE);
    Node { threshold, feature: feature << FLAGS | flags, on_true, on_false }
}

/// Checks that children are there, and that no walk from a root comes twice to a node.
fn check_ends<X>(node: &OnnxNode<'_>, described: &Described<X>) -> Result<(), NotTaken> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        /// On the way from the root.
        Open,
        Done,
    }
    let nodes = &described.nodes;
    let mut states = vec![State::New; nodes.len()];
    let mut open: Vec<(u32, u8)> = Vec::new();
    for &root in &described.roots {
        open.push((root, 0));
        while let Some((at, seen)) = open.last_mut() {
            let Some(state) = states.get_mut(*at as usize) else {
                return Err(NotTaken::invalid(node, format!("there is no node {at}")));
            };
            let child = match (&nodes[*at as usize], *seen) {
                (_, 0) if *state == State::Done => None,
                (_, 0) if *state == State::Open => {
                    return Err(NotTaken::invalid(node, "some nodes form a cycle"));
                }
                (Some(branch), 0) => Some(branch.on_true),
                (Some(branch), 1) => Some(branch.on_false),
                _ => None,
            };
            match child {
                Some(child) => {
                    *state = State::Open;
                    *seen += 1;
                    open.push((child, 0));
                }
                None => {
                    *state = State::Done;
                    open.pop();
                }
            }
        }
    }
    Ok(())
}

/// The numbers, not the nodes: there may be millions.
impl<X> std::fmt::Debug for Trees<X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trees({} trees of {} nodes)", self.trees, self.nodes.len() - 1)
    }
}
