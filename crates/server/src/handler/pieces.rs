//! Answers to many rows, piece by piece: the first can be on its way while the others are computed.

use std::{fmt, time::Instant};

use hotplate::Batching;
use hotplate_codec::Encoder;

use super::{
    ask::Ask,
    lease::Lease,
    scratch::{ModelScratch, Stopwatch},
};
use crate::{observe::Streamed, problem::Problem, reply::Reply, status::Reason};

/// Fewer rows than these make one piece.
const MANY_ROWS: usize = 4096;

/// The rows of the first piece, which somebody waits for, and the most of a later one: enough to be
/// split over a machine's cores.
const FIRST_ROWS: usize = 1024;
const MOST_ROWS: usize = 16 << 10;

/// Why a reply has no more pieces, where nobody took them.
const CUT_OFF: &str = "cut_off";

/// What is left of an answer. It holds what was asked, decoded, and no slot: a client that does not
/// read keeps nobody from being answered.
#[derive(Debug)]
pub(crate) struct Pieces {
    lease: Lease,
    ask: Ask,
    model: ModelScratch,
    /// Puts pieces together.
    encoder: Encoder<'static>,
    answered: usize,
    /// The rows of the next piece.
    step: usize,
    ending: Option<Ending>,
}

/// What is told when the last piece is there, or no more are to come.
#[derive(Debug)]
struct Ending {
    streamed: Streamed,
    /// The reply so far, but for its body.
    reply: Reply,
    /// Those of the body so far.
    bytes: usize,
    problem: Option<Problem>,
    listener: Option<Listener>,
}

/// Who is told the reply and the number of its bytes at the end.
struct Listener(Box<Hear>);

type Hear = dyn FnOnce(&Reply, usize) + Send;

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
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
            model.run(engine, &ask.wishes.terms)?;
            model.reply(engine, ask, &mut watch, reply)?;
            return Ok(None);
        }
        let encoder = Encoder::new(ask.reply, None);
        let ending = None;
        let mut pieces = Self { lease, ask, model, encoder, answered: 0, step: FIRST_ROWS, ending };
        pieces.compute(&mut reply.body)?;
        reply.status = 200;
        reply.content_type = ask.reply.media_type();
        reply.rows = rows;
        // Of the first piece, whose encoding is among it.
        watch.computed(None);
        reply.phases = watch.encoded();
        Ok(Some(pieces))
    }

    /// The same, of a reply that is counted when it is at its end.
    pub(super) fn observed(mut self, streamed: Streamed, reply: &Reply) -> Self {
        let (bytes, phases) = (reply.body.len(), reply.phases);
        let reply = Reply { status: reply.status, phases, ..Reply::default() };
        self.ending = Some(Ending { streamed, reply, bytes, problem: None, listener: None });
        self
    }

    /// Lets `listener` know the reply and the number of its bytes when it is at its end.
    pub(crate) fn at_end(&mut self, listener: impl FnOnce(&Reply, usize) + Send + 'static) {
        if let Some(ending) = &mut self.ending {
            ending.listener = Some(Listener(Box::new(listener)));
        }
    }

    /// Whether there is another piece.
    pub(crate) fn has_next(&self) -> bool {
        self.answered < self.model.rows()
    }

    /// The next piece; none when it is not answered. What was answered before is right, and no more
    /// can follow.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        // Should the model panic, this is what there is to tell.
        self.fail(Problem::new(Reason::Internal, "the server failed on a piece of this reply"));
        let start = Instant::now();
        let mut piece = Vec::new();
        if let Err(problem) = self.compute(&mut piece) {
            self.fail(problem);
            return None;
        }
        if let Some(ending) = &mut self.ending {
            ending.problem = None;
            ending.bytes += piece.len();
            if ending.reply.phases.timed {
                ending.reply.phases.compute += start.elapsed();
            }
        }
        Some(piece)
    }

    fn fail(&mut self, problem: Problem) {
        if let Some(ending) = &mut self.ending {
            ending.problem = Some(problem);
        }
    }

    /// Appends the next piece to `out`.
    fn compute(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let end = self.model.rows().min(self.answered + self.step);
        let piece = self.model.piece(self.lease.engine(), self.ask, self.answered..end)?;
        self.encoder.piece(&piece, out);
        self.answered = end;
        self.step = (2 * self.step).min(MOST_ROWS);
        if !self.has_next() {
            self.encoder.clone().finish(out);
        }
        Ok(())
    }
}

impl Drop for Pieces {
    /// The end, whatever led to it: the last piece, a failure, or a client that went away.
    fn drop(&mut self) {
        let is_whole = !self.has_next();
        let Some(mut ending) = self.ending.take() else { return };
        ending.reply.rows = self.answered;
        ending.reply.reason = match &ending.problem {
            Some(problem) => Some(problem.on_the_wire().1),
            None => (!is_whole).then_some(CUT_OFF),
        };
        ending.streamed.end(&mut ending.reply, ending.bytes, ending.problem.as_ref());
        if let Some(Listener(listener)) = ending.listener {
            listener(&ending.reply, ending.bytes);
        }
    }
}
