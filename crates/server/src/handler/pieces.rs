//! Answers to many rows, piece by piece: the first can be on its way while the others are computed.

use hotplate::Batching;
use hotplate_codec::Encoder;

use super::{
    ask::Ask,
    lease::Lease,
    scratch::{ModelScratch, Stopwatch},
};
use crate::{problem::Problem, reply::Reply};

/// Fewer rows than these make one piece.
const MANY_ROWS: usize = 4096;

/// The rows of the first piece, which somebody waits for, and the most of a later one: enough to be
/// split over a machine's cores.
const FIRST_ROWS: usize = 1024;
const MOST_ROWS: usize = 16 << 10;

/// What is left of an answer. It holds what was asked, decoded, and no slot: a client that does not
/// read keeps nobody from being answered.
#[derive(Debug)]
pub(crate) struct Pieces {
    lease: Lease,
    ask: Ask,
    model: ModelScratch,
    /// Puts pieces together.
    reply: Encoder<'static>,
    answered: usize,
    /// The rows of the next piece.
    step: usize,
}

impl Pieces {
    /// Answers a request: wholly, or with a first piece and what follows it. All rows are decoded
    /// before, so that one that is wrong is told with a status.
    ///
    /// # Errors
    ///
    /// When the body does not hold rows of the model, or the first piece is not answered.
    pub(super) fn begin(
        lease: Lease,
        ask: Ask,
        body: &[u8],
        mut watch: Stopwatch,
        reply: &mut Reply,
    ) -> Result<Option<Self>, Problem> {
        let engine = lease.engine();
        let mut model = ModelScratch::new(engine);
        model.decode(ask, body)?;
        watch.parsed();
        let rows = model.rows();
        let is_whole = rows < MANY_ROWS || model.is_of_texts();
        if is_whole || engine.signature().batching() != Batching::Rows {
            model.answer(engine, ask, watch, reply)?;
            return Ok(None);
        }
        let encoder = Encoder::new(ask.reply, None);
        let mut pieces = Self { lease, ask, model, reply: encoder, answered: 0, step: FIRST_ROWS };
        pieces.next(&mut reply.body)?;
        reply.status = 200;
        reply.content_type = ask.reply.media_type();
        reply.rows = rows;
        // Of the first piece, whose encoding is among it.
        watch.computed(None);
        reply.phases = watch.encoded();
        Ok(Some(pieces))
    }

    /// Whether there is another piece.
    pub(crate) fn has_next(&self) -> bool {
        self.answered < self.model.rows()
    }

    /// Appends the next piece to `out`.
    ///
    /// # Errors
    ///
    /// When it is not answered. What was answered before is right, and no more can follow.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let end = self.model.rows().min(self.answered + self.step);
        let piece = self.model.piece(self.lease.engine(), self.ask, self.answered..end)?;
        self.reply.piece(&piece, out);
        self.answered = end;
        self.step = (2 * self.step).min(MOST_ROWS);
        if !self.has_next() {
            self.reply.clone().finish(out);
        }
        Ok(())
    }
}
