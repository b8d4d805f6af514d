use std::{error::Error, fmt};

use hotplate_model::{ModelError, ModelErrorKind};

/// Why a model was not compiled, or rows were not answered.
///
/// One pointer wide, so that an outcome costs nothing while all is well.
#[derive(Debug)]
pub struct BackendError(Box<Cause>);

#[derive(Debug)]
enum Cause {
    Unsupported(Vec<Refusal>),
    Model(ModelError),
    InvalidModel { node: String, problem: String },
    UnknownCategory(UnknownCategory),
    RefusedCell(RefusedCell),
    WorkerPanicked,
    Told { kind: BackendErrorKind, problem: String },
}

/// The kind of a [`BackendError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackendErrorKind {
    /// The backend does not take some of the model's operators; another may.
    Unsupported,
    /// The model contradicts itself or its format.
    InvalidModel,
    /// A text that training never saw, where configuration refuses those.
    UnknownCategory,
    /// A worker panicked; its slot has a new one.
    WorkerPanicked,
    /// The backend's library is not there, or is not one that can be used.
    Unavailable,
    /// The device that is asked for is not there, or cannot run the model.
    DeviceUnavailable,
    /// There is not enough memory for the model or for the rows.
    OutOfMemory,
    /// The model cannot answer these rows: a shape or a value that it does not take.
    RefusedRows,
    /// The model failed on rows that it should have answered.
    Failed,
}

/// An operator that a backend does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The operator, with its domain unless that is ONNX's own: `ai.onnx.ml.SVMClassifier`.
    pub operator: String,
    /// The node's name, or the name of its first output.
    pub node: String,
    /// Why it is not taken.
    pub reason: String,
}

/// Where a text was met that training never saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCategory {
    /// The row within its request, from zero.
    pub row: usize,
    /// The index of the column in the schema.
    pub column: usize,
    /// The text.
    pub got: String,
    /// Some of the texts that training saw.
    pub known: Vec<String>,
}

/// A cell of a type that the model takes, with a value that it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCell {
    /// The row within its request, from zero.
    pub row: usize,
    /// The index of the column in the schema.
    pub column: usize,
    /// What the model takes, in a few words.
    pub expected: String,
    /// What it was given, in as few.
    pub got: String,
}

impl BackendError {
    /// The operators that a backend could not take.
    pub fn unsupported(refusals: Vec<Refusal>) -> Self {
        Self(Box::new(Cause::Unsupported(refusals)))
    }

    /// A node whose attributes or inputs make no sense.
    pub fn invalid_model(node: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(Box::new(Cause::InvalidModel { node: node.into(), problem: problem.into() }))
    }

    /// A text that training never saw.
    pub fn unknown_category(at: UnknownCategory) -> Self {
        Self(Box::new(Cause::UnknownCategory(at)))
    }

    /// A value that the model does not take.
    pub fn refused_cell(at: RefusedCell) -> Self {
        Self(Box::new(Cause::RefusedCell(at)))
    }

    /// A worker that panicked.
    pub fn worker_panicked() -> Self {
        Self(Box::new(Cause::WorkerPanicked))
    }

    /// Whatever a backend says in words of its own. They hold no path, but for what is
    /// unavailable: clients see the others.
    pub fn told(kind: BackendErrorKind, problem: impl Into<String>) -> Self {
        Self(Box::new(Cause::Told { kind, problem: problem.into() }))
    }

    /// The same error, of a request whose rows stand behind so many others.
    #[must_use]
    pub fn behind(mut self, rows: usize) -> Self {
        match &mut *self.0 {
            Cause::UnknownCategory(at) => at.row += rows,
            Cause::RefusedCell(at) => at.row += rows,
            _ => {}
        }
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> BackendErrorKind {
        match *self.0 {
            Cause::Unsupported(_) => BackendErrorKind::Unsupported,
            Cause::Model(ref error) if error.kind() == ModelErrorKind::UnsupportedSignature => {
                BackendErrorKind::Unsupported
            }
            Cause::Model(_) | Cause::InvalidModel { .. } => BackendErrorKind::InvalidModel,
            Cause::UnknownCategory(_) => BackendErrorKind::UnknownCategory,
            Cause::RefusedCell(_) => BackendErrorKind::RefusedRows,
            Cause::WorkerPanicked => BackendErrorKind::WorkerPanicked,
            Cause::Told { kind, .. } => kind,
        }
    }

    /// The operators that were not taken; empty for other kinds.
    pub fn refusals(&self) -> &[Refusal] {
        match &*self.0 {
            Cause::Unsupported(refusals) => refusals,
            _ => &[],
        }
    }

    /// Where an unknown category was met, when that is what this is.
    pub fn as_unknown_category(&self) -> Option<&UnknownCategory> {
        match &*self.0 {
            Cause::UnknownCategory(at) => Some(at),
            _ => None,
        }
    }

    /// The cell that is to blame, where it is one.
    pub fn as_refused_cell(&self) -> Option<&RefusedCell> {
        match &*self.0 {
            Cause::RefusedCell(at) => Some(at),
            _ => None,
        }
    }
}

impl From<ModelError> for BackendError {
    fn from(error: ModelError) -> Self {
        Self(Box::new(Cause::Model(error)))
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::Unsupported(refusals) => {
                f.write_str("operators that are not taken: ")?;
                for (index, refusal) in refusals.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "; " };
                    write!(f, "{comma}{refusal}")?;
                }
                Ok(())
            }
            Cause::Model(error) => error.fmt(f),
            Cause::InvalidModel { node, problem } => write!(f, "node {node:?}: {problem}"),
            Cause::UnknownCategory(at) => write!(
                f,
                "row {}: {:?} is none of the categories that the model was trained on: {}",
                at.row,
                at.got,
                at.known.join(", ")
            ),
            Cause::RefusedCell(RefusedCell { row, column, expected, got }) => {
                write!(f, "row {row}, column {column}: expected {expected}, got {got}")
            }
            Cause::WorkerPanicked => f.write_str("the model failed on these rows"),
            Cause::Told { problem, .. } => f.write_str(problem),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (node {:?}): {}", self.operator, self.node, self.reason)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Cause::Model(error) => error.source(),
            _ => None,
        }
    }
}
