//! Each way in which a file can be wrong, as a change of a real one.

use hotplate_model::{Model, ModelErrorKind as Kind};

use crate::data;

/// A model, what is replaced in it (everywhere) by what, and the refusal.
type Case = (&'static str, &'static str, &'static str, Kind, &'static str);

fn refusal(bytes: Vec<u8>) -> (Kind, String) {
    let error = Model::from_bytes(bytes).expect_err("it is refused");
    assert!(error.offset().is_some(), "{error}");
    (error.kind(), error.to_string())
}

fn check(cases: &[Case]) {
    for &(model, from, to, kind, sentence) in cases {
        let text = data::text(model);
        assert!(text.contains(from), "{model}: {from:?}");
        let (found, message) = refusal(text.replace(from, to).into());
        assert_eq!(found, kind, "{model}: {from:?} to {to:?}: {message}");
        assert!(message.contains(sentence), "{model}: {from:?} to {to:?}: {message}");
    }
}

/// A tree of two nodes, whose lists are easily made wrong.
const SMALL: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\n\
    objective=regression\nfeature_names=a b\nfeature_infos=[0:1] 0:1:2\ntree_sizes=1\n\n\
    Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nthreshold=0.5 0\ndecision_type=2 1\n\
    left_child=1 -2\nright_child=-1 -3\nleaf_value=1 2 3\nleaf_count=1 2 3\ninternal_count=6 5\n\
    cat_boundaries=0 2\ncat_threshold=1 2\nis_linear=0\nshrinkage=1\n\n\nend of trees\n";

fn check_small(cases: &[(&str, &str, Kind, &str)]) {
    assert!(Model::from_bytes(SMALL.into()).is_ok());
    for &(from, to, kind, sentence) in cases {
        assert_eq!(SMALL.matches(from).count(), 1, "{from:?}");
        let (found, message) = refusal(SMALL.replace(from, to).into());
        assert_eq!(found, kind, "{from:?} to {to:?}: {message}");
        assert!(message.contains(sentence), "{from:?} to {to:?}: {message}");
    }
}

#[test]
fn what_is_not_read_is_named() {
    check(&[
        ("regression", "version=v4", "version=v5", Kind::UnsupportedFormat, "is \"v5\""),
        ("regression", "is_linear=0", "is_linear=1", Kind::UnsupportedFormat, "linear trees"),
        (
            "regression",
            "objective=regression",
            "objective=survival",
            Kind::UnsupportedFormat,
            "the objective \"survival\" is unknown",
        ),
    ]);
}

#[test]
fn wrong_heads_are_refused() {
    check_small(&[
        ("num_class=1\n", "", Kind::Malformed, "`num_class` is missing"),
        ("num_class=1", "num_class=0", Kind::Malformed, "`num_class` should be at least 1"),
        ("num_class=1", "num_class=one", Kind::Malformed, "holds \"one\""),
        ("num_class=1", "num_class=-1", Kind::Malformed, "holds \"-1\""),
        ("num_class=1", "num_class=3", Kind::Malformed, "`num_class` is 3"),
        ("num_class=1\n", "num_class=1\nnum_class=1\n", Kind::Malformed, "is there twice"),
        ("max_feature_idx=1\n", "", Kind::Malformed, "`max_feature_idx` is missing"),
        ("max_feature_idx=1", "max_feature_idx=2", Kind::Malformed, "should have 3 entries"),
        ("max_feature_idx=1", "max_feature_idx=4294967295", Kind::TooMany, "features"),
        ("feature_names=a b\n", "", Kind::Malformed, "`feature_names` is missing"),
        ("feature_names=a b", "feature_names=a", Kind::Malformed, "has 1"),
        ("tree_sizes=1", "tree_sizes=1 1", Kind::Truncated, "`tree_sizes` has 2 trees"),
        ("tree_sizes=1\n\nTree=0", "\nTry=0", Kind::Malformed, "no trees"),
        ("objective=regression", "objective=binary", Kind::Malformed, "one `sigmoid` above 0"),
        (
            "objective=regression",
            "objective=binary sigmoid:0",
            Kind::Malformed,
            "one `sigmoid` above 0",
        ),
        ("objective=regression", "objective=multiclass", Kind::Malformed, "does not fit"),
    ]);
}

#[test]
fn numbers_of_trees_must_fit() {
    let two = "num_tree_per_iteration=2";
    check(&[
        ("custom-of-two", two, "num_tree_per_iteration=4", Kind::Malformed, "`num_class` is 2"),
        ("multiclass", "num_class:3", "num_class:4", Kind::Malformed, "does not fit"),
        ("multiclass", " num_class:3", "", Kind::Malformed, "one `num_class` above 0"),
        ("multiclass", "objective=multiclass", "objective=gamma", Kind::Malformed, "not fit"),
    ]);
    let text = data::text("custom").replace("=1\nlabel", "=2\nlabel");
    let text = text.replace("num_class=1", "num_class=2");
    let (kind, message) = refusal(text.into());
    assert_eq!(kind, Kind::Malformed);
    assert!(message.contains("3 trees are no whole number of iterations of 2"), "{message}");
}

