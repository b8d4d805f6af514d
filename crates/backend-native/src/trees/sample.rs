//! Made-up trees and rows, and the plain walk that every layout must agree with.

use std::ops::Range;

use hotplate_backend::TreeLayout as Layout;
use proptest::{collection::vec, prelude::*};

use super::{Boundaries, Branch, Leaf, Node, Payload, Scorer, Test, Tree};
use crate::real::Real;

/// Features of the made-up rows; the trees ask for all but the last.
pub(crate) const FEATURES: u32 = 6;

/// A branch or leaf before it is put in a tree; what a branch compares with is its own.
#[derive(Clone, Debug)]
pub(crate) enum Seed {
    Branch { feature: u32, boundaries: Vec<f32>, missing_is_true: bool, children: [u32; 2] },
    Leaf(f32),
}

/// The tree of these, the first of which is the root, in numbers of this precision.
pub(crate) fn plant<X: Real>(seeds: &[Seed]) -> Tree<X> {
    let read = |id: u32, pool: &mut Vec<X>| {
        Ok::<_, ()>(match &seeds[id as usize] {
            Seed::Leaf(value) => Node::Leaf(Leaf { value: X::widened(*value), id }),
            Seed::Branch { feature, boundaries, missing_is_true, children } => {
                let test = if let [threshold] = boundaries[..] {
                    Test::AtMost(X::widened(threshold))
                } else {
                    let first = u32::try_from(pool.len()).unwrap();
                    pool.extend(boundaries.iter().copied().map(X::widened));
                    Test::Even(Boundaries { first, len: u32::try_from(boundaries.len()).unwrap() })
                };
                Node::Branch(Branch {
                    feature: *feature,
                    test,
                    missing_is_true: *missing_is_true,
                    on_false: children[0],
                    on_true: children[1],
                })
            }
        })
    };
    Tree::grow(0, 1 << 20, read).unwrap().unwrap()
}

/// The plain walk of one tree, as the definition of [`Node`] reads.
fn leaf_of<X: Real>(tree: &Tree<X>, features: &[X]) -> Leaf<X> {
    let mut at = 0;
    loop {
        match tree.node(at) {
            Node::Leaf(leaf) => return leaf,
            Node::Branch(branch) => {
                let x = features[branch.feature as usize];
                let holds = match branch.test {
                    Test::AtMost(threshold) => x <= threshold,
                    Test::Even(set) => {
                        let below = tree.set(set).iter().filter(|&&boundary| boundary < x).count();
                        !x.is_nan() && below % 2 == 0
                    }
                };
                let goes_true = holds || (x.is_nan() && branch.missing_is_true);
                at = if goes_true { branch.on_true } else { branch.on_false } as usize;
            }
        }
    }
}

/// Any tree of so many branches: each split turns one leaf into a branch.
pub(crate) fn tree(
    splits: Range<usize>,
    boundaries: impl Strategy<Value = Vec<f32>>,
) -> impl Strategy<Value = Vec<Seed>> {
    let split =
        (any::<prop::sample::Index>(), 0..FEATURES - 1, boundaries, any::<bool>(), leaf(), leaf());
    vec(split, splits).prop_map(|splits| {
        let mut seeds = vec![Seed::Leaf(1.0)];
        for (at, feature, boundaries, missing_is_true, one, other) in splits {
            let leaves: Vec<usize> =
                (0..seeds.len()).filter(|&seed| matches!(seeds[seed], Seed::Leaf(_))).collect();
            let first = u32::try_from(seeds.len()).unwrap();
            let children = [first, first + 1];
            seeds[leaves[at.index(leaves.len())]] =
                Seed::Branch { feature, boundaries, missing_is_true, children };
            seeds.extend([Seed::Leaf(one), Seed::Leaf(other)]);
        }
        seeds
    })
}

