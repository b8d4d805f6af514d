//! Models that XGBoost wrote, of every release's encoding, evaluated by a walk that is written here
//! and compared with what XGBoost makes of the same rows. `xgboost/README.md` says how they came.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that cannot read its files fails, and its numbers are small"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate_model::{
    Format, Model,
    xgboost::{Encoding, Node, Transform, Tree, XgBoostModel},
};

/// Rows, and what XGBoost makes of them.
struct Rows {
    features: usize,
    groups: usize,
    /// Numbers of an answer; none where answers are margins.
    width: usize,
    rows: Vec<f32>,
    margins: Vec<f32>,
    answers: Vec<f32>,
}

impl Rows {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let word = |index: usize| bytes[4 * index..4 * index + 4].try_into().unwrap();
        let [count, features, groups, width] =
            [0, 1, 2, 3].map(|index| u32::from_le_bytes(word(index)) as usize);
        let mut at = 4;
        let mut floats = |width: usize| -> Vec<f32> {
            let floats = (at..at + count * width).map(|index| f32::from_le_bytes(word(index)));
            let floats = floats.collect();
            at += count * width;
            floats
        };
        let (rows, margins, answers) = (floats(features), floats(groups), floats(width));
        assert!(count >= 200 && 4 * at == bytes.len(), "{}", path.display());
        if features == 0 {
            let shared = Self::read(&path.with_file_name("shared.rows"));
            return Self { groups, width, margins, answers, ..shared };
        }
        Self { features, groups, width, rows, margins, answers }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xgboost")
}

/// Every `.rows` file, and the model files beside it.
fn cases() -> Vec<(PathBuf, Vec<PathBuf>)> {
    let mut cases = Vec::new();
    for release in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()) {
        if !release.is_dir() {
            continue;
        }
        let files = fs::read_dir(&release).unwrap().map(|entry| entry.unwrap().path());
        for rows in files.filter(|file| file.extension().is_some_and(|kind| kind == "rows")) {
            if rows.ends_with("shared.rows") {
                continue;
            }
            let models = ["json", "ubj", "bin"].map(|kind| rows.with_extension(kind));
            cases.push((rows, models.into_iter().filter(|model| model.exists()).collect()));
        }
    }
    cases.sort();
    cases
}

/// The values of the leaf that a row falls into.
fn leaf<'t>(tree: &'t Tree, row: &[f32]) -> &'t [f32] {
    let mut index = 0;
    loop {
        let (missing, goes_left, default_left, left, right) = match tree.node(index) {
            Node::Leaf { values } => return values,
            Node::Numerical { feature, threshold, default_left, left, right } => {
                (row[feature].is_nan(), row[feature] < threshold, default_left, left, right)
            }
            Node::Categorical { feature, categories, default_left, left, right } => {
                let value = row[feature];
                let is_category = (0.0..16_777_216.0).contains(&value);
                let is_member = is_category && categories.contains(&(value as u32));
                (value.is_nan(), !is_member, default_left, left, right)
            }
        };
        index = if if missing { default_left } else { goes_left } { left } else { right };
    }
}

fn margins(model: &XgBoostModel, row: &[f32]) -> Vec<f32> {
    let mut margins = model.base_margins.clone();
    for tree in model.used_trees() {
        match leaf(tree, row) {
            &[value] => margins[tree.group()] += value * tree.weight(),
            values => {
                for (margin, value) in margins.iter_mut().zip(values) {
                    *margin += value * tree.weight();
                }
            }
        }
    }
    margins
}

fn answers(model: &XgBoostModel, margins: &[f32]) -> Vec<f32> {
    match model.objective.transform {
        Transform::Identity => margins.to_vec(),
        Transform::Sigmoid => margins.iter().map(|&x| 1.0 / ((-x).min(88.7).exp() + 1.0)).collect(),
        Transform::Exp => margins.iter().map(|&x| x.exp()).collect(),
        Transform::Hinge => margins.iter().map(|&x| f32::from(u8::from(x > 0.0))).collect(),
        Transform::Softmax if model.objective.name == "multi:softmax" => {
            let greatest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            vec![margins.iter().position(|&x| x == greatest).unwrap() as f32]
        }
        Transform::Softmax => {
            let greatest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers: Vec<f32> = margins.iter().map(|&x| (x - greatest).exp()).collect();
            let sum: f64 = powers.iter().copied().map(f64::from).sum();
            powers.iter().map(|&power| power / sum as f32).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn close(ours: &[f32], theirs: &[f32]) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(near)
}

#[test]
fn margins_and_answers_are_those_of_xgboost() {
    let (mut models, mut exact, mut all) = (0, 0, 0);
    for (path, files) in cases() {
        let rows = Rows::read(&path);
        assert!(!files.is_empty(), "{}", path.display());
        for file in files {
            let name = file.display();
            let model = Model::open(&file).unwrap().xgboost().unwrap();
            assert_eq!((model.num_feature, model.groups()), (rows.features, rows.groups), "{name}");
            for (index, row) in rows.rows.chunks(rows.features).enumerate() {
                let expected = &rows.margins[index * rows.groups..][..rows.groups];
                let ours = margins(&model, row);
                assert!(close(&ours, expected), "{name}: {row:?} gives {ours:?}, not {expected:?}");
                exact += usize::from(ours == expected);
                all += 1;
                if rows.width > 0 {
                    let expected = &rows.answers[index * rows.width..][..rows.width];
                    let ours = answers(&model, &ours);
                    assert!(close(&ours, expected), "{name}: {row:?}: {ours:?}, not {expected:?}");
                }
            }
            models += 1;
        }
    }
    assert!(models >= 50, "{models}");
    println!("{models} models, {all} rows, {exact} of them to the last bit");
}

#[test]
fn golden_rows_of_the_model_that_ships_have_the_margins_of_xgboost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fraud");
    let model = Model::open(&folder.join("model.ubj")).unwrap().xgboost().unwrap();
    let text = fs::read_to_string(folder.join("golden.csv")).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let [second, margin] = ["output.probabilities.1", "trainer.margin"].map(at);
    let mut rows = 0;
    for cells in lines {
        let number = |cell: &&str| if cell.is_empty() { f32::NAN } else { cell.parse().unwrap() };
        let row: Vec<f32> = cells[..model.num_feature].iter().map(number).collect();
        let margins = margins(&model, &row);
        assert_eq!(margins, [number(&cells[margin])], "row {rows}");
        assert!(close(&answers(&model, &margins), &[number(&cells[second])]), "row {rows}");
        rows += 1;
    }
    assert_eq!(rows, 611);
}

#[test]
fn encodings_are_told_by_content() {
    for (_, files) in cases() {
        for file in files {
            let expected = match file.extension().unwrap().to_str().unwrap() {
                "json" => Encoding::Json,
                "ubj" => Encoding::Ubjson,
                _ => Encoding::Binary,
            };
            let model = Model::from_bytes(fs::read(&file).unwrap()).unwrap();
            assert_eq!(model.format(), Format::XgBoost(expected), "{}", file.display());
            assert!(model.onnx().unwrap_err().to_string().contains("should be in ONNX format"));
        }
    }
}
