//! Where the shared library of ONNX Runtime is.

use std::{
    env::{self, consts},
    path::{Path, PathBuf},
};

/// What names the library for every program that loads it.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// The library that `ORT_DYLIB_PATH` names, else the one that `.ci/onnxruntime` brought into this
/// repository's `target`. `None` where there is neither, which leaves it to the system.
pub fn find() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| {
        let name = format!("{}onnxruntime{}", consts::DLL_PREFIX, consts::DLL_SUFFIX);
        Some(workspace().join("target/onnxruntime/lib").join(name)).filter(|path| path.exists())
    })
}

/// The top of the repository that this was built from.
pub fn workspace() -> &'static Path {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.ancestors().nth(2).unwrap_or(this)
}
