//! The synchronisation primitives: the standard library's, or loom's where a model is checked.

#[cfg(loom)]
mod model;

#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering, fence},
};
#[cfg(loom)]
pub(crate) use loom::thread::yield_now;
#[cfg(loom)]
pub(crate) use model::{Slot, SlotGuard};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, Mutex as Slot, MutexGuard, MutexGuard as SlotGuard,
    atomic::{AtomicUsize, Ordering, fence},
};
#[cfg(not(loom))]
pub(crate) use std::thread::yield_now;
