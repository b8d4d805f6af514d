//! The fast Shapley values must agree with the slow ones of [`reference`].

mod reference;

use proptest::{collection::vec, prelude::*, sample::Index};

use self::reference::{by_definition, by_leaf, leaves_below, value};
use super::{Addend, Covers, Explainer, compare::goes_true};
use crate::{
    simd::Level,
    trees::{
        Branch, Leaf, Node, Test, Tree,
        sample::{FEATURES, Seed, any_number, plant, rows, symmetric, tree},
    },
};

/// Covers for a tree: what its leaves have, summed up.
fn covered(tree: Tree<f64>, leaves: &[u8]) -> Tree<f64> {
    let mut covers = vec![0.0; tree.len()];
    for at in (0..tree.len()).rev() {
        covers[at] = match tree.node(at) {
            Node::Leaf(_) => f32::from(leaves[at % leaves.len()]),
            Node::Branch(branch) => {
                covers[branch.on_true as usize] + covers[branch.on_false as usize]
            }
        };
    }
    tree.with_covers(covers)
}

/// An explainer of trees whose leaves add their value to the one score.
fn of_one_score(trees: &[Tree<f64>], features: usize, background: &[f64]) -> Explainer<f64> {
    let addends = |_, leaf: Leaf<f64>| [Addend { score: 0, value: leaf.value }];
    Explainer::new(trees, addends, &[0.0], features, background).unwrap()
}

fn explain(explainer: &Explainer<f64>, row: &[f64]) -> Vec<f64> {
    let mut contributions = vec![f64::NAN; explainer.expected().len() * row.len()];
    explainer.explain(row, &mut explainer.scratch(), &mut contributions);
    contributions
}

fn assert_close(got: &[f64], expected: &[f64], scale: f64) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-11 * scale, "{got} where {expected} is expected");
    }
}

fn widened(rows: Vec<Vec<f32>>) -> Vec<Vec<f64>> {
    rows.into_iter().map(|row| row.into_iter().map(f64::from).collect()).collect()
}

/// Checks trees of any covers and two scores against the definition.
fn check(trees: &[Tree<f64>], covers: &[Vec<f64>], explainer: &Explainer<f64>, row: &[f64]) {
    let contributions = explain(explainer, row);
    for (score, contributions) in (0..2).zip(contributions.chunks(row.len())) {
        let value_of = |known: u32| {
            let is_known = |feature| known >> feature & 1 == 1;
            let of = |tree, covers| {
                let says = |leaf| {
                    two_addends(leaf).iter().filter(|a| a.score == score).map(|a| a.value).sum()
                };
                value(tree, covers, 0, &is_known, row, &says)
            };
            trees.iter().zip(covers).map(|(tree, covers)| of(tree, covers)).sum::<f64>()
        };
        let scale = 1e7 * (1.0 + f64::from(u32::try_from(trees.len()).unwrap()));
        assert_close(contributions, &by_definition(value_of, FEATURES), scale);
        let at = score as usize;
        assert_close(&[explainer.expected()[at] - BASE[at]], &[value_of(0)], scale);
        let sum = explainer.expected()[at] + contributions.iter().sum::<f64>();
        assert_close(&[sum - BASE[at]], &[value_of(!0)], scale);
    }
}

const BASE: [f64; 2] = [0.5, -3.0];

/// One addend in some leaves, three of two scores in others, none in the rest.
fn two_addends(leaf: Leaf<f64>) -> Vec<Addend> {
    let addend = |score, value| Addend { score, value };
    match leaf.id % 4 {
        0 => vec![],
        1 => vec![addend(1, leaf.value)],
        _ => vec![addend(0, leaf.value), addend(1, 1.0), addend(0, -0.25)],
    }
}

fn trees() -> impl Strategy<Value = Vec<Tree<f64>>> {
    let tree = prop_oneof![3 => tree(0..24, any_number()), 1 => symmetric(1..5)];
    vec(tree.prop_map(|seeds| plant::<f64>(&seeds)), 0..4)
}

