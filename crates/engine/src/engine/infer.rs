//! Answers for tasks, which do not block.

use std::{
    error, fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hotplate_scheduler::{Buffers, Rejected, Terms};

use super::Engine;
use crate::{Answer, Error, Input};

/// An answer to come, of [`Engine::infer`].
///
/// Dropped before it is ready, it cancels the request; leaked, it harms nothing.
#[derive(Debug)]
#[must_use = "an answer that is dropped before it is ready is cancelled"]
pub struct Inference<'e> {
    engine: &'e Engine,
    state: State,
}

#[derive(Debug)]
enum State {
    Failed(Option<Box<Unanswered>>),
    Submitted(hotplate_scheduler::Inference),
}

/// Why rows were not answered, and the memory that was to hold the answers.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: Error,
    /// The memory, for the next call.
    pub answer: Answer,
}

impl Engine {
    /// Answers rows in a task of any executor, into memory that comes back with the answer.
    ///
    /// The rows are copied into that memory at once. Where a slot is free they are also run at
    /// once, on the thread of the caller; else whoever has a slot runs them, and wakes the task. A
    /// model of more than a millisecond is always run by threads of its own.
    ///
    /// ```
    /// # fn main() -> Result<(), hotplate::Error> {
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/housing");
    /// let housing = hotplate::Engine::open(path)?;
    /// # let score = pollster::block_on(async {
    /// let row = [8.3, 41.0, 7.0, 1.0, 322.0, 2.6, 37.9, -122.2];
    /// let answer = housing.infer(&row, housing.answer()).await?;
    /// # Ok::<_, hotplate::Error>(answer.score(0))
    /// # })?;
    /// # assert!(score > 1.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The answer to come is [`Unanswered`] where [`predict_into`](Self::predict_into) fails.
    pub fn infer<I: Input + ?Sized>(&self, rows: &I, answer: Answer) -> Inference<'_> {
        self.infer_with(&Terms::default(), rows, answer)
    }

    /// As [`infer`](Self::infer), with a priority and a deadline of the caller's.
    pub fn infer_with<I: Input + ?Sized>(
        &self,
        terms: &Terms,
        rows: &I,
        mut answer: Answer,
    ) -> Inference<'_> {
        self.claim(&mut answer);
        answer.rows = 0;
        match rows.stage(&mut answer.staging) {
            Ok(()) => self.infer_staged(terms, answer),
            Err(error) => self.failed(error, answer),
        }
    }

    /// Answers the rows that were put into the answer's own columns.
    pub(crate) fn infer_staged(&self, terms: &Terms, answer: Answer) -> Inference<'_> {
        let Answer { staging, outputs, .. } = answer;
        let unknown_categories = self.unknown_categories;
        let buffers = Buffers { inputs: staging, outputs, unknown_categories, began: None };
        match self.lane.infer(buffers, terms) {
            Ok(inference) => Inference { engine: self, state: State::Submitted(inference) },
            Err(Rejected { work, refused }) => self.failed(refused.into(), self.refill(work)),
        }
    }

    pub(crate) fn failed(&self, error: Error, answer: Answer) -> Inference<'_> {
        let failed = State::Failed(Some(Box::new(Unanswered { error, answer })));
        Inference { engine: self, state: failed }
    }

    fn refill(&self, buffers: Buffers) -> Answer {
        let Buffers { inputs, outputs, began, .. } = buffers;
        let signature = Arc::clone(&self.signature);
        Answer { signature, outputs, staging: inputs, rows: 0, began }
    }
}

impl Future for Inference<'_> {
    type Output = Result<Answer, Box<Unanswered>>;

    /// # Panics
    ///
    /// When it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let engine = self.engine;
        let inference = match &mut self.state {
            State::Failed(failed) => match failed.take() {
                Some(failed) => return Poll::Ready(Err(failed)),
                None => panic!("polled after it was ready"),
            },
            State::Submitted(inference) => inference,
        };
        Poll::Ready(match ready!(Pin::new(inference).poll(context)) {
            Ok((buffers, outcome)) => {
                let mut answer = engine.refill(buffers);
                match outcome {
                    Ok(()) => {
                        answer.rows = answer.staging.rows();
                        engine.decide(answer.rows, &mut answer.outputs);
                        Ok(answer)
                    }
                    Err(error) => {
                        let error = Error::of_rows(error, engine.signature.schema());
                        Err(Box::new(Unanswered { error, answer }))
                    }
                }
            }
            Err(Rejected { work, refused }) => {
                let answer = engine.refill(work);
                Err(Box::new(Unanswered { error: refused.into(), answer }))
            }
        })
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for Unanswered {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        error::Error::source(&self.error)
    }
}

impl From<Box<Unanswered>> for Error {
    fn from(unanswered: Box<Unanswered>) -> Self {
        unanswered.error
    }
}
