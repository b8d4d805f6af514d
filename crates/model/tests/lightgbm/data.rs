//! The files that the recipe made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate_model::{
    Model,
    lightgbm::{Categories, LightGbmModel},
};

/// The rows whose predictions are there too.
pub(crate) const PREDICTED_ROWS: usize = 16;

/// What the library makes of the rows of a model.
pub(crate) struct Expected {
    /// The raw scores, row by row.
    pub(crate) raw: Vec<f64>,
    /// The predictions of the first rows.
    pub(crate) predicted: Vec<f64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lightgbm")
}

fn path_of(model: &str, extension: &str) -> PathBuf {
    folder().join("models").join(model).with_extension(extension)
}

/// The names of all models.
pub(crate) fn models() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder().join("models"))
        .expect("the folder of the models is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| path.file_stem().expect("it has a name").to_str().expect("of UTF-8").to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 35, "{names:?}");
    names
}

pub(crate) fn text(model: &str) -> String {
    fs::read_to_string(path_of(model, "txt")).expect("the model is there")
}

pub(crate) fn open(model: &str) -> Model {
    Model::open(&path_of(model, "txt")).expect("the model opens")
}

pub(crate) fn read(model: &str) -> LightGbmModel {
    open(model).lightgbm().expect("it is a LightGBM file")
}

/// The rows that a model is asked, with the codes of its categories in their place.
pub(crate) fn rows(name: &str, model: &LightGbmModel) -> Vec<Vec<f64>> {
    let data = ["codes", "frame"].into_iter().find(|data| name.contains(data));
    let path = folder().join(data.unwrap_or("numbers")).with_extension("tsv");
    let text = fs::read_to_string(path).expect("the rows are there");
    let rows: Vec<Vec<f64>> = text.lines().map(|line| row(line, model)).collect();
    assert!(rows.len() >= 200);
    rows
}

fn row(line: &str, model: &LightGbmModel) -> Vec<f64> {
    let cells: Vec<&str> = line.split('\t').collect();
    assert_eq!(cells.len(), model.features().len());
    cells
        .into_iter()
        .zip(model.features())
        .map(|(cell, feature)| match &feature.categories {
            None => cell.parse().expect("a number"),
            Some(categories) => code(cell, categories),
        })
        .collect()
}

fn code(cell: &str, categories: &Categories) -> f64 {
    let number = || cell.parse::<f64>().expect("a number");
    let place = match categories {
        Categories::Text(texts) => texts.iter().position(|text| text == cell),
        Categories::Numbers(numbers) => numbers.iter().position(|&other| other == number()),
        Categories::Booleans(booleans) => {
            booleans.iter().position(|&boolean| f64::from(u8::from(boolean)) == number())
        }
    };
    let code = place.map(|place| u32::try_from(place).expect("there are few categories"));
    code.map_or(f64::NAN, f64::from)
}

pub(crate) fn expected(name: &str, scores: usize) -> Expected {
    let bytes = fs::read(path_of(name, "f64")).expect("the scores are there");
    let (numbers, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty());
    let mut raw: Vec<f64> = numbers.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect();
    let predicted = raw.split_off(raw.len() - PREDICTED_ROWS * scores);
    Expected { raw, predicted }
}
