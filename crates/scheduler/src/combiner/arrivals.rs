//! Requests that have just come, the last on top.

use std::{fmt, ptr};

use super::{Runner, node::Link};
use crate::sync::{
    AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};

/// A stack that is pushed to by anybody and only ever emptied as a whole, which is what keeps it
/// free of the ABA problem; a node is in it from one step to the next, so that it is never half
/// linked (R. K. Treiber, *Systems Programming: Coping with Parallelism*, 1986).
pub(super) struct Arrivals<R: Runner> {
    top: AtomicPtr<super::Node<R>>,
}

impl<R: Runner> Arrivals<R> {
    pub(super) fn new() -> Self {
        Self { top: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Whether nothing came since the last time that all were taken.
    pub(super) fn is_empty(&self) -> bool {
        self.top.load(Relaxed).is_null()
    }

    /// Puts a node on top.
    ///
    /// # Safety
    ///
    /// The node is valid until it is taken and ended, and in no queue.
    #[expect(unsafe_code, reason = "the queue's links are pointers")]
    pub(super) unsafe fn push(&self, node: Link<R>) {
        let mut top = self.top.load(Relaxed);
        loop {
            // SAFETY: valid, and the caller's until the exchange below.
            unsafe { (*node).set_next(top) };
            // Release: publishes the request; pairs with the Acquire in `take_all`.
            match self.top.compare_exchange_weak(top, node.cast_mut(), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    /// Takes all nodes: the last that came, with the others behind it.
    pub(super) fn take_all(&self) -> Link<R> {
        if self.is_empty() {
            return ptr::null();
        }
        // Acquire: sees the requests; pairs with the Release in `push`.
        self.top.swap(ptr::null_mut(), Acquire)
    }
}

impl<R: Runner> fmt::Debug for Arrivals<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrivals").field("is_empty", &self.is_empty()).finish()
    }
}
