//! How many features are asked for on the paths of a tree.

use crate::{
    real::Real,
    trees::{Node, Tree},
};

/// The most different features that are asked for on one path. `is_above` has an entry for each
/// feature, and keeps what it holds: false.
pub(super) fn most_features<X: Real>(tree: &Tree<X>, is_above: &mut [bool]) -> usize {
    /// What is next on a way through the tree.
    enum Visit {
        /// A node, and the number of different features above it.
        Enter(u32, usize),
        /// All below the branch that asked for a feature first was seen.
        Leave(u32),
    }
    let mut most = 0;
    let mut visits = vec![Visit::Enter(0, 0)];
    while let Some(visit) = visits.pop() {
        match visit {
            Visit::Leave(feature) => is_above[feature as usize] = false,
            Visit::Enter(node, above) => {
                most = most.max(above);
                let Node::Branch(branch) = tree.node(node as usize) else { continue };
                let is_first = !std::mem::replace(&mut is_above[branch.feature as usize], true);
                visits.extend(is_first.then_some(Visit::Leave(branch.feature)));
                let above = above + usize::from(is_first);
                visits.extend(
                    [branch.on_true, branch.on_false].map(|child| Visit::Enter(child, above)),
                );
            }
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::trees::sample::{FEATURES, any_number, plant, tree};

    /// The same, path by path.
    fn by_path(tree: &Tree<f64>, at: u32, above: &BTreeSet<u32>) -> usize {
        let Node::Branch(branch) = tree.node(at as usize) else { return above.len() };
        let above: BTreeSet<_> = above.iter().copied().chain([branch.feature]).collect();
        let below = [branch.on_false, branch.on_true].map(|child| by_path(tree, child, &above));
        below[0].max(below[1])
    }

    proptest! {
        #[test]
        fn features_are_those_of_the_path_with_the_most(seeds in tree(0..40, any_number())) {
            let tree = plant(&seeds);
            let mut is_above = vec![false; FEATURES as usize];
            let most = most_features(&tree, &mut is_above);
            prop_assert_eq!(most, by_path(&tree, 0, &BTreeSet::new()));
            prop_assert!(!is_above.contains(&true));
        }
    }
}
