//! The threads that score one file.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use hotplate::{
    Engine,
    scorer::{Outcome, Scorer, ScorerOptions, Stretch},
};

use super::{
    ordered::{End, Ordered},
    source::Source,
};
use crate::progress::Progress;

/// How many blocks for each thread may be ahead of what is written: enough that a thread which is
/// kept from its core does not keep the others waiting.
const AHEAD: usize = 4;

/// What the threads of a run share.
#[derive(Debug)]
struct Run<R> {
    engine: Engine,
    options: ScorerOptions,
    source: Mutex<Source<R>>,
    output: Ordered,
}

/// Answers all rows of `input` on so many threads, in their order.
///
/// # Errors
///
/// What ended the run early. Threads may be left then that wait for more rows, and end with the
/// process.
pub(super) fn score(
    engine: Engine,
    options: ScorerOptions,
    threads: usize,
    input: impl Read + Send + 'static,
    output: Box<dyn Write + Send>,
    progress: Progress,
) -> Result<Outcome, End> {
    let source = Mutex::new(Source::new(input, &engine, options));
    let output = Ordered::new(output, options.output, progress, AHEAD * threads);
    let run = Arc::new(Run { engine, options, source, output });
    let start = |number: &usize| {
        let run = Arc::clone(&run);
        let thread = thread::Builder::new().name(format!("predict-{number}"));
        thread.spawn(move || run.work()).is_ok()
    };
    // Any thread can do it alone, and this one does where no other can be had.
    if (0..threads).take_while(start).count() == 0 {
        run.work();
    }
    run.output.finish()
}

impl<R: Read> Run<R> {
    /// Scores blocks until there are no more, or one ended the run.
    fn work(&self) {
        let guard = Guard(&self.output);
        let mut scorer = Scorer::new(&self.engine, self.options);
        let mut block = Vec::new();
        let mut stretch = Stretch::default();
        while self.output.goes_on()
            && let Some(number) = self.score_next(&mut scorer, &mut block, &mut stretch)
            && let Some(spare) = self.output.put(number, stretch)
        {
            stretch = spare;
        }
        drop(guard);
    }

    /// Scores the next block, and gives its number if there is one.
    fn score_next(
        &self,
        scorer: &mut Scorer<'_>,
        block: &mut Vec<u8>,
        stretch: &mut Stretch,
    ) -> Option<usize> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let place = match source.next(block) {
            Ok(Some(place)) => place,
            // Told before another thread asks the source.
            ended => {
                self.output.close(source.given(), ended.err());
                return None;
            }
        };
        drop(source);
        scorer.score(place.position(), block, stretch);
        Some(place.number)
    }
}

/// Ends the run if its thread panics, for nobody would bring that thread's block.
struct Guard<'r>(&'r Ordered);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.abort(End::Panicked);
        }
    }
}