proptest! {
    #[test]
    fn contributions_are_shapley_values(
        trees in trees(),
        leaves in vec(prop_oneof![1 => Just(0_u8), 4 => 1..100_u8], 1..40),
        rows in rows(),
    ) {
        let trees: Vec<_> = trees.into_iter().map(|tree| covered(tree, &leaves)).collect();
        let covers: Vec<Vec<f64>> = trees
            .iter()
            .map(|tree| tree.covers().unwrap().iter().copied().map(f64::from).collect())
            .collect();
        let features = FEATURES as usize;
        let explainer =
            Explainer::new(&trees, |_, leaf| two_addends(leaf), &BASE, features, &[]).unwrap();
        prop_assert_eq!(explainer.covers(), Covers::Training);
        check(&trees, &covers, &explainer, &widened(rows)[0]);
    }

    #[test]
    fn covers_that_a_model_lacks_are_counted(
        trees in trees(),
        background in rows(),
        rows in rows(),
        which in any::<Index>(),
    ) {
        let features = FEATURES as usize;
        let background = widened(background);
        let count = |tree: &Tree<f64>, at: usize| {
            let rows = background.iter().filter(|row| comes_through(tree, at, row));
            f64::from(u32::try_from(rows.count()).unwrap())
        };
        let count_all = |tree| (0..Tree::len(tree)).map(|at| count(tree, at)).collect();
        let covers: Vec<Vec<f64>> = trees.iter().map(count_all).collect();
        let flat = background.concat();
        let explainer =
            Explainer::new(&trees, |_, leaf| two_addends(leaf), &BASE, features, &flat).unwrap();
        prop_assert!(trees.iter().all(|tree| tree.len() == 1) || explainer.covers() == Covers::Background);
        check(&trees, &covers, &explainer, which.get::<Vec<f64>>(&widened(rows)));
    }

    #[test]
    fn leaves_count_one_where_nothing_is_known(trees in trees(), rows in rows()) {
        let features = FEATURES as usize;
        let count_all =
            |tree: &Tree<f64>| (0..tree.len()).map(|at| leaves_below(tree, at)).collect();
        let covers: Vec<Vec<f64>> = trees.iter().map(count_all).collect();
        let explainer =
            Explainer::new(&trees, |_, leaf| two_addends(leaf), &BASE, features, &[]).unwrap();
        prop_assert!(trees.iter().all(|tree| tree.len() == 1) || explainer.covers() == Covers::Leaves);
        check(&trees, &covers, &explainer, &widened(rows)[0]);
    }
}

/// Whether a row comes through a node.
fn comes_through(tree: &Tree<f64>, node: usize, row: &[f64]) -> bool {
    let mut at = 0;
    while at != node {
        let Node::Branch(branch) = tree.node(at) else { return false };
        let x = row[branch.feature as usize];
        let is_true = goes_true(branch.test, branch.missing_is_true, x, |set| tree.set(set));
        at = if is_true { branch.on_true } else { branch.on_false } as usize;
    }
    true
}

/// A tree of so many branches one below another, whose features take turns, and whose rest hangs
/// alternately to the left and to the right.
fn vine(branches: u32, features: u32) -> Tree<f64> {
    let tree = Tree::grow(0, 1 << 20, |id, _| {
        Ok::<_, ()>(if id.is_multiple_of(2) && id < 2 * branches {
            let (leaf, rest) = (id + 1, id + 2);
            let is_left = id.is_multiple_of(4);
            Node::Branch(Branch {
                feature: (id / 2 * 7) % features,
                test: Test::AtMost(f64::from(id % 11)),
                missing_is_true: id.is_multiple_of(3),
                on_true: if is_left { leaf } else { rest },
                on_false: if is_left { rest } else { leaf },
            })
        } else {
            Node::Leaf(Leaf { value: f64::from(id % 13) - 6.0, id })
        })
    });
    let tree = tree.unwrap().unwrap();
    covered(tree, &[1, 7, 3, 90, 2])
}

#[test]
fn deep_trees_are_explained_as_leaf_by_leaf() {
    for (branches, features) in [(1, 1), (9, 9), (13, 20), (42, 5), (42, 50), (60, 60), (150, 140)]
    {
        let tree = vine(branches, features);
        for row in 0..8_u32 {
            let x: Vec<f64> = (0..features)
                .map(|feature| match (feature * 5 + row) % 12 {
                    11 => f64::NAN,
                    x => f64::from(x) + 0.5,
                })
                .collect();
            let explainer = of_one_score(std::slice::from_ref(&tree), x.len(), &[]);
            assert_close(&explain(&explainer, &x), &by_leaf(&tree, &x), 1.0);
        }
    }
}

#[test]
fn forest_is_explained_as_the_sum_of_its_trees() {
    let trees = [vine(30, 40), vine(3, 40), vine(0, 40), vine(12, 40), vine(42, 6), vine(7, 7)];
    let x: Vec<f64> = (0..40).map(|feature| f64::from(feature % 9)).collect();
    let mut sum = vec![0.0; 40];
    for tree in &trees {
        let one = explain(&of_one_score(std::slice::from_ref(tree), 40, &[]), &x);
        sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
    }
    let mut explainer = of_one_score(&trees, 40, &[]);
    let together = explain(&explainer, &x);
    assert_close(&together, &sum, 1.0);
    for level in Level::available() {
        explainer.level = level;
        assert_eq!(explain(&explainer, &x), together, "{level}");
    }
}

