//! Batches of which no line may be lost.

use hotplate::{
    Engine,
    scorer::{OnError, Position, Reply as Lines, Scorer, ScorerOptions, Stretch},
};
use hotplate_codec::{DecodeErrorKind, Format};

use super::{Handler, ask::Ask, lease::Lease};
use crate::{
    problem::{Problem, Refusal},
    reply::Reply,
    status::Reason,
};

/// The format of replies to clients that accept any, where nobody chose one: lines for lines, since
/// what SageMaker puts together again are lines.
pub(super) fn reply_format(content_type: Option<&str>, otherwise: Format) -> Format {
    match content_type.and_then(Format::from_media_type) {
        Some(lines @ (Format::Csv | Format::JsonLines)) => lines,
        _ => otherwise,
    }
}

impl Handler {
    /// Answers each record of a body. Batches are no traffic, and no shadow sees them.
    pub(super) fn answer_batch(&self, lease: &Lease, ask: Ask, body: &[u8], reply: &mut Reply) {
        let mut answered = answer(lease.engine(), ask, body, reply);
        if lease.endpoint().is_watched()
            && let Some(before) = self.judge(&answered, lease)
        {
            reply.clear();
            answered = answer(before, ask, body, reply);
        }
        if let Err(refusal) = answered {
            refusal.answer(reply);
        }
    }
}

/// Answers each record of a body, in order, with a placeholder where it is no row. The reply, which
/// was cleared, ends with a line end.
fn answer(engine: &Engine, ask: Ask, body: &[u8], reply: &mut Reply) -> Result<(), Refusal> {
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
        let problem = Problem::new(Reason::Body(DecodeErrorKind::Empty), "the body is empty");
        return Err(problem.into());
    }
    if reply.body.last().is_some_and(|&last| last != b'\n') {
        reply.body.push(b'\n');
    }
    reply.status = 200;
    reply.content_type = ask.reply.media_type();
    reply.rows = outcome.answered + outcome.unanswered;
    Ok(())
}
