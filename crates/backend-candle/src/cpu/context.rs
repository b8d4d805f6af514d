//! What one run needs besides the network: threads, and memory that is used again.

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::attention;
use super::product::Rows;
use super::simd::{Level, Line};

/// The threads and the memory of one run at a time. A worker owns one.
///
/// Answers have the same bits for every number of threads.
#[derive(Debug)]
pub(crate) struct Context {
    /// The threads besides the caller's.
    pub(super) pool: Option<rayon::ThreadPool>,
    pub(super) level: Level,
    /// One for each thread.
    pub(super) seats: Vec<Mutex<Seat>>,
    /// One for each thread: threads that work on one matrix together use the first.
    pub(super) shared: Vec<Shared>,
}

/// What one thread writes and no other reads.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// What a layer reads, and what it reads after attention.
    pub(super) input: Vec<Line>,
    pub(super) between: Vec<Line>,
    /// One head's queries, keys and values.
    pub(super) head: Vec<Line>,
    pub(super) attention: attention::Scratch,
    pub(super) row: Vec<f32>,
}

/// What the threads of one run tell each other, by panel of columns.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// A layer's input before its norm.
    pub(super) input: Matrix,
    /// What the heads answer.
    pub(super) joined: Matrix,
    /// What follows attention, before its norm.
    pub(super) between: Matrix,
    pub(super) hidden: Matrix,
}

/// A matrix of rows whose panels are written by different threads.
#[derive(Debug, Default)]
pub(super) struct Matrix(Vec<RwLock<Vec<Line>>>);

impl Context {
    /// `threads` are what a run keeps busy, the caller's among them.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread.
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self, io::Error> {
        Self::with_level(threads, Level::best())
    }

    /// As [`new`](Self::new), with these instructions.
    pub(super) fn with_level(threads: NonZeroUsize, level: Level) -> Result<Self, io::Error> {
        let build = |threads| {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            builder.thread_name(|index| format!("layers-{index}")).build().map_err(io::Error::other)
        };
        let others = threads.get() - 1;
        Ok(Self {
            pool: (others > 0).then(|| build(others)).transpose()?,
            level,
            seats: (0..threads.get()).map(|_| Mutex::default()).collect(),
            shared: (0..threads.get()).map(|_| Shared::default()).collect(),
        })
    }

    pub(crate) fn threads(&self) -> NonZeroUsize {
        NonZeroUsize::MIN.saturating_add(self.seats.len() - 1)
    }
}

/// A thread's own memory. Nothing is left in it from a run to the next.
pub(super) fn sit(seat: &Mutex<Seat>) -> MutexGuard<'_, Seat> {
    seat.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Matrix {
    /// Makes room; what is in it is left over.
    pub(super) fn resize(&mut self, panels: usize, rows: Rows) {
        self.0.resize_with(panels.max(self.0.len()), RwLock::default);
        for panel in &mut self.0[..panels] {
            let panel = panel.get_mut().unwrap_or_else(PoisonError::into_inner);
            panel.resize(rows.lines(), Line::default());
        }
    }

    pub(super) fn read(&self, panels: usize) -> Vec<RwLockReadGuard<'_, Vec<Line>>> {
        self.0[..panels]
            .iter()
            .map(|panel| panel.read().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }

    pub(super) fn write(&self, panel: usize) -> RwLockWriteGuard<'_, Vec<Line>> {
        self.0[panel].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Panels as products read them.
pub(super) fn lines<'a>(panels: &'a [RwLockReadGuard<'_, Vec<Line>>]) -> Vec<&'a [Line]> {
    panels.iter().map(|panel| panel.as_slice()).collect()
}
