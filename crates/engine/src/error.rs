mod kind;

use std::{
    error, fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use hotplate_backend::{BackendError, BackendErrorKind, Refusal, RefusedCell, UnknownCategory};
use hotplate_codec::DecodeError;
use hotplate_model::ModelError;
use hotplate_scheduler::{Refused, RefusedReason};
use hotplate_tensor::{CellError, Schema};

pub use self::kind::ErrorKind;
use crate::{backends::BackendChoice, golden::Difference, passed_over::PassedOver};

/// Why a model was not opened, or rows were not answered.
///
/// [`kind`](Self::kind) is for programs; the message is one sentence for a person. An error about
/// rows names the [`row`](Self::row) and the [`column`](Self::column), and never a path.
#[derive(Debug)]
pub struct Error(Box<Cause>);

#[derive(Debug)]
pub(crate) enum Cause {
    NoModel { path: PathBuf, problem: &'static str },
    SeveralModels { folder: PathBuf, files: Vec<String> },
    UnsafeModel { file: PathBuf, advice: &'static str },
    Model(ModelError),
    NoBackend { passed_over: Vec<PassedOver> },
    NoSuchBackend { choice: BackendChoice },
    NoDeviceToRequire,
    Backend(BackendError),
    Config { file: PathBuf, line: Option<usize>, problem: String },
    ModelName { name: String },
    VariantName { name: String },
    Endpoint { kind: ErrorKind, endpoint: String, problem: String },
    UnknownEndpoint { name: String },
    Thread { source: io::Error },
    NameTaken { name: String },
    InModel { name: String, error: Error },
    Threshold,
    VoteThreshold,
    Members { file: String, first: String, problem: String },
    Output { possible: &'static str },
    NoMargins { reason: String },
    Unreadable { path: PathBuf, source: io::Error },
    TableForSeveral { file: PathBuf, table: &'static str },
    TableOfOne { folder: PathBuf, table: String },
    GoldenFile { file: PathBuf, problem: String },
    GoldenDecode { file: PathBuf, error: DecodeError },
    WrongAnswers { rows: usize, wrong: usize, first: Difference },
    Shape { input: String, expected: String, got: String },
    Type { input: String, expected: String, got: String },
    Cell { row: usize, column: String, problem: CellError, got: String },
    Arity { row: usize, expected: usize, got: usize },
    UnknownColumn { name: String, nearest: Option<String> },
    MissingColumn { name: String },
    DuplicateColumn { name: String },
    UnknownCategory { column: String, at: UnknownCategory },
    RefusedCell { column: String, at: RefusedCell },
    Texts { problem: CellError },
    Refused(Refused),
}

impl Error {
    pub(crate) fn new(cause: Cause) -> Self {
        Self(Box::new(cause))
    }

    pub(crate) fn config(file: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::new(Cause::Config { file: file.into(), line: None, problem: problem.into() })
    }

    /// What is wrong in a line of a configuration file; lines count from one.
    pub(crate) fn config_line(file: &Path, line: Option<usize>, problem: String) -> Self {
        Self::new(Cause::Config { file: file.to_owned(), line, problem })
    }

    /// A failure of rows, whose columns `schema` names.
    pub(crate) fn of_rows(error: BackendError, schema: &Schema) -> Self {
        let name_of = |column: usize| schema.columns()[column].name.clone();
        Self::new(match (error.as_unknown_category(), error.as_refused_cell()) {
            (Some(at), _) => Cause::UnknownCategory { column: name_of(at.column), at: at.clone() },
            (None, Some(at)) => Cause::RefusedCell { column: name_of(at.column), at: at.clone() },
            (None, None) => Cause::Backend(error),
        })
    }

    /// The same error, of a request whose rows stand behind so many others.
    pub(crate) fn behind(mut self, rows: usize) -> Self {
        match &mut *self.0 {
            Cause::UnknownCategory { at, .. } => at.row += rows,
            Cause::RefusedCell { at, .. } => at.row += rows,
            _ => {}
        }
        self
    }

    /// Says which of several models it was.
    pub(crate) fn in_model(self, name: &str) -> Self {
        Self::new(Cause::InModel { name: name.to_owned(), error: self })
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Cause::InModel { error, .. } => error.kind(),
            Cause::NoModel { .. } => ErrorKind::NoModel,
            Cause::SeveralModels { .. } => ErrorKind::SeveralModels,
            Cause::UnsafeModel { .. } => ErrorKind::UnsafeModel,
            Cause::Model(error) if error.kind() == hotplate_model::ModelErrorKind::UnsafeFormat => {
                ErrorKind::UnsafeModel
            }
            Cause::Model(_) => ErrorKind::InvalidModel,
            Cause::NoSuchBackend { .. } => ErrorKind::BackendUnavailable,
            Cause::NoBackend { passed_over } => kind_of_all(passed_over),
            Cause::Backend(error) => match error.kind() {
                BackendErrorKind::Unsupported => ErrorKind::Unsupported,
                BackendErrorKind::InvalidModel => ErrorKind::InvalidModel,
                BackendErrorKind::Unavailable => ErrorKind::BackendUnavailable,
                BackendErrorKind::DeviceUnavailable => ErrorKind::DeviceUnavailable,
                BackendErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
                BackendErrorKind::RefusedRows => ErrorKind::RefusedRows,
                _ => ErrorKind::WorkerFailed,
            },
            Cause::Config { .. }
            | Cause::ModelName { .. }
            | Cause::VariantName { .. }
            | Cause::NoDeviceToRequire
            | Cause::Threshold
            | Cause::VoteThreshold
            | Cause::Members { .. }
            | Cause::Output { .. }
            | Cause::NoMargins { .. }
            | Cause::TableForSeveral { .. }
            | Cause::TableOfOne { .. } => ErrorKind::Configuration,
            Cause::NameTaken { .. } => ErrorKind::NameTaken,
            Cause::Endpoint { kind, .. } => *kind,
            Cause::UnknownEndpoint { .. } => ErrorKind::UnknownEndpoint,
            Cause::Thread { .. } => ErrorKind::NoThread,
            Cause::Unreadable { .. } => ErrorKind::Unreadable,
            Cause::GoldenFile { .. } | Cause::GoldenDecode { .. } => ErrorKind::InvalidGoldenRows,
            Cause::WrongAnswers { .. } => ErrorKind::WrongAnswers,
            Cause::Shape { .. } => ErrorKind::WrongShape,
            Cause::Type { .. } => ErrorKind::WrongType,
            Cause::Cell { problem, .. } => match problem {
                CellError::OutOfRange { .. } | CellError::TextTooLong => ErrorKind::OutOfRange,
                CellError::Missing { .. } => ErrorKind::MissingValue,
                _ => ErrorKind::WrongType,
            },
            Cause::Arity { .. } => ErrorKind::WrongArity,
            Cause::UnknownColumn { .. } => ErrorKind::UnknownColumn,
            Cause::MissingColumn { .. } => ErrorKind::MissingColumn,
            Cause::DuplicateColumn { .. } => ErrorKind::DuplicateColumn,
            Cause::UnknownCategory { .. } => ErrorKind::UnknownCategory,
            Cause::RefusedCell { .. } => ErrorKind::RefusedRows,
            Cause::Texts { .. } => ErrorKind::OutOfRange,
            Cause::Refused(refused) => match refused.reason {
                RefusedReason::Late => ErrorKind::DeadlineExceeded,
                RefusedReason::Closed => ErrorKind::Drained,
                _ => ErrorKind::Overloaded,
            },
        }
    }

    /// When it may be worth another try, of a request that was refused for what else goes on.
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.0 {
            Cause::Refused(refused) => Some(refused.retry_after),
            _ => None,
        }
    }

    /// The row that is wrong, from zero within its request.
    pub fn row(&self) -> Option<usize> {
        match &*self.0 {
            Cause::Cell { row, .. } | Cause::Arity { row, .. } => Some(*row),
            Cause::UnknownCategory { at, .. } => Some(at.row),
            Cause::RefusedCell { at, .. } => Some(at.row),
            _ => None,
        }
    }

    /// The column that is wrong.
    pub fn column(&self) -> Option<&str> {
        match &*self.0 {
            Cause::Cell { column, .. }
            | Cause::UnknownCategory { column, .. }
            | Cause::RefusedCell { column, .. } => Some(column),
            Cause::UnknownColumn { name, .. }
            | Cause::MissingColumn { name }
            | Cause::DuplicateColumn { name } => Some(name),
            _ => None,
        }
    }

    /// What was expected, where that can be said in a few words.
    pub fn expected(&self) -> Option<String> {
        match &*self.0 {
            Cause::Shape { expected, .. } | Cause::Type { expected, .. } => Some(expected.clone()),
            Cause::Cell { problem, .. } => {
                Some(problem.to_string().trim_start_matches("expected ").to_owned())
            }
            Cause::Arity { expected, .. } => Some(format!("{expected} values")),
            Cause::UnknownCategory { at, .. } => Some(at.known.join(", ")),
            Cause::RefusedCell { at, .. } => Some(at.expected.clone()),
            Cause::UnknownColumn { nearest, .. } => nearest.clone(),
            _ => None,
        }
    }

    /// What was given instead.
    pub fn got(&self) -> Option<String> {
        match &*self.0 {
            Cause::Shape { got, .. } | Cause::Type { got, .. } | Cause::Cell { got, .. } => {
                Some(got.clone())
            }
            Cause::Arity { got, .. } => Some(format!("{got} values")),
            Cause::UnknownCategory { at, .. } => Some(at.got.clone()),
            Cause::RefusedCell { at, .. } => Some(at.got.clone()),
            _ => None,
        }
    }

    /// The backends that were asked for the model in vain, and why none of them runs it.
    pub fn passed_over(&self) -> &[PassedOver] {
        match &*self.0 {
            Cause::InModel { error, .. } => error.passed_over(),
            Cause::NoBackend { passed_over } => passed_over,
            _ => &[],
        }
    }

    /// The operators that the first backend did not take; no other took the model either.
    pub fn refusals(&self) -> &[Refusal] {
        match &*self.0 {
            Cause::InModel { error, .. } => error.refusals(),
            Cause::NoBackend { passed_over } => {
                passed_over.first().map_or(&[], |first| &first.refusals)
            }
            _ => &[],
        }
    }
}

/// What would have to be mended for some backend to run the model: a device before a library,
/// and either before the model itself.
fn kind_of_all(passed_over: &[PassedOver]) -> ErrorKind {
    [ErrorKind::DeviceUnavailable, ErrorKind::BackendUnavailable]
        .into_iter()
        .find(|&kind| passed_over.iter().any(|passed| passed.kind == kind))
        .unwrap_or(ErrorKind::Unsupported)
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        Self::new(Cause::Model(error))
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::new(Cause::Refused(refused))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::NoModel { path, problem } => write!(f, "{}: {problem}", path.display()),
            Cause::SeveralModels { folder, files } => write!(
                f,
                "{}: several model files: {}; say which with `file = \"{}\"` under [model] in \
                 hotplate.toml, or let all of them answer as one with `combine = \"average\"` or \
                 `combine = \"vote\"`",
                folder.display(),
                files.join(", "),
                files[0],
            ),
            Cause::UnsafeModel { file, advice } => write!(f, "{}: {advice}", file.display()),
            Cause::Model(error) => error.fmt(f),
            Cause::NoBackend { passed_over } => {
                f.write_str("no backend runs this model")?;
                passed_over.iter().try_for_each(|passed| write!(f, "\n{passed}"))
            }
            Cause::NoDeviceToRequire => f.write_str(
                "require_device: say which device is required, with device: cpu, cuda, cuda:N, \
                 tensorrt or tensorrt:N",
            ),
            Cause::NoSuchBackend { choice } => {
                write!(f, "this build of Hotplate has no backend {choice}")
            }
            Cause::Backend(error) => error.fmt(f),
            Cause::Config { file, line: None, problem } => {
                write!(f, "{}: {problem}", file.display())
            }
            Cause::Config { file, line: Some(line), problem } => {
                write!(f, "{}:{line}: {problem}", file.display())
            }
            Cause::InModel { name, error } => write!(f, "model {name}: {error}"),
            Cause::ModelName { name } => write!(
                f,
                "a served model is called by letters, digits, '-', '_' and '.', not {name:?}; \
                 give it a `name` under [model] in hotplate.toml"
            ),
            Cause::VariantName { name } => write!(
                f,
                "a variant is called by at most 63 letters, digits, '-', '_' and '.', not {name:?}"
            ),
            Cause::Endpoint { endpoint, problem, .. } => {
                write!(f, "endpoint {endpoint}: {problem}")
            }
            Cause::UnknownEndpoint { name } => write!(f, "no endpoint is called {name:?}"),
            Cause::Thread { source } => write!(f, "no further thread can be started: {source}"),
            Cause::NameTaken { name } => write!(f, "a model is called {name:?} already"),
            Cause::Output { possible } => write!(f, "[model] output: expected {possible}"),
            Cause::NoMargins { reason } => write!(
                f,
                "[model] output: raw_score and raw_scores are there for classifiers whose \
                 probabilities are a function of scores, {reason}"
            ),
            Cause::Unreadable { path, source } => write!(f, "{}: {source}", path.display()),
            Cause::TableForSeveral { file, table } => write!(
                f,
                "{}: [{table}] stands beside several models; put it into the folder of the one that \
                 it is about",
                file.display()
            ),
            Cause::TableOfOne { folder, table } => write!(
                f,
                "{}: [{table}] stands in the folder of one of several models; put it into the folder \
                 above",
                folder.display()
            ),
            Cause::Threshold => {
                f.write_str("threshold: only a classifier of two classes has a decision threshold")
            }
            Cause::VoteThreshold => f.write_str(
                "threshold: where models vote there is no decision threshold; `combine = \
                 \"average\"` has one",
            ),
            Cause::Members { file, first, problem } if file == first => {
                write!(f, "combine: {file}: {problem}")
            }
            Cause::Members { file, first, problem } => write!(
                f,
                "combine: {file}: {problem}; models that are combined read and answer the same, \
                 here as {first} does"
            ),
            Cause::GoldenFile { file, problem } => write!(f, "{}: {problem}", file.display()),
            Cause::GoldenDecode { file, error } => write!(f, "{}: {error}", file.display()),
            Cause::WrongAnswers { rows, wrong, first } => {
                write!(f, "{wrong} of {rows} golden rows are not reproduced; the first: {first}")
            }
            Cause::Shape { input, expected, got } | Cause::Type { input, expected, got } => {
                write!(f, "input {input:?}: expected {expected}, got {got}")
            }
            Cause::Cell { row, column, problem, got } => {
                write!(f, "row {row}, column {column:?}: {problem}, got {got}")
            }
            Cause::Arity { row, expected, got } => {
                write!(f, "row {row}: expected {expected} values, got {got}")
            }
            Cause::UnknownColumn { name, nearest: Some(nearest) } => {
                write!(f, "unknown column {name:?}; did you mean {nearest:?}?")
            }
            Cause::UnknownColumn { name, nearest: None } => write!(f, "unknown column {name:?}"),
            Cause::MissingColumn { name } => write!(f, "column {name:?} is missing"),
            Cause::DuplicateColumn { name } => write!(f, "column {name:?} stands twice"),
            Cause::RefusedCell { column, at: RefusedCell { row, expected, got, .. } } => {
                write!(f, "row {row}, column {column:?}: expected {expected}, got {got}")
            }
            Cause::UnknownCategory { column, at } => write!(
                f,
                "row {}, column {column:?}: {:?} is none of the categories that the model knows: {}",
                at.row,
                at.got,
                at.known.join(", ")
            ),
            Cause::Texts { problem } => problem.fmt(f),
            Cause::Refused(refused) => refused.fmt(f),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Cause::InModel { error, .. } => error.source(),
            Cause::Unreadable { source, .. } | Cause::Thread { source } => Some(source),
            Cause::Model(error) => error.source(),
            Cause::Backend(error) => error.source(),
            Cause::GoldenDecode { error, .. } => error.source(),
            _ => None,
        }
    }
}
