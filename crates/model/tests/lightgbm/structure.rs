//! What is read beside what decides: objectives, categories, counts, depths.

use std::fmt::Write as _;

use hotplate_model::{
    Model,
    lightgbm::{Categories, Child, Loss, Missing, Objective, Split, Tree},
};

use crate::data;

#[test]
fn objectives_are_read_with_their_parameters() {
    let regression = |loss| Objective::Regression { loss, sqrt: false };
    for (model, objective) in [
        ("regression", regression(Loss::L2)),
        ("regression_l1", regression(Loss::L1)),
        ("huber", regression(Loss::Huber)),
        ("fair", regression(Loss::Fair)),
        ("quantile", regression(Loss::Quantile)),
        ("mape", regression(Loss::Mape)),
        ("regression-sqrt", Objective::Regression { loss: Loss::L2, sqrt: true }),
        ("poisson", Objective::Poisson),
        ("gamma", Objective::Gamma),
        ("tweedie", Objective::Tweedie),
        ("binary", Objective::Binary { sigmoid: 1.0 }),
        ("binary-sigmoid", Objective::Binary { sigmoid: 0.7 }),
        ("multiclass", Objective::Multiclass),
        ("multiclassova", Objective::MulticlassOva { sigmoid: 0.8 }),
        ("cross_entropy", Objective::CrossEntropy),
        ("version-2-numbers", Objective::CrossEntropy),
        ("cross_entropy_lambda", Objective::CrossEntropyLambda),
        ("lambdarank", Objective::Lambdarank),
        ("rank_xendcg", Objective::RankXendcg),
        ("custom", Objective::Custom),
        ("custom-of-two", Objective::Custom),
    ] {
        assert_eq!(data::read(model).objective(), objective, "{model}");
    }
}

#[test]
fn scores_and_iterations_are_counted() {
    for (model, scores, iterations, classes) in [
        ("regression", 1, 3, None),
        ("binary", 1, 3, Some(2)),
        ("multiclass", 3, 2, Some(3)),
        ("custom-of-two", 2, 2, None),
        ("constant", 1, 1, None),
    ] {
        let found = data::read(model);
        assert_eq!((found.scores(), found.iterations()), (scores, iterations), "{model}");
        assert_eq!(found.classes(), classes, "{model}");
    }
    assert!(data::read("stopped").iterations() < 60, "the trees behind the best are not saved");
}

#[test]
fn forests_are_averaged_and_nothing_else_is() {
    for model in data::models() {
        assert_eq!(data::read(&model).average_output(), model.starts_with("forest"), "{model}");
    }
}

#[test]
fn missing_types_are_those_of_the_training() {
    for (model, expected) in [
        ("missing-none", Missing::None),
        ("missing-zero", Missing::Zero),
        ("regression", Missing::Nan),
    ] {
        let model = data::read(model);
        let found = model.trees().iter().flat_map(Tree::nodes).any(
            |node| matches!(node.split, Split::Numerical { missing, .. } if missing == expected),
        );
        assert!(found, "{expected:?}");
    }
}

#[test]
fn categories_belong_to_their_features() {
    for model in ["frame", "frame-multiclass", "version-2-frame", "version-3-frame"] {
        let model = data::read(model);
        let towns = ["Aachen", "Bonn", "Köln, links", "Ulm \"am\" Berg", "Zwickau"];
        let expected = [
            Some(Categories::Text(towns.map(str::to_owned).to_vec())),
            None,
            Some(Categories::Numbers(vec![0.1, 1.0, 2.5, 40.0])),
            Some(Categories::Booleans(vec![false, true])),
        ];
        let found: Vec<_> = model.features().iter().map(|f| f.categories.clone()).collect();
        assert_eq!(found, expected);
    }
    assert!(data::read("codes").features().iter().all(|feature| feature.categories.is_none()));
}

#[test]
fn category_of_one_value_is_known_by_the_parameters() {
    let text = data::text("version-3-frame").replace(" -1:0:1\n", " none\n");
    assert!(text.contains("none\n") && text.contains("[categorical_feature: 0,2,3]"));
    let model = Model::from_bytes(text.into()).unwrap().lightgbm().unwrap();
    assert_eq!(model.features()[3].categories, Some(Categories::Booleans(vec![false, true])));
}

#[test]
fn sets_hold_the_codes_of_the_bits() {
    let model = data::read("version-2-codes");
    let Split::Categorical { set } = model.trees()[0].node(0).split else { panic!("a set") };
    let codes: Vec<u32> = set.iter().collect();
    assert!(codes.iter().any(|&code| code >= 64), "{codes:?}");
    assert!(codes.iter().all(|&code| set.contains(code)));
    let bits: u32 = set.words().iter().map(|word| word.count_ones()).sum();
    assert_eq!(bits as usize, codes.len());
    assert!(!set.contains(u32::MAX));
}

#[test]
fn counts_of_children_add_up() {
    for name in data::models() {
        for tree in data::read(&name).trees() {
            let nodes = tree.node_counts().unwrap_or_default();
            let leaves = tree.leaf_counts().unwrap_or_default();
            assert_eq!(nodes.len(), tree.len(), "{name}");
            for (index, node) in tree.nodes().enumerate() {
                let count = |child| match child {
                    Child::Node(node) => nodes[node],
                    Child::Leaf(leaf) => leaves[leaf],
                };
                assert_eq!(nodes[index], count(node.left) + count(node.right), "{name}");
            }
        }
    }
}

#[test]
fn counts_may_be_left_out() {
    let text = data::text("regression");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("internal_count=") && !line.starts_with("leaf_count="))
        .collect();
    let model = Model::from_bytes((kept.join("\n") + "\n").into()).unwrap().lightgbm().unwrap();
    assert!(model.trees().iter().all(|t| t.node_counts().is_none() && t.leaf_counts().is_none()));
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let text = data::text("frame");
    let model = Model::from_bytes(text.replace('\n', "\r\n").into()).unwrap().lightgbm().unwrap();
    assert_eq!(format!("{model:?}"), format!("{:?}", data::read("frame")));
}

#[test]
fn depth_is_that_of_the_longest_way() {
    assert!(data::read("shallow").trees().iter().all(|tree| tree.depth() == 1));
    let model = data::read("constant");
    let tree = &model.trees()[0];
    assert_eq!((tree.depth(), tree.is_empty(), tree.root()), (0, true, Child::Leaf(0)));
}

#[test]
fn chain_of_a_million_nodes_is_walked_without_recursion() {
    const NODES: usize = 1_000_000;
    let mut lists = [const { String::new() }; 4];
    for node in 0..NODES {
        let last = node + 1 == NODES;
        let right = if last { -(NODES as i64) - 1 } else { node as i64 + 1 };
        let [zeros, left, rights, leaves] = &mut lists;
        zeros.push_str("0 ");
        leaves.push_str("1 ");
        write!(left, "{} ", -(node as i64) - 1).unwrap();
        write!(rights, "{right} ").unwrap();
    }
    let [zeros, left, right, leaves] = lists;
    let text = format!(
        "tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\nfeature_names=x\nfeature_infos=[0:1]\n\n\
         Tree=0\nnum_leaves={}\nnum_cat=0\nsplit_feature={zeros}\nthreshold={zeros}\n\
         left_child={left}\nright_child={right}\nleaf_value={leaves}1\n\nend of trees\n",
        NODES + 1
    );
    let model = Model::from_bytes(text.into()).unwrap().lightgbm().unwrap();
    assert_eq!(model.trees()[0].depth(), NODES);
}
