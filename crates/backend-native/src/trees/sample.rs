//! Made-up trees and rows, and the plain walk that every layout must agree with.

use std::ops::Range;

use proptest::{collection::vec, prelude::*};

use super::{Branch, Layout, Node, Scorer, Tree};

/// Features of the made-up rows; the trees ask for all but the last.
const FEATURES: u32 = 6;

/// The plain walk of one tree, as the definition of [`Node`] reads.
fn leaf_value(tree: &Tree, features: &[f32]) -> f32 {
    let mut at = 0;
    loop {
        match tree.nodes()[at] {
            Node::Leaf(value) => return value,
            Node::Branch(branch) => {
                let x = features[branch.feature as usize];
                let goes_true = x <= branch.threshold || (x.is_nan() && branch.missing_is_true);
                at = if goes_true { branch.on_true } else { branch.on_false } as usize;
            }
        }
    }
}

/// Any tree of so many branches: each split turns one leaf into a branch.
fn tree(splits: Range<usize>) -> impl Strategy<Value = Tree> {
    let split =
        (any::<prop::sample::Index>(), 0..FEATURES - 1, threshold(), any::<bool>(), leaf(), leaf());
    vec(split, splits).prop_map(|splits| {
        let mut nodes = vec![Node::Leaf(1.0)];
        for (leaf, feature, threshold, missing_is_true, one, other) in splits {
            let leaves: Vec<usize> =
                (0..nodes.len()).filter(|&node| matches!(nodes[node], Node::Leaf(_))).collect();
            let first = u32::try_from(nodes.len()).unwrap();
            nodes[leaves[leaf.index(leaves.len())]] = Node::Branch(Branch {
                feature,
                threshold,
                missing_is_true,
                on_false: first,
                on_true: first + 1,
            });
            nodes.extend([Node::Leaf(one), Node::Leaf(other)]);
        }
        Tree::new(nodes).unwrap()
    })
}

/// Few enough numbers for features to meet thresholds, each with its neighbours.
fn number() -> impl Strategy<Value = f32> {
    let near = prop_oneof![Just(0.0_f32), Just(-0.0), (-3..4_i8).prop_map(f32::from)];
    (near, 0..3).prop_map(|(number, neighbour)| match neighbour {
        0 => number,
        1 => number.next_up(),
        _ => number.next_down(),
    })
}

fn threshold() -> impl Strategy<Value = f32> {
    prop_oneof![8 => number(), 1 => Just(f32::INFINITY)]
}

/// Leaves whose sum depends on its order.
fn leaf() -> impl Strategy<Value = f32> {
    prop_oneof![-1.0..1.0_f32, Just(-0.0), -1e6..1e6_f32]
}

fn feature() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => number(),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<f32>>> {
    vec(vec(feature(), FEATURES as usize), 1..11)
}

/// Checks that a layout sums what the plain walk sums.
fn check(trees: &[Tree], layout: Layout, rows: &[Vec<f32>]) -> Result<(), TestCaseError> {
    let scorer = Scorer::new(trees, layout).unwrap();
    let mut scratch = scorer.scratch();
    let mut sums = vec![0.0; rows.len()];
    scorer.sums(&rows.concat(), FEATURES as usize, &mut sums, &mut scratch);
    for (features, of_many) in rows.iter().zip(sums) {
        let expected = trees.iter().fold(0.0_f32, |sum, tree| sum + leaf_value(tree, features));
        let sum = scorer.sum(features, &mut scratch);
        prop_assert_eq!(sum.to_bits(), expected.to_bits(), "{:?} of {:?}", layout, features);
        prop_assert_eq!(of_many.to_bits(), expected.to_bits(), "{:?} of many", layout);
    }
    Ok(())
}

proptest! {
    #[test]
    fn walk_sums_what_the_plain_walk_sums(trees in vec(tree(0..90), 0..10), rows in rows()) {
        check(&trees, Layout::Walk, &rows)?;
    }

    #[test]
    fn quick_scorer_sums_what_the_plain_walk_sums(
        trees in vec(tree(0..64), 0..30),
        rows in rows(),
    ) {
        check(&trees, Layout::QuickScorer, &rows)?;
    }

    #[test]
    fn blocks_sum_what_the_plain_walk_sums(trees in vec(tree(0..90), 0..10), rows in rows()) {
        if Scorer::new(&trees, Layout::Blocks).is_some() {
            check(&trees, Layout::Blocks, &rows)?;
        }
    }

    #[test]
    fn slots_of_one_width_sum_what_the_plain_walk_sums(
        trees in prop_oneof![
            vec(tree(0..1), 1..20),
            vec(tree(0..8), 1..40),
            vec(tree(8..16), 1..20),
            vec(tree(16..32), 1..20),
            vec(tree(32..64), 1..20),
        ],
        rows in rows(),
    ) {
        check(&trees, Layout::QuickScorer, &rows)?;
    }
}

/// A tree of so many leaves, each branch of which has one; it compares with the integers above
/// `first`.
fn list(leaves: u32, first: u16) -> Tree {
    let nodes = (1..leaves).zip(first..).flat_map(|(at, threshold)| {
        let branch = Branch {
            feature: 0,
            threshold: f32::from(threshold),
            missing_is_true: at % 2 == 0,
            on_true: 2 * at - 1,
            on_false: 2 * at,
        };
        [Node::Branch(branch), Node::Leaf(0.5)]
    });
    Tree::new(nodes.chain([Node::Leaf(0.25)]).collect()).unwrap()
}

#[test]
fn tree_of_sixty_four_leaves_fits_and_one_more_does_not() {
    assert_eq!(list(64, 0).leaves(), 64);
    assert!(Scorer::new(&[list(64, 0)], Layout::QuickScorer).is_some());
    assert!(Scorer::new(&[list(65, 0)], Layout::QuickScorer).is_none());
    assert!(Scorer::new(&[list(65, 0)], Layout::Auto).is_some());
}

#[test]
fn masks_that_take_too_much_memory_are_not_made() {
    let trees: Vec<Tree> = (0..300).map(|tree| list(64, 64 * tree)).collect();
    assert!(Scorer::new(&trees[..30], Layout::QuickScorer).is_some());
    assert!(Scorer::new(&trees, Layout::QuickScorer).is_none());
}

#[test]
fn choice_is_made_of_the_layouts_that_fit() {
    let stump = Tree::new(vec![Node::Leaf(0.5)]).unwrap();
    for trees in [0_u8, 1, 200] {
        let expected = 0.5 * f32::from(trees);
        let scorer = Scorer::new(&vec![stump.clone(); trees.into()], Layout::Auto).unwrap();
        assert_eq!(scorer.sum(&[], &mut scorer.scratch()), expected);
    }
}