/// Trees enough for several groves of each rule, of which each adds to one score or to both.
#[test]
fn trees_of_many_groves_add_up() {
    let trees: Vec<_> = (0..120).map(|nth| vine(nth % 23, 5 + nth % 14)).collect();
    let x: Vec<f64> = (0..19).map(|feature| f64::from(feature * 3 % 11)).collect();
    let addends = |nth: usize, leaf: Leaf<f64>| {
        let scores = [vec![0], vec![1], vec![1, 0]][nth % 3].clone();
        let addend = move |score| Addend { score, value: leaf.value + f64::from(score) };
        scores.into_iter().map(addend).collect::<Vec<_>>()
    };
    let explainer = Explainer::new(&trees, addends, &BASE, x.len(), &[]).unwrap();
    assert!(explainer.groves.len() < trees.len() / 2);
    assert!(explainer.groves.len() > 12);
    let (mut sum, mut expected) = (vec![0.0; 2 * x.len()], BASE);
    for (nth, tree) in trees.iter().enumerate() {
        let tree = std::slice::from_ref(tree);
        let one = Explainer::new(tree, |_, leaf| addends(nth, leaf), &[0.0; 2], x.len(), &[]);
        let one = one.unwrap();
        sum.iter_mut().zip(explain(&one, &x)).for_each(|(sum, one)| *sum += one);
        expected.iter_mut().zip(one.expected()).for_each(|(sum, one)| *sum += one);
    }
    assert_close(&explain(&explainer, &x), &sum, 10.0);
    assert_close(explainer.expected(), &expected, 10.0);
}

/// Files round covers, so that those of two children are not always those of their parent.
#[test]
fn shares_are_of_what_the_children_have() {
    let tree = vine(12, 5);
    let covers = tree.covers().unwrap().to_vec();
    let is_leaf = |at| matches!(tree.node(at), Node::Leaf(_));
    let rounded = (0..tree.len()).map(|at| covers[at] * if is_leaf(at) { 1.0 } else { 1.001 });
    let mut rounded: Vec<_> = rounded.collect();
    rounded[0] = 3.0;
    let explainer = of_one_score(&[tree.clone().with_covers(rounded)], 5, &[]);
    for row in 0..5 {
        let x: Vec<f64> = (0..5).map(|feature| f64::from((feature * 3 + row) % 11)).collect();
        let sum = explainer.expected()[0] + explain(&explainer, &x).iter().sum::<f64>();
        let mut at = 0;
        let says = loop {
            match tree.node(at) {
                Node::Leaf(leaf) => break leaf.value,
                Node::Branch(branch) => {
                    let x = x[branch.feature as usize];
                    let is_true =
                        goes_true(branch.test, branch.missing_is_true, x, |set| tree.set(set));
                    at = if is_true { branch.on_true } else { branch.on_false } as usize;
                }
            }
        };
        assert_close(&[sum], &[says], 10.0);
    }
    let of_root = |root| {
        let tree = vine(1, 1).with_covers(vec![root, 1.0, 3.0]);
        explain(&of_one_score(&[tree], 1, &[]), &[0.0])
    };
    assert_eq!(of_root(4.0), of_root(5.0));
    assert_eq!(of_root(4.0), of_root(0.0));
}

#[test]
fn path_of_too_many_features_is_refused() {
    let explainer = |branches| {
        let addends = |_, leaf: Leaf<f64>| [Addend { score: 0, value: leaf.value }];
        Explainer::new(&[vine(branches, 300)], addends, &[0.0], 300, &[])
    };
    assert!(explainer(256).is_ok());
    let refusal = explainer(257).unwrap_err();
    assert!(refusal.contains("257 features on one path"), "{refusal}");
}

#[test]
fn tree_of_one_leaf_only_moves_what_is_expected() {
    // It needs no covers.
    let tree = plant(&[Seed::Leaf(-6.0)]);
    let explainer = of_one_score(&[tree, vine(0, 1)], 3, &[]);
    assert_eq!(explainer.covers(), Covers::Training);
    assert_eq!(explainer.expected(), [-12.0]);
    assert_eq!(explain(&explainer, &[0.0; 3]), [0.0; 3]);
}
