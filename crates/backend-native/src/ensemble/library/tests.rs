//! The models of the readers' tests, in every layout, against the raw scores of the libraries that
//! trained them.

mod contributions;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use hotplate_backend::TreeLayout;
use hotplate_model::{
    Model,
    lightgbm::{Categories, LightGbmModel},
    xgboost::XgBoostModel,
};

use super::{LibraryModel, lightgbm, xgboost};
use crate::{ensemble::LaidOutEnsemble, real::Real};

fn folder(library: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests").join(library)
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(OsStr::to_str);
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let mut files: Vec<PathBuf> = entries.filter(is_wanted).collect();
    files.sort();
    files
}

/// The raw scores of these rows, in every layout that holds the trees.
fn scores<X: Real>(
    read: impl Fn() -> LibraryModel<X>,
    rows: &[X],
    width: usize,
) -> Vec<(TreeLayout, Vec<X>)> {
    let layouts = TreeLayout::ALL.into_iter().filter_map(|layout| {
        let ensemble = LaidOutEnsemble::new(&read().ensemble, Some(layout)).ok()?;
        let mut scores = Vec::new();
        let mut scratch = ensemble.scratch();
        ensemble.scores_of(rows, width, &mut scratch, |_, row, _| scores.extend_from_slice(row));
        Some((layout, scores))
    });
    let layouts: Vec<_> = layouts.collect();
    assert_eq!(layouts[0].0, TreeLayout::Walk);
    layouts
}

/// The rows of a LightGBM model, a text's place among the categories for the text.
fn lightgbm_rows(path: &Path, model: &LightGbmModel) -> Vec<f64> {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let data = ["codes", "frame"].into_iter().find(|data| name.contains(data));
    let rows = folder("lightgbm").join(data.unwrap_or("numbers")).with_extension("tsv");
    let cell = |(cell, categories): (&str, &Option<Categories>)| match categories {
        Some(Categories::Text(texts)) => {
            let place = texts.iter().position(|text| text == cell);
            place.map_or(f64::NAN, |place| f64::from(u32::try_from(place).unwrap()))
        }
        _ => cell.parse().unwrap(),
    };
    let categories = || model.features().iter().map(|feature| &feature.categories);
    let text = fs::read_to_string(rows).unwrap();
    text.lines().flat_map(|line| line.split('\t').zip(categories()).map(cell)).collect()
}

#[test]
fn raw_scores_are_lightgbms_bit_for_bit() {
    let files = files(&folder("lightgbm/models"), &["txt"]);
    assert!(files.len() >= 35, "{}", files.len());
    let mut of_layout = [0; 4];
    for path in files {
        let file = Model::open(&path).unwrap();
        let model = file.lightgbm().unwrap();
        let (signature, rows) = (file.signature(None).unwrap(), lightgbm_rows(&path, &model));
        let bytes = fs::read(path.with_extension("f64")).unwrap();
        let expected = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        let expected: Vec<f64> = expected.collect();
        let read = || lightgbm::read(&model, &signature).unwrap();
        for (layout, mut got) in scores(read, &rows, model.features().len()) {
            if model.average_output() {
                // The library's raw scores are not averaged.
                continue;
            }
            got.truncate(expected.len());
            assert!(got.len() >= 200 * model.scores());
            for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
                let name = path.display();
                assert_eq!(got.to_bits(), expected.to_bits(), "{name}, {layout}, score {row}");
            }
            of_layout[TreeLayout::ALL.iter().position(|other| *other == layout).unwrap()] += 1;
        }
    }
    assert!(of_layout[..3].iter().all(|&count| count >= 25), "{of_layout:?}");
}

/// The rows of an XGBoost model and the margins that the library makes of them.
fn xgboost_rows(path: &Path, model: &XgBoostModel) -> (Vec<f32>, Vec<f32>) {
    let read = |path: &Path| -> Vec<[u8; 4]> { fs::read(path).unwrap().as_chunks().0.to_vec() };
    let floats = |words: &[[u8; 4]]| words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    let words = read(&path.with_extension("rows"));
    let [count, features, groups] = [0, 1, 2].map(|at| u32::from_le_bytes(words[at]) as usize);
    assert_eq!(groups, model.groups());
    let margins = floats(&words[4 + count * features..][..count * groups]);
    let rows = match features {
        // Those of all models of a release.
        0 => floats(&read(&path.with_file_name("shared.rows"))[4..][..count * model.num_feature]),
        _ => floats(&words[4..][..count * features]),
    };
    (rows, margins)
}

#[test]
fn margins_are_xgboosts() {
    let releases = fs::read_dir(folder("xgboost")).unwrap().map(|entry| entry.unwrap().path());
    let mut models = 0;
    for release in releases.filter(|path| path.is_dir()) {
        for path in files(&release, &["json", "ubj", "bin"]) {
            let file = Model::open(&path).unwrap();
            let model = file.xgboost().unwrap();
            let (rows, expected) = xgboost_rows(&path, &model);
            let signature = file.signature(None).unwrap();
            let read = || xgboost::read(&model, &signature).unwrap();
            for (layout, got) in scores(read, &rows, model.num_feature) {
                assert_eq!(got.len(), expected.len(), "{}", path.display());
                for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
                    let is_near = (got - expected).abs() <= 1e-6 * expected.abs().max(1.0);
                    let name = path.display();
                    assert!(is_near, "{name}, {layout}, score {row}: {got}, not {expected}");
                }
            }
            models += 1;
        }
    }
    assert!(models >= 80, "{models}");
}
