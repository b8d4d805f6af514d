/// The kind of an [`Error`](super::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no model where one was looked for.
    NoModel,
    /// A folder that cannot be looked into.
    Unreadable,
    /// A folder holds several models and no configuration says which, or to combine them.
    SeveralModels,
    /// A pickle or a script: loading it would run its code.
    UnsafeModel,
    /// A model file that cannot be read.
    InvalidModel,
    /// No backend takes the whole model.
    Unsupported,
    /// A key or a value of a configuration file.
    Configuration,
    /// Golden rows that cannot be read.
    InvalidGoldenRows,
    /// The model does not give the answers that its golden rows expect.
    WrongAnswers,
    /// An input with other dimensions than the model's.
    WrongShape,
    /// A value of another kind than its column's.
    WrongType,
    /// A number that its column's type cannot hold.
    OutOfRange,
    /// A missing value in a column that has no way to say so.
    MissingValue,
    /// A row with more or fewer values than it has columns.
    WrongArity,
    /// A name that no column has.
    UnknownColumn,
    /// A column without a value.
    MissingColumn,
    /// A column given twice.
    DuplicateColumn,
    /// A text that training never saw, where configuration refuses those.
    UnknownCategory,
    /// The model cannot answer these rows: a shape or a value that it does not take.
    RefusedRows,
    /// The model failed on rows that were in order.
    WorkerFailed,
    /// A backend that would take the model is not there: its library, or the build's feature.
    BackendUnavailable,
    /// The device that is required is not there, or cannot run the model.
    DeviceUnavailable,
    /// There is not enough memory for the model or for the rows.
    OutOfMemory,
    /// As many rows wait for the model as may; see [`Error::retry_after`](super::Error::retry_after).
    Overloaded,
    /// There can be no answer before the request's deadline, or there was none.
    DeadlineExceeded,
    /// The model takes no more requests.
    Drained,
    /// A model is called so already.
    NameTaken,
    /// No endpoint is called so.
    UnknownEndpoint,
    /// No variant of the endpoint is called so.
    UnknownVariant,
    /// Versions that read or answer in different ways cannot stand for each other.
    VariantsDiffer,
    /// There is no version from before to go back to.
    NothingBefore,
    /// The system has no further thread.
    NoThread,
}

impl ErrorKind {
    /// A stable code for programs, in snake case.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoModel => "no_model",
            Self::Unreadable => "unreadable",
            Self::SeveralModels => "several_models",
            Self::UnsafeModel => "unsafe_model",
            Self::InvalidModel => "invalid_model",
            Self::Unsupported => "unsupported",
            Self::Configuration => "configuration",
            Self::InvalidGoldenRows => "invalid_golden_rows",
            Self::WrongAnswers => "wrong_answers",
            Self::WrongShape => "wrong_shape",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::MissingValue => "missing_value",
            Self::WrongArity => "wrong_arity",
            Self::UnknownColumn => "unknown_column",
            Self::MissingColumn => "missing_column",
            Self::DuplicateColumn => "duplicate_column",
            Self::UnknownCategory => "unknown_category",
            Self::RefusedRows => "refused_rows",
            Self::WorkerFailed => "model_failed",
            Self::BackendUnavailable => "backend_unavailable",
            Self::DeviceUnavailable => "device_unavailable",
            Self::OutOfMemory => "out_of_memory",
            Self::Overloaded => "overloaded",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Drained => "draining",
            Self::NameTaken => "name_taken",
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::UnknownVariant => "unknown_variant",
            Self::VariantsDiffer => "variants_differ",
            Self::NothingBefore => "nothing_before",
            Self::NoThread => "no_thread",
        }
    }

    /// Whether it can be that the model answers other rows, and these not at any other time.
    pub(crate) const fn is_about_rows(self) -> bool {
        matches!(
            self,
            Self::WrongShape
                | Self::WrongType
                | Self::OutOfRange
                | Self::MissingValue
                | Self::UnknownCategory
                | Self::RefusedRows
                | Self::WorkerFailed
        )
    }
}
