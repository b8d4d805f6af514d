//! Where requests meet the owners of slots.
//!
//! This is flat combining (D. Hendler, I. Incze, N. Shavit, M. Tzafrir, *Flat Combining and the
//! Synchronization-Parallelism Tradeoff*, SPAA 2010) with several combiners. A thread that finds a
//! slot free takes it and runs its own request. One that finds none pushes its request and sleeps;
//! whoever owns a slot runs what waits, as a batch, before it gives the slot back.
//!
//! Three things are taken with a try and never waited for: a slot, by its owner; the gate, by the
//! owner that moves requests from the queue into its batch; and a request, by its state.
//!
//! # Why no request is forgotten
//!
//! A request waits only where every slot was taken *after* it was pushed; a slot is given back only
//! by an owner that looks for requests *afterwards*. With a sequentially consistent fence between
//! the two steps on either side, at least one sees the other. The gate adds one case: an owner that
//! finds it shut gives its slot back and leaves what waits to the one behind it, who looks for free
//! slots after opening it, and wakes a thread that waits. That pair of steps is fenced likewise.
//!
//! Every thread that sleeps here tries to take a slot when it is woken, for whatever reason, so a
//! wake-up hands work over without handing over a slot: should another have taken the slot in
//! between, then that one looks at the queue before it leaves. It must see there what the waker saw,
//! so the one that was woken has a fence in front of its try.
//!
//! # Who works for whom
//!
//! A thread that owns a slot runs what waits until its own answer is there. From then on its caller
//! waits for nothing but the favour, so it gives the slot back and wakes an attendant, or while
//! there is none one of those that wait, unless another batch takes no longer than that wake-up. An
//! attendant is a thread of the lane's own: it stays as long as there is a backlog, so that one
//! wake-up serves many batches, and sleeps while there is none.
//!
//! A long run is interrupted by whoever wakes up on its core, and a slot whose owner was interrupted
//! is of use to nobody. So where runs are long, a caller only takes a slot while all are free; else
//! attendants run what comes, and callers sleep, which leaves the cores to them.
//!
//! Where threads are more than cores, the backlog may hide from the queue: those who were answered
//! wait for a core, and whoever has one brings request after request and runs each alone. So woken
//! threads are counted until they run. While there are some, a thread with a new request queues it,
//! lets them run with the slot in its hand, and takes what they brought into its batch. The count
//! decides nothing but that.

mod arrivals;
mod backlog;
mod batch;
mod credit;
mod node;
mod serve;
mod ticket;

#[cfg(all(test, loom))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod model;
#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests;
#[cfg(test)]
mod toy;

use std::{fmt, sync::OnceLock};

use crossbeam_utils::CachePadded;

use self::{
    arrivals::Arrivals,
    backlog::Backlog,
    batch::Batch,
    credit::{Credit, Share},
    node::{Node, Verdict},
};
pub(crate) use self::{
    credit::Limits,
    node::Ask,
    ticket::{Ended, Submitted},
};
use crate::{
    Refused, RefusedReason,
    slots::Slots,
    sync::{
        ArrayQueue, AtomicBool, AtomicUsize,
        Ordering::{Acquire, Relaxed, SeqCst},
        Thread, current, fence, park, yield_now,
    },
    try_lock::{Guard, TryLock},
};

/// What the owners of slots do with the requests that they take.
pub(crate) trait Runner: Send + Sync + Sized {
    /// What a slot holds.
    type Slot: Send;
    /// One request's work.
    type Job: Send;
    /// What the job of a task borrows from, for as long as it is in a lane's hands.
    type Kept: Send;
    /// How a job went.
    type Outcome;

    /// The job of what a task brought.
    fn job(&self, kept: &mut Self::Kept) -> Self::Job;

    /// The rows of the job's next turn.
    fn rows(&self, job: &Self::Job) -> usize;

    /// The memory that the job holds while it waits.
    fn bytes(&self, job: &Self::Job) -> usize;

    /// Notes that jobs that waited are about to run.
    fn begin(&self, _jobs: &mut [Self::Job]) {}

    /// Runs the next turn of each job. Must not panic.
    fn run(&self, slot: &mut Self::Slot, jobs: &mut [Self::Job]);

    /// Sets the job to its next turn, if there is another.
    fn next_turn(&self, job: &mut Self::Job) -> bool;

    /// How a job went, which borrows from nothing any more.
    fn outcome(&self, job: Self::Job) -> Self::Outcome;

    /// Nanoseconds of a clock that never goes back.
    fn now(&self) -> u64;

    /// How long a batch of so many rows is expected to run, in nanoseconds.
    fn time_of(&self, rows: usize) -> u64;

    /// Whether a run takes so much longer than waking a thread that callers had better not hold a
    /// slot while others wait for a core.
    fn is_long(&self) -> bool;

    /// Whether others who share the cores have short runs, which a long one would keep waiting.
    fn has_busy_neighbours(&self) -> bool;

    /// The rows of a batch from which on more of them gain nothing.
    fn batch_rows(&self) -> usize;
}

