//! Folders of Hugging Face's, served as they are to the clients that its containers have.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server};
use serde_json::{Value, json};
use support::{Client, Response, bound, housing, serving};

const JSON: &str = "Content-Type: application/json\r\n";

/// Made so that it is known what Hugging Face's own libraries answer to it.
fn case(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases/safetensors");
    cases.join(name)
}

fn golden(name: &str) -> Vec<Value> {
    let golden = fs::read(case(name).join("golden.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    golden["rows"].as_array().unwrap().clone()
}

fn served(name: &str) -> Server {
    serving(&case(name), &OpenOptions::new().instances(1))
}

fn ask(client: &mut Client, body: &Value) -> Value {
    let response = client.post("/invocations", JSON, body.to_string());
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    response.json()
}

fn refused(response: &Response) -> (u16, String) {
    (response.status, response.json()["reason"].as_str().unwrap().to_owned())
}

#[track_caller]
fn assert_near(got: &Value, expected: &Value) {
    let numbers = |list: &Value| -> Vec<f64> {
        list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let (got, expected) = (numbers(got), numbers(expected));
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(&expected) {
        assert!((got - expected).abs() < 1e-4, "{got} is not {expected}");
    }
}

#[test]
fn texts_get_their_embeddings_in_every_form() {
    let rows = golden("bert-mean");
    let server = served("bert-mean");
    let mut client = Client::connect(server.address());

    let one = ask(&mut client, &json!({ "inputs": rows[1]["text"] }));
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_near(&one[0], &rows[1]["embedding"]);
    let texts: Vec<&Value> = rows.iter().map(|row| &row["text"]).collect();
    let body = json!({ "inputs": texts, "parameters": { "truncation": true } });
    let all = ask(&mut client, &body);
    assert_eq!(all.as_array().unwrap().len(), rows.len());
    for (embedding, row) in all.as_array().unwrap().iter().zip(&rows) {
        assert_near(embedding, &row["embedding"]);
    }

    // As any other model's rows, the answers are predictions.
    let text = rows[1]["text"].as_str().unwrap();
    let line = json!({ "inputs": text }).to_string();
    for (kind, body) in [
        ("text/plain", text.to_owned()),
        ("text/plain; charset=utf-8", text.to_owned()),
        ("text/csv", format!("text\n\"{text}\"\n")),
        ("application/jsonlines", line),
        ("application/json", json!({ "instances": [{ "text": text }] }).to_string()),
    ] {
        let response = client.post("/invocations", &format!("Content-Type: {kind}\r\n"), body);
        assert_eq!(response.status, 200, "{kind}: {}", response.text());
        assert_near(&response.json()["predictions"][0]["embedding"], &rows[1]["embedding"]);
    }
    server.stop().unwrap();
}

#[test]
fn texts_get_their_classes() {
    let rows = golden("distilbert-topics");
    let server = served("distilbert-topics");
    let mut client = Client::connect(server.address());
    let labels = ["billing", "delivery", "login", "praise", "other"];
    let number = |value: &Value| value.as_f64().unwrap();
    let best = |row: &Value| {
        let scores = row["scores"].as_array().unwrap().iter().map(number);
        let (class, score) =
            scores.enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other)).unwrap();
        (labels[class], score)
    };

    let texts: Vec<&Value> = rows.iter().map(|row| &row["text"]).collect();
    let classes = ask(&mut client, &json!({ "inputs": texts }));
    for (class, row) in classes.as_array().unwrap().iter().zip(&rows) {
        let (label, score) = best(row);
        assert_eq!(class["label"], label, "{row}");
        assert!((number(&class["score"]) - score).abs() < 1e-4, "{class} of {row}");
    }
    let one = ask(&mut client, &json!({ "inputs": texts[0] }));
    assert_eq!(one, json!([classes[0]]));

    let parameters = json!({ "top_k": null, "function_to_apply": "none" });
    let body = json!({ "inputs": [texts[0]], "parameters": parameters });
    let logits = ask(&mut client, &body);
    let logits = logits[0].as_array().unwrap();
    assert_eq!(logits.len(), labels.len());
    assert!(logits.is_sorted_by_key(|class| -number(&class["score"])));
    for class in logits {
        let at = labels.iter().position(|label| class["label"] == *label).unwrap();
        let expected = number(&rows[0]["logits"][at]);
        assert!((number(&class["score"]) - expected).abs() < 1e-4, "{class}");
    }
    server.stop().unwrap();
}

#[test]
fn pairs_are_read_where_the_columns_say_so() {
    let rows = golden("roberta-pairs");
    let pair = rows.iter().find(|row| row["text_pair"].is_string()).unwrap();
    let columns = OpenOptions::new().instances(1).columns(["text", "text_pair"]);
    let server = serving(&case("roberta-pairs"), &columns);
    let mut client = Client::connect(server.address());
    let inputs = json!({ "text": pair["text"], "text_pair": pair["text_pair"] });
    let parameters = json!({ "top_k": 3 });

    let class = ask(&mut client, &json!({ "inputs": inputs }));
    let all = ask(&mut client, &json!({ "inputs": inputs, "parameters": parameters }));
    assert_eq!(all[0], class);
    let list = json!({ "inputs": [inputs, [pair["text"], pair["text_pair"]]] });
    assert_eq!(ask(&mut client, &list), json!([class, class]));
    let mut scores: Vec<f64> =
        pair["scores"].as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect();
    scores.sort_by(|one, other| other.total_cmp(one));
    let got: Vec<&Value> = all.as_array().unwrap().iter().map(|class| &class["score"]).collect();
    assert_near(&json!(got), &json!(scores));
    server.stop().unwrap();
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let server = served("bert-mean");
    let mut client = Client::connect(server.address());
    for (body, status, reason) in [
        (json!({ "inputs": "a", "parameters": { "topk": 1 } }), 400, "wrong_parameter"),
        (json!({ "inputs": "a", "parameters": { "top_k": 1 } }), 400, "wrong_parameter"),
        (json!({ "inputs": "a", "parameters": { "truncation": false } }), 400, "wrong_parameter"),
        (json!({ "inputs": { "text": "a", "text_pair": "b" } }), 400, "unknown_column"),
        (json!({ "inputs": ["a", 1] }), 400, "wrong_type"),
        (
            json!({ "inputs": { "source_sentence": "a", "sentences": ["b"] } }),
            400,
            "unknown_column",
        ),
    ] {
        let response = client.post("/invocations", JSON, body.to_string());
        assert_eq!(refused(&response), (status, reason.to_owned()), "{body}");
    }
    for kind in ["application/json", "text/plain", "text/csv", "application/jsonlines"] {
        let headers = format!("Content-Type: {kind}\r\n");
        let response = client.post("/invocations", &headers, b"{\"inputs\": \"caf\xe9\"}");
        assert_eq!(refused(&response), (400, "not_utf8".to_owned()), "{kind}");
        assert_eq!(response.json()["byte"], 15, "{kind}");
    }
    server.stop().unwrap();

    // Of another model, no text is a row.
    let server = housing();
    let mut client = Client::connect(server.address());
    let response = client.post("/invocations", "Content-Type: text/plain\r\n", "a");
    assert_eq!(refused(&response), (415, "unsupported_media_type".to_owned()));
    server.stop().unwrap();
}

#[test]
fn parameters_are_not_passed_over_where_the_reply_has_no_place_for_them() {
    let server = served("distilbert-topics");
    let mut client = Client::connect(server.address());
    let headers = format!("{JSON}Accept: text/csv\r\n");
    let plain = client.post("/invocations", &headers, r#"{"inputs": ["a", "b"]}"#);
    assert_eq!((plain.status, plain.text().lines().count()), (200, 2));
    let body = r#"{"inputs": "a", "parameters": {"top_k": 2}}"#;
    let response = client.post("/invocations", &headers, body);
    assert_eq!(refused(&response), (406, "not_acceptable".to_owned()));
    server.stop().unwrap();
}

#[test]
fn many_texts_are_answered_in_one_piece() {
    let server = served("bert-mean");
    let mut client = Client::connect(server.address());
    let body = json!({ "inputs": vec!["a"; 4200] });
    let reply = ask(&mut client, &body);
    let embeddings = reply.as_array().unwrap();
    assert_eq!(embeddings.len(), 4200);
    let expected = &golden("bert-mean").into_iter().find(|row| row["text"] == "a").unwrap();
    for embedding in [&embeddings[0], &embeddings[4199]] {
        assert_near(embedding, &expected["embedding"]);
    }
    server.stop().unwrap();
}

#[test]
fn folders_come_and_go() {
    let server = bound(Serve { multi_model: Some(true), threads: Some(2), ..Serve::default() });
    server.install(Registry::new());
    let mut client = Client::connect(server.address());
    for name in ["xlmr-shards", "bert-f16", "mlp-churn"] {
        let body = json!({ "model_name": name, "url": case(name) }).to_string();
        let loaded = client.post("/models", JSON, body);
        assert_eq!(loaded.status, 200, "{name}: {}", loaded.text());
    }
    for name in ["xlmr-shards", "bert-f16"] {
        let row = &golden(name)[0];
        let body = json!({ "inputs": row["text"] }).to_string();
        let reply = client.post(&format!("/models/{name}/invoke"), JSON, body);
        assert_near(&reply.json()[0], &row["embedding"]);
    }
    // A model of numbers reads and answers as any table does.
    let row = &golden("mlp-churn")[0];
    let body = json!({ "inputs": [row["inputs"]] }).to_string();
    let reply = client.post("/models/mlp-churn/invoke", JSON, body).json();
    assert_near(&reply["predictions"][0]["probabilities"], &row["scores"]);
    assert_eq!(client.ask("DELETE", "/models/xlmr-shards").status, 200);
    assert_eq!(client.get("/models").json()["models"].as_array().unwrap().len(), 2);
    server.stop().unwrap();
}
