//! What a caller asks beside the answer itself, and what becomes of it.

use std::{
    error::Error,
    fmt,
    time::{Duration, Instant},
};

/// Who goes first where requests wait: within a class, whoever came first.
///
/// A class waits for those above it, but never for ever: every eighth batch begins with one request
/// of each class that waits, as far as they fit, and the classes take turns in being the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Before everything else.
    High,
    /// Somebody waits for the answer.
    #[default]
    Normal,
    /// Nobody waits: what is computed ahead, or scored overnight.
    Low,
}

impl Priority {
    /// The number of classes.
    pub(crate) const COUNT: usize = 3;
}

/// How a request wants to be treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Who goes first.
    pub priority: Priority,
    /// When the answer is of no use any more. A request that cannot be answered by then is refused
    /// at once; one that has waited that long is not run.
    pub deadline: Option<Instant>,
    /// How long it waits, where it has to: a deadline that costs no look at the clock where a slot is
    /// free.
    pub patience: Option<Duration>,
}

/// A request that was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: RefusedReason,
    /// When it may be worth another try.
    pub retry_after: Duration,
}

/// Why a request was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedReason {
    /// As many rows or bytes wait as may.
    Full,
    /// It could not be answered before its deadline, or has waited until then.
    Late,
    /// The lane takes no more requests.
    Closed,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            RefusedReason::Full => "as many rows wait as may",
            RefusedReason::Late => "the request cannot be answered before its deadline",
            RefusedReason::Closed => "the model takes no more requests",
        })
    }
}

impl Error for Refused {}