/// Requests and slots of one plan.
pub(crate) struct Combiner<R: Runner> {
    runner: R,
    slots: Slots<Owned<R>>,
    arrivals: CachePadded<Arrivals<R>>,
    /// The gate, and behind it what waits in order.
    backlog: CachePadded<TryLock<Backlog<R>>>,
    /// The requests behind the gate, for those before it.
    backlog_len: CachePadded<AtomicUsize>,
    credit: Credit,
    open: AtomicBool,
    /// Set when all that was taken has ended, and nothing can come any more.
    closed: OnceLock<()>,
    /// Whether threads run their own requests; if not, attendants do.
    inline: AtomicBool,
    /// How often a thread looks for its answer before it sleeps.
    spins: u32,
    /// Threads that run what nobody waits for in person, a backlog, and long runs.
    attendants: OnceLock<Box<[Thread]>>,
    /// Whether somebody left what waits to such threads, and there are none.
    wants_attendants: AtomicBool,
    /// Nodes of tasks that have ended.
    spares: ArrayQueue<Box<Node<R>>>,
    cancelled: AtomicUsize,
    /// Threads that have their answer and did not run since: there are not enough cores.
    woken: CachePadded<AtomicUsize>,
}

/// What a slot holds.
pub(crate) struct Owned<R: Runner> {
    content: R::Slot,
    batch: Batch<R>,
}

type Slot<'c, R> = Guard<'c, Owned<R>>;

/// Nodes that are kept for the next tasks.
const SPARES: usize = 256;

impl<R: Runner> Combiner<R> {
    pub(crate) fn new(
        runner: R,
        slots: impl IntoIterator<Item = R::Slot>,
        limits: Limits,
        spins: u32,
    ) -> Self {
        let owned = |content| Owned { content, batch: Batch::new() };
        Self {
            runner,
            slots: Slots::new(slots.into_iter().map(owned)),
            arrivals: CachePadded::new(Arrivals::new()),
            backlog: CachePadded::new(TryLock::new(Backlog::new())),
            backlog_len: CachePadded::new(AtomicUsize::new(0)),
            credit: Credit::new(limits),
            open: AtomicBool::new(true),
            closed: OnceLock::new(),
            inline: AtomicBool::new(true),
            spins,
            attendants: OnceLock::new(),
            wants_attendants: AtomicBool::new(false),
            spares: ArrayQueue::new(if cfg!(loom) { 2 } else { SPARES }),
            cancelled: AtomicUsize::new(0),
            woken: CachePadded::new(AtomicUsize::new(0)),
        }
    }

    pub(crate) const fn runner(&self) -> &R {
        &self.runner
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Runs a job on this thread if a slot is free and nothing waits; else among others, while this
    /// thread sleeps.
    ///
    /// # Errors
    ///
    /// When it was not run; the job comes back with the reason.
    pub(crate) fn run(&self, mut job: R::Job, ask: Ask) -> Result<R::Job, (R::Job, Refused)> {
        if self.has_woken() {
            return self.run_in_company(job, ask);
        }
        match self.take_inline() {
            Some(mut slot) => {
                if self.is_late(&ask, ask.rows) {
                    self.leave(slot);
                    return Err((job, self.refused(RefusedReason::Late)));
                }
                self.run_here(&mut slot, &mut job);
                self.leave(slot);
                Ok(job)
            }
            None => self.run_in_company(job, ask),
        }
    }

    /// Does something in this slot as soon as it is free, whatever waits: for warming up. It must
    /// not panic.
    pub(crate) fn in_slot<T>(&self, slot: usize, job: impl FnOnce(&mut R::Slot) -> T) -> T {
        let mut slot = loop {
            match self.slots.take_at(slot) {
                Some(slot) => break slot,
                None => yield_now(),
            }
        };
        let done = job(&mut slot.content);
        self.leave(slot);
        done
    }

    /// Whether as many rows wait as a batch gains by.
    pub(crate) fn is_batch_full(&self) -> bool {
        self.credit.rows() >= self.runner.batch_rows()
    }

    /// A slot for a request that need not wait.
    fn take_inline(&self) -> Option<Slot<'_, R>> {
        if self.has_waiting() || !self.is_inline() {
            return None;
        }
        if self.leaves_to_attendants()
            && (!self.slots.are_all_free() || self.runner.has_busy_neighbours())
        {
            return None;
        }
        self.slots.take()
    }

    /// Runs all turns of a job, and between them what waits.
    fn run_here(&self, slot: &mut Slot<'_, R>, job: &mut R::Job) {
        loop {
            self.runner.run(&mut slot.content, std::slice::from_mut(job));
            if !self.runner.next_turn(job) {
                return;
            }
            if self.has_waiting() {
                self.run_batch(slot);
            }
        }
    }

