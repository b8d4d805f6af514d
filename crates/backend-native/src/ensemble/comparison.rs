//! Branches as ONNX says them, and the trees that they make.
//!
//! Every comparison becomes *an even number of boundaries lie below x*; exact for every number.
//!
//! Branches may share children, as LightGBM's categories do: a chain of branches that compare for
//! equality, with one leaf where any of them holds. A chain becomes one branch; what is shared
//! otherwise stands in the tree several times.

use std::ops::Range;

use hotplate_model::onnx::Node as OnnxNode;

use crate::{
    operator::NotTaken,
    real::Real,
    trees::{Boundaries, Branch, Leaf, MOST_FEATURES, Node, Test, Tree},
};

/// How a branch compares a feature with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    /// Whether it is in a set.
    Member,
}

/// A branch as a file says it; children are indices among the nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison<X> {
    pub(super) mode: Mode,
    pub(super) feature: u32,
    pub(super) threshold: X,
    /// Whether a missing value goes to `on_true`, whatever the comparison says.
    pub(super) missing_is_true: bool,
    pub(super) on_true: u32,
    pub(super) on_false: u32,
}

/// Nodes as a file says them.
#[derive(Debug, Default)]
pub(super) struct Nodes<X> {
    /// Nothing in place of a leaf.
    pub(super) comparisons: Vec<Option<Comparison<X>>>,
    /// The sets of the branches that have one, by node, as places among the `members`.
    pub(super) sets: Vec<(u32, Range<usize>)>,
    pub(super) members: Vec<X>,
}

/// A feature's index as trees have it.
///
/// # Errors
///
/// When it is negative, or beyond the widest row.
pub(super) fn feature(node: &OnnxNode<'_>, at: usize, id: i64) -> Result<u32, NotTaken> {
    let feature = u32::try_from(id).ok().filter(|&feature| feature < MOST_FEATURES);
    feature.ok_or_else(|| NotTaken::invalid(node, format!("node {at} asks for feature {id}")))
}

impl<X: Real> Nodes<X> {
    /// The tree below a node, of `most` nodes or fewer, each leaf as `leaf` says.
    ///
    /// # Errors
    ///
    /// When there would be more, or a set has a member that has no number below it.
    pub(super) fn tree(
        &self,
        root: u32,
        most: usize,
        leaf: impl Fn(u32) -> Leaf<X>,
    ) -> Result<Tree<X>, NotTaken> {
        let mut chain = Vec::new();
        let tree = Tree::grow(root, most, |id, boundaries| match &self.comparisons[id as usize] {
            None => Ok(Node::Leaf(leaf(id))),
            Some(comparison) => {
                self.branch(id, *comparison, &mut chain, boundaries).map(Node::Branch)
            }
        })?;
        tree.ok_or_else(|| NotTaken::unsupported("branches that share children too often"))
    }

    fn branch(
        &self,
        id: u32,
        comparison: Comparison<X>,
        chain: &mut Vec<X>,
        boundaries: &mut Vec<X>,
    ) -> Result<Branch<X>, NotTaken> {
        let Comparison { mode, feature, threshold, missing_is_true, on_true, mut on_false } =
            comparison;
        let set = |members: &mut Vec<X>, boundaries: &mut Vec<X>| {
            fence(members, boundaries)
                .ok_or_else(|| NotTaken::unsupported("a set with minus infinity in it"))
        };
        // Whether the test holds where the comparison does, or where it does not.
        let (test, is_opposite) = match mode {
            Mode::LessOrEqual | Mode::Less | Mode::Greater | Mode::GreaterOrEqual => {
                let is_opposite = matches!(mode, Mode::Greater | Mode::GreaterOrEqual);
                let is_strict = matches!(mode, Mode::Less | Mode::GreaterOrEqual);
                let below = if is_strict { threshold.below() } else { threshold };
                let nothing = Boundaries { first: 0, len: 0 };
                if threshold.is_nan() {
                    // Nothing compares to NaN: the test holds for every number.
                    (Test::Even(nothing), true)
                } else if is_strict && below == threshold {
                    // Nothing lies below minus infinity.
                    (Test::Even(nothing), !is_opposite)
                } else {
                    (Test::AtMost(below), is_opposite)
                }
            }
            Mode::Equal => {
                chain.clear();
                chain.push(threshold);
                while let Some(next) = self.comparisons[on_false as usize]
                    && (next.mode, next.feature, next.on_true) == (mode, feature, on_true)
                    && next.missing_is_true == missing_is_true
                {
                    chain.push(next.threshold);
                    on_false = next.on_false;
                }
                (Test::Even(set(chain, boundaries)?), true)
            }
            Mode::Member => {
                let own = self.sets.binary_search_by_key(&id, |(node, _)| *node);
                let (_, own) =
                    &self.sets[own.unwrap_or_else(|_| unreachable!("every such branch has a set"))];
                chain.clear();
                chain.extend_from_slice(&self.members[own.clone()]);
                (Test::Even(set(chain, boundaries)?), true)
            }
            Mode::NotEqual => {
                chain.clear();
                chain.push(threshold);
                // A missing value is not equal to anything.
                let test = Test::Even(set(chain, boundaries)?);
                return Ok(Branch { feature, test, missing_is_true: true, on_true, on_false });
            }
        };
        // No comparison holds for a missing value.
        Ok(if is_opposite {
            let missing_is_true = !missing_is_true;
            Branch { feature, test, missing_is_true, on_true: on_false, on_false: on_true }
        } else {
            Branch { feature, test, missing_is_true, on_true, on_false }
        })
    }

    /// Checks that no way from a root comes twice to a node, and marks which nodes are on one.
    ///
    /// # Errors
    ///
    /// The root from which some way goes in a circle.
    pub(super) fn check_ways(&self, roots: &[u32]) -> Result<Vec<bool>, u32> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            /// On the way from the root.
            Open,
            Done,
        }
        let mut states = vec![State::New; self.comparisons.len()];
        let mut open: Vec<(u32, u8)> = Vec::new();
        for &root in roots {
            open.push((root, 0));
            while let Some((at, seen)) = open.last_mut() {
                let state = &mut states[*at as usize];
                let child = match (&self.comparisons[*at as usize], *seen) {
                    (_, 0) if *state == State::Done => None,
                    (_, 0) if *state == State::Open => return Err(root),
                    (Some(comparison), 0) => Some(comparison.on_true),
                    (Some(comparison), 1) => Some(comparison.on_false),
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
        Ok(states.into_iter().map(|state| state == State::Done).collect())
    }
}

/// Writes the boundaries of a set: of each member, the number below it and itself. `None` when there
/// is none below.
fn fence<X: Real>(members: &mut Vec<X>, boundaries: &mut Vec<X>) -> Option<Boundaries> {
    // Nothing equals NaN, and two zeros equal each other.
    members.retain(|member| !member.is_nan());
    members.iter_mut().for_each(|member| *member += X::ZERO);
    members.sort_unstable_by(X::total_cmp);
    members.dedup();
    let first = boundaries.len();
    for &member in &*members {
        let below = member.below();
        if below == member {
            return None;
        }
        // Where one member ends and the next begins there is no boundary.
        if boundaries.len() > first && boundaries.last() == Some(&below) {
            boundaries.pop();
        } else {
            boundaries.push(below);
        }
        boundaries.push(member);
    }
    let len = u32::try_from(boundaries.len() - first).ok()?;
    Some(Boundaries { first: u32::try_from(first).ok()?, len })
}
