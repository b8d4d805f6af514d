//! Replies that hold what probabilities are made of, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::fs;

use hotplate::OpenOptions;
use support::{Client, models, serving};

const CSV: &str = "Content-Type: text/csv\r\n";
/// As many rows as one request has here.
const ROWS: usize = 100;

/// Golden rows of `fraud`: their cells, and the label and the margin that XGBoost gives them.
fn golden() -> (Vec<String>, Vec<(i64, f32)>) {
    let text = fs::read_to_string(models().join("fraud/golden.csv")).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let [label, margin] = ["output.label", "trainer.margin"].map(at);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let expected = (cells[label].parse().unwrap(), cells[margin].parse().unwrap());
        (cells[..label].join(","), expected)
    };
    lines.take(ROWS).map(row).unzip()
}

/// The reply to golden rows with this `[model] output`.
fn reply(output: &str, accept: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in ["model.ubj", "golden.csv"] {
        fs::copy(models().join("fraud").join(file), folder.path().join(file)).unwrap();
    }
    let config = format!("[model]\noutput = {output}\n");
    fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    let server = serving(folder.path(), &OpenOptions::new());
    let headers = format!("{CSV}Accept: {accept}\r\n");
    let body = golden().0.join("\n");
    let reply = Client::connect(server.address()).post("/invocations", &headers, body);
    server.stop().unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().to_owned()
}

#[test]
fn objects_hold_the_margins_of_xgboost() {
    let output = r#"["predicted_label", "raw_score", "raw_scores"]"#;
    let reply = reply(output, "application/json");
    let expected: Vec<String> = golden()
        .1
        .iter()
        .map(|(label, margin)| {
            format!(
                r#"{{"predicted_label":{label},"raw_score":{margin:?},"raw_scores":[{margin:?}]}}"#
            )
        })
        .collect();
    assert_eq!(reply.trim_end(), format!(r#"{{"predictions":[{}]}}"#, expected.join(",")));
}

#[test]
fn cells_hold_the_margins_of_xgboost() {
    let reply = reply(r#"["raw_score", "predicted_label"]"#, "text/csv");
    let expected: Vec<String> =
        golden().1.iter().map(|(label, margin)| format!("{margin:?},{label}")).collect();
    assert_eq!(reply.lines().collect::<Vec<_>>(), expected);
}
