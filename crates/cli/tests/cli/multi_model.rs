//! A server whose models come and go.

use std::fs;

use crate::{forest, served::Served, support::root};

/// Some tens of megabytes as a file.
const TREES: usize = 500;

/// What the server has in memory.
fn resident_bytes(served: &Served) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", served.process())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[test]
#[cfg_attr(
    not(all(target_os = "linux", target_env = "gnu")),
    ignore = "asks Linux and GNU's library"
)]
fn memory_of_a_model_is_free_when_its_removal_is_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    forest::write(folder.path(), TREES);
    let served = Served::start(&["--port", "0"], &[("SAGEMAKER_MULTI_MODEL", "true")]);
    assert_eq!(served.ask("GET", "/ping", b"").0, 200, "without a model");

    let url = folder.path().to_str().unwrap();
    let body = format!("{{\"model_name\": \"forest\", \"url\": \"{url}\"}}");
    let round = || {
        let before = resident_bytes(&served);
        let (status, text) = served.ask("POST", "/models", body.as_bytes());
        assert_eq!(status, 200, "{text}");
        let row = b"{\"x0\": 0.1, \"x1\": 0.2, \"x2\": 0.3, \"x3\": 0.4}";
        let (status, text) = served.ask("POST", "/models/forest/invoke", row);
        assert_eq!(status, 200, "{text}");
        let with = resident_bytes(&served);
        let (status, text) = served.ask("DELETE", "/models/forest", b"");
        assert_eq!(status, 200, "{text}");
        (before, with, resident_bytes(&served))
    };
    // Threads and buffers of the server's own come with the first.
    round();
    for (before, with, after) in [round(), round()] {
        println!("{before} bytes before, {with} with the model, {after} without");
        assert!(with > before + (8 << 20), "it takes memory");
        let (took, left) = (with - before, after.saturating_sub(before));
        assert!(left < took / 10, "{left} of {took} bytes are not free");
    }
    assert_eq!(served.stop().0, Some(0));
}

#[test]
fn models_that_are_there_from_the_beginning_are_listed_with_the_others() {
    let models = root().join("models");
    let housing = models.join("housing");
    let path = models.join("churn");
    let served = Served::start(&[path.to_str().unwrap(), "--multi-model", "--port", "0"], &[]);
    let body = format!("{{\"model_name\": \"houses\", \"url\": {housing:?}}}");
    assert_eq!(served.ask("POST", "/models", body.as_bytes()).0, 200);
    let (status, text) = served.ask("GET", "/models", b"");
    assert_eq!(status, 200);
    let expected = format!(
        "{{\"models\":[{{\"modelName\":\"churn\"}},{{\"modelName\":\"houses\",\"modelUrl\":{housing:?}}}]}}\n"
    );
    assert_eq!(text, expected);
    assert_eq!(served.stop().0, Some(0));
}
