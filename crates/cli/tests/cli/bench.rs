//! `hotplate bench`: what it says, never how fast anything is.

use std::{fs, net::TcpListener};

use serde_json::Value;

use crate::{
    served::Served,
    support::{Run, folder_with, hotplate, hotplate_fed, shipped},
};

/// A short run of a shipped model or of a server.
fn bench(target: &str, arguments: &[&str]) -> Run {
    let short = ["bench", target, "--duration", "200ms", "--warm-up", "50ms"];
    hotplate(&[&short[..], arguments].concat())
}

fn json(run: &Run) -> Value {
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn model_is_measured_at_each_rate_in_process() {
    let run = bench("models/churn", &["--rates", "200,400", "--json"]);
    let document = json(&run);
    assert_eq!(document["target"]["name"], "churn");
    assert_eq!(document["target"]["golden_rows"], 1248);
    assert_eq!(document["target"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(document["rows"]["requests"], 1248);
    assert!(document["checked"].as_str().unwrap().starts_with("1,248 golden rows reproduced"));
    assert!(document["machine"]["cores"].as_u64().unwrap() >= 1);
    assert!(document["limits"]["latency_ns"].as_u64().unwrap() >= 1_000_000);
    assert_eq!(document["limits"]["asked_for"], false);
    assert_eq!(document["capacity"], Value::Null);
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for (run, rate) in runs.iter().zip([200.0, 400.0]) {
        assert_eq!(run["requested_per_second"], rate);
        // What a busy machine could not send counts with the time that it waited.
        let booked = run["answered"].as_u64().unwrap() + run["unsent"].as_u64().unwrap();
        assert_eq!(run["latency"]["count"].as_u64().unwrap(), booked);
        let histogram = run["histogram"].as_array().unwrap();
        let counted: u64 = histogram.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
        assert_eq!(counted, booked);
        assert!(run["latency"]["p50_ns"].as_u64() <= run["latency"]["p99_ns"].as_u64());
        assert_eq!(run["slices"].as_array().unwrap().len(), 1);
        assert_eq!((&run["failed"], &run["refused"]), (&0.into(), &0.into()));
    }
}

#[test]
fn knee_is_looked_for_where_no_rate_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("load.html");
    let page = page.to_str().unwrap();
    let run = bench("models/housing", &["--report", page, "--price-per-hour", "0.1"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    for word in ["machine", "capacity", "asked/s", "p99.9", "knee", page] {
        assert!(run.out.contains(word), "{word} in {}", run.out);
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(page.matches("<svg").count() >= 3);
    assert!(page.contains("housing") && page.contains("--price-per-hour 0.1"));
    // One file: nothing is loaded from elsewhere. A namespace is a name and no address.
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("http://") && !addresses.contains("https://"));
    assert!(!addresses.contains("<script") && !addresses.contains("@import"));
}

#[test]
fn far_too_high_a_rate_is_an_outcome_and_no_error() {
    // What is due in the warm-up alone takes longer than the whole run.
    let arguments = ["--rate", "5e6", "--warm-up", "300ms", "--duration", "50ms", "--json"];
    let run = hotplate(&[&["bench", "models/housing"], &arguments[..]].concat());
    let document = json(&run);
    assert_eq!((&document["knee"], &document["runs"][0]["held"]), (&Value::Null, &false.into()));
    assert_eq!(document["runs"][0]["broken"], "achieved");
    assert!(document["runs"][0]["unsent"].as_u64().unwrap() > 0);
    assert_eq!(document["runs"][0]["latency"]["count"], document["runs"][0]["unsent"]);
}

#[test]
fn closed_loop_has_no_knee() {
    let document = json(&bench("models/housing", &["--concurrency", "2", "--json"]));
    assert_eq!((&document["knee"], &document["limits"]), (&Value::Null, &Value::Null));
    assert_eq!(document["settings"]["callers"], 2);
    assert_eq!(document["settings"]["arrivals"], Value::Null);
    assert_eq!(document["runs"][0]["requested_per_second"], Value::Null);
    assert!(document["runs"][0]["answered"].as_u64().unwrap() > 0);
    let run = bench("models/housing", &["--concurrency", "1"]);
    assert!(run.lines().iter().any(|line| line.contains("take --rate")), "{}", run.out);
}

#[test]
fn server_is_measured_with_the_rows_of_its_model() {
    let served = Served::start(&["models/churn", "--port", "0"], &[]);
    let url = format!("http://{}", served.address);
    let arguments = ["--model", "models/churn", "--rate", "100", "--json"];
    for format in ["json", "csv", "jsonl"] {
        let run = bench(&url, &[&arguments[..], &["--content-type", format]].concat());
        let document = json(&run);
        assert_eq!(document["target"]["kind"], "url");
        assert_eq!(document["target"]["name"], format!("{url}/invocations"));
        assert_eq!(document["target"]["is_local"], true);
        assert_eq!(document["target"]["server"]["models"][0]["name"], "churn", "{}", run.out);
        assert_eq!(document["checked"], "1 row answered as the model does");
        assert_eq!(document["runs"][0]["failed"], 0);
    }
}

#[test]
fn server_is_sent_files_as_they_are() {
    let served = Served::start(&["models", "--port", "0"], &[]);
    let url = format!("http://{}/models/churn/invoke", served.address);
    for (file, rows) in [("models/churn/rows.json", "1"), ("models/churn/rows.csv", "3")] {
        let arguments = ["--rows", file, "--rows-per-request", rows, "--rate", "100", "--json"];
        let document = json(&bench(&url, &arguments));
        assert_eq!(document["rows"]["rows_per_request"].to_string(), rows);
        assert_eq!(document["checked"], "the first request answered, a prediction for each row");
        assert_eq!(document["runs"][0]["failed"], 0);
    }
}

#[test]
fn server_that_refuses_or_answers_as_another_model_is_not_timed() {
    let served = Served::start(&["models/housing", "--port", "0"], &[]);
    let url = format!("http://{}", served.address);
    let run = bench(&url, &["--rows", "models/churn/rows.csv"]);
    let told = run.failed(1);
    assert!(told.contains("status 400") && told.contains("reason"), "{told}");
    let run = bench(&format!("{url}/nothing/here"), &["--rows", "models/housing/rows.csv"]);
    assert!(run.failed(1).contains("status 404"), "{}", run.err);

    // The same columns, and other answers.
    let other = folder_with("housing", &["model.onnx"]);
    let served = Served::start(&["models/churn", "--port", "0"], &[]);
    let url = format!("http://{}", served.address);
    let run = bench(&url, &["--model", other.path().to_str().unwrap()]);
    run.failed(1);
}

#[test]
fn nobody_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let run = bench(&url, &["--rows", "models/churn/rows.csv"]);
    assert!(run.failed(1).contains("no connection"), "{}", run.err);
}

#[test]
fn url_without_rows_is_told_where_to_get_them() {
    let run = bench("http://127.0.0.1:9", &[]);
    let told = run.failed(2);
    assert!(told.contains("--rows FILE") && told.contains("--model MODEL"), "{told}");
}

#[test]
fn rows_that_are_not_the_models_are_told() {
    let run = bench("models/housing", &["--rows", "models/churn/rows.csv"]);
    assert!(run.failed(1).contains("models/churn/rows.csv: "), "{}", run.err);
    let run = bench("models/housing", &["--rows", "nowhere.csv"]);
    assert!(run.failed(1).contains("nowhere.csv: No such file"), "{}", run.err);
    let run = hotplate_fed(&["bench", "models/housing", "--rows", "-"], b"");
    assert!(run.failed(1).contains("there are no rows"), "{}", run.err);
}

#[test]
fn rows_are_made_from_the_signature_where_there_are_none() {
    let folder = folder_with("churn", &["model.onnx"]);
    let path = folder.path().to_str().unwrap();
    let document = json(&bench(path, &["--rate", "100", "--rows-per-request", "5", "--json"]));
    assert!(document["rows"]["source"].as_str().unwrap().starts_with("made from the signature"));
    assert_eq!(document["rows"]["requests"], 200);
    assert_eq!(document["runs"][0]["failed"], 0);
}

#[test]
fn rate_that_misses_what_was_asked_of_it_fails() {
    let run = bench("models/churn", &["--rate", "100", "--slo", "1ns"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("no rate was held"), "{}", run.err);
    assert!(run.out.contains("p99 above 1"), "{}", run.out);
}

#[test]
fn page_that_cannot_be_written_is_told_before_the_load_and_a_failed_run_leaves_it() {
    let run = bench("models/churn", &["--report", "no/such/folder/page.html"]);
    assert!(run.failed(1).contains("no/such/folder/page.html: "), "{}", run.err);
    assert!(!run.out.contains("asked/s"), "{}", run.out);

    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, "as it was").unwrap();
    // No request is due in such a time.
    let run = bench("models/churn", &["--rate", "0.001", "--report", page.to_str().unwrap()]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(fs::read_to_string(&page).unwrap(), "as it was");
}

#[test]
fn stop_is_seen_in_the_self_test() {
    let run = hotplate(&["bench", "--self-test"]);
    let lines = run.lines();
    assert!(lines.iter().any(|line| line.contains("open loop")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("closed loop")), "{lines:?}");
}

#[test]
fn wrong_usage_is_told() {
    let told = |arguments: &[&str], words: &str| {
        let run = hotplate(&[&["bench"], arguments].concat());
        assert!(run.failed(2).contains(words), "{}", run.err);
    };
    told(&[], "<TARGET>");
    told(&["models/churn", "--self-test"], "cannot be used with");
    told(&["models/churn", "--rate", "0"], "more than 0");
    told(&["models/churn", "--rate", "5", "--concurrency", "2"], "cannot be used with");
    told(&["models/churn", "--duration", "10"], "such as 10s");
    told(&["models/churn", "--rows-per-request", "0"], "one row at least");
    told(&["models/churn", "--content-type", "csv"], "is for a URL");
    told(&["https://localhost", "--rows", "x.csv"], "https is not spoken");
    let rows = shipped("churn/rows.csv");
    let rows = rows.to_str().unwrap();
    told(&["http://localhost", "--rows", rows, "--content-type", "json"], "--model says");
}
