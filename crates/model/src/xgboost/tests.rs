//! Refusals: small documents, and files of the recipe with something changed.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::{Booster, Encoding, Node, XgBoostModel};
use crate::{Model, ModelErrorKind as Kind};

mod signature;

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xgboost").join(name)).unwrap()
}

fn json(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

fn refusal(bytes: impl Into<Vec<u8>>) -> (Kind, String) {
    let error = Model::from_bytes(bytes.into()).unwrap_err();
    (error.kind(), error.to_string())
}

/// A model of one tree, whose fields are replaced by those given.
fn tiny(replaced: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("left_children", "[1,-1,-1]"),
        ("right_children", "[2,-1,-1]"),
        ("split_indices", "[1,0,0]"),
        ("split_conditions", "[0.5,1,2]"),
        ("default_left", "[true,false,false]"),
        ("sum_hessian", "[3,1,2]"),
        ("categories", "[]"),
        ("categories_nodes", "[]"),
        ("categories_segments", "[]"),
        ("categories_sizes", "[]"),
        ("split_type", "[0,0,0]"),
        ("num_nodes", "3"),
        ("num_deleted", "0"),
        ("leaf", "0"),
        ("tree_info", "[0]"),
        ("num_trees", "1"),
        ("base_score", "\"5E-1\""),
        ("objective", "reg:squarederror"),
        ("booster", "gbtree"),
        ("extra", ""),
        ("features", "2"),
        ("names", "[]"),
        ("num_class", "0"),
        ("version", "[2,1,4]"),
    ];
    for &(key, value) in replaced {
        fields.iter_mut().find(|field| field.0 == key).unwrap().1 = value;
    }
    let of = |key: &str| fields.iter().find(|field| field.0 == key).unwrap().1;
    let lists: Vec<_> =
        fields[..11].iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!(
        "{{\"learner\": {{\"feature_names\": {}, \"gradient_booster\": {{\"model\": {{\
         \"gbtree_model_param\": {{\"num_trees\": \"{}\"}}, \"tree_info\": {}, \"trees\": [{{\
         {}, \"tree_param\": {{\"num_nodes\": \"{}\", \"num_deleted\": \"{}\", \
         \"size_leaf_vector\": \"{}\"}}}}]}}, \"name\": \"{}\"{}}}, \"learner_model_param\": {{\
         \"base_score\": {}, \"num_class\": \"{}\", \"num_feature\": \"{}\"}}, \
         \"objective\": {{\"name\": \"{}\"}}}}, \"version\": {}}}",
        of("names"),
        of("num_trees"),
        of("tree_info"),
        lists.join(", "),
        of("num_nodes"),
        of("num_deleted"),
        of("leaf"),
        of("booster"),
        of("extra"),
        of("base_score"),
        of("num_class"),
        of("features"),
        of("objective"),
        of("version"),
    )
}

fn read(document: &str) -> XgBoostModel {
    Model::from_bytes(document.into()).unwrap().xgboost().unwrap()
}

#[test]
fn tiny_model_is_read() {
    let model = read(&tiny(&[]));
    assert_eq!((model.release, model.booster, model.num_feature), ((2, 1), Booster::GbTree, 2));
    assert_eq!((&*model.base_score, &*model.base_margins), (&[0.5][..], &[0.5][..]));
    let tree = &model.trees[0];
    let root =
        Node::Numerical { feature: 1, threshold: 0.5, default_left: true, left: 1, right: 2 };
    assert_eq!((tree.len(), tree.node(0)), (3, root));
    assert_eq!((tree.node(2), tree.cover(2)), (Node::Leaf { values: &[2.0] }, Some(2.0)));
}

