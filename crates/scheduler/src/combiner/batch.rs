//! Which requests are run together.

use super::{
    AbortOnUnwind, Combiner, Runner, Slot,
    backlog::Backlog,
    node::{Link, Node, Verdict, Wake},
};
use crate::{
    Priority,
    sync::{
        Ordering::{Relaxed, SeqCst},
        fence,
    },
};

/// The most requests in one batch.
const MOST_REQUESTS: usize = if cfg!(loom) { 4 } else { 256 };

/// What the owner of a slot took to run, and memory for it that is used again.
pub(super) struct Batch<R: Runner> {
    nodes: Vec<Link<R>>,
    jobs: Vec<R::Job>,
    wakes: Vec<Wake>,
}

// SAFETY: nodes and their jobs may be sent, and the nodes are the batch's while they run.
#[expect(unsafe_code, reason = "links are pointers")]
unsafe impl<R: Runner> Send for Batch<R> {}

/// What a look into the queue brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collected {
    /// There is something to do.
    Some,
    /// Nothing waits.
    Nothing,
    /// Another owner is at the queue.
    Shut,
}

impl<R: Runner> Batch<R> {
    pub(super) fn new() -> Self {
        // One request more than a batch may end late or cancelled on the way.
        Self {
            nodes: Vec::with_capacity(MOST_REQUESTS),
            jobs: Vec::with_capacity(MOST_REQUESTS),
            wakes: Vec::with_capacity(2 * MOST_REQUESTS),
        }
    }

    /// Whether another request has room.
    fn has_room(&self) -> bool {
        self.jobs.len() < MOST_REQUESTS && self.wakes.len() < MOST_REQUESTS
    }
}

#[expect(unsafe_code, reason = "nodes change hands with their state")]
impl<R: Runner> Combiner<R> {
    /// Takes a batch out of the queue and runs it.
    pub(super) fn run_batch(&self, slot: &mut Slot<'_, R>) -> Collected {
        let slot = &mut **slot;
        let collected = self.collect(&mut slot.batch);
        if collected != Collected::Some {
            return collected;
        }
        // Requests are in our hands: whatever unwinds from here on would never answer them.
        let stay = AbortOnUnwind;
        let Batch { nodes, jobs, wakes } = &mut slot.batch;
        if !jobs.is_empty() {
            self.runner.begin(jobs);
            self.runner.run(&mut slot.content, jobs);
        }
        for (node, mut job) in nodes.drain(..).zip(jobs.drain(..)) {
            let job = if self.runner.next_turn(&mut job) {
                // SAFETY: it was claimed when it was collected.
                if unsafe { (*node).give_back(job) } {
                    // Behind all that came during its turn. Whoever owns a slot looks for it.
                    self.push(node);
                    continue;
                }
                None
            } else {
                Some(job)
            };
            // SAFETY: as above.
            wakes.extend(unsafe { self.finish(node, job, Verdict::Answered) });
        }
        // After the last verdict: a thread that is woken often goes on at once, on this core.
        for wake in wakes.drain(..) {
            wake.wake();
        }
        std::mem::forget(stay);
        collected
    }

    /// Moves requests from the queue into a batch.
    fn collect(&self, batch: &mut Batch<R>) -> Collected {
        let Some(mut backlog) = self.backlog.try_lock() else { return Collected::Shut };
        backlog.take_in(&self.arrivals);
        let mut chosen = Chosen { rows: 0, deadline: u64::MAX, now: None };
        for class in backlog.begin_batch() {
            self.take_next(&mut backlog, class, &mut chosen, batch);
        }
        for class in 0..Priority::COUNT {
            while batch.has_room() && self.take_next(&mut backlog, class, &mut chosen, batch) {}
        }
        let left = backlog.len();
        self.backlog_len.store(left, Relaxed);
        drop(backlog);
        // Where nobody else can be woken, the caller comes back for the rest.
        self.look_for_free_slots();
        match batch.jobs.is_empty() && batch.wakes.is_empty() {
            true if left == 0 => Collected::Nothing,
            _ => Collected::Some,
        }
    }

