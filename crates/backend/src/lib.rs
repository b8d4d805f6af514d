//! What runs a model, in three lifetimes.
//!
//! | Trait | Lives as long as | Shared | Holds |
//! |---|---|---|---|
//! | [`Backend`] | the process | by everybody | a library that runs models |
//! | [`Plan`] | a version of a model | by all threads, immutable | the model, compiled |
//! | [`Worker`] | a slot of a lane | by nobody | one thread's scratch |
//!
//! A backend takes a whole graph or refuses it with every operator that it could not take, so that
//! the next backend can be asked. A worker is given parts, one per request, and answers each in
//! that request's own buffers.
#![forbid(unsafe_code)]

mod device;
mod error;
mod explainer;
pub mod made_up;
mod part;
mod trace;
mod tree_layout;

use std::{fmt, sync::Arc};

pub use device::{Device, DeviceChoice, Placement};
pub use error::{BackendError, BackendErrorKind, Refusal, RefusedCell, UnknownCategory};
pub use explainer::{Covers, Explainer};
use hotplate_model::{Format, Model, Signature};
use hotplate_tensor::Inputs;
pub use part::Part;
pub use trace::{
    ArithmeticOperation, FeatureSource, RowTrace, TracedAggregate, TracedArithmetic, TracedBranch,
    TracedFeature, TracedScore, TracedText, TracedTree,
};
pub use tree_layout::TreeLayout;

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
    /// Where the plan should run: there and nowhere else, unless it is left open.
    pub device: DeviceChoice,
    /// How trees should lie in memory; the fastest way unless said.
    pub tree_layout: Option<TreeLayout>,
    /// Whether a classifier that makes its probabilities of margins should answer these too: then
    /// its signature has [an output](Signature::margins) for them.
    pub margins: bool,
}

/// What a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most rows that a worker is given at a time, in all parts together.
    pub max_rows: usize,
    /// The threads that one run may keep busy, the caller's among them.
    pub threads: usize,
}

/// A library that compiles and runs models.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name that configuration and reports use: `native`.
    fn name(&self) -> &'static str;

    /// Whether it runs models of files in this format, as far as that tells.
    fn reads(&self, format: Format) -> bool;

    /// Whether threads that later run models may be started while one is compiled, so that they have
    /// the priority of the thread that compiles.
    fn starts_threads(&self, options: &CompileOptions) -> bool {
        let _ = options;
        false
    }

    /// Compiles the whole model.
    ///
    /// # Errors
    ///
    /// [`BackendErrorKind::Unsupported`] with every operator that the backend cannot take,
    /// [`BackendErrorKind::DeviceUnavailable`] when it cannot run on the device, or the kind that
    /// says what is wrong with the model or the backend.
    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError>;
}

/// A model compiled for one device: immutable, shared by all threads.
pub trait Plan: fmt::Debug + Send + Sync {
    /// A plan for the same rows that says how each score of theirs came about; rows for
    /// [`Covers::Background`] may be given.
    ///
    /// # Errors
    ///
    /// [`BackendErrorKind::Unsupported`] with the reason why there is none.
    fn explainer(&self, background: Option<Inputs<'_>>) -> Result<Explainer, BackendError> {
        let _ = background;
        let reason = "only a model that is one ensemble of trees, run natively, can be explained";
        Err(BackendError::told(BackendErrorKind::Unsupported, reason))
    }

    /// What the first row goes through on the way to its answer, for a person who wonders why it is
    /// what it is. Texts that are no category count as in a run.
    ///
    /// # Errors
    ///
    /// [`BackendErrorKind::Unsupported`] with the reason why that cannot be told, or what a run of
    /// the row fails with.
    fn trace(&self, inputs: Inputs<'_>) -> Result<RowTrace, BackendError> {
        let _ = inputs;
        let reason = "only a model that is one ensemble of trees, run natively, can be traced";
        Err(BackendError::told(BackendErrorKind::Unsupported, reason))
    }

    /// What the model reads and answers.
    fn signature(&self) -> &Signature;

    /// A new thread's scratch.
    ///
    /// # Errors
    ///
    /// When the device has no room for another.
    fn worker(&self, limits: &Limits) -> Result<Box<dyn Worker>, BackendError>;

    /// Lets go of what was kept to make workers with: there are as many as there will ever be at
    /// once. One that is dropped can still be replaced.
    fn seal(&self) {}

    /// Whether one run gets faster when it may keep several threads busy.
    fn is_parallel(&self) -> bool {
        false
    }

    /// The batch sizes, in rows, that every worker must have run before the plan is ready.
    fn warmup(&self) -> &[usize];

    /// The most rows that a worker should be given at a time, for others to get their turns in
    /// between.
    fn turn_rows(&self) -> usize {
        usize::MAX
    }

    /// What a row goes through, one line a step, for a person.
    fn steps(&self) -> Vec<String>;

    /// Where the plan runs, and why there.
    fn placement(&self) -> &Placement;

    /// How often each categorical column held a text that training never saw: the column's index
    /// in the schema, and the count since the plan was made.
    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        Vec::new()
    }
}

/// One thread's scratch for a plan, and the right to run it.
pub trait Worker: fmt::Debug + Send {
    /// Answers every part in its own buffers, and says in its outcome how that went.
    ///
    /// The inputs have the signature's types and shapes: whoever made the parts checked that. A
    /// part that fails harms no other.
    fn run(&mut self, parts: &mut [Part<'_>]);
}
