//! Answers to texts that came in Hugging Face's form.

use hotplate_codec::{Format, Predictions, TextRequest, encode_texts};

use super::ask::Ask;
use crate::{problem::Problem, status::Reason};

/// Writes the answers to `body` in the form of Hugging Face's containers, where the request is in
/// that form, the reply is JSON, and the answers have a place there; else says that it did not.
///
/// # Errors
///
/// When a parameter asks for what the answers do not have, or what the reply cannot hold.
pub(super) fn write(
    request: Option<TextRequest>,
    ask: Ask,
    predictions: &Predictions<'_>,
    body: &mut Vec<u8>,
) -> Result<bool, Problem> {
    let Some(request) = request else { return Ok(false) };
    let fits = request.fits(predictions)?;
    if ask.reply != Format::Json || ask.wishes.explain.is_some() {
        return match request.top_k.is_some() || request.function.is_some() {
            true => Err(not_in_json(ask)),
            false => Ok(false),
        };
    }
    if fits {
        encode_texts(&request, predictions, body);
    }
    Ok(fits)
}

fn not_in_json(ask: Ask) -> Problem {
    let message = "parameters are for replies in Hugging Face's form, which is JSON without \
                   explanations; another is what is accepted";
    let expected = Format::Json.media_type();
    Problem::new(Reason::NotAcceptable, message).expected(expected, ask.reply.media_type())
}
