//! What some tests need and not every machine has: a test without it is skipped by name, but fails
//! where `CI` is set, which is to have everything.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::support::root;

#[path = "../../../backend-onnxruntime/tests/support/library.rs"]
mod library;

/// ONNX Runtime's library: where `ORT_DYLIB_PATH` says, else where `.ci/onnxruntime` puts it.
pub(crate) fn onnxruntime(test: &str) -> Option<String> {
    let path = library::library(test)?;
    Some(path.canonicalize().unwrap().to_str().unwrap().to_owned())
}

/// The folder of a model that `.ci/models` makes.
pub(crate) fn recipe(test: &str, model: &str) -> Option<String> {
    let folder = root().join("target/models").join(model);
    let file =
        found(test, &folder.join("model.onnx"), &format!("no model {model}; run .ci/models"));
    file.map(|_| folder.to_str().unwrap().to_owned())
}

/// The Python that `.ci/clients` gives a version of the SageMaker SDK.
pub(crate) fn clients(test: &str, version: &str) -> Option<PathBuf> {
    let python = root().join("target/clients").join(version).join("bin/python");
    found(test, &python, "no clients; run .ci/clients")?;
    // As it stands there: what the link points to knows nothing of what is installed.
    Some(std::path::absolute(python).unwrap())
}

/// Says that `test` is about machines that lack what this one has.
pub(crate) fn skip(test: &str, why: &str) {
    // Not through `eprintln!`, which the test runner keeps to itself when a test passes.
    let _ = writeln!(io::stderr(), "skipped: {test}: {why}");
}

fn found(test: &str, path: &Path, why: &str) -> Option<String> {
    if path.exists() {
        return Some(path.canonicalize().unwrap().to_str().unwrap().to_owned());
    }
    assert!(env::var_os("CI").is_none(), "{test}: {why}");
    skip(test, why);
    None
}
