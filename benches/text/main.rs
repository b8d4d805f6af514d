//! Embeddings of texts: Hotplate on the folder of sentence-transformers beside ONNX Runtime on the
//! graph of the same model, both on two threads, in one process and in turns.
//!
//! | Part | What it tells |
//! |---|---|
//! | `answers` | how long a text of 16 tokens takes, and 32 texts |
//! | `opening` | how long it is from nothing to the first answer, and what the process holds then |
//!
//! Hotplate is given texts, and its time has their tokenising in it; ONNX Runtime is given tokens,
//! padded to the longest text. Where all are of one length, it is on a second line given texts too,
//! through the library `tokenizers`, and on a third it waits for work as by default, in a loop,
//! where Hotplate lets it sleep.
//!
//! ```sh
//! cargo bench -p hotplate-benches --bench text -- opening
//! ```
//!
//! runs the parts whose names hold `opening`. The models are those that `.ci/models` makes, the
//! library that which `.ci/onnxruntime` brings or `ORT_DYLIB_PATH` names.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod answers;
mod graph;
mod opening;
mod texts;

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    path::{Path, PathBuf},
};

use hotplate::{Engine, OpenOptions};

/// How many threads each side has.
const THREADS: usize = 2;

/// What is measured, by the name that chooses it.
type Part = (&'static str, fn(&Places, bool));

const PARTS: [Part; 2] = [("answers", answers::run), ("opening", opening::run)];

/// Where the models and the library are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// A folder of sentence-transformers.
    pub(crate) folder: PathBuf,
    /// The same model as a graph.
    pub(crate) graph: PathBuf,
    pub(crate) library: PathBuf,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(places) = Places::find() else { return };
    if let [flag, side] = &arguments[..]
        && flag == opening::OPEN
    {
        return opening::open_and_tell(&places, side);
    }
    // `cargo test` runs every bench once, to see that its answers are right.
    let quick = !arguments.iter().any(|argument| argument == "--bench");
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    for (name, part) in PARTS {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            part(&places, quick);
        }
    }
}

impl Places {
    /// All of them, or a word on how to get what is not there.
    fn find() -> Option<Self> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        let library = match env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
            Some(path) => PathBuf::from(path),
            None => {
                target.join("onnxruntime/lib").join(format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}"))
            }
        };
        let models = target.join("models");
        let folder = models.join("minilm-safetensors");
        let graph = models.join("minilm/model.onnx");
        if library.exists() && folder.exists() && graph.exists() {
            return Some(Self { folder, graph, library });
        }
        assert!(env::var_os("CI").is_none(), "run .ci/onnxruntime and .ci/models first");
        println!("skipped: no ONNX Runtime, or no models; run .ci/onnxruntime and .ci/models");
        None
    }
}

/// The folder in Hotplate.
pub(crate) fn open(places: &Places) -> Engine {
    OpenOptions::new().instances(1).threads(THREADS).open(&places.folder).unwrap()
}
