//! What features add to the scores of the same models, against what the libraries say.

use std::{fs, path::Path};

use hotplate_backend::Covers;
use hotplate_model::Model;

use super::{files, folder, lightgbm_rows, xgboost_rows};
use crate::{
    ensemble::{
        Finish,
        library::{LibraryModel, lightgbm, xgboost},
    },
    real::Real,
};

/// The rows whose contributions are beside a LightGBM model.
const LIGHTGBM_ROWS: usize = 24;

/// Of how many rows of an XGBoost model one's contributions are beside it.
const XGBOOST_STEP: usize = 4;

/// What the features of rows add, with what is expected behind those of each score, as the
/// libraries write it.
fn explained<'a, X: Real>(
    model: &LibraryModel<X>,
    rows: impl Iterator<Item = &'a [X]>,
    width: usize,
) -> Vec<f64> {
    let LibraryModel { ensemble, finish, .. } = model;
    let explainer = ensemble.explainer(|score| finish.base(score), width, &[]).unwrap();
    assert_eq!(explainer.covers(), Covers::Training);
    let mut contributions = vec![0.0; explainer.expected().len() * width];
    let mut scratch = explainer.scratch();
    let mut all = Vec::new();
    for features in rows {
        explainer.explain(features, &mut scratch, &mut contributions);
        for (of_score, &expected) in contributions.chunks(width).zip(explainer.expected()) {
            all.extend_from_slice(of_score);
            all.push(expected);
        }
    }
    all
}

/// Checks numbers to be as near as this, in parts of the greatest of a row and score.
fn assert_near(path: &Path, got: &[f64], expected: &[f64], width: usize, tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{}", path.display());
    for (row, (got, expected)) in got.chunks(width).zip(expected.chunks(width)).enumerate() {
        let greatest = expected.iter().fold(1.0, |most: f64, number| most.max(number.abs()));
        for (feature, (got, expected)) in got.iter().zip(expected).enumerate() {
            let is_near = (got - expected).abs() <= tolerance * greatest;
            let name = path.display();
            assert!(is_near, "{name}, row {row}, feature {feature}: {got}, not {expected}");
        }
    }
}

#[test]
fn contributions_are_lightgbms() {
    let files = files(&folder("lightgbm/models"), &["contributions"]);
    assert!(files.len() >= 35, "{}", files.len());
    for path in files {
        let file = Model::open(&path.with_extension("txt")).unwrap();
        let model = file.lightgbm().unwrap();
        let width = model.features().len();
        let rows = lightgbm_rows(&path, &model);
        let read = lightgbm::read(&model, &file.signature(None).unwrap()).unwrap();
        let mut got = explained(&read, rows.chunks(width).take(LIGHTGBM_ROWS), width);
        if model.average_output() {
            // The library explains the sum.
            let iterations = f64::of_count(model.iterations());
            got.iter_mut().for_each(|number| *number *= iterations);
        }
        let bytes = fs::read(&path).unwrap();
        let expected = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        let expected: Vec<f64> = expected.collect();
        assert_near(&path, &got, &expected, width + 1, 1e-12);
    }
}

#[test]
fn contributions_are_xgboosts() {
    let files = files(&folder("xgboost/3.2.0"), &["contributions"]);
    assert!(files.len() >= 25, "{}", files.len());
    for path in files {
        let models = ["json", "ubj"].map(|extension| path.with_extension(extension));
        let file = Model::open(models.iter().find(|path| path.exists()).unwrap()).unwrap();
        let model = file.xgboost().unwrap();
        let width = model.num_feature;
        let (rows, _) = xgboost_rows(&path, &model);
        let read = xgboost::read(&model, &file.signature(None).unwrap()).unwrap();
        let got = explained(&read, rows.chunks(width).step_by(XGBOOST_STEP), width);
        let bytes = fs::read(&path).unwrap();
        let expected = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes).into());
        let expected: Vec<f64> = expected.collect();
        assert_near(&path, &got, &expected, width + 1, 1e-5);
    }
}