/// A symmetric tree of so many levels.
pub(crate) fn symmetric(levels: Range<usize>) -> impl Strategy<Value = Vec<Seed>> {
    let level = (0..FEATURES - 1, threshold(), any::<bool>());
    (vec(level, levels), vec(leaf(), 64)).prop_map(|(levels, leaves)| {
        let mut seeds = Vec::new();
        for (depth, (feature, threshold, missing_is_true)) in levels.iter().enumerate() {
            for nth in 0..1_u32 << depth {
                let first = (2 << depth) - 1 + 2 * nth;
                seeds.push(Seed::Branch {
                    feature: *feature,
                    boundaries: vec![*threshold],
                    missing_is_true: *missing_is_true,
                    children: [first, first + 1],
                });
            }
        }
        let count = 1 << levels.len();
        seeds.extend((0..count).map(|nth: usize| {
            Seed::Leaf(leaves[nth % leaves.len()] + f32::from(u16::try_from(nth).unwrap()))
        }));
        seeds
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
    prop_oneof![8 => number(), 1 => Just(f32::INFINITY), 1 => Just(f32::NEG_INFINITY)]
}

/// One boundary.
fn one() -> impl Strategy<Value = Vec<f32>> {
    threshold().prop_map(|threshold| vec![threshold])
}

/// One boundary, or any other number of them.
pub(crate) fn any_number() -> impl Strategy<Value = Vec<f32>> {
    let several = vec(threshold(), 0..7).prop_map(|mut boundaries| {
        boundaries.iter_mut().for_each(|boundary| *boundary += 0.0);
        boundaries.sort_by(f32::total_cmp);
        boundaries.dedup();
        boundaries
    });
    prop_oneof![one(), several]
}

/// Leaves whose sum depends on its order.
fn leaf() -> impl Strategy<Value = f32> {
    prop_oneof![-1.0..1.0_f32, Just(-0.0), -1e6..1e6_f32]
}

pub(crate) fn feature() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => number(),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ]
}

pub(crate) fn rows() -> impl Strategy<Value = Vec<Vec<f32>>> {
    vec(vec(feature(), FEATURES as usize), 1..11)
}

/// Checks that a layout says and sums what the plain walk does, in both precisions.
fn check(trees: &[Vec<Seed>], layout: Layout, rows: &[Vec<f32>]) -> Result<(), TestCaseError> {
    check_in::<f32>(trees, layout, rows)?;
    check_in::<f64>(trees, layout, rows)
}

fn check_in<X: Real>(
    trees: &[Vec<Seed>],
    layout: Layout,
    rows: &[Vec<f32>],
) -> Result<(), TestCaseError> {
    let trees: Vec<Tree<X>> = trees.iter().map(|seeds| plant(seeds)).collect();
    let rows: Vec<X> = rows.iter().flatten().copied().map(X::widened).collect();
    let scorer = Scorer::<X, X>::new(&trees, Some(layout)).unwrap();
    let leaves = Scorer::<X, u32>::new(&trees, Some(layout)).unwrap();
    let (mut scratch, mut leaves_scratch) = (scorer.scratch(), leaves.scratch());
    let width = FEATURES as usize;
    let mut sums = vec![X::ZERO; rows.len() / width];
    scorer.add_to(&mut sums, &rows, width, &mut scratch);
    for (features, of_many) in rows.chunks(width).zip(sums) {
        let expected: Vec<Leaf<X>> = trees.iter().map(|tree| leaf_of(tree, features)).collect();
        let said = scorer.visit(features, &mut scratch);
        prop_assert_eq!(said, expected.iter().map(|leaf| leaf.value).collect::<Vec<_>>());
        let said = leaves.visit(features, &mut leaves_scratch);
        prop_assert_eq!(said, expected.iter().map(|leaf| leaf.id).collect::<Vec<_>>());
        let expected = expected.iter().fold(X::ZERO, |sum, leaf| sum + leaf.value);
        let mut alone = [X::ZERO];
        scorer.add_to(&mut alone, features, width, &mut scratch);
        prop_assert!(alone[0].total_cmp(&expected).is_eq(), "{layout} of {features:?}");
        prop_assert!(of_many.total_cmp(&expected).is_eq(), "{layout} of many");
    }
    Ok(())
}

/// Whether these trees can be laid out so.
fn fits<V: Payload<f32>>(trees: &[Tree<f32>], layout: Layout) -> bool {
    Scorer::<f32, V>::new(trees, Some(layout)).is_some()
}

