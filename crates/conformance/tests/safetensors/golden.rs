//! Rows with the answers that are expected.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::told;

/// The models of the repository.
pub(crate) const CASES: [&str; 13] = [
    "bert-bf16",
    "bert-cls",
    "bert-dense",
    "bert-f16",
    "bert-mean",
    "bert-multilabel",
    "bert-regression",
    "distilbert-topics",
    "mlp-churn",
    "mlp-price",
    "roberta-mean",
    "roberta-pairs",
    "xlmr-shards",
];

/// The folder of a case.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/safetensors").join(name)
}

/// What `golden.json` of a case holds.
#[derive(Clone, Debug)]
pub(crate) struct Golden {
    pub(crate) rows: Vec<Row>,
    /// The classes, in order; empty where the model is no classifier.
    pub(crate) labels: Vec<String>,
}

/// A row, and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) cells: Cells,
    /// The tokens of a text, special ones among them.
    pub(crate) ids: Vec<i64>,
    /// Numbers by what they are called.
    expected: Vec<(String, Vec<f32>)>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Cells {
    Texts { text: String, pair: Option<String> },
    Numbers(Vec<f32>),
}

impl Golden {
    /// # Errors
    ///
    /// When there is no such file, or it is not of the recipe.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let path = folder(name).join("golden.json");
        let text = fs::read_to_string(&path).map_err(told)?;
        let document: Value = serde_json::from_str(&text).map_err(told)?;
        let broken = || format!("{} is not of the recipe", path.display());
        let rows = document["rows"].as_array().ok_or_else(broken)?;
        let rows: Option<Vec<Row>> = rows.iter().map(|row| Row::read(row.as_object()?)).collect();
        let labels = document["labels"].as_array().into_iter().flatten();
        let labels: Option<Vec<String>> =
            labels.map(|label| label.as_str().map(str::to_owned)).collect();
        Ok(Self { rows: rows.ok_or_else(broken)?, labels: labels.ok_or_else(broken)? })
    }

    /// Whether a row may be two texts.
    pub(crate) fn has_pairs(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.cells, Cells::Texts { pair: Some(_), .. }))
    }
}

impl Row {
    fn read(row: &Map<String, Value>) -> Option<Self> {
        let text = |key| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let cells = match text("text") {
            Some(first) => Cells::Texts { text: first, pair: text("text_pair") },
            None => Cells::Numbers(numbers(row.get("inputs")?)?),
        };
        let ids = row.get("ids").and_then(Value::as_array).into_iter().flatten();
        let mut expected = Vec::new();
        for key in ["embedding", "logits", "scores", "value"] {
            if let Some(value) = row.get(key) {
                expected.push((key.to_owned(), numbers(value)?));
            }
        }
        Some(Self { cells, ids: ids.map(Value::as_i64).collect::<Option<_>>()?, expected })
    }

    /// The numbers that are called so.
    pub(crate) fn expected(&self, name: &str) -> Option<&[f32]> {
        self.expected.iter().find(|(key, _)| key == name).map(|(_, numbers)| numbers.as_slice())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the file has the digits of a float32")]
fn numbers(value: &Value) -> Option<Vec<f32>> {
    value.as_array()?.iter().map(|number| number.as_f64().map(|number| number as f32)).collect()
}