#[test]
fn wrong_lists_of_trees_are_refused() {
    check_small(&[
        ("num_leaves=3\n", "", Kind::Malformed, "tree 0: `num_leaves` is missing"),
        ("num_leaves=3", "num_leaves=0", Kind::Malformed, "`num_leaves` should be at least 1"),
        ("num_leaves=3", "num_leaves=4", Kind::Malformed, "should have 4 entries, has 3"),
        ("num_leaves=3", "num_leaves=4294967295", Kind::Malformed, "has 3"),
        ("num_leaves=3\n", "num_leaves=3\nnum_leaves=3\n", Kind::Malformed, "there twice"),
        ("num_cat=1\n", "", Kind::Malformed, "`num_cat` is missing"),
        ("split_feature=0 1\n", "", Kind::Malformed, "`split_feature` is missing"),
        ("split_feature=0 1", "split_feature=0", Kind::Malformed, "should have 2 entries, has 1"),
        ("split_feature=0 1", "split_feature=0 2", Kind::Malformed, "splits feature 2 of 2"),
        ("split_feature=0 1", "split_feature=0 -1", Kind::Malformed, "holds \"-1\""),
        ("threshold=0.5 0\n", "threshold=0.5 0 1\n", Kind::Malformed, "entries, has 3"),
        ("threshold=0.5 0\n", "threshold=nan 0\n", Kind::Malformed, "threshold of node 0 is NaN"),
        ("threshold=0.5 0\n", "threshold=half 0\n", Kind::Malformed, "holds \"half\""),
        ("decision_type=2 1", "decision_type=2", Kind::Malformed, "entries, has 1"),
        ("decision_type=2 1", "decision_type=12 1", Kind::Malformed, "`decision_type` 12"),
        ("decision_type=2 1", "decision_type=-2 1", Kind::Malformed, "`decision_type` -2"),
        ("leaf_value=1 2 3", "leaf_value=1 2", Kind::Malformed, "should have 3 entries, has 2"),
        ("leaf_value=1 2 3", "leaf_value=1 2 x", Kind::Malformed, "holds \"x\""),
        ("leaf_count=1 2 3", "leaf_count=1 2", Kind::Malformed, "entries, has 2"),
        ("leaf_count=1 2 3", "leaf_count=1 2 -3", Kind::Malformed, "holds \"-3\""),
        ("internal_count=6 5", "internal_count=6", Kind::Malformed, "entries, has 1"),
        ("shrinkage=1", "shrinkage=one", Kind::Malformed, "`shrinkage` should hold numbers"),
        ("shrinkage=1\n\n\nend of trees\n", "shrinkage=1\n", Kind::Truncated, "within a tree"),
    ]);
}

#[test]
fn wrong_category_sets_are_refused() {
    check_small(&[
        ("threshold=0.5 0\n", "threshold=0.5 1\n", Kind::Malformed, "by category set 1 of 1"),
        ("threshold=0.5 0\n", "threshold=0.5 -1\n", Kind::Malformed, "by category set -1 of 1"),
        ("threshold=0.5 0\n", "threshold=0.5 0.5\n", Kind::Malformed, "by category set 0.5 of 1"),
        ("threshold=0.5 0\n", "threshold=0.5 nan\n", Kind::Malformed, "by category set NaN of 1"),
        ("num_cat=1\n", "num_cat=0\n", Kind::Malformed, "by category set 0 of 0"),
        ("num_cat=1\n", "num_cat=2\n", Kind::Malformed, "should have 3 entries, has 2"),
        ("num_cat=1\n", "num_cat=4294967295\n", Kind::Malformed, "has 2"),
        ("cat_boundaries=0 2\n", "", Kind::Malformed, "`cat_boundaries` is missing"),
        ("cat_boundaries=0 2", "cat_boundaries=1 2", Kind::Malformed, "should rise from 0"),
        ("cat_boundaries=0 2", "cat_boundaries=0 3", Kind::Malformed, "has 2"),
        ("cat_threshold=1 2\n", "", Kind::Malformed, "`cat_threshold` is missing"),
        ("cat_threshold=1 2", "cat_threshold=1 4294967296", Kind::Malformed, "`cat_threshold`"),
    ]);
    let text = SMALL.replace("num_cat=1", "num_cat=2").replace("=0 2\n", "=0 2 1\n");
    assert!(refusal(text.into()).1.contains("should rise from 0"));
}

