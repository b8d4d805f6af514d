//! Texts of known answers: the golden rows of MiniLM.

use std::{fs, path::Path};

use serde_json::Value;

pub(crate) const WIDTH: usize = 384;

/// How long the texts of a batch of one length are.
pub(crate) const TOKENS: usize = 16;

/// A text, its tokens, and what sentence-transformers makes of it.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) ids: Vec<i64>,
    pub(crate) embedding: Vec<f32>,
}

/// Some texts that are asked for at once.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) texts: Vec<Text>,
}

impl Batch {
    /// What is in it, for a person.
    pub(crate) fn describe(&self) -> String {
        let tokens: usize = self.texts.iter().map(|text| text.ids.len()).sum();
        match &self.texts[..] {
            [_] => format!("1 text of {tokens} tokens"),
            texts => format!("{} texts, {tokens} tokens, longest {}", texts.len(), self.longest()),
        }
    }

    /// The tokens of the longest text.
    pub(crate) fn longest(&self) -> usize {
        self.texts.iter().map(|text| text.ids.len()).max().unwrap()
    }

    /// That these embeddings, one after another, are those of the texts.
    pub(crate) fn check(&self, got: &[f32]) {
        let expected = self.texts.iter().flat_map(|text| &text.embedding);
        assert_eq!(got.len(), self.texts.len() * WIDTH);
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5, "got {got}, expected {expected}");
        }
    }
}

/// The batches that are measured: a text, as many short ones as 32 of its length, and 32 of mixed
/// length.
pub(crate) fn batches() -> [Batch; 3] {
    let golden = golden();
    let short: Vec<Text> = golden.iter().filter(|text| text.ids.len() == TOKENS).cloned().collect();
    let one = vec![short[0].clone()];
    let many = short.iter().cycle().take(32).cloned().collect();
    // Every sixth: the file has the short texts first, and the long ones at its end.
    let mixed = golden.iter().step_by(6).take(32).cloned().collect();
    [one, many, mixed].map(|texts| Batch { texts })
}

fn golden() -> Vec<Text> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/conformance/cases/safetensors/minilm");
    let document = fs::read_to_string(folder.join("golden.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let embeddings = fs::read(folder.join("embeddings.f32")).unwrap();
    let numbers: Vec<f32> =
        embeddings.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(numbers.len(), rows.len() * WIDTH);
    let text = |(row, embedding): (&Value, &[f32])| Text {
        text: row["text"].as_str().unwrap().to_owned(),
        ids: row["ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect(),
        embedding: embedding.to_vec(),
    };
    rows.iter().zip(numbers.chunks_exact(WIDTH)).map(text).collect()
}