    #[cold]
    fn run_in_company(&self, job: R::Job, ask: Ask) -> Result<R::Job, (R::Job, Refused)> {
        let ask = self.that_waits(ask);
        let share = Share::of(&ask, self.runner.bytes(&job));
        if let Err(reason) = self.admit(&ask, share) {
            return Err((job, self.refused(reason)));
        }
        let node = Node::of_thread(ask, share, job, current());
        // The node is on this stack: whatever unwinds from here on would take it from the queue.
        let stay = AbortOnUnwind;
        self.push(&raw const node);
        self.see_to(&node);
        let verdict = self.wait(&node);
        self.woken.fetch_sub(1, Relaxed);
        std::mem::forget(stay);
        #[expect(unsafe_code, reason = "the verdict gives the job back")]
        // SAFETY: we are the submitter, and saw a verdict.
        let job =
            unsafe { node.reclaim_job() }.unwrap_or_else(|| unreachable!("it was given back"));
        match verdict {
            Verdict::Answered => Ok(job),
            Verdict::Late => Err((job, self.refused(RefusedReason::Late))),
        }
    }

    /// Sleeps until the request has ended, and serves whenever that is of use.
    fn wait(&self, node: &Node<R>) -> Verdict {
        for _ in 0..self.spins {
            if let Some(verdict) = node.verdict() {
                return verdict;
            }
            std::hint::spin_loop();
        }
        loop {
            if let Some(verdict) = node.verdict() {
                return verdict;
            }
            park();
            // Whoever woke us may have left a slot to us. Pairs with the fence in `leave`: either
            // this sees the slot free, or its owner that requests wait, as whoever woke us saw.
            fence(SeqCst);
            if node.verdict().is_none() {
                self.see_to(node);
            }
        }
    }

    /// A request that begins to wait, which it does until its deadline and as long as it has patience.
    fn that_waits(&self, ask: Ask) -> Ask {
        if ask.patience == u64::MAX {
            return ask;
        }
        let end = self.runner.now().saturating_add(ask.patience);
        Ask { deadline: ask.deadline.min(end), ..ask }
    }

    /// Takes a share of what may wait, or says why not.
    fn admit(&self, ask: &Ask, share: Share) -> Result<(), RefusedReason> {
        let ahead = self.credit.take(share).ok_or(RefusedReason::Full)?;
        // Pairs with the fence in `close`: either this sees the lane closed, or that the credit.
        fence(SeqCst);
        let refuse = if !self.open.load(Relaxed) {
            RefusedReason::Closed
        } else if self.is_late(ask, ahead / self.slots.len() + ask.rows) {
            RefusedReason::Late
        } else {
            return Ok(());
        };
        self.credit.give_back(share);
        Err(refuse)
    }

    /// Whether a request is late that is answered with so many rows.
    fn is_late(&self, ask: &Ask, rows: usize) -> bool {
        ask.deadline != u64::MAX
            && self.runner.now().saturating_add(self.runner.time_of(rows)) > ask.deadline
    }

    fn refused(&self, reason: RefusedReason) -> Refused {
        let ahead = self.credit.rows() / self.slots.len();
        let retry_after = std::time::Duration::from_nanos(self.runner.time_of(ahead.max(1)));
        Refused { reason, retry_after }
    }

    fn push(&self, node: node::Link<R>) {
        #[expect(unsafe_code, reason = "the queue's links are pointers")]
        // SAFETY: a thread's node stays until its verdict, because the thread waits for that; a
        // task's is on the heap, and the queue is one of its holders.
        unsafe {
            self.arrivals.push(node);
        }
        // Pairs with the fence in `leave`: either this sees the slot free, or that the request.
        fence(SeqCst);
    }

    /// Whether threads run requests, their own first; if not, attendants do.
    pub(crate) fn is_inline(&self) -> bool {
        // Acquire: whoever leaves requests to attendants sees them; pairs with the Release in
        // `install_attendants`.
        self.inline.load(Acquire)
    }

    /// Whether requests wait.
    fn has_waiting(&self) -> bool {
        !self.arrivals.is_empty() || self.backlog_len.load(Relaxed) > 0
    }

    /// Takes no more requests, and returns when those that were taken have ended; as often as one
    /// likes.
    pub(crate) fn close(&self) {
        // Once: there is nobody to take the slots from the second time.
        self.closed.get_or_init(|| {
            self.open.store(false, Relaxed);
            // Pairs with the fence in `admit`.
            fence(SeqCst);
            while self.credit.rows() > 0 {
                yield_now();
            }
            // What came in through a free slot has no credit: every slot is taken once, and kept.
            for slot in 0..self.slots.len() {
                while self.slots.take_at(slot).map(std::mem::forget).is_none() {
                    yield_now();
                }
            }
        });
    }

    /// Requests whose submitters went away before the answer.
    pub(crate) fn cancelled(&self) -> usize {
        self.cancelled.load(Relaxed)
    }

    /// The rows that wait or are run for those that waited.
    pub(crate) fn waiting_rows(&self) -> usize {
        self.credit.rows()
    }
}

/// Ends the process when it is unwound through.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::process::abort();
    }
}

impl<R: Runner> fmt::Debug for Combiner<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Combiner")
            .field("slots", &self.slots.len())
            .field("waiting_rows", &self.waiting_rows())
            .finish_non_exhaustive()
    }
}
