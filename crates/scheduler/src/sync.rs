//! The synchronisation primitives: the standard library's, or loom's where a model is checked.

#[cfg(not(loom))]
mod cell;
#[cfg(not(loom))]
mod waker;

#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence},
    thread::{Thread, current, park, yield_now},
};

#[cfg(not(loom))]
pub(crate) use cell::UnsafeCell;
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    future::AtomicWaker,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence},
    thread::{Thread, current, park, yield_now},
};
#[cfg(not(loom))]
pub(crate) use waker::AtomicWaker;
