//! What the owner of a slot owes the others.

use super::{Combiner, Node, Runner, Slot, batch::Collected};
use crate::sync::{
    Ordering::{Relaxed, Release, SeqCst},
    Thread, fence, park, yield_now,
};

/// A thread whose own answer is there works for others no longer than this, in nanoseconds: about
/// what it takes to wake one of them. Its own caller waits meanwhile, and so do the requests that
/// this caller would bring.
const HELP: u64 = 20_000;

/// How often a thread lets others run that have their answers, before it runs a batch: the first
/// time may bring but one of them to a core.
const YIELDS: u32 = if cfg!(loom) { 1 } else { 4 };

impl<R: Runner> Combiner<R> {
    /// Has somebody serve a request that was just pushed: this thread where a slot became free in
    /// between, else whoever owns one.
    pub(super) fn see_to(&self, node: &Node<R>) {
        if !self.is_inline() || self.leaves_to_attendants() {
            self.call_attendant();
        } else if let Some(slot) = self.slots.take() {
            self.let_woken_run();
            self.serve(slot, Some(node));
        }
    }

    /// Whether what waits is for attendants, and not for those who bring it.
    pub(super) fn leaves_to_attendants(&self) -> bool {
        self.is_attended() && self.runner.is_long()
    }

    /// Lets threads run that have their answers: what they bring next is in the next batch.
    fn let_woken_run(&self) {
        (0..YIELDS).take_while(|_| self.has_woken()).for_each(|_| yield_now());
    }

    /// Whether threads that were woken still await a core.
    pub(super) fn has_woken(&self) -> bool {
        self.woken.load(Relaxed) > 0
    }

    /// Gives a slot back, and takes it again while requests wait that came in between.
    pub(super) fn leave(&self, slot: Slot<'_, R>) {
        drop(slot);
        // Pairs with the fence in `push`: either this sees the request, or its submitter the slot.
        fence(SeqCst);
        if self.has_waiting() {
            self.look_after();
        }
    }

    /// Sees to what waits, unless others do.
    #[cold]
    fn look_after(&self) {
        if !self.is_inline() {
            self.call_attendant();
            return;
        }
        if self.has_helped_enough(&mut None) && self.look_for_free_slots() {
            return;
        }
        if let Some(slot) = self.retake(None) {
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

    /// Runs what waits, and gives the slot back. A thread leaves the rest to another soon after its
    /// `own` request was answered.
    pub(super) fn serve<'c>(&'c self, mut slot: Slot<'c, R>, own: Option<&Node<R>>) {
        let mut leave_at = None;
        loop {
            let mut enough = false;
            while !enough && self.run_batch(&mut slot) == Collected::Some {
                let answered = own.is_none_or(|own| own.verdict().is_some());
                enough = answered && self.has_helped_enough(&mut leave_at);
            }
            drop(slot);
            if enough {
                self.wants_attendants.store(!self.is_attended(), Relaxed);
                if self.look_for_free_slots() {
                    return;
                }
            }
            // Pairs with the fence in `push`, and with that in `look_for_free_slots`.
            fence(SeqCst);
            match self.retake(None) {
                Some(taken) => slot = taken,
                None => return,
            }
        }
    }

    /// Whether others wait whom a thread had better leave to one of them: another batch would keep it
    /// beyond [`HELP`], which begins with the first call.
    fn has_helped_enough(&self, leave_at: &mut Option<u64>) -> bool {
        if !self.has_waiting() {
            return false;
        }
        let now = self.runner.now();
        let rows = self.credit.rows().clamp(1, self.runner.batch_rows());
        let end = now.saturating_add(self.runner.time_of(rows));
        end > *leave_at.get_or_insert(now.saturating_add(HELP))
    }

    /// Installs the threads that call [`attend`](Self::attend), of which `alone` says whether they
    /// run every request: else they only run what no thread waits for.
    pub(crate) fn install_attendants(&self, threads: Box<[Thread]>, alone: bool) {
        if self.attendants.set(threads).is_ok() {
            // Release: as said in `is_inline`. A thread that is woken to take a slot, and sees this,
            // calls an attendant instead.
            self.inline.store(!alone, Release);
            self.wants_attendants.store(false, Relaxed);
        }
    }

    /// Whether there are such threads.
    fn is_attended(&self) -> bool {
        self.attendants.get().is_some()
    }

    /// Whether a thread that had its answer left others waiting, and there are no attendants.
    pub(crate) fn wants_attendants(&self) -> bool {
        self.wants_attendants.load(Relaxed)
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
                self.let_woken_run();
                self.run_batch(&mut slot);
                drop(slot);
                // As in `serve`.
                fence(SeqCst);
            }
            if !stop() {
                park();
                // As in `wait`.
                fence(SeqCst);
            } else if self.has_waiting() {
                // It is in the hands of others, who need not wake this thread when they are done.
                yield_now();
            } else {
                return;
            }
        }
    }
}
