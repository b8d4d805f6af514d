//! What a removed model took is free before its removal is confirmed. In a process of its own, for
//! what is measured is the process's.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::{fs, sync::Arc};

use hotplate::Registry;
use hotplate_server::Serve;
use serde_json::json;
use support::{Client, bound, forest};

/// Some tens of megabytes as a file.
const TREES: usize = 500;

fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[test]
fn memory_of_a_model_is_free_when_its_removal_is_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    forest::write(folder.path(), TREES);
    let file = usize::try_from(fs::metadata(folder.path().join("model.txt")).unwrap().len());
    println!("file {} bytes", file.unwrap());

    let server = bound(Serve { multi_model: Some(true), ..Serve::default() });
    let registry = Registry::new();
    server.install(registry.clone());
    let mut client = Client::connect(server.address());
    let body = json!({"model_name": "forest", "url": folder.path()}).to_string();
    let mut round = || {
        let before = resident_bytes();
        let loaded = client.post("/models", "", &body);
        assert_eq!(loaded.status, 200, "{}", loaded.text());
        let answer =
            client.post("/models/forest/invoke", "Content-Type: text/csv\r\n", "0.1,0.2,0.3,0.4\n");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let engine =
            Arc::downgrade(registry.load().get("forest").unwrap().variants()[0].engine());
        let with = resident_bytes();
        assert_eq!(client.ask("DELETE", "/models/forest").status, 200);
        assert!(engine.upgrade().is_none());
        (before, with, resident_bytes())
    };
    // Threads and buffers of the server's own come with the first.
    round();
    for (before, with, after) in [round(), round()] {
        println!("{before} bytes before, {with} with the model, {after} without");
        assert!(with > before + (4 << 20), "it takes memory");
        let (took, left) = (with - before, after.saturating_sub(before));
        assert!(left < took / 4, "{left} of {took} bytes are not free");
    }
    server.stop().unwrap();
}
