//! The one place that knows which failure is which status on the wire.

use hotplate::ErrorKind;
use hotplate_codec::DecodeErrorKind;

/// Why a request is not answered as it wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The body does not hold rows of the model.
    Body(DecodeErrorKind),
    /// The engine did not take or not answer the rows.
    Engine(ErrorKind),
    /// No such path.
    NotFound,
    /// No such model.
    UnknownModel,
    /// Several models are served, and the request names none.
    ModelRequired,
    /// The path has other methods.
    MethodNotAllowed,
    /// The body's format is none that is read.
    UnsupportedMediaType,
    /// A header says what nobody understands.
    BadHeader,
    /// The model's scores cannot be explained.
    NotExplained,
    /// The client accepts no format that is written.
    NotAcceptable,
    /// The body is longer than configured.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body broke off, or its framing is wrong.
    BodyBroken,
    /// There is no memory for another large body.
    Overloaded,
    /// The models are not warm yet.
    NotReady,
    /// There is no session of this id.
    UnknownSession,
    /// A field of a request about models is missing or wrong.
    BadField,
    /// A model of this name is there.
    ModelExists,
    /// There is no model where one was to be loaded from.
    NoModel,
    /// The model that was to be loaded is not in order.
    BadModel,
    /// The model that was to be loaded needs what this machine does not have.
    NoDevice,
    /// There is no memory for another model.
    NoMemory,
    /// A fault of the server's own.
    Internal,
    /// The request does not say who sends it.
    Unauthorized,
    /// The request's sender may not do that.
    Forbidden,
    /// What a request for the admin API says cannot be understood.
    BadChange,
    /// Another change is being made.
    ChangeRunning,
    /// A change leads to what cannot be served, or back to what is no longer there.
    ChangeRefused(ErrorKind),
}

impl Reason {
    /// The HTTP status, and the stable code that the reply's `reason` has.
    pub(crate) const fn on_the_wire(self) -> (u16, &'static str) {
        match self {
            Self::Body(kind @ DecodeErrorKind::TooLarge) => (413, kind.reason()),
            Self::Body(kind) => (400, kind.reason()),
            Self::Engine(kind) => of_engine(kind),
            Self::NotFound => (404, "not_found"),
            Self::UnknownModel => (404, "unknown_model"),
            Self::ModelRequired => (400, "model_required"),
            Self::MethodNotAllowed => (405, "method_not_allowed"),
            Self::UnsupportedMediaType => (415, "unsupported_media_type"),
            Self::BadHeader => (400, "bad_header"),
            Self::NotExplained => (400, "not_explained"),
            Self::NotAcceptable => (406, "not_acceptable"),
            Self::BodyTooLarge => (413, "body_too_large"),
            Self::BodyTimeout => (408, "body_timeout"),
            Self::BodyBroken => (400, "body_broken"),
            Self::Overloaded => (503, "overloaded"),
            Self::NotReady => (503, "not_ready"),
            Self::UnknownSession => (400, "unknown_session"),
            Self::BadField => (400, "bad_field"),
            Self::ModelExists => (409, "model_exists"),
            Self::NoModel => (404, "no_model"),
            Self::BadModel => (400, "bad_model"),
            Self::NoDevice => (500, "device_unavailable"),
            Self::NoMemory => (507, "insufficient_memory"),
            Self::Internal => (500, "internal"),
            Self::Unauthorized => (401, "unauthorized"),
            Self::Forbidden => (403, "forbidden"),
            Self::BadChange => (400, "bad_change"),
            Self::ChangeRunning => (409, "change_running"),
            Self::ChangeRefused(kind) => of_change(kind),
        }
    }

    /// Whether it speaks against the model that was asked.
    pub(crate) const fn speaks_against_model(self) -> bool {
        match self {
            Self::Engine(ErrorKind::OutOfMemory) => true,
            Self::Engine(kind) => matches!(of_engine(kind), (500, _)),
            _ => false,
        }
    }
}

const fn of_change(kind: ErrorKind) -> (u16, &'static str) {
    match kind {
        ErrorKind::UnknownEndpoint => (404, "unknown_endpoint"),
        ErrorKind::UnknownVariant => (404, "unknown_variant"),
        ErrorKind::NothingBefore => (409, "nothing_before"),
        ErrorKind::VariantsDiffer => (422, "variants_differ"),
        ErrorKind::Configuration => (422, "wrong_variants"),
        ErrorKind::WrongAnswers => (422, "wrong_answers"),
        ErrorKind::NoModel => (422, "no_model"),
        ErrorKind::OutOfMemory => (503, "out_of_memory"),
        _ => (422, "model_refused"),
    }
}

const fn of_engine(kind: ErrorKind) -> (u16, &'static str) {
    let status = match kind {
        ErrorKind::WrongShape
        | ErrorKind::WrongType
        | ErrorKind::OutOfRange
        | ErrorKind::MissingValue
        | ErrorKind::WrongArity
        | ErrorKind::UnknownColumn
        | ErrorKind::MissingColumn
        | ErrorKind::DuplicateColumn
        | ErrorKind::UnknownCategory
        | ErrorKind::RefusedRows
        | ErrorKind::UnknownVariant => 400,
        // Not the client's fault: what fits depends on what else runs, so that the same rows may
        // be answered in a moment. Bodies that could never be are refused by their length.
        ErrorKind::OutOfMemory | ErrorKind::Overloaded | ErrorKind::Drained => 503,
        ErrorKind::DeadlineExceeded => 504,
        ErrorKind::WorkerFailed => 500,
        _ => return (500, "internal"),
    };
    (status, kind.reason())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_clients_and_memory_is_ours() {
        let status = |kind| Reason::Engine(kind).on_the_wire();
        assert_eq!(status(ErrorKind::RefusedRows), (400, "refused_rows"));
        assert_eq!(status(ErrorKind::WrongShape), (400, "wrong_shape"));
        assert_eq!(status(ErrorKind::OutOfMemory), (503, "out_of_memory"));
        assert_eq!(status(ErrorKind::Overloaded), (503, "overloaded"));
        assert_eq!(status(ErrorKind::DeadlineExceeded), (504, "deadline_exceeded"));
        assert_eq!(status(ErrorKind::DeviceUnavailable), (500, "internal"));
        let status = |kind| Reason::Body(kind).on_the_wire();
        assert_eq!(status(DecodeErrorKind::WrongType), (400, "wrong_type"));
    }

    #[test]
    fn version_is_not_blamed_for_bad_rows_or_for_a_crowd() {
        let against = |kind| Reason::Engine(kind).speaks_against_model();
        assert!(against(ErrorKind::WorkerFailed) && against(ErrorKind::OutOfMemory));
        for kind in [ErrorKind::RefusedRows, ErrorKind::Overloaded, ErrorKind::DeadlineExceeded] {
            assert!(!against(kind), "{kind:?}");
        }
        assert!(!Reason::Body(DecodeErrorKind::WrongType).speaks_against_model());
    }
}
