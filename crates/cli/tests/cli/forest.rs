//! A model as large as one likes.

use std::{fmt::Write as _, fs, path::Path};

/// Levels of a tree.
const DEPTH: u32 = 10;
const COLUMNS: usize = 4;

/// Writes a regressor of so many trees of 1024 leaves each, as LightGBM writes one, into a folder.
pub(crate) fn write(folder: &Path, trees: usize) {
    let splits = (1_usize << DEPTH) - 1;
    let list = |count: usize, value: &dyn Fn(usize) -> String| {
        let values: Vec<String> = (0..count).map(value).collect();
        values.join(" ")
    };
    let names = list(COLUMNS, &|column| format!("x{column}"));
    let infos = list(COLUMNS, &|_| "[0:1]".to_owned());
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n\
         max_feature_idx={}\nobjective=regression\nfeature_names={names}\nfeature_infos={infos}\n\n",
        COLUMNS - 1
    );
    // The leaves stand behind the splits, in order.
    let child = |child: usize| match child.checked_sub(splits) {
        None => child.to_string(),
        Some(leaf) => (-1 - i64::try_from(leaf).unwrap()).to_string(),
    };
    for tree in 0..trees {
        let mix = |node: usize| (node * 7919 + tree * 104_729) % 99_991;
        let _ = writeln!(
            text,
            "Tree={tree}\nnum_leaves={}\nnum_cat=0\nsplit_feature={}\nsplit_gain={}\nthreshold={}\n\
             decision_type={}\nleft_child={}\nright_child={}\nleaf_value={}\nshrinkage=1\n",
            splits + 1,
            list(splits, &|node| (mix(node) % COLUMNS).to_string()),
            list(splits, &|_| "1".to_owned()),
            list(splits, &|node| format!("{:.5}", mix(node) as f64 / 99_991.0)),
            list(splits, &|_| "2".to_owned()),
            list(splits, &|node| child(2 * node + 1)),
            list(splits, &|node| child(2 * node + 2)),
            list(splits + 1, &|leaf| format!("{:.6}", mix(leaf) as f64 / 1e8)),
        );
    }
    text.push_str("end of trees\n\nfeature_importances:\nparameters:\nend of parameters\n\npandas_categorical:null\n");
    fs::write(folder.join("model.txt"), text).unwrap();
}
