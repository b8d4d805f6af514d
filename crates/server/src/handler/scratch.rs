//! From the bytes of rows to those of their answers.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use hotplate::{Answer, Columns, Engine, Error, ErrorKind, Shadow, Terms};
use hotplate_codec::{Decoder, Encoder, Format};

use super::{ask::Ask, lease::Lease, texts};
use crate::{
    observe::{Observer, Recorder},
    problem::Problem,
    reply::{Phases, Reply},
    status::Reason,
};

/// The memories of tasks that a thread keeps for each model.
const SPARES: usize = 8;

/// One thread's memory for answering. It does not keep engines that were removed.
#[derive(Debug, Default)]
pub struct Scratch {
    stays: bool,
    recorders: Vec<(usize, Arc<Recorder>)>,
    /// By the address of the engine, which nothing else has while a weak reference is there.
    models: BTreeMap<usize, Spares>,
}

#[derive(Debug)]
struct Spares {
    engine: Weak<Engine>,
    #[expect(clippy::vec_box, reason = "a request takes one along from place to place")]
    free: Vec<Box<ModelScratch>>,
}

#[derive(Debug)]
pub(super) struct ModelScratch {
    decoder: Decoder,
    rows: Columns,
    answer: Answer,
}

impl Scratch {
    /// The memory of a thread that answers again and again, and so has counters of its own. What
    /// others count they count in common, one after another.
    pub fn of_thread() -> Self {
        Self { stays: true, ..Self::default() }
    }

    /// Where this thread counts what becomes of requests to what `lease` is of.
    pub(super) fn recorder(&mut self, lease: &Lease, by: &Observer) -> Arc<Recorder> {
        let (model, variant) = (lease.endpoint().name(), lease.variant().name());
        // The address is that of the engine, and no more than a guess where to look.
        let address = Arc::as_ptr(lease.engine()).addr();
        let is_of = |recorder: &Recorder| recorder.is_of(model, variant);
        let found = self
            .recorders
            .iter()
            .position(|(known, recorder)| *known == address && is_of(recorder));
        let found = found.unwrap_or_else(|| {
            self.recorders.retain(|(_, recorder)| !recorder.is_retired());
            let known = self.recorders.iter().position(|(_, recorder)| is_of(recorder));
            known.unwrap_or_else(|| {
                let recorder = Arc::new(by.recorder(model, variant, self.stays));
                self.recorders.push((address, recorder));
                self.recorders.len() - 1
            })
        });
        self.recorders[found].0 = address;
        Arc::clone(&self.recorders[found].1)
    }

    /// Memory for a request, for as long as that is answered.
    pub(super) fn take(&mut self, engine: &Arc<Engine>) -> Box<ModelScratch> {
        self.spares(engine).free.pop().unwrap_or_else(|| Box::new(ModelScratch::new(engine)))
    }

    pub(super) fn put(&mut self, engine: &Arc<Engine>, model: Box<ModelScratch>) {
        let free = &mut self.spares(engine).free;
        if free.len() < SPARES {
            free.push(model);
        }
    }

    fn spares(&mut self, engine: &Arc<Engine>) -> &mut Spares {
        let address = Arc::as_ptr(engine).addr();
        if !self.models.contains_key(&address) {
            self.models.retain(|_, spares| spares.engine.strong_count() > 0);
        }
        self.models
            .entry(address)
            .or_insert_with(|| Spares { engine: Arc::downgrade(engine), free: Vec::new() })
    }
}

