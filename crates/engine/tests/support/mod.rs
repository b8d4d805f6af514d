//! The models that ship, and their golden rows as text.
#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate::{DType, Engine, Value};
use hotplate_codec::csv;

pub(crate) fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

/// A folder with a copy of a shipped model's file and of its golden rows.
pub(crate) fn copy_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["model.onnx", "golden.csv"] {
        fs::copy(model(name).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// Golden rows, every cell as it stands in the file.
pub(crate) struct Golden {
    header: Vec<String>,
    records: Vec<Vec<String>>,
}

impl Golden {
    pub(crate) fn of(name: &str) -> Self {
        let text = fs::read_to_string(model(name).join("golden.csv")).unwrap();
        let mut records = csv::records(&text).map(|record| {
            let record = record.unwrap();
            record.into_iter().map(std::borrow::Cow::into_owned).collect::<Vec<_>>()
        });
        Self { header: records.next().unwrap(), records: records.collect() }
    }

    pub(crate) fn rows(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn cell(&self, row: usize, name: &str) -> &str {
        let at = self.header.iter().position(|column| column == name).unwrap();
        &self.records[row][at]
    }

    /// A row in the order of the engine's columns.
    pub(crate) fn values(&self, engine: &Engine, row: usize) -> Vec<Value<'_>> {
        let value = |column: &hotplate::Column| match self.cell(row, &column.name) {
            text if column.dtype == DType::Str => text.into(),
            "" => Value::Missing,
            number => number.parse::<f64>().unwrap().into(),
        };
        engine.columns().map(value).collect()
    }

    /// A row of a model of `N` numbers, in the order of the file.
    pub(crate) fn numbers<const N: usize>(&self, row: usize) -> [f32; N] {
        std::array::from_fn(|at| self.records[row][at].parse().unwrap())
    }
}

/// The names of the engine's columns.
pub(crate) fn names(engine: &Engine) -> Vec<&str> {
    engine.columns().map(|column| column.name.as_str()).collect()
}
