//! Models whose rows are tensors.

use std::fs;

use serde_json::{Value, json};

use crate::{
    needs,
    served::Served,
    support::{hotplate, hotplate_fed, replaced},
};

/// The library and the folder of a text embedding model, as the flags that open it.
struct Minilm {
    folder: String,
    library: String,
}

impl Minilm {
    fn of(test: &str) -> Option<Self> {
        let (library, folder) = (needs::onnxruntime(test)?, needs::recipe(test, "minilm")?);
        Some(Self { folder, library })
    }

    fn arguments<'a>(&'a self, command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let flags = ["--onnxruntime", &self.library, "--device", "cpu"];
        [&[command, &self.folder], &flags[..], more].concat()
    }
}

fn text(tokens: &[i64]) -> Value {
    let (ones, zeros) = (vec![1; tokens.len()], vec![0; tokens.len()]);
    json!({ "input_ids": tokens, "attention_mask": ones, "token_type_ids": zeros })
}

fn embedding(prediction: &Value) -> Vec<f64> {
    let numbers = prediction["sentence_embedding"].as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

fn assert_alike(left: &[f64], right: &[f64]) {
    assert_eq!((left.len(), right.len()), (384, 384));
    assert!(left.iter().zip(right).all(|(left, right)| (left - right).abs() < 1e-5));
}

#[test]
fn tensors_are_described() {
    let Some(minilm) = Minilm::of("tensors_are_described") else { return };
    let run = hotplate(&minilm.arguments("inspect", &["--json"]));
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["inputs"][0]["row_shape"], json!(["sequence"]));
    assert_eq!((&document["columns"], &document["batching"]), (&json!([]), &json!("rows")));
    assert_eq!(document["outputs"][0]["row_shape"], json!([null, 384]));
    let native = &document["passed_over"][0];
    assert_eq!(native["backend"], "native");
    assert_eq!(native["refusals"].as_array().unwrap().len(), 3, "{native}");

    let run = hotplate(&minilm.arguments("inspect", &[]));
    let text = run.lines().join("\n");
    for part in [
        "input_ids       int64 [sequence]",
        "float32 [rows, ?, 384]",
        "onnxruntime on cpu, which takes the whole graph",
        "native: does not take",
        "input × 3: a row of shape [sequence], which is open",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn models_without_a_rows_axis_are_asked_row_by_row() {
    let test = "models_without_a_rows_axis_are_asked_row_by_row";
    let Some(library) = needs::onnxruntime(test) else { return };
    let Some(identity) = needs::recipe(test, "identity") else { return };
    let model = fs::read(format!("{identity}/model.onnx")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let path = path.to_str().unwrap();
    // The rows axis has a name in the file, which gives way to a length that takes as many bytes.
    let with_rows = |rows: u8| {
        let length = [0x08, 0x80 | rows, 0x80, 0x80, 0x80, 0x80, 0x00];
        let model = replaced(model.clone(), b"\x12\x05batch", &length);
        fs::write(path, model).unwrap();
        let json = hotplate(&["inspect", path, "--json", "--onnxruntime", &library]);
        let document: Value = serde_json::from_str(&json.out).unwrap();
        let text = hotplate(&["inspect", path, "--onnxruntime", &library]).out;
        (document, text)
    };
    let predicted = |rows: Value| {
        let arguments = ["predict", path, "--input-format", "json", "--onnxruntime", &library];
        let run = hotplate_fed(&arguments, rows.to_string().as_bytes());
        let reply: Value = serde_json::from_str(&run.lines().join("\n")).unwrap();
        reply["predictions"].clone()
    };
    let row = |number: u8| vec![json!(f64::from(number)); 20];

    let (document, text) = with_rows(1);
    assert_eq!(document["batching"], "one_row", "{document}");
    assert!(text.contains("the file fixes the first dimension to one"), "{text}");
    let reply = predicted(json!([row(1), row(2)]));
    assert_eq!(reply, json!([{ "same": row(1) }, { "same": row(2) }]));

    let (document, text) = with_rows(2);
    assert_eq!(document["batching"], "none", "{document}");
    assert_eq!(document["inputs"][0]["row_shape"], json!([2, 20]));
    assert!(text.contains("there is no rows axis"), "{text}");
    let whole = json!([row(1), row(2)]);
    let reply = predicted(json!({ "instances": [whole] }));
    assert_eq!(reply, json!([{ "same": whole }]));
}

#[test]
fn tensors_are_scored_from_json() {
    let Some(minilm) = Minilm::of("tensors_are_scored_from_json") else { return };
    let rows = json!({ "instances": [text(&[101, 7592, 102]), text(&[101, 2088, 102])] });
    let arguments = minilm.arguments("predict", &["--input-format", "json"]);
    let run = hotplate_fed(&arguments, rows.to_string().as_bytes());
    let document: Value = serde_json::from_str(&run.lines().join("\n")).unwrap();
    let predictions = document["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 2);
    assert_eq!(predictions[0]["token_embeddings"].as_array().unwrap().len(), 3);

    // In a file of lines each may be of another length, and its answer is the same.
    let lines = format!("{}\n{}\n", text(&[101, 102]), text(&[101, 7592, 102]));
    let arguments = minilm.arguments("predict", &["--input-format", "jsonl"]);
    let run = hotplate_fed(&arguments, lines.as_bytes());
    let second: Value = serde_json::from_str(run.lines()[1]).unwrap();
    assert_alike(&embedding(&second), &embedding(&predictions[0]));

    let csv = ["--input-format", "json", "--output-format", "csv"];
    let run = hotplate_fed(&minilm.arguments("predict", &csv), rows.to_string().as_bytes());
    assert_eq!(run.lines()[0].split(',').count(), 4 * 384);
}

#[test]
fn wrong_tensors_end_a_file_with_their_place() {
    let Some(minilm) = Minilm::of("wrong_tensors_end_a_file") else { return };
    let lines = format!("{}\n{}\n[1]\n", text(&[101, 102]), text(&[101, 7592, 102]));
    let arguments = minilm.arguments("predict", &["--input-format", "jsonl"]);
    let run = hotplate_fed(&arguments, lines.as_bytes());
    assert!(run.failed(1).contains("row 2 (line 3)"), "{}", run.err);
    assert_eq!(run.out.lines().count(), 2, "what stands in front is answered");

    let run = hotplate_fed(&minilm.arguments("predict", &[]), b"101,102\n");
    let message = run.failed(1);
    assert!(message.contains("rows of this model are made of tensors"), "{message}");
    assert!(message.contains("--input-format"), "{message}");
}

#[test]
fn golden_rows_of_tensors_are_refused() {
    let test = "golden_rows_of_tensors_are_refused";
    let Some(minilm) = Minilm::of(test) else { return };
    let words = "golden rows are lines of cells, and this model's rows are made of tensors";
    let run = hotplate(&minilm.arguments("verify", &["--rows", "models/housing/golden.csv"]));
    assert!(run.failed(1).contains(words), "{}", run.err);

    let folder = tempfile::tempdir().unwrap();
    let Some(cnn) = needs::recipe(test, "cnn") else { return };
    fs::copy(format!("{cnn}/model.onnx"), folder.path().join("model.onnx")).unwrap();
    fs::write(folder.path().join("golden.csv"), "x,output.y\n1,2\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let run = hotplate(&["predict", path, "--onnxruntime", &minilm.library]);
    let message = run.failed(1);
    assert!(message.contains("golden.csv: ") && message.contains(words), "{message}");
}

#[test]
fn nested_lists_are_answered_over_http() {
    let Some(minilm) = Minilm::of("nested_lists_are_answered_over_http") else { return };
    let arguments = minilm.arguments("serve", &["--port", "0"]);
    let served = Served::start(&arguments[1..], &[]);
    let ask = |body: &Value| {
        let (status, reply) = served.ask("POST", "/invocations", body.to_string().as_bytes());
        (status, serde_json::from_str::<Value>(&reply).unwrap())
    };
    let (status, alone) = ask(&json!({ "instances": [text(&[101, 7592, 102])] }));
    assert_eq!(status, 200, "{alone}");
    let both = json!({ "instances": [text(&[101, 102, 0]), text(&[101, 7592, 102])] });
    let (status, both) = ask(&both);
    assert_eq!(status, 200, "{both}");
    assert_alike(&embedding(&alone["predictions"][0]), &embedding(&both["predictions"][1]));

    let refused = |instances: Value, words: &str| {
        let (status, problem) = ask(&json!({ "instances": instances }));
        assert_eq!((status, &problem["reason"]), (400, &"wrong_shape".into()), "{problem}");
        assert!(problem["error"].as_str().unwrap().contains(words), "{problem}");
    };
    let mut deep = text(&[101, 102]);
    deep["input_ids"] = json!([[101, 102]]);
    refused(json!([deep]), "expected a list of shape [sequence], got one of shape [1, 2]");
    let mut uneven = text(&[101, 102]);
    uneven["attention_mask"] = json!([1]);
    refused(json!([uneven]), "expected \"sequence\" to be 2");
    refused(json!([text(&[101]), text(&[101, 102])]), "pad the rows of a request to one length");
    let (status, problem) = ask(&json!({ "instances": [text(&[101, 1_000_000, 102])] }));
    assert_eq!((status, &problem["reason"]), (400, &"refused_rows".into()), "{problem}");

    let (_, _, err) = served.stop();
    assert!(err.contains("minilm  onnxruntime on cpu, 3 tensors a row"), "{err}");
    assert!(err.contains(r#"[{"input_ids": [1, 1, 1, 1], "attention_mask": "#), "{err}");
}
