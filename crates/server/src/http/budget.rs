use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::shared::Shared;

/// The memory that the bodies of all connections may hold together.
#[derive(Debug)]
pub(super) struct Budget {
    left_bytes: AtomicUsize,
}

impl Budget {
    pub(super) const fn new(bytes: usize) -> Self {
        Self { left_bytes: AtomicUsize::new(bytes) }
    }
}

/// A share that outlives its request.
#[derive(Debug)]
pub(super) struct Kept {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.shared.budget.left_bytes.fetch_add(self.bytes, Relaxed);
    }
}

/// A body's share of a budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share<'b> {
    budget: &'b Budget,
    bytes: usize,
}

impl<'b> Share<'b> {
    pub(super) const fn of(budget: &'b Budget) -> Self {
        Self { budget, bytes: 0 }
    }

    /// The same for as long as one likes, of the budget that `shared` has.
    pub(super) fn keep(mut self, shared: &Arc<Shared>) -> Kept {
        Kept { shared: Arc::clone(shared), bytes: std::mem::take(&mut self.bytes) }
    }

    /// Takes `bytes` more, unless so many are not left.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let taken = self
            .budget
            .left_bytes
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes))
            .is_ok();
        self.bytes += if taken { bytes } else { 0 };
        taken
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        // All threads share the count, and most bodies take nothing of it.
        if self.bytes == 0 {
            return;
        }
        self.budget.left_bytes.fetch_add(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Budget::new(10);
        let mut first = Share::of(&budget);
        assert!(first.grow(6) && !first.grow(5) && first.grow(4));
        let mut second = Share::of(&budget);
        assert!(!second.grow(1));
        drop(first);
        assert!(second.grow(10));
    }
}
