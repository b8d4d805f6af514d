//! What runs a model, in three lifetimes.
//!
//! | Trait | Lives as long as | Shared | Holds |
//! |---|---|---|---|
//! | [`Backend`] | the process | by everybody | a device |
//! | [`Plan`] | a version of a model | by all threads, immutable | the model, compiled |
//! | [`Worker`] | a slot of a lane | by nobody | one thread's scratch |
//!
//! A backend takes a whole graph or refuses it with every operator that it could not take, so that
//! the next backend can be asked. A worker is given parts, one per request, and answers each in
//! that request's own buffers.
#![forbid(unsafe_code)]

mod error;
mod part;

use std::{fmt, sync::Arc};

pub use error::{BackendError, BackendErrorKind, Refusal, UnknownCategory};
use hotplate_model::{Model, Signature};
pub use part::Part;

/// Where a plan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The host's processor.
    Cpu,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
        }
    }
}

/// What becomes of a text that a categorical column was not trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownCategories {
    /// What the model's file says, which is nearly always "no category": all zeros. Counted.
    #[default]
    AsModelSays,
    /// The request is refused with the row, the column and the text.
    Refuse,
}

/// What is asked of a plan beside the model itself.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Names for the model's columns that win over those of its file.
    pub column_names: Option<Vec<String>>,
}

/// A device that models can be compiled for.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name that configuration and reports use: `native`.
    fn name(&self) -> &'static str;

    /// Where this backend's plans run.
    fn device(&self) -> Device;

    /// Compiles the whole model.
    ///
    /// # Errors
    ///
    /// [`BackendErrorKind::Unsupported`] with every operator that the backend cannot take, or the
    /// kind that says what is wrong with the model.
    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError>;
}

/// A model compiled for one device: immutable, shared by all threads.
pub trait Plan: fmt::Debug + Send + Sync {
    /// What the model reads and answers.
    fn signature(&self) -> &Signature;

    /// A new thread's scratch.
    ///
    /// # Errors
    ///
    /// When the device has no room for another.
    fn worker(&self) -> Result<Box<dyn Worker>, BackendError>;

    /// The batch sizes, in rows, that every worker must have run before the plan is ready.
    fn warmup(&self) -> &[usize];

    /// What a row goes through, one line a step, for a person.
    fn steps(&self) -> Vec<String>;

    /// How often each categorical column held a text that training never saw: the column's index
    /// in the schema, and the count since the plan was made.
    fn unknown_categories(&self) -> Vec<(usize, u64)>;
}

/// One thread's scratch for a plan, and the right to run it.
pub trait Worker: fmt::Debug + Send {
    /// Answers every part in its own buffers, and says in its outcome how that went.
    ///
    /// The inputs have the signature's types and shapes: whoever made the parts checked that. A
    /// part that fails harms no other.
    fn run(&mut self, parts: &mut [Part<'_>]);
}
