//! A fixed set of things of which a thread takes any free one.

use std::{cell::Cell, fmt};

use crossbeam_utils::CachePadded;

use crate::try_lock::{Guard, TryLock};

/// Slots that threads take and give back. Taking a free one is one compare-and-swap.
pub(crate) struct Slots<T> {
    slots: Box<[CachePadded<TryLock<T>>]>,
}

impl<T> Slots<T> {
    /// # Panics
    ///
    /// When there is nothing to take.
    pub(crate) fn new(contents: impl IntoIterator<Item = T>) -> Self {
        let slots: Box<[_]> =
            contents.into_iter().map(|content| CachePadded::new(TryLock::new(content))).collect();
        assert!(!slots.is_empty(), "no slots");
        Self { slots }
    }

    /// The number of slots.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The free slot nearest to the caller's own.
    pub(crate) fn take(&self) -> Option<Guard<'_, T>> {
        let (len, home) = (self.len(), home());
        (0..len).find_map(|step| self.slots[(home.wrapping_add(step)) % len].try_lock())
    }

    /// This slot, if it is free.
    ///
    /// # Panics
    ///
    /// When there is no such slot.
    pub(crate) fn take_at(&self, slot: usize) -> Option<Guard<'_, T>> {
        self.slots[slot].try_lock()
    }

    /// Whether no slot was taken a moment ago.
    pub(crate) fn are_all_free(&self) -> bool {
        self.slots.iter().all(|slot| !slot.is_taken())
    }

    /// A slot that was free a moment ago.
    pub(crate) fn first_free(&self) -> Option<usize> {
        self.slots.iter().position(|slot| !slot.is_taken())
    }
}

/// Where this thread looks for a free slot first. Threads get different numbers, so that they
/// rarely meet and a worker's scratch stays in one core's cache.
fn home() -> usize {
    // Loom's threads are no threads of the system, and its models have few slots.
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: Cell<Option<usize>> = const { Cell::new(None) };
    }
    if cfg!(loom) {
        return 0;
    }
    HOME.with(|home| {
        home.get().unwrap_or_else(|| {
            let next = NEXT.fetch_add(1, Relaxed);
            home.set(Some(next));
            next
        })
    })
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("len", &self.len()).finish_non_exhaustive()
    }
}
