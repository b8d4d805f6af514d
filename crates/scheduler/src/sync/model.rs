//! A mutex that is only ever tried, as a model must see it.
//!
//! Loom takes giving back its own mutex for no step: no other thread ever runs in between taking
//! and giving back, so none would find a slot taken. Here both are steps, and with the orderings
//! of the standard library's mutex: a failed try synchronises with nothing.

use std::ops::{Deref, DerefMut};

use loom::sync::{
    Mutex, MutexGuard,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Relaxed, Release},
    },
};

#[derive(Debug)]
pub(crate) struct Slot<T> {
    taken: AtomicBool,
    content: Mutex<T>,
}

#[derive(Debug)]
pub(crate) struct SlotGuard<'a, T> {
    slot: &'a Slot<T>,
    content: Option<MutexGuard<'a, T>>,
}

/// Another thread has the slot.
#[derive(Debug)]
pub(crate) struct Taken;

impl<T> Slot<T> {
    pub(crate) fn new(content: T) -> Self {
        Self { taken: AtomicBool::new(false), content: Mutex::new(content) }
    }

    pub(crate) fn try_lock(&self) -> Result<SlotGuard<'_, T>, Taken> {
        match self.taken.compare_exchange(false, true, Acquire, Relaxed) {
            Ok(_) => Ok(SlotGuard { slot: self, content: self.content.try_lock().ok() }),
            Err(_) => Err(Taken),
        }
    }
}

impl<T> Drop for SlotGuard<'_, T> {
    fn drop(&mut self) {
        self.content = None;
        self.slot.taken.store(false, Release);
    }
}

impl<T> Deref for SlotGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.content.as_ref().unwrap_or_else(|| unreachable!("a slot has one owner"))
    }
}

impl<T> DerefMut for SlotGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.content.as_mut().unwrap_or_else(|| unreachable!("a slot has one owner"))
    }
}
