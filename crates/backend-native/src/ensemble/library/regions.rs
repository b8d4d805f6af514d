//! What a branch of a library's own file is true for, as numbers that a value is compared with.
//!
//! The libraries do more to a value than compare it: they take numbers near zero for zero, zero for
//! missing, cut fractions off, and look categories up. All of that depends on the one value alone
//! and changes at few numbers, so it is done here, once, and what is left for a row is where its
//! value lies among them.

use std::convert::Infallible;

use crate::{
    real::Real,
    trees::{Boundaries, Branch, Node, Test},
};

/// Where a value goes: `true` for one of the two children.
pub(super) struct Regions<X> {
    /// Where a value that is not missing begins to go elsewhere: above each of these, ascending.
    boundaries: Vec<X>,
    /// Whether the least values go to the child of `true`.
    begins_true: bool,
    missing_goes_true: bool,
}

impl<X: Real> Regions<X> {
    /// Of a rule that says where a value goes, and is the same for all values between one of
    /// `changes` and the next: above the first, and up to the second.
    pub(super) fn of(mut changes: Vec<X>, rule: impl Fn(X) -> bool) -> Self {
        changes.iter_mut().for_each(|change| *change += X::ZERO);
        changes.sort_unstable_by(X::total_cmp);
        changes.dedup();
        let mut boundaries = Vec::new();
        let begins_true = changes.first().map_or_else(|| rule(X::ZERO), |&first| rule(first));
        let mut goes_true = begins_true;
        for (at, &change) in changes.iter().enumerate() {
            let above = changes.get(at + 1).copied().unwrap_or_else(|| change.above());
            // Nothing lies above infinity.
            if above > change && rule(above) != goes_true {
                boundaries.push(change);
                goes_true = !goes_true;
            }
        }
        Self { boundaries, begins_true, missing_goes_true: rule(X::NAN) }
    }

    /// The branch on a feature that goes to these children, ids of nodes.
    pub(super) fn branch(
        self,
        feature: u32,
        on_true: u32,
        on_false: u32,
        pool: &mut Vec<X>,
    ) -> Result<Node<X>, Infallible> {
        let test = if let [threshold] = self.boundaries[..] {
            Test::AtMost(threshold)
        } else {
            let of_len = |len| u32::try_from(len).unwrap_or(u32::MAX);
            let set = Boundaries { first: of_len(pool.len()), len: of_len(self.boundaries.len()) };
            pool.extend(self.boundaries);
            Test::Even(set)
        };
        // The test holds for the least values.
        let (on_true, on_false) =
            if self.begins_true { (on_true, on_false) } else { (on_false, on_true) };
        let missing_is_true = self.missing_goes_true == self.begins_true;
        Ok(Node::Branch(Branch { feature, test, missing_is_true, on_true, on_false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(changes: &[f32], rule: impl Fn(f32) -> bool) -> (Vec<f32>, bool, bool) {
        let regions = Regions::of(changes.to_vec(), rule);
        (regions.boundaries, regions.begins_true, regions.missing_goes_true)
    }

    #[test]
    fn boundaries_are_where_the_rule_turns() {
        assert_eq!(regions(&[1.0], |x| x <= 1.0), (vec![1.0], true, false));
        assert_eq!(regions(&[1.0], |x| x > 1.0), (vec![1.0], false, false));
        assert_eq!(regions(&[2.0, 1.0, 1.0], |x| x <= 2.0), (vec![2.0], true, false));
        assert_eq!(
            regions(&[1.0, 2.0, 3.0], |x| x > 1.0 && x <= 3.0),
            (vec![1.0, 3.0], false, false)
        );
        assert_eq!(regions(&[], |x| !x.is_nan()), (vec![], true, false));
        assert_eq!(regions(&[f32::INFINITY], |x| x.is_nan()), (vec![], false, true));
        assert_eq!(regions(&[0.0, -0.0], |x| x <= 0.0), (vec![0.0], true, false));
    }
}