#[test]
fn each_fault_of_a_tree_is_refused() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("left_children", "[3,-1,-1]")], "impossible child 3"),
        (&[("left_children", "[-7,-1,-1]")], "impossible child -7"),
        (&[("right_children", "[1,-1,-1]")], "reached in two ways"),
        (&[("right_children", "[0,-1,-1]")], "node 0 is reached in two ways"),
        (&[("left_children", "[-1,-1,-1]")], "1 are reached"),
        (&[("num_deleted", "1")], "3 are reached"),
        (&[("num_nodes", "4")], "should be 4 left children"),
        (&[("right_children", "[2,-1]")], "should be 3 right children"),
        (&[("split_indices", "[1,0]")], "should be 3 features"),
        (&[("split_conditions", "[1,0]")], "should be 3 conditions"),
        (&[("default_left", "[1,0]")], "should be 3 default directions"),
        (&[("sum_hessian", "[1,0]")], "should be 3 covers"),
        (&[("split_type", "[1,0]")], "should be 3 types"),
        (&[("split_indices", "[2,0,0]")], "feature 2, the model has 2"),
        (&[("split_conditions", "[NaN,1,2]")], "threshold of node 0 is NaN"),
        (&[("split_type", "[2,0,0]")], "of no known type"),
        (&[("split_type", "[1,0,0]")], "nodes with categories"),
        (&[("categories_nodes", "[0]")], "should be 1 beginnings"),
        (&[("leaf", "2")], "values of leaf 1"),
        (&[("leaf", "-2")], "leaves hold -2 values"),
        (&[("tree_info", "[1]")], "output group 1, there are 1"),
        (&[("tree_info", "[-1]")], "output group -1"),
        (&[("tree_info", "[]")], "should be 1 groups of trees"),
        (&[("num_trees", "2")], "should be 2 trees"),
    ];
    for (replaced, expected) in cases {
        let (kind, sentence) = refusal(tiny(replaced));
        assert_eq!(kind, Kind::Malformed, "{sentence}");
        assert!(sentence.contains(expected), "{sentence} has no {expected:?}");
    }
}

/// A root that splits by the set `categories`.
fn by_category(categories: &str, sizes: &str, segments: &str) -> String {
    tiny(&[
        ("split_type", "[1,0,0]"),
        ("split_conditions", "[NaN,1,2]"),
        ("categories", categories),
        ("categories_nodes", "[0]"),
        ("categories_segments", segments),
        ("categories_sizes", sizes),
    ])
}

#[test]
fn sets_of_categories_are_sorted_or_refused() {
    let model = read(&by_category("[5, 2, 16777215, 2]", "[4]", "[0]"));
    let Node::Categorical { categories, .. } = model.trees[0].node(0) else { panic!() };
    assert_eq!(categories, [2, 5, 16_777_215]);
    for (categories, sizes, segments, expected) in [
        ("[16777216]", "[1]", "[0]", "impossible category 16777216"),
        ("[-1]", "[1]", "[0]", "impossible category -1"),
        ("[1]", "[2]", "[0]", "not within the tree's"),
        ("[1]", "[0]", "[0]", "not within the tree's"),
        ("[1, 2]", "[1]", "[1]", "not within the tree's"),
        ("[1]", "[-1]", "[0]", "not within the tree's"),
    ] {
        let (kind, sentence) = refusal(by_category(categories, sizes, segments));
        assert_eq!(kind, Kind::Malformed, "{sentence}");
        assert!(sentence.contains(expected), "{sentence} has no {expected:?}");
    }
}

