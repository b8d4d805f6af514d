use std::time::Duration;

use hotplate::{ErrorKind, scorer::RowFault};
use hotplate_codec::{DecodeError, Format, json};

use crate::{reply::Reply, status::Reason};

/// Why a request failed, as its client is told: one JSON object.
///
/// ```json
/// {"error": "row 0, column \"tenure\": expected a number, got text \"abc\"",
///  "reason": "wrong_type", "column": "tenure", "expected": "a number", "got": "text \"abc\"",
///  "row": 0, "byte": 42}
/// ```
///
/// `error` is for a person and may change; `reason` is for programs and does not. Rows and bytes
/// of the body count from zero. The other keys are there where they apply; `retry_after_ms` says
/// when another try may be worth it.
#[derive(Debug)]
pub struct Problem(Box<Details>);

#[derive(Debug)]
struct Details {
    reason: Reason,
    message: String,
    row: Option<usize>,
    byte: Option<usize>,
    column: Option<String>,
    expected: Option<String>,
    got: Option<String>,
    /// The methods that the path has, when the request's is not among them.
    allow: Option<&'static str>,
    retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The client is to be told.
    Problem(Problem),
    /// The reply says it already, in the words of a container of SageMaker's.
    Told,
}

impl Refusal {
    /// As [`Problem::speaks_against_model`]; what a container says is about rows or headers.
    pub(crate) fn speaks_against_model(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.speaks_against_model(),
            Self::Told => false,
        }
    }

    /// Makes `reply` tell the client, where it does not yet.
    pub(crate) fn answer(&self, reply: &mut Reply) {
        if let Self::Problem(problem) = self {
            problem.answer(reply);
        }
    }
}

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

impl Problem {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            reason,
            message: message.into(),
            row: None,
            byte: None,
            column: None,
            expected: None,
            got: None,
            allow: None,
            retry_after: None,
        }))
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>, got: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self.0.got = Some(got.into());
        self
    }

    pub(crate) fn allow(mut self, methods: &'static str) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// The same, of a model on a device whose memory is for models to be unloaded from.
    pub(crate) fn of_device(mut self) -> Self {
        if self.0.reason == Reason::Engine(ErrorKind::OutOfMemory) {
            self.0.reason = Reason::NoMemory;
        }
        self
    }

    /// Whether it speaks against the model: neither the client's rows nor what else goes on are to
    /// blame.
    pub(crate) fn speaks_against_model(&self) -> bool {
        self.0.reason.speaks_against_model()
    }

    /// The HTTP status, and the stable code.
    pub(crate) const fn on_the_wire(&self) -> (u16, &'static str) {
        self.0.reason.on_the_wire()
    }

    /// Makes `reply` tell the client.
    pub fn answer(&self, reply: &mut Reply) {
        reply.clear();
        let (status, reason) = self.on_the_wire();
        reply.status = status;
        reply.reason = Some(reason);
        reply.content_type = Format::Json.media_type();
        reply.allow = self.0.allow;
        reply.retry_after = self.0.retry_after;
        if status == 401 {
            reply.headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        self.write(&mut reply.body);
    }

    /// Appends the object and a line end.
    fn write(&self, reply: &mut Vec<u8>) {
        let details = &*self.0;
        let (_, reason) = details.reason.on_the_wire();
        reply.extend_from_slice(b"{\"error\":");
        json::write_string(reply, &details.message);
        let texts = [
            ("reason", Some(reason)),
            ("column", details.column.as_deref()),
            ("expected", details.expected.as_deref()),
            ("got", details.got.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                reply.push(b',');
                json::write_string(reply, key);
                reply.push(b':');
                json::write_string(reply, text);
            }
        }
        let retry_after = details.retry_after.map(|time| time.as_nanos().div_ceil(1_000_000));
        let retry_after = retry_after.and_then(|millis| usize::try_from(millis).ok());
        let numbers =
            [("row", details.row), ("byte", details.byte), ("retry_after_ms", retry_after)];
        for (key, number) in numbers {
            if let Some(number) = number {
                reply.push(b',');
                json::write_string(reply, key);
                reply.push(b':');
                reply.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
        }
        reply.extend_from_slice(b"}\n");
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::of_body(&error)
    }
}

impl From<hotplate::Error> for Problem {
    fn from(error: hotplate::Error) -> Self {
        Self::of_engine(&error)
    }
}

/// What ended a batch, which is about no single record of it.
impl From<&RowFault> for Problem {
    fn from(fault: &RowFault) -> Self {
        match (fault.as_decode_error(), fault.as_engine_error()) {
            (Some(error), _) => Self::of_body(error),
            (None, Some(error)) => Self::of_engine(error),
            (None, None) => Self::new(Reason::Internal, "the batch failed"),
        }
    }
}

impl Problem {
    fn of_body(error: &DecodeError) -> Self {
        let mut problem = Self::new(Reason::Body(error.kind()), error.to_string());
        problem.0.row = error.row();
        problem.0.byte = error.offset();
        problem.0.column = error.column().map(str::to_owned);
        problem.0.expected = error.expected().map(str::to_owned);
        problem.0.got = error.got().map(str::to_owned);
        problem
    }

    fn of_engine(error: &hotplate::Error) -> Self {
        let reason = Reason::Engine(error.kind());
        if let Some(retry_after) = error.retry_after() {
            let mut problem = Self::new(reason, error.to_string());
            problem.0.retry_after = Some(retry_after);
            return problem;
        }
        // What is not about the client's rows may name files; the client is not told.
        match reason.on_the_wire() {
            (400, _) => {}
            (503, _) => {
                let message = "there is no memory for these rows at the moment; send fewer at \
                               once, or try again";
                return Self::new(reason, message);
            }
            _ => return Self::new(reason, "the model failed on this request"),
        }
        let mut problem = Self::new(reason, error.to_string());
        problem.0.row = error.row();
        problem.0.column = error.column().map(str::to_owned);
        problem.0.expected = error.expected();
        problem.0.got = error.got();
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_device_is_for_models_to_be_unloaded_from() {
        let status = |kind| {
            let mut reply = Reply::default();
            Problem::new(Reason::Engine(kind), "").of_device().answer(&mut reply);
            reply.status
        };
        assert_eq!(status(ErrorKind::OutOfMemory), 507);
        assert_eq!(status(ErrorKind::Overloaded), 503);
        assert_eq!(status(ErrorKind::WrongShape), 400);
    }
}
