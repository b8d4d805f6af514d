//! Always-warm inference: open a model once, then predict from any thread in microseconds.
//!
//! ```
//! use hotplate::Engine;
//!
//! # fn main() -> Result<(), hotplate::Error> {
//! # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
//! let housing = Engine::open(format!("{models}/housing"))?;
//! let district = [8.3252, 41.0, 6.98, 1.02, 322.0, 2.56, 37.88, -122.23];
//! println!("{:.2}", housing.predict(&district)?.score(0));
//!
//! let churn = Engine::open(format!("{models}/churn"))?;
//! let names: Vec<&str> = churn.columns().map(|column| column.name.as_str()).collect();
//! println!("{names:?}");
//! # Ok(())
//! # }
//! ```
//!
//! # On the hot path
//!
//! [`Engine::predict`] makes an [`Answer`] for every call. A caller that keeps one and calls
//! [`Engine::predict_into`] allocates nothing. Rows by column name are bound once
//! ([`Engine::bind`]), then a row is a slice of [`Value`]s.
//!
//! # What holding an engine means
//!
//! [`Engine::open`] returns when the model has been compiled, has run in every slot, and has given
//! the expected answers for the golden rows of its folder, if there are any. The model's file is
//! not needed any more. An engine is `Send + Sync`; share it in an [`Arc`](std::sync::Arc).
#![forbid(unsafe_code)]

mod answer;
mod backends;
mod binding;
mod combined;
pub mod config;
mod engine;
mod error;
mod explain;
mod folder;
mod golden;
mod input;
mod inspect;
mod passed_over;
mod registry;
pub mod scorer;
mod slots;
pub mod tolerance;
mod trace;

pub use answer::{Answer, Label};
pub use backends::{BackendChoice, LibraryFound};
pub use binding::Binding;
pub use combined::Combine;
pub use engine::{Engine, Inference, OpenOptions, Unanswered};
pub use error::{Error, ErrorKind};
pub use explain::Explanations;
pub use folder::ModelFolder;
pub use golden::{Difference, GoldenRows, Verdict};
pub use hotplate_backend::{
    ArithmeticOperation, Covers, Device, DeviceChoice, FeatureSource, Placement, Refusal, RowTrace,
    TracedAggregate, TracedArithmetic, TracedBranch, TracedFeature, TracedScore, TracedText,
    TracedTree, TreeLayout, UnknownCategories,
};
pub use hotplate_model::{
    Batching, Format, Labels, Model, OutputSpec, Signature, Task, pretrained,
};
pub use hotplate_scheduler::{LaneFigures, Priority, Terms, Tier};
pub use hotplate_tensor::{
    Column, Columns, DType, DataView, InputSpec, Inputs, RowDim, RowShape, Schema, Shape, StrView,
    Tensor, TensorView, Value,
};
pub use input::Input;
pub use inspect::{Choice, Inspection, ModelFile, inspect};
pub use passed_over::PassedOver;
pub use registry::{
    Change, Endpoint, Endpoints, Event, History, Outcome, Probation, ProbationTerms, Registry,
    Shadow, ShadowFigures, ShadowTerms, Snapshot, Variant, Version,
};

/// The README's program, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
