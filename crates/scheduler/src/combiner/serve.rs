//! What the owner of a slot owes the others.

use super::{Combiner, Node, Runner, Slot, batch::Collected};
use crate::sync::{
    Ordering::{Release, SeqCst},
    Thread, fence, park, yield_now,
};

/// A thread whose own answer is there works for others at least this long, in nanoseconds, before
/// it leaves that to another: waking one costs some of it.
const HELP_AT_LEAST: u64 = 100_000;

impl<R: Runner> Combiner<R> {
    /// Gives a slot back, and takes it again while requests wait that came in between.
    pub(super) fn leave(&self, slot: Slot<'_, R>) {
        drop(slot);
        // Pairs with the fence in `push`: either this sees the request, or its submitter the slot.
        fence(SeqCst);
        if self.has_waiting() {
            self.look_after();
        }
    }

    /// Serves what waits, unless others do.
    #[cold]
    fn look_after(&self) {
        if !self.is_inline() {
            self.call_attendant();
        } else if let Some(slot) = self.retake(None) {
            self.serve(slot, None);
        }
    }

    /// A slot for what waits: where attendants run everything, that of this `seat`.
    ///
    /// Where all are taken, their owners look at the queue before they leave; where the gate is
    /// shut, whoever is behind it looks for free slots.
    fn retake(&self, seat: Option<usize>) -> Option<Slot<'_, R>> {
        if !self.has_waiting() || self.backlog.is_taken() {
            return None;
        }
        match seat {
            Some(seat) if !self.is_inline() => self.slots.take_at(seat),
            _ => self.slots.take(),
        }
    }

    /// Runs what waits, and gives the slot back. A thread leaves the rest to another some time
    /// after its `own` request was answered.
    pub(super) fn serve<'c>(&'c self, mut slot: Slot<'c, R>, own: Option<&Node<R>>) {
        let mut leave_at = None;
        loop {
            let mut enough = false;
            while !enough && self.run_batch(&mut slot) == Collected::Some {
                let answered = own.is_none_or(|own| own.verdict().is_some());
                enough = answered && self.has_helped_enough(&mut leave_at);
            }
            drop(slot);
            if enough && self.look_for_free_slots() {
                return;
            }
            // Pairs with the fence in `push`, and with that in `look_for_free_slots`.
            fence(SeqCst);
            match self.retake(None) {
                Some(taken) => slot = taken,
                None => return,
            }
        }
    }

    /// Whether others wait though a thread has worked for them long enough, which begins with the
    /// first call.
    fn has_helped_enough(&self, leave_at: &mut Option<u64>) -> bool {
        if !self.has_waiting() {
            return false;
        }
        let now = self.runner.now();
        let help = self.runner.time_of(self.runner.batch_rows()).saturating_mul(2);
        let help = HELP_AT_LEAST.max(help);
        now >= *leave_at.get_or_insert(now.saturating_add(help))
    }

    /// Installs the threads that call [`attend`](Self::attend), of which `alone` says whether they
    /// run every request: else they only run what no thread waits for.
    pub(crate) fn install_attendants(&self, threads: Box<[Thread]>, alone: bool) {
        if self.attendants.set(threads).is_ok() {
            // Release: as said in `is_inline`. A thread that is woken to take a slot, and sees this,
            // calls an attendant instead.
            self.inline.store(!alone, Release);
        }
    }

    /// Wakes an attendant, that of a slot which is free. Says whether there is one.
    #[cold]
    pub(super) fn call_attendant(&self) -> bool {
        let Some(attendants) = self.attendants.get() else { return false };
        if let Some(free) = self.slots.first_free() {
            attendants[free % attendants.len()].unpark();
        }
        true
    }

    /// Runs what waits, in slot `seat` where attendants run everything, until `stop` says so and
    /// nothing waits. `await_company` is called before each batch.
    pub(crate) fn attend(&self, seat: usize, await_company: impl Fn(), stop: impl Fn() -> bool) {
        loop {
            while self.has_waiting() {
                // What came while the batch before ran has company of its own to await.
                await_company();
                let Some(mut slot) = self.retake(Some(seat)) else { break };
                self.run_batch(&mut slot);
                drop(slot);
                // As in `serve`.
                fence(SeqCst);
            }
            if !stop() {
                park();
            } else if self.has_waiting() {
                // It is in the hands of others, who need not wake this thread when they are done.
                yield_now();
            } else {
                return;
            }
        }
    }
}
