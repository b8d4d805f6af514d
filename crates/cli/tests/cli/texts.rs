//! Folders of Hugging Face's.

use std::fs;

use serde_json::{Value, json};

use crate::{
    served::Served,
    support::{Run, hotplate, hotplate_fed, root},
};

/// A folder with few weights, and what Hugging Face's own libraries answer to its rows.
fn case(name: &str) -> String {
    format!("crates/conformance/cases/safetensors/{name}")
}

fn golden(name: &str) -> Vec<Value> {
    let golden = fs::read(root().join(case(name)).join("golden.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    golden["rows"].as_array().unwrap().clone()
}

fn json(run: &Run) -> Value {
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

#[track_caller]
fn assert_near(got: impl IntoIterator<Item = f64>, expected: &Value) {
    let got: Vec<f64> = got.into_iter().collect();
    let expected = expected.as_array().unwrap();
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected.as_f64().unwrap()).abs() < 1e-4, "{got} is not {expected}");
    }
}

#[test]
fn architecture_tokens_pooling_and_labels_are_told() {
    let run = hotplate(&["inspect", &case("bert-mean")]);
    let text = run.lines().join("\n");
    for part in [
        "\n  format       safetensors by PyTorch\n",
        "\n  architecture bert encoder: 2 layers of 32, 4 heads, 64 between with gelu\n",
        " texts of at most 48 tokens, longer ones are cut; 447 tokens are known\n",
        " embedding of 32 numbers, pooled by mean, of length one\n",
        "\n  task         embedding: one vector a row\n",
        "\n  runs on      candle",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let run = hotplate(&["inspect", &case("distilbert-topics")]);
    let text = run.lines().join("\n");
    assert!(text.contains("classifier of 5 classes: billing, delivery, login"), "{text}");

    let document = json(&hotplate(&["inspect", &case("xlmr-shards"), "--json"]));
    let architecture = &document["architecture"];
    assert_eq!(
        (&architecture["kind"], &architecture["max_tokens"]),
        (&json!("xlm-roberta"), &json!(48))
    );
    assert_eq!(architecture["head"]["pooling"], json!(["mean"]));
    assert_eq!(
        (&document["task"]["kind"], &document["backend"]),
        (&json!("embedding"), &json!("candle"))
    );
    assert!(document["file"].as_str().unwrap().ends_with("model.safetensors.index.json"));
    let document = json(&hotplate(&["inspect", &case("mlp-churn"), "--json"]));
    assert_eq!(document["architecture"]["layers"], json!([24, 13, 3]));
}

#[test]
fn file_of_texts_is_scored() {
    let rows = golden("bert-mean");
    let cell =
        |row: &Value| format!("\"{}\"\n", row["text"].as_str().unwrap().replace('"', "\"\""));
    let csv = format!("text\n{}", rows.iter().map(cell).collect::<String>());
    let folder = case("bert-mean");
    let arguments = ["predict", &folder, "--input", "-", "--input-format", "csv"];
    let run = hotplate_fed(&arguments, csv.as_bytes());
    let lines = run.lines();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(&rows) {
        assert_near(line.split(',').map(|cell| cell.parse().unwrap()), &row["embedding"]);
    }

    let rows = golden("bert-multilabel");
    let lines: String =
        rows.iter().map(|row| json!({ "inputs": row["text"] }).to_string() + "\n").collect();
    let folder = case("bert-multilabel");
    let arguments =
        ["predict", &folder, "--input", "-", "--input-format", "jsonl", "--output-format", "jsonl"];
    let run = hotplate_fed(&arguments, lines.as_bytes());
    for (line, row) in run.lines().iter().zip(&rows) {
        let answer: Value = serde_json::from_str(line).unwrap();
        let probabilities = answer["probabilities"].as_array().unwrap().iter();
        assert_near(probabilities.map(|score| score.as_f64().unwrap()), &row["scores"]);
    }
}

#[test]
fn texts_are_made_up_to_be_measured() {
    let folder = case("bert-mean");
    let limits = ["--warm-up", "100ms", "--duration", "200ms", "--rate", "50", "--json"];
    let document = json(&hotplate(&[&["bench", &folder][..], &limits].concat()));
    let source = document["rows"]["source"].as_str().unwrap();
    assert!(source.starts_with("made up: texts of 14 common words, 16 tokens"), "{source}");
    assert_eq!(document["runs"][0]["failed"], 0);
}

#[test]
fn served_folder_says_how_to_ask_it() {
    let server = Served::start(&[&case("distilbert-topics"), "--port", "0"], &[]);
    let body = json!({ "inputs": golden("distilbert-topics")[0]["text"] }).to_string();
    let (status, reply) = server.ask("POST", "/invocations", body.as_bytes());
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!((status, reply.as_array().unwrap().len()), (200, 1));
    assert!(reply[0]["label"].is_string() && reply[0]["score"].is_number(), "{reply}");
    let (code, _, err) = server.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains(r#"{"inputs":"#), "{err}");
}

#[test]
fn pickled_weights_are_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = root().join(case("bert-mean")).join("config.json");
    fs::copy(config, folder.path().join("config.json")).unwrap();
    fs::write(folder.path().join("pytorch_model.bin"), b"PK\x03\x04").unwrap();
    let run = hotplate(&["inspect", folder.path().to_str().unwrap()]);
    assert!(
        run.failed(1).contains("save_pretrained(folder, safe_serialization=True)"),
        "{}",
        run.err
    );
}
