//! Folders that are not served, and rows that are not answered: each is refused by name.

use hotplate::ErrorKind;
use libtest_mimic::Trial;
use serde_json::json;

use crate::{
    damage::{Copy, WEIGHTS, says},
    told, trial,
};

const CONFIG: &str = "config.json";
const INDEX: &str = "model.safetensors.index.json";
const SHARD: &str = "model-00002-of-00003.safetensors";

/// What a test is called, and the test.
type Claim = (&'static str, fn() -> Result<(), String>);

pub(crate) fn trials() -> Vec<Trial> {
    let claims: [Claim; 16] = [
        ("unknown_architecture_is_told_with_those_known", unknown_architecture),
        ("head_that_is_not_known_is_told", unknown_head),
        ("decoder_is_told", decoder),
        ("activation_that_is_not_known_is_told", unknown_activation),
        ("missing_configuration_is_told", missing_configuration),
        ("configuration_that_is_no_text_is_told", configuration_of_bytes),
        ("missing_tensor_is_named", missing_tensor),
        ("tensor_of_another_shape_is_named", other_shape),
        ("tensor_of_integers_is_named", other_type),
        ("labels_that_do_not_fit_the_head_are_told", other_labels),
        ("missing_tokenizer_is_named", missing_tokenizer),
        ("tokenizer_that_is_none_is_told", broken_tokenizer),
        ("missing_shard_is_named", missing_shard),
        ("truncated_shard_is_named", truncated_shard),
        ("index_that_leads_out_of_the_folder_is_refused", index_outside),
        ("text_over_the_cap_is_told_by_its_row", long_text),
    ];
    let of = |(name, claim): Claim| trial(format!("refusals/{name}"), claim);
    claims.into_iter().map(of).collect()
}

fn unknown_architecture() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.json(CONFIG, |config| {
        config.insert("model_type".to_owned(), json!("mamba"));
        config.insert("architectures".to_owned(), json!(["MambaModel"]));
    })?;
    says(&copy.refused()?, &["mamba", "bert", "distilbert", "roberta", "xlm-roberta", "mlp"])
}

fn unknown_head() -> Result<(), String> {
    let copy = Copy::of("distilbert-topics")?;
    let head = "DistilBertForQuestionAnswering";
    copy.json(CONFIG, |config| {
        config.insert("architectures".to_owned(), json!([head]));
    })?;
    says(&copy.refused()?, &[head])
}

fn decoder() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.json(CONFIG, |config| {
        config.insert("is_decoder".to_owned(), json!(true));
    })?;
    says(&copy.refused()?, &["is_decoder"])
}

fn unknown_activation() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.json(CONFIG, |config| {
        config.insert("hidden_act".to_owned(), json!("mish"));
    })?;
    says(&copy.refused()?, &["hidden_act", "mish", "gelu"])
}

fn missing_configuration() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.remove(CONFIG)?;
    says(&copy.refused()?, &[CONFIG])
}

fn configuration_of_bytes() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.write(CONFIG, b"{\"model_type\": \"be\xff\xfet\"}")?;
    says(&copy.refused()?, &[CONFIG])
}

fn missing_tensor() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    let name = "encoder.layer.1.intermediate.dense.weight";
    copy.header(WEIGHTS, |header| {
        let tensor = header.remove(name).unwrap_or_default();
        header.insert("something.else".to_owned(), tensor);
    })?;
    says(&copy.refused()?, &[name])
}

fn other_shape() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    let name = "encoder.layer.1.intermediate.dense.weight";
    copy.header(WEIGHTS, |header| header[name]["shape"] = json!([32, 64]))?;
    says(&copy.refused()?, &[name, "[64, 32]", "[32, 64]"])
}

fn other_type() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    let name = "encoder.layer.0.attention.self.query.weight";
    copy.header(WEIGHTS, |header| header[name]["dtype"] = json!("I32"))?;
    says(&copy.refused()?, &[name])
}

fn other_labels() -> Result<(), String> {
    let copy = Copy::of("distilbert-topics")?;
    copy.json(CONFIG, |config| {
        config.insert("id2label".to_owned(), json!({"0": "yes", "1": "no"}));
        config.remove("label2id");
    })?;
    says(&copy.refused()?, &["classifier.", "[2", "[5"])
}

fn missing_tokenizer() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    copy.remove("tokenizer.json")?;
    says(&copy.refused()?, &["tokenizer.json"])
}

fn broken_tokenizer() -> Result<(), String> {
    let copy = Copy::of("bert-mean")?;
    let whole = copy.read("tokenizer.json")?;
    copy.write("tokenizer.json", &whole[..whole.len() / 2])?;
    says(&copy.refused()?, &["tokenizer"])
}

fn missing_shard() -> Result<(), String> {
    let copy = Copy::of("xlmr-shards")?;
    copy.remove(SHARD)?;
    says(&copy.refused()?, &[SHARD])
}

fn truncated_shard() -> Result<(), String> {
    let whole = Copy::of("xlmr-shards")?.read(SHARD)?;
    for keep in [whole.len() - 1, whole.len() / 2, 100, 8, 3, 0] {
        let copy = Copy::of("xlmr-shards")?;
        copy.write(SHARD, &whole[..keep])?;
        says(&copy.refused()?, &[SHARD]).map_err(|problem| format!("{keep} bytes: {problem}"))?;
    }
    Ok(())
}

fn index_outside() -> Result<(), String> {
    for place in ["../model.safetensors", "/model.safetensors", "1_Pooling/../../x", ""] {
        let copy = Copy::of("xlmr-shards")?;
        copy.json(INDEX, |index| {
            index["weight_map"]["embeddings.LayerNorm.bias"] = json!(place);
        })?;
        copy.refused().map_err(|problem| format!("{place:?}: {problem}"))?;
    }
    Ok(())
}

/// The cap is on a text alone: a row that keeps to it is answered.
fn long_text() -> Result<(), String> {
    let engine = Copy::of("bert-mean")?.open()?;
    let binding = engine.bind(&["text"]).map_err(told)?;
    let long = "long ".repeat(1 << 20);
    let rows = [["short".into()], [long.as_str().into()]];
    let error = match binding.predict_rows_into(rows, &mut engine.answer()) {
        Ok(()) => return Err(format!("a text of {} bytes is answered", long.len())),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::RefusedRows {
        return Err(format!("{:?}: {error}", error.kind()));
    }
    says(&error, &["row 1", "text"])?;
    binding.predict(&["x".repeat(1 << 16).as_str().into()]).map(drop).map_err(told)
}
