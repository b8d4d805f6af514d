//! Libraries that cannot be used, one after the other in one process, and then one that can.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use hotplate_backend::{Backend as _, BackendErrorKind, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{self, FLOAT, TestDim::Open, graph, operation, value},
};
use hotplate_onnxruntime::{Library, OnnxRuntime};

#[path = "support/library.rs"]
mod library;

/// Says that the test is in a process of its own, in which no variable names a library.
const ALONE: &str = "HOTPLATE_TEST_ALONE";

#[test]
fn search_goes_on_until_a_library_is_good() {
    let name = "search_goes_on_until_a_library_is_good";
    let (Some(good), Some(old)) = (library::library(name), library::old_library(name)) else {
        return;
    };
    if env::var_os(ALONE).is_none() {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(ALONE, "1")
            .env_remove("ORT_DYLIB_PATH")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }

    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so");
    fs::write(&text, "not a library").unwrap();
    let nowhere = folder.path().join("nowhere.so");
    refused(&nowhere, &[nowhere.to_str().unwrap(), "cannot open shared object file"]);
    refused(&text, &["file too short"]);
    // A folder means the library in it.
    refused(folder.path(), &["libonnxruntime.so", "file too short"]);
    refused(Path::new("libm.so.6"), &["libm.so.6"]);
    if let Some(libm) = libm() {
        refused(&libm, &["a library, but not ONNX Runtime"]);
    }
    refused(&old, &["ONNX Runtime 1.20.1 is too old", "1.24 or newer"]);

    // A configured library that fails is told, and the next place is tried; here there is none.
    assert!(Library::loaded().is_none());
    compile(&good).unwrap();
    let loaded = Library::loaded().unwrap();
    assert_eq!(loaded.path, std::path::absolute(&good).unwrap());
    assert!(loaded.version.starts_with("1."), "{}", loaded.version);
    // From here on it is the only one.
    let error = compile(&old).unwrap_err();
    assert!(error.contains("is loaded already, and a process has only one"), "{error}");
    compile(&good).unwrap();
}

fn libm() -> Option<PathBuf> {
    let folders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib"];
    folders.iter().map(|folder| Path::new(folder).join("libm.so.6")).find(|path| path.exists())
}

fn compile(library: &Path) -> Result<(), String> {
    let node = operation("Identity", &["x"], &["y"], &[]);
    let graph = graph(&[value("x", FLOAT, &[Open])], &[node], &[value("y", FLOAT, &[Open])]);
    let model = Model::from_bytes(fixture::model(&graph).finish()).unwrap();
    let backend = OnnxRuntime { library: Some(library.to_owned()) };
    match backend.compile(&model, &CompileOptions::default()) {
        Ok(_) => Ok(()),
        Err(error) => {
            assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
            Err(error.to_string())
        }
    }
}

fn refused(library: &Path, expected: &[&str]) {
    let error = compile(library).unwrap_err();
    for words in expected {
        assert!(error.contains(words), "{error}");
    }
    for place in ["configuration: ", "beside the executable: ", "the system's loader: "] {
        assert!(error.contains(place), "{error}");
    }
    assert!(error.contains("pip install onnxruntime"), "{error}");
}
