//! Whole ensembles, from the file to the answer, against the plain reading of ONNX.

use hotplate_model::onnx::fixture::{Ensemble, EnsembleNode, float, floats, string};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    oracle,
    support::{bits_of, compile, floats_of, regression, run},
};

const FEATURES: usize = 4;

const MODES: [&str; 4] = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"];

/// What turns a leaf into a branch: which leaf, its mode, feature, threshold, and whether missing
/// values go where the comparison holds.
type Split = (Index, usize, usize, i8, bool);

fn splits() -> impl Strategy<Value = Vec<Split>> {
    vec((any::<Index>(), 0..4_usize, 0..FEATURES, -4..4_i8, any::<bool>()), 0..30)
}

/// A tree of these splits whose node ids are `stride` apart, from `first`.
fn plant(ensemble: &mut Ensemble, tree: i64, splits: &[Split], (first, stride): (i64, i64)) {
    let id = |number: usize| first + stride * i64::try_from(number).unwrap();
    let leaf = |number| EnsembleNode {
        tree,
        id: id(number),
        mode: "LEAF",
        feature: 0,
        threshold: 0.0,
        on_true: 0,
        on_false: 0,
        missing_is_true: false,
    };
    let mut nodes = vec![leaf(0)];
    for (at, mode, feature, threshold, missing_is_true) in splits {
        let leaves: Vec<_> = (0..nodes.len()).filter(|&node| nodes[node].mode == "LEAF").collect();
        let children = [nodes.len(), nodes.len() + 1];
        nodes.extend(children.map(leaf));
        let branch = &mut nodes[leaves[at.index(leaves.len())]];
        branch.mode = MODES[*mode];
        branch.feature = i64::try_from(*feature).unwrap();
        branch.threshold = f32::from(*threshold);
        branch.missing_is_true = *missing_is_true;
        [branch.on_true, branch.on_false] = children.map(id);
    }
    let leaves: Vec<i64> =
        nodes.iter().filter(|node| node.mode == "LEAF").map(|node| node.id).collect();
    ensemble.nodes.append(&mut nodes);
    for (number, node) in (1_u8..).zip(leaves) {
        let weight = 0.1 * f32::from(number) - 1.3;
        *ensemble = ensemble.clone().weight((tree, node), 0, weight);
    }
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => (-5..5_i8).prop_map(f32::from),
        1 => Just(f32::NAN),
        1 => prop_oneof![Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(-0.0)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn answers_are_those_of_the_plain_reading(
        trees in vec((splits(), 0..5_i64, prop_oneof![Just(1_i64), Just(3), Just(-7)]), 1..20),
        order in vec(any::<Index>(), 0..60),
        rows in vec(vec(number(), FEATURES), 1..40),
    ) {
        let mut ensemble = Ensemble::regressor();
        for (tree, (splits, first, stride)) in (0..).zip(&trees) {
            // Ids of trees need not be in order either.
            plant(&mut ensemble, (tree * 7) % 23, splits, (*first, *stride));
        }
        let nodes = ensemble.nodes.len();
        for (at, swap) in order.iter().enumerate() {
            ensemble.nodes.swap(at % nodes, swap.index(nodes));
        }
        ensemble.weights.reverse();
        let plan = compile(&regression(&ensemble, FEATURES)).unwrap();
        let outputs = run(&*plan, &rows.concat(), FEATURES);
        let expected: Vec<u32> =
            rows.iter().map(|row| oracle::sum(&ensemble, row).to_bits()).collect();
        prop_assert_eq!(bits_of(&outputs[0]), expected);
    }
}

/// Three trees of two leaves: 0.1, 0.2 and 0.3 on the way of a number up to zero, ten times as
/// much on the other.
fn three_trees() -> Ensemble {
    [0.1, 0.2, 0.3].iter().zip(0..).fold(Ensemble::regressor(), |trees, (&weight, tree)| {
        trees
            .branch((tree, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
            .leaf((tree, 1), weight)
            .leaf((tree, 2), 10.0 * weight)
    })
}

fn answers(ensemble: &Ensemble) -> Vec<f32> {
    let plan = compile(&regression(ensemble, 1)).unwrap();
    floats_of(&run(&*plan, &[-1.0, 1.0], 1)[0]).to_vec()
}

#[test]
fn sum_is_float32_in_the_order_of_the_trees_and_the_base_comes_last() {
    let base = floats("base_values", &[0.7]);
    let sums = [0.1_f32 + 0.2 + 0.3, 1.0_f32 + 2.0 + 3.0];
    assert_eq!(answers(&three_trees()), sums);
    let with_base = three_trees().with("base_values", base);
    assert_eq!(answers(&with_base), sums.map(|sum| sum + 0.7));
}

#[test]
fn average_is_divided_before_the_base_is_added() {
    let average = three_trees()
        .with("aggregate_function", string("aggregate_function", "AVERAGE"))
        .with("base_values", floats("base_values", &[0.7]));
    assert_eq!(
        answers(&average),
        [(0.1_f32 + 0.2 + 0.3) / 3.0 + 0.7, (1.0_f32 + 2.0 + 3.0) / 3.0 + 0.7]
    );
}

#[test]
fn trees_that_are_interleaved_in_the_lists_are_told_apart() {
    let mut ensemble = three_trees();
    // All roots, then all left leaves, then all right ones.
    ensemble.nodes.sort_by_key(|node| node.id);
    ensemble.weights.sort_by_key(|leaf| leaf.node);
    assert_eq!(answers(&ensemble), answers(&three_trees()));
}

#[test]
fn tree_of_one_leaf_answers_without_looking() {
    let ensemble = Ensemble::regressor().leaf((0, 0), 4.5);
    assert_eq!(answers(&ensemble), [4.5, 4.5]);
}

#[test]
fn defaults_may_be_written_out() {
    let ensemble = three_trees()
        .with("aggregate_function", string("aggregate_function", "SUM"))
        .with("post_transform", string("post_transform", "NONE"))
        .with("base_values", floats("base_values", &[]))
        .with("note", float("note", 1.0));
    assert_eq!(answers(&ensemble), answers(&three_trees()));
}