impl ModelScratch {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            decoder: Decoder::new(Arc::clone(engine.signature().schema()))
                .sparse(engine.sparse())
                .text_requests(engine.takes_text_requests()),
            rows: engine.rows(),
            answer: engine.answer(),
        }
    }

    /// Answers what was decoded.
    pub(super) fn run(&mut self, engine: &Engine, terms: &Terms) -> Result<(), Error> {
        engine.predict_with(terms, &self.rows, &mut self.answer)
    }

    /// As [`run`](Self::run), in a task that does not block meanwhile.
    pub(super) async fn run_in_task(
        &mut self,
        engine: &Engine,
        terms: &Terms,
    ) -> Result<(), Error> {
        let answer = std::mem::replace(&mut self.answer, engine.answer());
        match engine.infer_with(terms, &self.rows, answer).await {
            Ok(answer) => {
                self.answer = answer;
                Ok(())
            }
            Err(unanswered) => {
                self.answer = unanswered.answer;
                Err(unanswered.error)
            }
        }
    }

    /// The answers to some of the rows that were decoded, as they stand within a reply.
    pub(super) fn piece(
        &mut self,
        engine: &Engine,
        ask: Ask,
        rows: Range<usize>,
    ) -> Result<Vec<u8>, Problem> {
        let views = self.rows.inputs().slice(rows);
        engine.predict_with(&ask.wishes.terms, &views[..], &mut self.answer)?;
        let explanations = match ask.wishes.explain {
            Some(_) => Some(engine.explain(&views[..]).map_err(not_explained)?),
            None => None,
        };
        let mut tensors = Vec::new();
        let predictions = self.answer.predictions(&mut tensors);
        let most = ask.wishes.explain.unwrap_or_default();
        let reasons = explanations.as_ref().map(|explanations| explanations.reasons(most));
        let mut piece = Vec::new();
        let mut encoder = Encoder::within(ask.reply, engine.output());
        encoder.block_with_reasons(&predictions, reasons.as_ref(), &mut piece);
        Ok(piece)
    }

    /// The rows that were decoded.
    pub(super) fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// Whether the answers may have a form of their own, which has no pieces.
    pub(super) const fn is_of_texts(&self) -> bool {
        self.decoder.text_request().is_some()
    }

    /// What the model said to them.
    pub(super) const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The rows, for whoever reads them otherwise.
    pub(super) const fn rows_mut(&mut self) -> &mut Columns {
        &mut self.rows
    }

    /// Shows the rows and their answers to a shadow.
    pub(super) fn show(&self, shadow: &Shadow) {
        shadow.show(&self.rows, &self.answer);
    }

    pub(super) fn decode(&mut self, ask: Ask, body: &[u8]) -> Result<(), Problem> {
        let format = ask.body.unwrap_or_else(|| Format::guess(body));
        Ok(self.decoder.decode(format, body, &mut self.rows)?)
    }

    /// Writes the answer, with reasons where those are wished for.
    pub(super) fn reply(
        &self,
        engine: &Engine,
        ask: Ask,
        watch: &mut Stopwatch,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let explain = ask.wishes.explain;
        let explanations = match explain {
            Some(_) => Some(engine.explain(&self.rows).map_err(not_explained)?),
            None => None,
        };
        watch.computed(self.answer.began());
        let mut tensors = Vec::new();
        let predictions = self.answer.predictions(&mut tensors);
        let most = explain.unwrap_or_default();
        let reasons = explanations.as_ref().map(|explanations| explanations.reasons(most));
        if !texts::write(self.decoder.text_request(), ask, &predictions, &mut reply.body)? {
            let mut encoder = Encoder::new(ask.reply, engine.output());
            encoder.block_with_reasons(&predictions, reasons.as_ref(), &mut reply.body);
            encoder.finish(&mut reply.body);
        }
        reply.status = 200;
        reply.content_type = ask.reply.media_type();
        reply.rows = self.answer.rows();
        reply.phases = watch.encoded();
        Ok(())
    }
}

/// A clock that is read only where somebody wants to know.
#[derive(Debug)]
pub(super) struct Stopwatch {
    last: Option<Instant>,
    phases: Phases,
}

impl Stopwatch {
    pub(super) fn new(runs: bool) -> Self {
        let phases = Phases { timed: runs, ..Phases::default() };
        Self { last: runs.then(Instant::now), phases }
    }

    pub(super) fn parsed(&mut self) {
        self.phases.parse = self.lap();
    }

    /// Rows that waited were not begun with before `began`.
    pub(super) fn computed(&mut self, began: Option<Instant>) {
        let began = began.zip(self.last).map(|(began, last)| began.saturating_duration_since(last));
        self.phases.queue = began.unwrap_or_default();
        self.phases.compute = self.lap().saturating_sub(self.phases.queue);
    }

    pub(super) fn encoded(&mut self) -> Phases {
        self.phases.encode = self.lap();
        self.phases
    }

    /// The time since the last lap; none where nobody wants to know.
    fn lap(&mut self) -> Duration {
        self.last.as_mut().map_or(Duration::ZERO, |last| {
            let now = Instant::now();
            now - std::mem::replace(last, now)
        })
    }
}

/// A model that has no explanations is the client's to know, and not the server's fault.
fn not_explained(error: Error) -> Problem {
    match error.kind() {
        ErrorKind::Unsupported => Problem::new(Reason::NotExplained, error.to_string()),
        _ => error.into(),
    }
}
