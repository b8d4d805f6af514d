//! The shared libraries that tests run with, which `.ci/onnxruntime` brings. Included by path from
//! the tests of other crates.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// ONNX Runtime's library, or `None` on a machine without it, where `test` then does nothing.
///
/// # Panics
///
/// In CI when it is not there.
pub(crate) fn library(test: &str) -> Option<PathBuf> {
    let set = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    match set {
        Some(path) => Some(path),
        None => there_or_skipped(test, "onnxruntime", ".ci/onnxruntime"),
    }
}

/// A library that is too old to be accepted.
#[allow(dead_code, reason = "only the tests of the search need it")]
pub(crate) fn old_library(test: &str) -> Option<PathBuf> {
    there_or_skipped(test, "onnxruntime-old", ".ci/onnxruntime --old")
}

fn there_or_skipped(test: &str, folder: &str, command: &str) -> Option<PathBuf> {
    let name = format!("{}onnxruntime{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("target").join(folder).join("lib").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(env::var_os("CI").is_none(), "{test} needs {folder}: run {command}");
    // Not through `println!`, which the test runner keeps to itself when a test passes.
    let _ = writeln!(io::stderr(), "skipped: {test}: no {folder}; run {command}");
    None
}
