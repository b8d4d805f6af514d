//! How a request wants a model to be asked.

use hotplate::Engine;
use hotplate_codec::Format;

use crate::{
    accept::negotiate, head::Head, problem::Problem, profile::Imitated, status::Reason,
    wishes::Wishes,
};

/// How a body is read, how its reply is written, and what is wished for.
#[derive(Debug)]
pub(super) enum Form {
    /// In a format of our own.
    Own(Ask),
    /// As a container of SageMaker's has it.
    Imitated(Box<Imitated>),
}

impl Form {
    pub(super) fn wishes(&self) -> Wishes {
        match self {
            Self::Own(ask) => ask.wishes,
            Self::Imitated(imitated) => imitated.wishes,
        }
    }
}

/// How a model is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The format of the body; guessed when there is none.
    pub(super) body: Option<Format>,
    pub(super) reply: Format,
    pub(super) wishes: Wishes,
}

/// The media types of bodies, for messages.
const READABLE: &str = "application/json, text/csv, application/jsonlines, text/libsvm, \
                        application/x-npy, application/x-npz, application/x-recordio-protobuf or, \
                        of a model of texts, text/plain";

/// The media types of replies, for messages.
const WRITTEN: &str = "application/json, text/csv, application/jsonlines, application/x-npy or \
                       application/x-recordio-protobuf";

impl Ask {
    /// What the head says; a client that accepts anything gets `default_accept`.
    ///
    /// # Errors
    ///
    /// When nothing in a body could make it a good request.
    pub(super) fn of(head: &Head<'_>, default_accept: Format) -> Result<Self, Problem> {
        let body = match head.content_type.filter(|got| !is_any(got)) {
            None => None,
            Some(got) => {
                Some(Format::from_media_type(got).ok_or_else(|| unsupported_media_type(got))?)
            }
        };
        if let Some(got) = head.content_encoding.filter(|got| !got.eq_ignore_ascii_case("identity"))
        {
            let message = format!("a body encoded as {got:?} is not read; send it as it is");
            return Err(
                Problem::new(Reason::UnsupportedMediaType, message).expected("identity", got)
            );
        }
        let reply = negotiate(head.accept, default_accept).ok_or_else(|| {
            let got = head.accept.unwrap_or_default();
            Problem::new(Reason::NotAcceptable, format!("no reply can be written as {got:?}"))
                .expected(WRITTEN, got)
        })?;
        let wishes = Wishes::of(head)?;
        if wishes.explain.is_some() && !matches!(reply, Format::Json | Format::JsonLines) {
            let message = "explanations are written in JSON, and another type is what is accepted";
            let expected = "application/json or application/jsonlines";
            return Err(
                Problem::new(Reason::NotAcceptable, message).expected(expected, reply.media_type())
            );
        }
        Ok(Self { body, reply, wishes })
    }

    /// Refuses a text of which the model makes no row, before it is read.
    pub(super) fn check_for(&self, engine: &Engine) -> Result<(), Problem> {
        match self.body {
            Some(Format::Text) if !engine.signature().schema().holds_texts() => {
                Err(unsupported_media_type(Format::Text.media_type()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a type says no more of a body than that it is bytes.
fn is_any(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/octet-stream")
}

fn unsupported_media_type(got: &str) -> Problem {
    // What curl sends with --data unless it is told otherwise.
    let hint = if got.starts_with("application/x-www-form-urlencoded") {
        "; with curl, add -H 'Content-Type: application/json'"
    } else {
        ""
    };
    let message = format!("a body of type {got:?} is not read; send {READABLE}{hint}");
    Problem::new(Reason::UnsupportedMediaType, message).expected(READABLE, got)
}
