//! A version that sees what is asked and never answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use hotplate_scheduler::{Priority, Terms};
use hotplate_tensor::{Columns, DataView, Value};

use super::{Variant, compare::Agreement, shares::Sample};
use crate::{
    Answer, Engine,
    error::{Cause, Error},
};

/// The copies that may wait.
const MOST_WAITING: usize = 1024;

/// The rows of all copies that may wait, unless it is one copy alone.
const MOST_WAITING_ROWS: usize = 1 << 14;

/// A variant that is given a copy of the traffic, and whose answers are compared with those that
/// clients got.
///
/// It runs on a thread of its own that gives way to all others. What it cannot keep up with it does
/// not see, and the requests that it missed are counted.
#[derive(Debug)]
pub struct Shadow {
    variant: Variant,
    fraction: f64,
    sample: Sample,
    tolerance: Option<f64>,
    give: SyncSender<Copy>,
    counts: Arc<Counts>,
}

/// How a shadow is to be shown requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShadowTerms {
    /// The fraction of the requests that it is shown, from zero to one.
    pub sample: f64,
    /// How far its numbers may lie from those of the answer; as far as the
    /// [tolerance](crate::tolerance) of what runs it unless said.
    pub tolerance: Option<f64>,
}

/// What a shadow has seen, and how its answers compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ShadowFigures {
    /// The requests that it answered.
    pub requests: u64,
    /// The requests that it was to see, and was too slow for.
    pub dropped: u64,
    /// The requests that it failed on, where the answer was good.
    pub failed: u64,
    /// The rows that were compared.
    pub rows: u64,
    /// Those of them of which some number is out of tolerance, or some text another.
    pub beyond_tolerance: u64,
    /// Those of them whose predicted class is another.
    pub label_flips: u64,
    /// The largest difference of a number.
    pub largest_difference: f64,
}

#[derive(Debug, Default)]
struct Counts {
    waiting_rows: AtomicUsize,
    requests: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    rows: AtomicU64,
    beyond_tolerance: AtomicU64,
    label_flips: AtomicU64,
    /// The bits of a float64 that one thread writes.
    largest_difference: AtomicU64,
}

/// A request as it was decoded, and how it was answered.
#[derive(Debug)]
struct Copy {
    rows: Columns,
    answer: Answer,
}

impl Default for ShadowTerms {
    fn default() -> Self {
        Self { sample: 1.0, tolerance: None }
    }
}

impl Shadow {
    /// Starts the thread that a variant answers on in the shadow of others.
    ///
    /// # Errors
    ///
    /// When the system has no further thread.
    pub fn start(variant: Variant, terms: ShadowTerms) -> Result<Self, Error> {
        let (give, take) = sync_channel(MOST_WAITING);
        let counts = Arc::<Counts>::default();
        let ShadowTerms { sample: fraction, tolerance } = terms;
        let worker =
            Worker { engine: Arc::clone(variant.engine()), tolerance, counts: Arc::clone(&counts) };
        let thread = thread::Builder::new().name("hotplate-shadow".to_owned());
        thread
            .spawn(move || worker.run(&take))
            .map_err(|source| Error::new(Cause::Thread { source }))?;
        let sample = Sample::new(fraction);
        Ok(Self { variant, fraction, sample, tolerance, give, counts })
    }

    /// What answers in the shadow. Its weight means nothing.
    pub const fn variant(&self) -> &Variant {
        &self.variant
    }

    /// How it is shown requests.
    pub const fn terms(&self) -> ShadowTerms {
        ShadowTerms { sample: self.fraction, tolerance: self.tolerance }
    }