proptest! {
    #[test]
    fn walk_says_what_the_plain_walk_says(
        trees in vec(tree(0..90, any_number()), 0..10),
        rows in rows(),
    ) {
        check(&trees, Layout::Walk, &rows)?;
    }

    #[test]
    fn quick_scorer_says_what_the_plain_walk_says(
        trees in vec(tree(0..64, any_number()), 0..30),
        rows in rows(),
    ) {
        check(&trees, Layout::QuickScorer, &rows)?;
    }

    #[test]
    fn blocks_say_what_the_plain_walk_says(
        trees in vec(tree(0..90, one()), 0..10),
        rows in rows(),
    ) {
        let planted: Vec<Tree<f32>> = trees.iter().map(|seeds| plant(seeds)).collect();
        if fits::<f32>(&planted, Layout::Blocks) {
            check(&trees, Layout::Blocks, &rows)?;
        }
    }

    #[test]
    fn slots_of_one_width_say_what_the_plain_walk_says(
        trees in prop_oneof![
            vec(tree(0..1, one()), 1..20),
            vec(tree(0..8, one()), 1..40),
            vec(tree(8..16, one()), 1..20),
            vec(tree(16..32, one()), 1..20),
            vec(tree(32..64, one()), 1..20),
        ],
        rows in rows(),
    ) {
        check(&trees, Layout::QuickScorer, &rows)?;
    }

    #[test]
    fn levels_say_what_the_plain_walk_says(
        trees in prop_oneof![
            vec(symmetric(1..7), 1..30),
            vec(symmetric(0..4), 1..30),
            vec(symmetric(7..11), 1..6),
        ],
        rows in rows(),
    ) {
        let planted: Vec<Tree<f32>> = trees.iter().map(|seeds| plant(seeds)).collect();
        let some_branch = planted.iter().any(|tree| tree.depth() > 0);
        prop_assert_eq!(fits::<u32>(&planted, Layout::Symmetric), some_branch);
        if some_branch {
            check(&trees, Layout::Symmetric, &rows)?;
        }
    }
}

/// A tree of so many leaves, each branch of which has one; it compares with the integers above
/// `first`.
fn list(leaves: u32, first: u16) -> Tree<f32> {
    let seeds = (1..leaves).zip(first..).flat_map(|(at, threshold)| {
        let branch = Seed::Branch {
            feature: 0,
            boundaries: vec![f32::from(threshold)],
            missing_is_true: at % 2 == 0,
            children: [2 * at, 2 * at - 1],
        };
        [branch, Seed::Leaf(0.5)]
    });
    plant(&seeds.chain([Seed::Leaf(0.25)]).collect::<Vec<_>>())
}

#[test]
fn tree_of_sixty_four_leaves_fits_and_one_more_does_not() {
    assert_eq!(list(64, 0).leaves(), 64);
    assert!(fits::<f32>(&[list(64, 0)], Layout::QuickScorer));
    assert!(!fits::<f32>(&[list(65, 0)], Layout::QuickScorer));
    assert!(Scorer::<f32, f32>::new(&[list(65, 0)], None).is_some());
}

#[test]
fn only_trees_whose_levels_ask_one_thing_are_symmetric() {
    let leaf = || Seed::Leaf(0.5);
    let level = |threshold, children| Seed::Branch {
        feature: 0,
        boundaries: vec![threshold],
        missing_is_true: false,
        children,
    };
    let whole = |other| {
        let top = [level(0.0, [1, 2]), level(1.0, [3, 4]), level(other, [5, 6])];
        plant::<f32>(&[&top[..], &[leaf(), leaf(), leaf(), leaf()]].concat())
    };
    assert!(fits::<f32>(&[whole(1.0)], Layout::Symmetric));
    assert!(!fits::<f32>(&[whole(2.0)], Layout::Symmetric));
    assert!(!fits::<f32>(&[list(3, 0)], Layout::Symmetric));
    assert!(!fits::<f32>(&[whole(1.0), list(3, 0)], Layout::Symmetric));
}

#[test]
fn masks_that_take_too_much_memory_are_not_made() {
    let trees: Vec<Tree<f32>> = (0..300).map(|tree| list(64, 64 * tree)).collect();
    assert!(fits::<f32>(&trees[..30], Layout::QuickScorer));
    assert!(!fits::<f32>(&trees, Layout::QuickScorer));
}

#[test]
fn choice_is_made_of_the_layouts_that_fit() {
    let stump = plant::<f32>(&[Seed::Leaf(0.5)]);
    for trees in [0_u8, 1, 200] {
        let expected = 0.5 * f32::from(trees);
        let scorer = Scorer::<f32, f32>::new(&vec![stump.clone(); trees.into()], None).unwrap();
        let mut sum = [0.0];
        // A row of no features is one all the same.
        scorer.add_to(&mut sum, &[], 0, &mut scorer.scratch());
        assert_eq!(sum, [expected]);
    }
}
