//! The synchronisation primitives: the standard library's, or loom's where a model is checked.

#[cfg(not(loom))]
mod cell;
#[cfg(loom)]
mod pool;
#[cfg(not(loom))]
mod waker;

#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence},
    thread::{Thread, current, park, yield_now},
};

#[cfg(not(loom))]
pub(crate) use cell::UnsafeCell;
#[cfg(not(loom))]
pub(crate) use crossbeam_queue::ArrayQueue;
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    future::AtomicWaker,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence},
    thread::{Thread, current, park, yield_now},
};
#[cfg(loom)]
pub(crate) use pool::ArrayQueue;
#[cfg(not(loom))]
pub(crate) use waker::AtomicWaker;
