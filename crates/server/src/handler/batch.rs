//! Batches of which no line may be lost.

use hotplate::{
    Engine,
    scorer::{OnError, Position, Reply as Lines, Scorer, ScorerOptions, Stretch},
};
use hotplate_codec::{DecodeErrorKind, Format};

use super::ask::Ask;
use crate::{problem::Problem, reply::Reply, status::Reason};

/// The format of replies to clients that accept any, where nobody chose one: lines for lines, since
/// what SageMaker puts together again are lines.
pub(super) fn reply_format(content_type: Option<&str>, otherwise: Format) -> Format {
    match content_type.and_then(Format::from_media_type) {
        Some(lines @ (Format::Csv | Format::JsonLines)) => lines,
        _ => otherwise,
    }
}

/// Answers each record of a body, in order, with a placeholder where it is no row. The reply, which
/// was cleared, ends with a line end.
pub(super) fn answer(
    engine: &Engine,
    ask: Ask,
    body: &[u8],
    reply: &mut Reply,
) -> Result<(), Problem> {
    let options = ScorerOptions {
        input: ask.body.unwrap_or_else(|| Format::guess(body)),
        output: ask.reply,
        ignore_unknown_columns: false,
        explain: ask.wishes.explain,
        on_error: OnError::Placeholder,
    };
    let mut stretch = Stretch::default();
    Scorer::new(engine, options).score(Position::First, body, &mut stretch);
    let mut lines = Lines::new(ask.reply);
    lines.push(&mut stretch, &mut reply.body).map_err(|fault| Problem::from(&fault))?;
    let outcome = lines.finish(&mut reply.body).map_err(|fault| Problem::from(&fault))?;
    if outcome.is_blank {
        return Err(Problem::new(Reason::Body(DecodeErrorKind::Empty), "the body is empty"));
    }
    if reply.body.last().is_some_and(|&last| last != b'\n') {
        reply.body.push(b'\n');
    }
    reply.status = 200;
    reply.content_type = ask.reply.media_type();
    reply.rows = outcome.answered + outcome.unanswered;
    Ok(())
}
