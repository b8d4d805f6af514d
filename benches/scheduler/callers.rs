//! Load on a contender: callers with rows of their own, whose answers are looked at.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use hotplate_backend::Part;
use hotplate_load::{
    Arrivals, Caller, ClosedLoop, Error, Measured, OpenLoop, Outcome, Target, closed_loop,
    open_loop,
};
use hotplate_scheduler::Buffers;

use crate::{
    contenders::{Asker, Contender, worker},
    synthetic::Synthetic,
};

/// The rows of each caller.
const ROWS: u32 = 16;

/// One answer in so many is looked at.
const LOOKED_AT: usize = 16;

/// A contender, and what it is asked.
pub(crate) struct Asked<'c> {
    pub(crate) contender: &'c dyn Contender,
    pub(crate) model: &'c Synthetic,
}

/// One thread's rows, and what they must be answered with.
pub(crate) struct Rows<'c> {
    asker: Asker<'c>,
    rows: Vec<(Option<Buffers>, f32)>,
}

impl<'c> Target for Asked<'c> {
    type Caller = Rows<'c>;

    fn caller(&self) -> Result<Rows<'c>, Error> {
        let request = |seed| {
            let (buffers, expected) = self.model.request(seed);
            (Some(buffers), expected)
        };
        let rows = (0..ROWS).map(request).collect();
        let mut rows = Rows { asker: self.contender.asker(), rows };
        // Every answer is right before one is timed.
        for row in 0..ROWS as usize {
            while rows.ask(row, true) == Outcome::Refused {}
        }
        Ok(rows)
    }
}

impl Rows<'_> {
    fn ask(&mut self, row: usize, look: bool) -> Outcome {
        let (buffers, expected) = &mut self.rows[row];
        let (answered, outcome) = (self.asker)(buffers.take().unwrap());
        if look && outcome == Outcome::Answered {
            Synthetic::check(&answered, *expected);
        }
        *buffers = Some(answered);
        outcome
    }
}

impl Caller for Rows<'_> {
    fn call(&mut self, request: usize) -> Outcome {
        self.ask(request % self.rows.len(), request.is_multiple_of(LOOKED_AT))
    }
}

/// As many callers that each ask again when they have the answer.
pub(crate) fn closed(asked: &Asked<'_>, callers: usize, duration: Duration) -> Measured {
    let settings = ClosedLoop { callers, warm_up: duration / 8, duration };
    let measured = closed_loop(asked, &settings, |_| {}).unwrap();
    assert_eq!(measured.failed, 0, "{:?}", measured.failures);
    measured
}

/// Requests of a Poisson process, by as many callers, none of which spins: the cores are the
/// model's.
pub(crate) fn open(
    asked: &Asked<'_>,
    callers: usize,
    rate: f64,
    duration: Duration,
    seed: u64,
) -> Measured {
    let arrivals = Arrivals::poisson(rate, duration, seed).unwrap();
    let settings = OpenLoop { callers, spinners: 0, warm_up: duration / 8 };
    let measured = open_loop(asked, &arrivals, &settings, |_| {}).unwrap();
    assert_eq!(measured.failed, 0, "{:?}", measured.failures);
    measured
}

/// The rows a second of so many threads that each do nothing but run batches of so many requests of
/// a row: what no scheduler can pass at that size.
pub(crate) fn back_to_back(
    model: &Synthetic,
    threads: usize,
    batch: usize,
    duration: Duration,
) -> f64 {
    let together = Barrier::new(threads);
    let run = || {
        let mut worker = worker(model);
        let mut requests: Vec<Buffers> = (0..batch).map(|_| model.request(1).0).collect();
        let mut rows = 0;
        together.wait();
        let start = Instant::now();
        while start.elapsed() < duration {
            let parts = requests
                .iter_mut()
                .map(|request| Part::new(request.inputs.inputs(), &mut request.outputs));
            let mut parts: Vec<_> = parts.collect();
            worker.run(black_box(&mut parts));
            rows += batch;
        }
        rows as f64 / start.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}
