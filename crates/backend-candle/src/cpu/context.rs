//! What one run needs besides the network: threads, and memory that is used again.

use std::io;
use std::num::NonZeroUsize;

/// The threads and the memory of one run at a time. A worker owns one.
///
/// Answers have the same bits for every number of threads.
#[derive(Debug)]
pub(crate) struct Context {
    threads: NonZeroUsize,
}

impl Context {
    /// `threads` are what a run keeps busy, the caller's among them.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread.
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self, io::Error> {
        Ok(Self { threads })
    }

    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads
    }
}
