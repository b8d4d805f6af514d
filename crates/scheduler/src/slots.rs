//! A fixed set of things of which a thread takes any free one, and sleeps when none is.

use std::fmt;

use crossbeam_utils::CachePadded;

use crate::sync::{
    AtomicUsize, Condvar, Mutex, MutexGuard,
    Ordering::{Relaxed, SeqCst},
    Slot, SlotGuard, fence, yield_now,
};

/// How often a thread yields to those that sleep: long enough for one to be woken.
const YIELDS: usize = 100;

/// Slots that threads take and give back.
///
/// A slot's mutex is only ever *tried*: taking a free slot is one compare-and-swap, and a thread
/// never sleeps on a particular slot while another is free.
///
/// # Why no wake-up is lost
///
/// A thread that goes to sleep announces itself, then tries every slot once more; a thread that
/// gives a slot back frees it, then looks for announcements. With a sequentially consistent fence
/// between the two steps on either side, at least one sees the other. Whoever gives back notifies
/// under the gate that a sleeper holds from its last try until it waits, so the notice cannot fall
/// in between.
pub(crate) struct Slots<T> {
    slots: Box<[CachePadded<Slot<T>>]>,
    /// Threads that sleep, or are about to.
    sleepers: CachePadded<AtomicUsize>,
    gate: Mutex<()>,
    freed: Condvar,
}

impl<T> Slots<T> {
    /// # Panics
    ///
    /// When there is nothing to take.
    pub(crate) fn new(contents: impl IntoIterator<Item = T>) -> Self {
        let slots: Box<[_]> =
            contents.into_iter().map(|content| CachePadded::new(Slot::new(content))).collect();
        assert!(!slots.is_empty(), "no slots");
        Self {
            slots,
            sleepers: CachePadded::new(AtomicUsize::new(0)),
            gate: Mutex::new(()),
            freed: Condvar::new(),
        }
    }

    /// The number of slots.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Runs `job` with a slot's content, the free one nearest to `home` or the first to be freed.
    ///
    /// `job` must not panic: the slot would never be given back.
    pub(crate) fn with<R>(&self, home: usize, job: impl FnOnce(&mut T) -> R) -> R {
        let mut slot = self.take_free(home).unwrap_or_else(|| self.wait(home));
        let result = job(&mut slot);
        drop(slot);
        // Pairs with the fence in `wait`.
        fence(SeqCst);
        if self.sleepers.load(Relaxed) > 0 {
            let _gate = lock(&self.gate);
            self.freed.notify_one();
        }
        result
    }

    /// Yields while threads sleep that have been notified, but not for long: the one that is woken
    /// may find its slot taken again.
    pub(crate) fn give_way(&self) {
        for _ in 0..YIELDS {
            if self.sleepers.load(Relaxed) == 0 {
                return;
            }
            yield_now();
        }
    }

    fn take_free(&self, home: usize) -> Option<SlotGuard<'_, T>> {
        let len = self.slots.len();
        (0..len).find_map(|step| self.slots[(home + step) % len].try_lock().ok())
    }

    #[cold]
    fn wait(&self, home: usize) -> SlotGuard<'_, T> {
        let mut gate = lock(&self.gate);
        self.sleepers.fetch_add(1, Relaxed);
        // Pairs with the fence in `with`.
        fence(SeqCst);
        loop {
            if let Some(slot) = self.take_free(home) {
                self.sleepers.fetch_sub(1, Relaxed);
                return slot;
            }
            gate =
                self.freed.wait(gate).unwrap_or_else(|_| unreachable!("the gate guards nothing"));
        }
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Locks a mutex that no thread panics under.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|_| unreachable!("nothing panics while the lock is held"))
}

#[cfg(all(test, loom))]
mod model {
    use loom::{sync::Arc, thread};

    use super::*;

    /// Threads that all want one slot: whoever sleeps is woken, and no increment is lost.
    fn share_one_slot(threads: usize) {
        let slots = Arc::new(Slots::new([0_usize]));
        let others: Vec<_> = (1..threads)
            .map(|_| {
                let slots = Arc::clone(&slots);
                thread::spawn(move || slots.with(0, |count| *count += 1))
            })
            .collect();
        slots.with(0, |count| *count += 1);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(slots.take_free(0).map(|count| *count), Some(threads));
    }

    /// In every order. Without the fence of `with` or that of `wait`, or with the notice outside
    /// the gate, loom finds a thread that sleeps for ever.
    #[test]
    fn no_thread_sleeps_for_ever() {
        loom::model(|| share_one_slot(2));
    }

    /// In every order with two preemptions or fewer; all of them take minutes.
    #[test]
    fn no_sleeper_is_forgotten_over_another() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| share_one_slot(3));
    }

    #[test]
    fn a_slot_has_one_owner() {
        loom::model(|| {
            let slots = Arc::new(Slots::new([0_u32, 0]));
            let other = {
                let slots = Arc::clone(&slots);
                thread::spawn(move || slots.with(1, |count| *count += 1))
            };
            slots.with(1, |count| *count += 1);
            other.join().unwrap();
            let total: u32 = slots.slots.iter().map(|slot| *slot.try_lock().unwrap()).sum();
            assert_eq!(total, 2);
        });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn many_threads_share_few_slots() {
        let slots = Slots::new([0_u64; 2]);
        thread::scope(|scope| {
            for home in 0..8 {
                let slots = &slots;
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        slots.with(home, |count| *count += 1);
                    }
                });
            }
        });
        let total: u64 = slots.slots.iter().map(|slot| *lock(slot)).sum();
        assert_eq!(total, 16_000);
    }
}