    /// Shows it a request that was answered, if that is one of the sample and there is room for
    /// another; never waits.
    pub fn show(&self, rows: &Columns, answer: &Answer) {
        if !self.sample.takes_next() {
            return;
        }
        let count = rows.rows();
        let waiting = self.counts.waiting_rows.fetch_add(count, Relaxed);
        let has_room = waiting == 0 || waiting.saturating_add(count) <= MOST_WAITING_ROWS;
        let copied = || Copy { rows: rows.clone(), answer: answer.clone() };
        if !has_room || self.give.try_send(copied()).is_err() {
            self.counts.waiting_rows.fetch_sub(count, Relaxed);
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    /// What it has seen so far.
    pub fn figures(&self) -> ShadowFigures {
        let counts = &*self.counts;
        ShadowFigures {
            requests: counts.requests.load(Relaxed),
            dropped: counts.dropped.load(Relaxed),
            failed: counts.failed.load(Relaxed),
            rows: counts.rows.load(Relaxed),
            beyond_tolerance: counts.beyond_tolerance.load(Relaxed),
            label_flips: counts.label_flips.load(Relaxed),
            largest_difference: f64::from_bits(counts.largest_difference.load(Relaxed)),
        }
    }
}

/// What runs on the shadow's thread, until the shadow is gone.
struct Worker {
    engine: Arc<Engine>,
    tolerance: Option<f64>,
    counts: Arc<Counts>,
}

impl Worker {
    fn run(self, take: &Receiver<Copy>) {
        give_way();
        let (mut rows, mut answer) = (self.engine.rows(), self.engine.answer());
        let terms = Terms { priority: Priority::Low, ..Terms::default() };
        while let Ok(copy) = take.recv() {
            let asked = if copy.rows.schema().inputs() == rows.schema().inputs() {
                self.engine.predict_with(&terms, &copy.rows, &mut answer)
            } else {
                refill(&copy.rows, &mut rows)
                    .and_then(|()| self.engine.predict_with(&terms, &rows, &mut answer))
            };
            match asked {
                Ok(()) => self.compare(&answer, &copy.answer),
                Err(_) => drop(self.counts.failed.fetch_add(1, Relaxed)),
            }
            self.counts.waiting_rows.fetch_sub(copy.rows.rows(), Relaxed);
        }
    }

    fn compare(&self, got: &Answer, given: &Answer) {
        let agreement = Agreement::of(&self.engine, got, given, self.tolerance);
        let counts = &*self.counts;
        counts.requests.fetch_add(1, Relaxed);
        counts.rows.fetch_add(agreement.rows, Relaxed);
        counts.beyond_tolerance.fetch_add(agreement.beyond_tolerance, Relaxed);
        counts.label_flips.fetch_add(agreement.label_flips, Relaxed);
        let largest = f64::from_bits(counts.largest_difference.load(Relaxed));
        let largest = largest.max(agreement.largest_difference);
        counts.largest_difference.store(largest.to_bits(), Relaxed);
    }
}

/// Puts rows into columns of the same names and of other types.
fn refill(from: &Columns, to: &mut Columns) -> Result<(), Error> {
    to.clear();
    let columns = from.schema().columns();
    for row in 0..from.rows() {
        to.begin_row();
        for (index, column) in columns.iter().enumerate() {
            let width = from.row_shape(column.input).elements();
            let value = value(from.data(column.input), row * width + column.offset);
            to.set(index, value).map_err(|problem| {
                let (column, got) = (column.name.clone(), format!("{value:?}"));
                Error::new(Cause::Cell { row, column, problem, got })
            })?;
        }
    }
    Ok(())
}

/// An element, as its owner would write it.
fn value(data: DataView<'_>, at: usize) -> Value<'_> {
    match data {
        DataView::Bool(truths) => Value::Bool(truths[at]),
        DataView::Str(texts) => Value::Text(texts.get(at)),
        DataView::F32(numbers) => Value::Number(numbers[at].into()),
        DataView::F64(numbers) => Value::Number(numbers[at]),
        DataView::I8(integers) => Value::Integer(integers[at].into()),
        DataView::I16(integers) => Value::Integer(integers[at].into()),
        DataView::I32(integers) => Value::Integer(integers[at].into()),
        DataView::I64(integers) => Value::Integer(integers[at]),
        DataView::U8(integers) => Value::Integer(integers[at].into()),
        DataView::U16(integers) => Value::Integer(integers[at].into()),
        DataView::U32(integers) => Value::Integer(integers[at].into()),
        DataView::U64(integers) => {
            i64::try_from(integers[at]).map_or(Value::Missing, Value::Integer)
        }
        _ => Value::Missing,
    }
}

/// Lets every thread that somebody waits for go first.
fn give_way() {
    // Where the system does not let us, the shadow still is but one thread.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(19);
}
