//! What the benches ask: the golden rows of the models that ship, every one different, in the forms
//! that clients have them in, and the answers that must come.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

mod client;
mod paired;

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use hotplate::{DType, Engine, Format, Value, tolerance::Tolerance};
use hotplate_codec::csv;

pub use client::{Client, PATH, request, score};
pub use paired::{Paired, compare, compare_timed, timed};

/// The folder of a model that ships.
pub fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)
}

/// A model that ships, warm.
pub fn open(name: &str) -> Engine {
    Engine::open(model(name)).unwrap()
}

/// Rows that a bench goes round in, and the score that each must get.
#[derive(Clone, Debug)]
pub struct Golden {
    columns: Vec<(String, DType)>,
    rows: Vec<Vec<String>>,
    scores: Vec<f64>,
}

impl Golden {
    /// How many different rows there are.
    pub const ROWS: usize = 1000;

    /// The first [`ROWS`](Self::ROWS) different golden rows of a shipped model, whose scores stand
    /// in the column `score`.
    pub fn of(engine: &Engine, score: &str) -> Self {
        let text = fs::read_to_string(model(engine.name()).join("golden.csv")).unwrap();
        let mut records = csv::records(&text).map(Result::unwrap);
        let header = records.next().unwrap();
        let position = |name: &str| header.iter().position(|column| column == name).unwrap();
        let columns: Vec<(String, DType)> =
            engine.columns().map(|column| (column.name.clone(), column.dtype)).collect();
        let places: Vec<usize> = columns.iter().map(|(name, _)| position(name)).collect();
        let score = position(score);

        let mut seen = HashSet::new();
        let (mut rows, mut scores) = (Vec::new(), Vec::new());
        for record in records {
            let row: Vec<String> = places.iter().map(|&at| record[at].to_string()).collect();
            if rows.len() < Self::ROWS && seen.insert(row.clone()) {
                rows.push(row);
                scores.push(record[score].parse().unwrap());
            }
        }
        assert_eq!(rows.len(), Self::ROWS, "different golden rows of {}", engine.name());
        Self { columns, rows, scores }
    }

    /// The columns' names.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Each row as values, in the order of the names.
    pub fn values(&self) -> Vec<Vec<Value<'_>>> {
        self.rows.iter().map(|row| self.row_of_values(row)).collect()
    }

    fn row_of_values<'a>(&self, row: &'a [String]) -> Vec<Value<'a>> {
        let cells = row.iter().zip(&self.columns);
        let value = |(cell, (_, dtype)): (&'a String, &(String, DType))| match dtype {
            DType::Str => cell.into(),
            _ => cell.parse::<f64>().ok().into(),
        };
        cells.map(value).collect()
    }

    /// Each row of a model of `N` numbers.
    pub fn numbers<const N: usize>(&self) -> Vec<[f32; N]> {
        let row = |row: &Vec<String>| std::array::from_fn(|at| row[at].parse().unwrap());
        self.rows.iter().map(row).collect()
    }

    /// Each row as a body of JSON: one instance, by name.
    pub fn json(&self) -> Vec<String> {
        let body = |row: &Vec<String>| {
            let mut body = String::from("{\"instances\":[{");
            for (at, (cell, (name, dtype))) in row.iter().zip(&self.columns).enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _ = match dtype {
                    DType::Str => write!(body, "{comma}{name:?}:{cell:?}"),
                    _ if cell.is_empty() => write!(body, "{comma}{name:?}:null"),
                    _ => write!(body, "{comma}{name:?}:{cell}"),
                };
            }
            body + "}]}"
        };
        self.rows.iter().map(body).collect()
    }

    /// Each row as a line of CSV.
    pub fn csv(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.join(",") + "\n").collect()
    }

    /// Panics unless `score` is what row `row` must get.
    pub fn check(&self, row: usize, score: f64) {
        let tolerance = Tolerance::of("native", Format::Onnx, DType::F32);
        let expected = self.scores[row];
        assert!(tolerance.accepts(score, expected), "row {row}: {score} instead of {expected}");
    }
}
