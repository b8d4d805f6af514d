//! Reads model files, and says what a model takes and gives.
//!
//! A [`Model`] is an opened file whose structure has been checked. From it come the file's contents
//! ([`Model::onnx`], [`Model::lightgbm`], [`Model::xgboost`], [`Model::safetensors`] with
//! [`Model::pretrained`]), which backends compile, and a [`Signature`], which says what rows look
//! like and what kind of answer to expect. Nothing here runs a model.
//!
//! ```no_run
//! use hotplate_model::Model;
//!
//! # fn main() -> Result<(), hotplate_model::ModelError> {
//! let model = Model::open("models/churn/model.onnx".as_ref())?;
//! for column in model.signature(None)?.schema().columns() {
//!     println!("{}: {}", column.name, column.dtype);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Hostile files
//!
//! Every byte is treated as an attack until it is checked:
//!
//! * No format that can carry code is read. A pickle is recognised and refused.
//! * Numbers from a file are bounded before anything is allocated or skipped by them.
//! * Memory while reading is a small multiple of the file, and time grows with the file alone:
//!   lists are walked where they lie and never expanded, empty messages that would become large
//!   structures are refused at the first, and nesting has a greatest depth.
//! * A file that names others names them beneath its own folder, without links that lead out of
//!   it, wherever the tensors hide that are there ([`Model::external_files`]).
//! * What is read beside weights, because a reader of them looks there, is of bounded size, and a
//!   key that is there twice is refused.
//!
//! A refusal is a [`ModelError`] with a [kind](ModelError::kind), the byte at which the file went
//! wrong, and one sentence that a person can act on.

mod digest;
mod error;
mod external;
mod fault;
mod file;
mod foreign;
mod format;
mod json;
mod labels;
pub mod lightgbm;
mod limits;
#[expect(unsafe_code, reason = "mapping a file is unsafe, and this is the one place that does it")]
mod map;
mod model;
pub mod onnx;
pub mod pretrained;
pub mod safetensors;
mod signature;
mod task;
pub mod xgboost;
mod zipmap;

pub use digest::Digest;
pub use error::{ModelError, ModelErrorKind};
pub use external::ExternalFile;
pub use format::Format;
pub use labels::Labels;
pub use model::Model;
pub use signature::{Batching, OutputSpec, Signature};
pub use task::Task;