#[test]
fn what_is_no_tree_is_refused() {
    check_small(&[
        ("left_child=1 -2", "left_child=2 -2", Kind::Malformed, "`left_child` of node 0 is 2"),
        ("left_child=1 -2", "left_child=1 -4", Kind::Malformed, "`left_child` of node 1 is -4"),
        ("right_child=-1 -3", "right_child=-1 9", Kind::Malformed, "`right_child` of node 1 is 9"),
        ("left_child=1 -2", "left_child=1 0", Kind::Malformed, "node 0 is reached twice"),
        ("left_child=1 -2", "left_child=1 1", Kind::Malformed, "node 1 is reached twice"),
        ("left_child=1 -2", "left_child=1 -1", Kind::Malformed, "leaf 0 is reached twice"),
        ("right_child=-1 -3", "right_child=1 -3", Kind::Malformed, "node 1 is reached twice"),
        // A node that is its own parent, apart from the root.
        ("left_child=1 -2", "left_child=-2 1", Kind::Malformed, "node 1 is not reached"),
        (
            "left_child=1 -2",
            "left_child=1 -2147483648",
            Kind::Malformed,
            "`left_child` of node 1 is -2147483648",
        ),
        ("left_child=1 -2", "left_child=1 -2147483649", Kind::Malformed, "holds"),
    ]);
}

#[test]
fn files_cut_short_are_refused() {
    let whole = data::text("frame");
    for (end, sentence) in [
        ("feature_infos=", "within its head"),
        ("leaf_weight=", "within a tree"),
        ("Tree=1", "`tree_sizes` has 3 trees, the file 1"),
        ("[num_leaves", "within its parameters"),
    ] {
        let text = &whole[..whole.find(end).unwrap()];
        let (kind, message) = refusal(text.into());
        assert_eq!(kind, Kind::Truncated, "{end}: {message}");
        assert!(message.contains(sentence), "{end}: {message}");
    }
}

#[test]
fn wrong_categories_are_refused() {
    let booleans = "[false, true]]";
    let unsupported = Kind::UnsupportedSignature;
    check(&[
        ("frame", booleans, "[false, true]", Kind::Malformed, "not a JSON list of lists"),
        ("frame", booleans, "false]", Kind::Malformed, "not a JSON list of lists"),
        ("frame", booleans, "[false, 1]]", unsupported, "list 2 of `pandas_categorical`"),
        ("frame", booleans, "[0, true]]", unsupported, "should be all texts"),
        ("frame", booleans, "[\"no\", true]]", unsupported, "should be all texts"),
        ("frame", booleans, "[null, true]]", unsupported, "should be all texts"),
        ("frame", booleans, "[false, false]]", Kind::Malformed, "a category twice"),
        ("frame", "\"Bonn\"", "\"Aachen\"", Kind::Malformed, "list 0"),
        ("frame", "[0.1, 1.0, 2.5, 40.0]", "[0.0, 1, 2, -0.0]", Kind::Malformed, "list 1"),
        ("frame", ", [false, true]", "", unsupported, "2 lists and 3 features are categorical"),
        ("frame", booleans, "[true]]", unsupported, "category 1, and `pandas_categorical` names 1"),
        ("frame", "-1:3:1:0:2", "-1:3:x:0:2", Kind::Malformed, "`feature_infos`"),
        ("frame", "-1:3:1:0:2", "", Kind::Malformed, "should have 4 entries, has 3"),
    ]);
    let long = format!("[{}[]]", " ".repeat(16 << 20));
    let text = format!("{SMALL}\npandas_categorical:{long}\n");
    assert_eq!(refusal(text.into()).0, Kind::TooMany);
}

#[test]
fn long_sections_and_other_bytes_are_refused() {
    let lines: String = (0..100).map(|line| format!("key{line}=\n")).collect();
    let text = SMALL.replace("Tree=0\n", &format!("Tree=0\n{lines}"));
    assert_eq!(refusal(text.into()).0, Kind::TooMany);

    let mut bytes = SMALL.as_bytes().to_vec();
    bytes.push(0xff);
    let (kind, message) = refusal(bytes);
    assert_eq!(kind, Kind::Malformed);
    assert!(message.ends_with(&format!("not UTF-8, at byte {}", SMALL.len())), "{message}");
}

#[test]
fn refusal_names_tree_and_byte() {
    let text = data::text("regression");
    let third = text.find("Tree=2").unwrap();
    let at = third + text[third..].find("leaf_value=").unwrap() + "leaf_value=".len();
    let text = format!("{}x{}", &text[..at], &text[at..]);
    let (_, message) = refusal(text.into());
    assert!(
        message.starts_with("tree 2: `leaf_value` should hold numbers, holds \"x"),
        "{message}"
    );
    assert!(message.ends_with(&format!("at byte {at}")), "{message}");
}
