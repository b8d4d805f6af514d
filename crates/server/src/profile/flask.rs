//! What Flask makes of replies.

use crate::{problem::Refusal, reply::Reply};

/// The type of a reply that was given none.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Flask's page for an exception that nobody caught.
const PAGE: &str = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n\
    <h1>Internal Server Error</h1>\n<p>The server encountered an internal error and was unable to \
    complete your request. Either the server is overloaded or there is an error in the \
    application.</p>\n";

/// Makes `reply` that page.
pub(super) fn failed(reply: &mut Reply) -> Refusal {
    text(500, PAGE, reply)
}

/// Makes `reply` a text without a type of its own.
pub(super) fn text(status: u16, text: &str, reply: &mut Reply) -> Refusal {
    reply.clear();
    reply.status = status;
    reply.content_type = HTML;
    reply.body.extend_from_slice(text.as_bytes());
    Refusal::Told
}

/// Gives `reply` the type of what was accepted.
pub(super) fn set_type(media_type: &str, reply: &mut Reply) {
    reply.status = 200;
    reply.content_type = match media_type {
        "text/csv" => "text/csv; charset=utf-8",
        "application/json" => "application/json",
        "application/jsonlines" => "application/jsonlines",
        "application/x-npy" => "application/x-npy",
        "application/x-recordio-protobuf" => "application/x-recordio-protobuf",
        _ => {
            let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
            reply.headers.push(("content-type", format!("{media_type}{charset}")));
            ""
        }
    };
}
