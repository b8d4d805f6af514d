//! Shapley values by their definition, and leaf by leaf.

use super::super::compare::goes_true;
use crate::trees::{Leaf, Node, Tree};

/// What a tree says on average of the rows that come through a node, when some features are known.
pub(super) fn value(
    tree: &Tree<f64>,
    covers: &[f64],
    at: usize,
    is_known: &dyn Fn(u32) -> bool,
    row: &[f64],
    says: &dyn Fn(Leaf<f64>) -> f64,
) -> f64 {
    let branch = match tree.node(at) {
        Node::Leaf(leaf) => return says(leaf),
        Node::Branch(branch) => branch,
    };
    let of = |child: u32| value(tree, covers, child as usize, is_known, row, says);
    if is_known(branch.feature) {
        let x = row[branch.feature as usize];
        let is_true = goes_true(branch.test, branch.missing_is_true, x, |set| tree.set(set));
        return of(if is_true { branch.on_true } else { branch.on_false });
    }
    let share = |child: u32| {
        if covers[at] > 0.0 {
            covers[child as usize] / covers[at]
        } else {
            leaves_below(tree, child as usize) / leaves_below(tree, at)
        }
    };
    [branch.on_false, branch.on_true].into_iter().map(|child| share(child) * of(child)).sum()
}

pub(super) fn leaves_below(tree: &Tree<f64>, at: usize) -> f64 {
    match tree.node(at) {
        Node::Leaf(_) => 1.0,
        Node::Branch(branch) => {
            leaves_below(tree, branch.on_true as usize)
                + leaves_below(tree, branch.on_false as usize)
        }
    }
}

/// `1 / (features choose some) / features`: the weight of a coalition of `some` other features.
fn coalition_weight(some: u32, features: u32) -> f64 {
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    factorial(some) * factorial(features - 1 - some) / factorial(features)
}

/// Shapley values, coalition by coalition.
pub(super) fn by_definition(value_of: impl Fn(u32) -> f64, features: u32) -> Vec<f64> {
    let of_feature = |feature: u32| {
        let others = (0..1_u32 << features).filter(|known| known >> feature & 1 == 0);
        let terms = others.map(|known| {
            let gain = value_of(known | 1 << feature) - value_of(known);
            coalition_weight(known.count_ones(), features) * gain
        });
        terms.sum()
    };
    (0..features).map(of_feature).collect()
}

/// Shapley values, leaf by leaf: the coalitions of the other features of its path are counted by
/// their size.
pub(super) fn by_leaf(tree: &Tree<f64>, row: &[f64]) -> Vec<f64> {
    let covers = tree.covers().unwrap();
    let mut contributions = vec![0.0; row.len()];
    // A node, and of each feature above it: whether the row passes, and the product of the shares.
    let mut ways = vec![(0_u32, Vec::<(u32, f64, f64)>::new())];
    while let Some((at, path)) = ways.pop() {
        match tree.node(at as usize) {
            Node::Branch(branch) => {
                let x = row[branch.feature as usize];
                let is_true =
                    goes_true(branch.test, branch.missing_is_true, x, |set| tree.set(set));
                for (child, is_passed) in [(branch.on_true, is_true), (branch.on_false, !is_true)] {
                    let share = f64::from(covers[child as usize]) / f64::from(covers[at as usize]);
                    let passes = f64::from(u8::from(is_passed));
                    let mut path = path.clone();
                    match path.iter_mut().find(|(feature, ..)| *feature == branch.feature) {
                        Some((_, one, zero)) => {
                            *one *= passes;
                            *zero *= share;
                        }
                        None => path.push((branch.feature, passes, share)),
                    }
                    ways.push((child, path));
                }
            }
            Node::Leaf(leaf) => {
                for (nth, &(feature, one, zero)) in path.iter().enumerate() {
                    // By size, the sum over coalitions of the other features, and its average.
                    let mut sums = vec![1.0];
                    for (_, &(_, one, zero)) in path.iter().enumerate().filter(|(at, _)| *at != nth)
                    {
                        sums.push(0.0);
                        for size in (0..sums.len()).rev() {
                            let with = if size > 0 { sums[size - 1] * one } else { 0.0 };
                            sums[size] = sums[size] * zero + with;
                        }
                    }
                    let features = u32::try_from(path.len()).unwrap();
                    let sum: f64 = (0..)
                        .zip(&sums)
                        .map(|(size, sum)| sum * coalition_weight(size, features))
                        .sum();
                    contributions[feature as usize] += leaf.value * (one - zero) * sum;
                }
            }
        }
    }
    contributions
}
