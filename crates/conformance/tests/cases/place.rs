//! Where cases are.

use std::{
    io,
    path::{Path, PathBuf},
};

use hotplate_conformance::{Case, library};

use crate::expected::names;

/// What `.ci/models` makes, whether it is there or not.
const MODELS: [&str; 7] =
    ["cnn", "fraud-mlp", "identity", "minilm", "minilm-external", "tickets", "tickets-zipmap"];

/// A folder of cases.
#[derive(Debug)]
pub(crate) struct Place {
    /// What tests call it.
    pub(crate) name: &'static str,
    pub(crate) folder: PathBuf,
    /// The names of its cases.
    pub(crate) cases: Vec<String>,
    /// The folder of the lists of what is expected.
    pub(crate) lists: PathBuf,
    /// What to do where a case is not there.
    pub(crate) how_to_get: &'static str,
}

impl Place {
    /// Graphs that came with the repository.
    pub(crate) fn skl2onnx() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/skl2onnx");
        let cases = match Case::find(&folder) {
            Ok(cases) => cases.iter().map(|case| case.name().to_owned()).collect(),
            Err(error) => panic!("{error}"),
        };
        let lists = folder.clone();
        Self { name: "skl2onnx", folder, cases, lists, how_to_get: "the case is not there" }
    }

    /// Whole models, made by recipes.
    pub(crate) fn models() -> Self {
        Self {
            name: "models",
            folder: library::workspace().join("target/models"),
            cases: MODELS.map(str::to_owned).to_vec(),
            lists: Path::new(env!("CARGO_MANIFEST_DIR")).join("models"),
            how_to_get: "the model is not there; .ci/models makes it",
        }
    }

    /// Tabular models, trained by recipes.
    pub(crate) fn tabular() -> io::Result<Self> {
        let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("tabular");
        let name = |line: String| line.split_whitespace().next().map(str::to_owned);
        Ok(Self {
            name: "tabular",
            folder: library::workspace().join("target/tabular"),
            cases: names(&lists.join("cases.txt"))?.into_iter().filter_map(name).collect(),
            lists,
            how_to_get: "the model is not there; .ci/tabular makes it",
        })
    }
}