#[test]
fn models_of_other_kinds_are_refused_by_name() {
    for (replaced, expected) in [
        (&[("booster", "gblinear")], "gblinear, a linear model"),
        (&[("booster", "forest")], "\"forest\", expected \"gbtree\""),
        (&[("objective", "reg:expectileerror")], "\"reg:expectileerror\" is unknown, expected one"),
    ] {
        let (kind, sentence) = refusal(tiny(replaced));
        assert_eq!(kind, Kind::UnsupportedModel, "{sentence}");
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("base_score", "\"half\"")], "base score is \"half\""),
        (&[("base_score", "\"[1,2]\"")], "should be 1 base scores"),
        (&[("objective", "binary:logistic"), ("base_score", "2")], "margin is not finite"),
        (&[("objective", "count:poisson"), ("base_score", "\"0\"")], "margin is not finite"),
        (&[("features", "-1")], "number of features is -1"),
        (&[("features", "many")], "number of features is \"many\""),
        (&[("names", "[\"a\"]")], "should be 2 names of features"),
        (&[("booster", "dart")], "should be 1 weights"),
        (&[("extra", ", \"name\": \"gbtree\"")], "the booster is there twice"),
        (&[("version", "[]")], "the version is missing"),
    ];
    for (replaced, expected) in cases {
        let (kind, sentence) = refusal(tiny(replaced));
        assert_eq!(kind, Kind::Malformed, "{sentence}");
        assert!(sentence.contains(expected), "{sentence} has no {expected:?}");
    }
    let (kind, sentence) = refusal(tiny(&[("features", "4000000000")]));
    assert_eq!(kind, Kind::TooMany, "{sentence}");
}

#[test]
fn base_score_is_read_in_every_spelling() {
    for spelling in ["2.5E-1", "\"2.5E-1\"", "\"[2.5E-1]\"", "\"0.250000\"", "[0.25]"] {
        let document = tiny(&[("base_score", spelling), ("objective", "binary:logistic")]);
        let model = read(&document);
        assert_eq!(model.base_score, [0.25], "{spelling}");
        assert_eq!(model.base_margins, [-(3.0_f32).ln()], "{spelling}");
    }
    let three =
        [("base_score", "\"[1,2,3]\""), ("num_class", "3"), ("objective", "multi:softprob")];
    assert_eq!(read(&tiny(&three)).base_margins, [1.0, 2.0, 3.0]);
}

#[test]
fn cut_files_are_refused() {
    for name in ["3.2.0/frame.json", "3.2.0/frame.ubj", "2.1.4/pruned.bin"] {
        let bytes = file(name);
        for end in (400..bytes.len()).step_by(37) {
            let (kind, sentence) = refusal(&bytes[..end]);
            let expected = [Kind::Truncated, Kind::Malformed];
            assert!(expected.contains(&kind), "{name} to {end}: {sentence}");
        }
        let mut longer = bytes;
        longer.push(b'}');
        // Behind the binary format may be what its readers never looked at.
        assert_eq!(Model::from_bytes(longer).is_err(), !name.ends_with("bin"));
    }
}

#[test]
fn deep_documents_are_refused_without_recursion() {
    let deep = format!("{{\"learner\": {{\"attributes\": {{\"a\": {}", "[".repeat(1_000_000));
    assert_eq!(refusal(deep).0, Kind::TooDeep);
    let mut deep = b"{L\0\0\0\0\0\0\0\x07learner{i\x01a".to_vec();
    deep.extend(std::iter::repeat_n(b'[', 1_000_000));
    assert_eq!(refusal(deep).0, Kind::TooDeep);
}

#[test]
fn chain_of_a_million_nodes_is_walked_without_recursion() {
    let nodes = 1_000_001;
    let list = |entry: &dyn Fn(i64) -> i64| {
        let entries: Vec<_> = (0..nodes).map(|node| entry(node).to_string()).collect();
        format!("[{}]", entries.join(","))
    };
    let splits = |node: i64| node % 2 == 0 && node + 2 < nodes;
    let zeros = list(&|_| 0);
    let document = tiny(&[
        ("left_children", &list(&|node| if splits(node) { node + 1 } else { -1 })),
        ("right_children", &list(&|node| if splits(node) { node + 2 } else { -1 })),
        ("split_indices", &zeros),
        ("split_conditions", &zeros),
        ("default_left", &zeros),
        ("sum_hessian", &zeros),
        ("split_type", &zeros),
        ("num_nodes", &nodes.to_string()),
    ]);
    assert_eq!(read(&document).trees[0].len(), 1_000_001);
}

