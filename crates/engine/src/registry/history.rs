use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

/// The events that are remembered.
const REMEMBERED: usize = 32;

/// What became of an endpoint's variants.
#[derive(Debug, Default)]
pub struct History {
    events: Mutex<VecDeque<Event>>,
    counts: [AtomicU64; Change::ALL.len()],
}

/// One change of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: SystemTime,
    /// What happened.
    pub change: Change,
    /// The variant, where it is about one.
    pub variant: Option<String>,
    /// Why, where that is not somebody's wish.
    pub problem: Option<String>,
}

/// What may happen to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A variant has another version, or is new.
    Swapped,
    /// A version has passed its probation.
    Confirmed,
    /// A variant has its version from before again, or is gone if it was new.
    RolledBack,
    /// A version was not opened, or does not go together with the others.
    Refused,
    /// A variant is gone.
    Removed,
    /// Variants have other weights.
    Weighted,
    /// There is another shadow, or none any more.
    Shadowed,
}

impl Change {
    /// Every change, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::Swapped,
        Self::Confirmed,
        Self::RolledBack,
        Self::Refused,
        Self::Removed,
        Self::Weighted,
        Self::Shadowed,
    ];

    /// What programs call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swapped => "swapped",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled_back",
            Self::Refused => "refused",
            Self::Removed => "removed",
            Self::Weighted => "weighted",
            Self::Shadowed => "shadowed",
        }
    }
}

impl History {
    pub(super) fn note(&self, event: Event) {
        self.counts[event.change as usize].fetch_add(1, Relaxed);
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() == REMEMBERED {
            events.pop_front();
        }
        events.push_back(event);
    }

    /// The last events, the oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How often this happened.
    pub fn count(&self, change: Change) -> u64 {
        self.counts[change as usize].load(Relaxed)
    }
}

impl Event {
    pub(super) fn new(change: Change, variant: Option<&str>, problem: Option<String>) -> Self {
        Self { at: SystemTime::now(), change, variant: variant.map(str::to_owned), problem }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variant) = &self.variant {
            write!(f, "variant {variant} ")?;
        }
        f.write_str(self.change.name())?;
        self.problem.iter().try_for_each(|problem| write!(f, ": {problem}"))
    }
}