    /// Takes the first request of a class out of the queue, into the batch or to its end, unless it
    /// must wait for another batch.
    fn take_next(
        &self,
        backlog: &mut Backlog<R>,
        class: usize,
        chosen: &mut Chosen,
        batch: &mut Batch<R>,
    ) -> bool {
        let Some(link) = backlog.first_of(class) else { return false };
        // SAFETY: nodes in the queue are valid, and we are behind the gate.
        let choice = self.choose(unsafe { &*link }, chosen, batch.jobs.is_empty());
        if matches!(choice, Choice::Wait) {
            return false;
        }
        // First of all: a request that is ended may be gone, and its link with it.
        backlog.take_first(class);
        match choice {
            Choice::Run(job) => {
                batch.nodes.push(link);
                batch.jobs.push(job);
            }
            Choice::End | Choice::Wait => {
                // SAFETY: it is taken out of the queue, which was its holder.
                batch.wakes.extend(unsafe { self.finish(link, None, Verdict::Late) });
            }
        }
        true
    }

    /// What becomes of the first request of a class; it is claimed if it is to run.
    fn choose(&self, node: &Node<R>, chosen: &mut Chosen, is_first: bool) -> Choice<R> {
        // Whatever its size: nobody waits behind a request that will not run.
        if node.is_cancelled() {
            return Choice::End;
        }
        // SAFETY: it waits, or was cancelled meanwhile, which leaves the job alone.
        let rows = chosen.rows + unsafe { node.rows(&self.runner) };
        let deadline = node.ask().deadline;
        if !is_first && rows > self.runner.batch_rows() {
            return Choice::Wait;
        }
        if deadline.min(chosen.deadline) != u64::MAX {
            let now = *chosen.now.get_or_insert_with(|| self.runner.now());
            let end = now.saturating_add(self.runner.time_of(rows));
            if now >= deadline || is_first && end > deadline {
                return Choice::End;
            }
            if end > deadline.min(chosen.deadline) {
                return Choice::Wait;
            }
        }
        if !node.claim() {
            return Choice::End;
        }
        // SAFETY: it was claimed.
        let Some(job) = (unsafe { node.take_job() }) else { return Choice::End };
        *chosen = Chosen { rows, deadline: deadline.min(chosen.deadline), ..*chosen };
        Choice::Run(job)
    }

    /// Looks, after the gate was opened, for slots that were given back while it was shut: their
    /// owners left what waits to whoever shut it.
    ///
    /// Says whether what waits is in somebody's hands.
    pub(super) fn look_for_free_slots(&self) -> bool {
        loop {
            // Pairs with the fence in `leave`: either this sees the slot free, or its owner sees
            // the gate open.
            fence(SeqCst);
            if !self.has_waiting() || self.slots.first_free().is_none() {
                return true;
            }
            // An attendant stays for as long as there is a backlog, and has no caller to go back to.
            if self.call_attendant() {
                return true;
            }
            let Some(mut backlog) = self.backlog.try_lock() else { return true };
            backlog.take_in(&self.arrivals);
            self.backlog_len.store(backlog.len(), Relaxed);
            let thread = backlog.first_thread();
            let waits = backlog.len() > 0;
            drop(backlog);
            // The gate was shut once more. Pairs with the fence in `leave`: either whoever is woken
            // finds the slot free, or its owner the gate open.
            fence(SeqCst);
            match thread {
                Some(thread) => {
                    thread.unpark();
                    return true;
                }
                None if waits => return false,
                // What came is gone again, or comes only now.
                None => {}
            }
        }
    }

    /// Ends a request that was taken out of the queue.
    ///
    /// # Safety
    ///
    /// As [`Node::finish`].
    unsafe fn finish(&self, node: Link<R>, job: Option<R::Job>, verdict: Verdict) -> Option<Wake> {
        // SAFETY: valid until it is ended.
        let (share, is_thread) = unsafe { ((*node).share(), (*node).is_of_thread()) };
        if is_thread {
            // Before the verdict, after which it may run.
            self.woken.fetch_add(1, Relaxed);
        }
        // SAFETY: the caller's.
        let wake = unsafe { Node::finish(node, job, verdict, |node| self.put_away(node)) };
        self.credit.give_back(share);
        wake
    }
}

/// What becomes of a request that is first in its class.
enum Choice<R: Runner> {
    /// It is run in this batch.
    Run(R::Job),
    /// It is late, or was cancelled.
    End,
    /// It has no room in this batch.
    Wait,
}

/// What is in a batch already.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    rows: usize,
    /// The earliest deadline in it.
    deadline: u64,
    /// The time, once somebody needed it.
    now: Option<u64>,
}
