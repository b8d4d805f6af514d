//! A lock that nobody waits for.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use crate::sync::{
    AtomicBool,
    Ordering::{Acquire, Relaxed, Release},
    UnsafeCell,
};

/// Content for one thread at a time; whoever comes in between goes away.
pub(crate) struct TryLock<T> {
    taken: AtomicBool,
    content: UnsafeCell<T>,
}

// SAFETY: the content is reached through a guard alone, of which there is one at a time.
#[expect(unsafe_code, reason = "a lane's slots are shared by threads")]
unsafe impl<T: Send> Sync for TryLock<T> {}

/// The right to the content, given back on drop.
pub(crate) struct Guard<'a, T> {
    lock: &'a TryLock<T>,
    /// A guard that is shared shares the content.
    content: PhantomData<&'a mut T>,
}

impl<T> TryLock<T> {
    pub(crate) fn new(content: T) -> Self {
        Self { taken: AtomicBool::new(false), content: UnsafeCell::new(content) }
    }

    /// The content, unless another thread has it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        // A load first: a line that others only read stays in every core's cache.
        if self.is_taken() {
            return None;
        }
        // Acquire: sees what the guard before wrote; pairs with the Release of its drop.
        let taken = self.taken.compare_exchange(false, true, Acquire, Relaxed);
        taken.is_ok().then(|| Guard { lock: self, content: PhantomData })
    }

    /// Whether somebody has the content, if only just.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Relaxed)
    }
}

#[expect(unsafe_code, reason = "the guard is the proof that no other thread is at the content")]
impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: there is one guard at a time, and it is borrowed for as long as the content.
        self.lock.content.with(|content| unsafe { &*content })
    }
}

#[expect(unsafe_code, reason = "the guard is the proof that no other thread is at the content")]
impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is one guard at a time, and it is borrowed for as long as the content.
        self.lock.content.with_mut(|content| unsafe { &mut *content })
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // Release: publishes what this thread wrote to whoever comes next.
        self.lock.taken.store(false, Release);
    }
}

impl<T> fmt::Debug for TryLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryLock").field("taken", &self.is_taken()).finish_non_exhaustive()
    }
}
