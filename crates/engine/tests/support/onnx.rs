//! Small models of two numbers a row, written for tests.
#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{fs, path::Path};

use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, STRING,
    TestDim::{Fixed, Open},
};

/// A classifier in one stump: how likely `yes` is where the first number is below zero, and where it
/// is not.
pub(crate) fn stump(low: f32, high: f32) -> Vec<u8> {
    let trees = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LT", (0, 0.0), (1, 2))
        .bare_leaf((0, 1))
        .bare_leaf((0, 2))
        .weight((0, 1), 1, low)
        .weight((0, 2), 1, high);
    let trees =
        trees.with("classlabels_strings", fixture::strings("classlabels_strings", &["no", "yes"]));
    let graph = fixture::graph(
        &[fixture::value("x", FLOAT, &[Open, Fixed(2)])],
        &[trees.node("x", &["label", "scores"])],
        &[
            fixture::value("label", STRING, &[Open]),
            fixture::value("scores", FLOAT, &[Open, Fixed(2)]),
        ],
    );
    fixture::model(&graph).finish()
}

/// A model whose row is answered by itself, so many times in a line.
pub(crate) fn copies(count: usize) -> Vec<u8> {
    copies_of(FLOAT, count)
}

/// The same for elements of this code.
pub(crate) fn copies_of(element: i64, count: usize) -> Vec<u8> {
    let axis = fixture::int("axis", 1);
    let node = fixture::operation("Concat", &vec!["x"; count], &["y"], &[axis]);
    let width = i64::try_from(2 * count).unwrap();
    let graph = fixture::graph(
        &[fixture::value("x", element, &[Open, Fixed(2)])],
        &[node],
        &[fixture::value("y", element, &[Open, Fixed(width)])],
    );
    fixture::model(&graph).finish()
}

/// Writes a folder with one model.
pub(crate) fn write(folder: &Path, model: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("model.onnx"), model).unwrap();
}

/// Writes a folder whose model opens and fails on every row: what is averaged has another width in
/// each of its two files, which no file says beforehand.
pub(crate) fn write_failing(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("1.onnx"), copies(1)).unwrap();
    fs::write(folder.join("2.onnx"), copies(2)).unwrap();
    fs::write(folder.join("hotplate.toml"), "[model]\ncombine = \"average\"\n").unwrap();
}
