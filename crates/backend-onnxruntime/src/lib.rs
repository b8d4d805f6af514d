//! Any ONNX graph, through ONNX Runtime.
//!
//! The library is found at run time: this crate builds and starts on a machine that has none, and
//! then says where it looked. A graph becomes one *session* for each worker, because sessions are
//! not run from two threads at once.
//!
//! ```text
//! file ──session──▶ plan ──▶ worker: rows ──staged──▶ tensors of the session ──▶ rows
//! ```
//!
//! - `library` looks for ONNX Runtime and loads it, once for the process.
//! - `session` makes sessions, on the device that was asked for or on the one that is there.
//! - `staged` holds a batch's tensors where the session reads and writes them, one set per size of
//!   batch. Rows are copied there because the session is bound to one address: that costs less
//!   than describing new memory to it for every call.
//! - `call` runs a session with the least around it.
//! - `runner` gathers the rows of all parts, runs, and scatters the answers; `worker` owns one.
//! - `probe` learns what the file does not say.
//! - `placement` tells which nodes run where.

mod call;
mod failure;
mod library;
mod placement;
mod plan;
mod probe;
mod runner;
mod session;
mod staged;
mod values;
mod worker;

use std::{path::PathBuf, sync::Arc};

use hotplate_backend::{
    Backend, BackendError, BackendErrorKind, CompileOptions, DeviceChoice, Plan,
};
use hotplate_model::{Format, Model};
pub use library::{Failure, Library, Place};

use crate::plan::OnnxPlan;

/// ONNX Runtime, on whichever device a model asks for.
#[derive(Clone, Debug, Default)]
pub struct OnnxRuntime {
    /// Its shared library, or the folder that holds it; looked for in front of the usual places.
    pub library: Option<PathBuf>,
}

impl Backend for OnnxRuntime {
    fn name(&self) -> &'static str {
        "onnxruntime"
    }

    fn reads(&self, format: Format) -> bool {
        format == Format::Onnx
    }

    /// The driver of a device does, from the first look at it on. The processor's first session has
    /// no thread but that of its caller; those of the others are started for workers.
    fn starts_threads(&self, options: &CompileOptions) -> bool {
        options.device != DeviceChoice::CPU
            && Library::load(self.library.as_deref()).is_ok_and(|_| session::knows_devices())
    }

    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError> {
        if !self.reads(model.format()) {
            let reason = format!("ONNX Runtime reads ONNX, not {}", model.format());
            return Err(BackendError::told(BackendErrorKind::Unsupported, reason));
        }
        let signature = model.signature(options.column_names.clone())?;
        let library = Library::load(self.library.as_deref())?;
        Ok(Arc::new(OnnxPlan::new(library, model, signature, options)?))
    }
}
