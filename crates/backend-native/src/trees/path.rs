//! The way of one row through one tree.

use hotplate_backend::TracedBranch;

use super::tree::{Branch, Node, Test, Tree};
use crate::real::Real;

/// Where a row's way ends, and what it came through.
pub(crate) struct Path {
    /// The place of the leaf among the nodes.
    pub(crate) leaf: usize,
    pub(crate) branches: Vec<TracedBranch>,
}

impl<X: Real> Tree<X> {
    /// Walks a feature vector from the root to its leaf.
    pub(crate) fn path(&self, features: &[X]) -> Path {
        let mut path = Path { leaf: 0, branches: Vec::new() };
        while let Node::Branch(branch) = self.node(path.leaf) {
            let traced = self.traced(branch, features[branch.feature as usize]);
            path.leaf = if traced.is_true { branch.on_true } else { branch.on_false } as usize;
            path.branches.push(traced);
        }
        path
    }

    fn traced(&self, branch: Branch<X>, x: X) -> TracedBranch {
        let threshold;
        let boundaries = match branch.test {
            Test::AtMost(at_most) => {
                threshold = [at_most];
                &threshold[..]
            }
            Test::Even(set) => self.set(set),
        };
        let mut traced = TracedBranch {
            feature: branch.feature as usize,
            value: x.to_f64(),
            above: None,
            at_most: None,
            is_true: branch.missing_is_true,
        };
        if !x.is_nan() {
            let below = boundaries.partition_point(|&boundary| boundary < x);
            traced.above = below.checked_sub(1).map(|at| boundaries[at].to_f64());
            traced.at_most = boundaries.get(below).map(|boundary| boundary.to_f64());
            traced.is_true = below.is_multiple_of(2);
        }
        traced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::{Boundaries, Leaf};

    /// A branch on each of two features: at most 1.5, and not between 2 and 4; missing values go to
    /// the true side of the second alone.
    fn tree() -> Tree<f32> {
        let read = |id: u32, boundaries: &mut Vec<f32>| {
            let branch = |feature, test, missing_is_true, on_false| {
                let on_true = on_false + 1;
                Node::Branch(Branch { feature, test, missing_is_true, on_true, on_false })
            };
            Ok::<_, ()>(match id {
                0 => branch(0, Test::AtMost(1.5), false, 1),
                1 => {
                    boundaries.extend([2.0, 4.0]);
                    branch(1, Test::Even(Boundaries { first: 0, len: 2 }), true, 3)
                }
                id => Node::Leaf(Leaf { value: 0.0, id }),
            })
        };
        Tree::grow(0, 9, read).unwrap().unwrap()
    }

    #[track_caller]
    fn check(features: [f32; 2], leaf: usize, last: (Option<f64>, Option<f64>)) {
        let path = tree().path(&features);
        let branch = path.branches.last().unwrap();
        assert_eq!((path.leaf, (branch.above, branch.at_most)), (leaf, last));
    }

    #[test]
    fn way_is_that_of_the_tests() {
        check([1.5, 0.0], 2, (None, Some(1.5)));
        check([2.0, 2.0], 4, (None, Some(2.0)));
        check([2.0, 3.0], 3, (Some(2.0), Some(4.0)));
        check([2.0, 4.5], 4, (Some(4.0), None));
        check([f32::NAN, f32::NAN], 4, (None, None));
    }
}
