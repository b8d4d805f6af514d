//! Tokens of the tiny models, against what transformers said when they were made.

use std::{fs, path::Path};

use hotplate_model::{Model, pretrained::Architecture};
use serde_json::Value;

use super::rules_of;
use crate::tokens::{TextTokenizer, Tokens};

/// Rows whose tokens are those of `golden.json` in `case`, of a model at `weights`.
fn check(case: &Path, weights: &Path) -> usize {
    let golden = fs::read_to_string(case.join("golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let rows = golden["rows"].as_array().unwrap();
    let pairs = rows.iter().any(|row| row["text_pair"].is_string());
    let names = pairs.then(|| vec!["text".to_owned(), "text_pair".to_owned()]);

    let model = Model::open(weights).unwrap();
    let pretrained = model.pretrained().unwrap();
    let Architecture::Encoder(config) = &pretrained.architecture else { panic!("no encoder") };
    let rules = rules_of(config, &model.signature(names).unwrap());
    assert_eq!(Value::from(rules.max_tokens), golden["max_tokens"], "{}", case.display());
    let json = pretrained.tokenizer_json.as_deref().unwrap();
    let tokenizer = TextTokenizer::read(json, rules).unwrap();
    for row in rows {
        let mut tokens = Tokens::default();
        let (text, pair) = (row["text"].as_str().unwrap(), row["text_pair"].as_str());
        tokenizer.append(text, pair.unwrap_or_default(), &mut tokens).unwrap();
        assert_eq!(Value::from(tokens.ids), row["ids"], "{}: {text:?}, {pair:?}", case.display());
        if let Some(segments) = row.get("segments") {
            assert_eq!(Value::from(tokens.segments), *segments, "{}: {text:?}", case.display());
        }
    }
    rows.len()
}

#[test]
fn tokens_are_those_of_transformers() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases/safetensors");
    let mut checked = 0;
    for case in fs::read_dir(cases).unwrap() {
        let case = case.unwrap().path();
        let weights = ["model.safetensors", "model.safetensors.index.json"];
        let weights = weights.map(|name| case.join(name)).into_iter().find(|path| path.exists());
        if let Some(weights) = weights.filter(|_| case.join("tokenizer.json").exists()) {
            checked += check(&case, &weights);
        }
    }
    assert!(checked > 250, "{checked} rows");
}

#[test]
fn tokens_of_the_real_model_are_those_of_transformers() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let weights = top.join("target/models/minilm-safetensors/model.safetensors");
    if weights.exists() {
        let rows = check(&top.join("crates/conformance/cases/safetensors/minilm"), &weights);
        assert_eq!(rows, 200);
    } else {
        let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!is_ci, "the model is not there; .ci/models makes it");
    }
}