#[test]
fn long_lists_in_short_files_are_refused() {
    let mut ubjson = b"{L\0\0\0\0\0\0\0\x07learner{i\x0dfeature_names[#L".to_vec();
    ubjson.extend(i64::MAX.to_be_bytes());
    assert_eq!(refusal(ubjson.clone()).0, Kind::Truncated);
    ubjson.truncate(ubjson.len() - 10);
    ubjson.extend(b"$l#L");
    ubjson.extend(i64::MAX.to_be_bytes());
    assert_eq!(refusal(ubjson).0, Kind::Truncated);
}

#[test]
fn header_of_older_binary_files_is_passed_over() {
    let bytes = file("0.90/binary-logistic.bin");
    let plain = Model::from_bytes(bytes.clone()).unwrap().xgboost().unwrap();
    let with_header = [&b"binf"[..], &bytes].concat();
    let model = Model::from_bytes(with_header).unwrap().xgboost().unwrap();
    assert_eq!(model.release, (0, 0));
    assert_eq!(model.base_margins, plain.base_margins);
    assert_eq!(model.trees.len(), plain.trees.len());
}

#[test]
fn encodings_hold_the_same_model() {
    for name in
        ["binary-logistic", "softprob", "dart", "categorical-sets", "vector-leaves", "frame"]
    {
        let [json, ubjson] = ["json", "ubj"].map(|kind| {
            let bytes = file(&format!("3.2.0/{name}.{kind}"));
            Model::from_bytes(bytes).unwrap().xgboost().unwrap()
        });
        assert_eq!(format!("{json:?}"), format!("{ubjson:?}"), "{name}");
    }
}

#[test]
fn early_stopped_model_uses_its_best_rounds() {
    for name in ["3.2.0/early-stopping.ubj", "2.1.4/early-stopping.bin", "1.7.6/early-stopping.ubj"]
    {
        let model = Model::from_bytes(file(name)).unwrap().xgboost().unwrap();
        let used = 2 * (model.best_iteration.unwrap() + 1);
        assert_eq!(model.used_trees().len(), used, "{name}");
        assert!(used < model.trees.len(), "{name}");
    }
    let model = Model::from_bytes(file("0.90/early-stopping.bin")).unwrap().xgboost().unwrap();
    assert!(model.best_iteration.is_some());
    assert_eq!((model.num_parallel_tree, model.used_trees().len()), (None, model.trees.len()));
}

#[test]
fn pruned_trees_have_no_deleted_nodes() {
    // The number of deleted nodes is in newer files alone.
    assert!(!json("1.0.2/pruned.json").contains("num_deleted"));
    assert!(!json("2.1.4/pruned.json").contains("\"num_deleted\":\"0\""));
    let inner = |node: &Node<'_>| !matches!(node, Node::Leaf { .. });
    for name in ["1.0.2/pruned.json", "2.1.4/pruned.json", "0.90/pruned.bin", "2.1.4/pruned.bin"] {
        let model = Model::from_bytes(file(name)).unwrap().xgboost().unwrap();
        for tree in &model.trees {
            assert_eq!(tree.nodes().filter(inner).count() * 2 + 1, tree.len(), "{name}");
        }
    }
}

proptest! {
    /// A mutated file is read, and what is read can be walked, or it is refused.
    #[test]
    fn changed_bytes_never_panic(
        which in 0_usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let names = [
            "3.2.0/frame.json",
            "3.2.0/categorical-sets.ubj",
            "3.2.0/vector-leaves.ubj",
            "2.1.4/dart.bin",
            "0.90/softprob.bin",
        ];
        let mut bytes = file(names[which]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(model) = Model::from_bytes(bytes) {
            let _ = model.signature(None);
            if let Ok(model) = model.xgboost() {
                for tree in &model.trees {
                    prop_assert_eq!(tree.nodes().count(), tree.len());
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        for encoding in [Encoding::Json, Encoding::Ubjson, Encoding::Binary] {
            let _ = XgBoostModel::parse(&bytes, encoding);
        }
    }
}
