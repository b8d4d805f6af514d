//! Models that come and go while they are asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use hotplate::{Endpoint, Engine, ErrorKind, Registry};

const DISTRICT: [f64; 8] = [8.3252, 41.0, 6.98, 1.02, 322.0, 2.56, 37.88, -122.23];

fn housing(name: &str) -> Endpoint {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/housing"));
    Endpoint::new(name, Engine::open(path).unwrap()).unwrap()
}

#[test]
fn names_are_taken_once() {
    let registry = Registry::new();
    registry.insert(housing("b")).unwrap();
    registry.insert(housing("a")).unwrap();
    let error = registry.insert(housing("b")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken);
    let endpoints = registry.load();
    let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(endpoints.only().is_none() && endpoints.get("c").is_none());

    assert_eq!(registry.remove("a").unwrap().name(), "a");
    assert!(registry.remove("a").is_none());
    assert_eq!(registry.load().only().unwrap().name(), "b");
    // What was seen stays as it was.
    assert_eq!(endpoints.len(), 2);
}

#[test]
fn engine_is_gone_when_nobody_holds_it() {
    let registry = Registry::new();
    registry.insert(housing("a")).unwrap();
    let engine = Arc::downgrade(registry.load().only().unwrap().variants()[0].engine());
    let seen = registry.load();
    drop(registry.swap(housing("a")).unwrap());
    assert!(engine.upgrade().is_some());
    drop(seen);
    assert!(engine.upgrade().is_none());
}

#[test]
fn swap_fails_no_request() {
    let registry = Registry::new();
    registry.insert(housing("a")).unwrap();
    let done = AtomicBool::new(false);
    let ask = || {
        let endpoints = registry.load();
        let engine = endpoints.get("a").unwrap().variants()[0].engine();
        engine.predict(&DISTRICT).unwrap().score(0)
    };
    let expected = ask();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    assert_eq!(ask().to_bits(), expected.to_bits());
                }
            });
        }
        for _ in 0..5 {
            registry.swap(housing("a")).unwrap();
        }
        done.store(true, Relaxed);
    });
}
