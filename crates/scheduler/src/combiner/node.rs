//! A request that waits: where its submitter, the queue and the owner of a slot meet.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    task::Waker,
};

use super::{Runner, Share};
use crate::{
    Priority,
    sync::{
        AtomicU8, AtomicUsize, AtomicWaker,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
        Thread, UnsafeCell,
    },
};

/// In the queue, or on the way into it.
const WAITING: u8 = 0;
/// Taken out of the queue by the owner of a slot.
const RUNNING: u8 = 1;
/// Run: the job is the submitter's again.
const ANSWERED: u8 = 2;
/// Not run, because its deadline had come: the job is the submitter's again.
const LATE: u8 = 3;
/// Nobody wants the answer any more.
const CANCELLED: u8 = 4;

/// What the queue must know of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) priority: Priority,
    /// In nanoseconds of the runner's clock; [`u64::MAX`] for none.
    pub(crate) deadline: u64,
    /// In nanoseconds from when it begins to wait; [`u64::MAX`] for no end.
    pub(crate) patience: u64,
    /// The rows of all turns.
    pub(crate) rows: usize,
}

impl Ask {
    /// Of so many rows, and nothing else.
    pub(crate) const fn of_rows(rows: usize) -> Self {
        Self { priority: Priority::Normal, deadline: u64::MAX, patience: u64::MAX, rows }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Answered,
    Late,
}

/// A request in the queue.
///
/// Who may touch which cell follows from the state alone. `next` is the submitter's until the node
/// is pushed, and then the queue's. `job` is the submitter's until the node is pushed; while it
/// waits, whoever is behind the gate may look at it; while it runs, it is the slot owner's; once it
/// is answered or late, it is the submitter's again. `kept` is what the job borrows from: it stays
/// where it is, untouched, from push to verdict.
pub(crate) struct Node<R: Runner> {
    next: UnsafeCell<*const Node<R>>,
    state: AtomicU8,
    ask: UnsafeCell<(Ask, Share)>,
    job: UnsafeCell<Option<R::Job>>,
    kept: UnsafeCell<Option<R::Kept>>,
    submitter: Submitter,
}

// SAFETY: what a node holds may be sent, and its links are the queue's.
#[expect(unsafe_code, reason = "links are pointers")]
unsafe impl<R: Runner> Send for Node<R> {}

/// Who is told of the verdict.
enum Submitter {
    /// A thread that sleeps, on whose stack the node is: it is gone as soon as the verdict is there.
    Thread(UnsafeCell<Option<Thread>>),
    /// A task; the node is on the heap, and its last holder puts it away.
    Task { waker: AtomicWaker, holders: AtomicUsize },
}

/// Somebody to be woken, after the last verdict of a batch is there.
pub(crate) enum Wake {
    Thread(Thread),
    Task(Waker),
}

impl Wake {
    pub(crate) fn wake(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Task(waker) => {
                // It is somebody else's code, and the others' answers must not be lost over it.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            }
        }
    }
}

/// What the queue holds on to: the submitter, or the node's place on the heap, outlives it.
pub(crate) type Link<R> = *const Node<R>;

#[expect(unsafe_code, reason = "cells that change hands with the state")]
impl<R: Runner> Node<R> {
    /// A node on the stack of the thread that will wait for it.
    pub(crate) fn of_thread(ask: Ask, share: Share, job: R::Job, thread: Thread) -> Self {
        Self::new(ask, share, Some(job), Submitter::Thread(UnsafeCell::new(Some(thread))))
    }

    /// A node for the heap, without a request as yet.
    pub(crate) fn of_task() -> Self {
        let ask = Ask::of_rows(0);
        let submitter = Submitter::Task { waker: AtomicWaker::new(), holders: AtomicUsize::new(0) };
        Self::new(ask, Share::default(), None, submitter)
    }

    fn new(ask: Ask, share: Share, job: Option<R::Job>, submitter: Submitter) -> Self {
        Self {
            next: UnsafeCell::new(ptr::null()),
            state: AtomicU8::new(WAITING),
            ask: UnsafeCell::new((ask, share)),
            job: UnsafeCell::new(job),
            kept: UnsafeCell::new(None),
            submitter,
        }
    }

    /// Puts a request into a node for two holders: the queue, and the ticket.
    ///
    /// # Safety
    ///
    /// Nobody else knows the node, and it is on the heap and stays where it is: the job borrows
    /// from what is kept in it.
    pub(crate) unsafe fn fill(&self, runner: &R, ask: Ask, share: Share, kept: R::Kept) {
        self.state.store(WAITING, Relaxed);
        if let Submitter::Task { holders, .. } = &self.submitter {
            holders.store(2, Relaxed);
        }
        // SAFETY: nobody else knows the node.
        self.ask.with_mut(|cell| unsafe { *cell = (ask, share) });
        // SAFETY: as above.
        let job = self.kept.with_mut(|cell| runner.job(unsafe { (*cell).insert(kept) }));
        // SAFETY: as above.
        self.job.with_mut(|cell| unsafe { *cell = Some(job) });
    }

    /// The node behind this one.
    ///
    /// # Safety
    ///
    /// The node is the caller's: not pushed yet, or taken out of the arrivals by the caller.
    pub(super) unsafe fn next(&self) -> Link<R> {
        // SAFETY: only the caller is at the cell.
        self.next.with(|next| unsafe { *next })
    }

    /// Puts `next` behind this node.
    ///
    /// # Safety
    ///
    /// As [`next`](Self::next).
    pub(super) unsafe fn set_next(&self, next: Link<R>) {
        // SAFETY: only the caller is at the cell.
        self.next.with_mut(|cell| unsafe { *cell = next });
    }

    /// What the queue knows of the request.
    pub(crate) fn ask(&self) -> Ask {
        // SAFETY: nobody writes it while anybody else knows the node.
        self.ask.with(|ask| unsafe { (*ask).0 })
    }

    /// The request's part in what may wait.
    pub(super) fn share(&self) -> Share {
        // SAFETY: as above.
        self.ask.with(|ask| unsafe { (*ask).1 })
    }

    /// The rows of the next turn.
    ///
    /// # Safety
    ///
    /// The node waits, and the caller is behind the gate.
    pub(super) unsafe fn rows(&self, runner: &R) -> usize {
        // SAFETY: a job that waits is only looked at, and behind the gate.
        self.job.with(|job| unsafe { (*job).as_ref() }.map_or(0, |job| runner.rows(job)))
    }

    /// Whether a thread waits for this node.
    pub(super) const fn is_of_thread(&self) -> bool {
        matches!(self.submitter, Submitter::Thread(_))
    }

    /// The thread that waits for this node, if it is a thread.
    ///
    /// # Safety
    ///
    /// The node waits, and the caller is behind the gate.
    pub(super) unsafe fn thread(&self) -> Option<Thread> {
        match &self.submitter {
            // SAFETY: the cell is written before the push and by the owner of a slot who took the
            // node from behind the gate.
            Submitter::Thread(thread) => thread.with(|thread| unsafe { (*thread).clone() }),
            Submitter::Task { .. } => None,
        }
    }

    /// Whether nobody wants the answer any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.state.load(Relaxed) == CANCELLED
    }

    /// Takes the node to be run; not one that was cancelled. For whoever took it out of the queue.
    pub(super) fn claim(&self) -> bool {
        self.state.compare_exchange(WAITING, RUNNING, Relaxed, Relaxed).is_ok()
    }

    /// The job of a claimed node.
    ///
    /// # Safety
    ///
    /// The caller claimed the node.
    pub(super) unsafe fn take_job(&self) -> Option<R::Job> {
        // SAFETY: the job of a running node is its claimer's.
        self.job.with_mut(|job| unsafe { (*job).take() })
    }

    /// Gives the job back, with a turn to come.
    ///
    /// # Safety
    ///
    /// The caller claimed the node, and pushes it next, or sees `false`: it was cancelled.
    pub(super) unsafe fn give_back(&self, job: R::Job) -> bool {
        // SAFETY: the job of a running node is its claimer's.
        self.job.with_mut(|cell| unsafe { *cell = Some(job) });
        self.state.compare_exchange(RUNNING, WAITING, Relaxed, Relaxed).is_ok()
    }

    /// Ends a request, and says whom to wake. The node may be gone from here on.
    ///
    /// # Safety
    ///
    /// `this` is valid, and the caller is the queue's holder of it: it claimed the node, or took a
    /// waiting one out of the queue.
    pub(super) unsafe fn finish(
        this: Link<R>,
        job: Option<R::Job>,
        verdict: Verdict,
        put_away: impl FnOnce(Box<Self>),
    ) -> Option<Wake> {
        // SAFETY: valid, as the caller promises; a thread's node stays until the state says so, a
        // task's until the holder's share is given back below.
        let node = unsafe { &*this };
        if let Some(job) = job {
            // SAFETY: the caller claimed the node.
            node.job.with_mut(|cell| unsafe { *cell = Some(job) });
        }
        let state = match verdict {
            Verdict::Answered => ANSWERED,
            Verdict::Late => LATE,
        };
        match &node.submitter {
            Submitter::Thread(thread) => {
                // SAFETY: the cell is the claimer's.
                let thread = thread.with_mut(|thread| unsafe { (*thread).take() });
                // Release: publishes the answers; pairs with the Acquire in `verdict`.
                node.state.store(state, Release);
                thread.map(Wake::Thread)
            }
            Submitter::Task { waker, .. } => {
                // Release: as above. Before the waker is taken: a task that registers one too late
                // sees this. Whoever cancelled does not look.
                node.state.store(state, Release);
                let waker = waker.take_waker();
                // SAFETY: the caller's share, given back once.
                unsafe { Self::let_go(this, put_away) };
                waker.map(Wake::Task)
            }
        }
    }

    /// How the request ended, if it has. The job is the submitter's then.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        // Acquire: sees the answers; pairs with the Release in `finish`.
        match self.state.load(Acquire) {
            ANSWERED => Some(Verdict::Answered),
            LATE => Some(Verdict::Late),
            _ => None,
        }
    }

    /// The job of a request that has ended.
    ///
    /// # Safety
    ///
    /// The caller is the submitter, and saw a verdict.
    pub(crate) unsafe fn reclaim_job(&self) -> Option<R::Job> {
        // SAFETY: the job is the submitter's.
        self.job.with_mut(|job| unsafe { (*job).take() })
    }

    /// What the job of a request that has ended borrowed from.
    ///
    /// # Safety
    ///
    /// As [`reclaim_job`](Self::reclaim_job), and the job is gone.
    pub(crate) unsafe fn reclaim_kept(&self) -> Option<R::Kept> {
        // SAFETY: with the job went the last borrow.
        self.kept.with_mut(|kept| unsafe { (*kept).take() })
    }

    /// Says whom to wake; the verdict must be looked for afterwards.
    pub(crate) fn register(&self, waker: &Waker) {
        if let Submitter::Task { waker: cell, .. } = &self.submitter {
            cell.register_by_ref(waker);
        }
    }

    /// Nobody wants the answer any more; a turn that runs runs to its end. Says whether there was no
    /// answer yet.
    pub(crate) fn cancel(&self) -> bool {
        let cancel = |state| matches!(state, WAITING | RUNNING).then_some(CANCELLED);
        self.state.fetch_update(Relaxed, Relaxed, cancel).is_ok()
    }

    /// Gives back a holder's share of a node on the heap; the last one puts it away.
    ///
    /// # Safety
    ///
    /// `this` came from a box, and the caller has a share of it that it does not use again.
    pub(crate) unsafe fn let_go(this: Link<R>, put_away: impl FnOnce(Box<Self>)) {
        // SAFETY: valid as long as the caller's share is.
        let Submitter::Task { holders, .. } = &(unsafe { &*this }).submitter else { return };
        // Release: what this holder did comes before the node's next life. Acquire: so does what
        // the other did.
        if holders.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: it came from a box, and nobody else knows it.
            let mut node = unsafe { Box::from_raw(this.cast_mut()) };
            node.empty();
            put_away(node);
        }
    }

    /// Comes to every cell, as the end of the node would.
    #[cfg(all(test, loom))]
    pub(super) fn touch(&self) {
        self.next.with_mut(|_| ());
        self.ask.with_mut(|_| ());
        self.job.with_mut(|_| ());
        self.kept.with_mut(|_| ());
        if let Submitter::Thread(thread) = &self.submitter {
            thread.with_mut(|_| ());
        }
    }

    fn empty(&mut self) {
        // SAFETY: nobody else knows the node. The job goes before what it borrows from.
        self.job.with_mut(|job| unsafe { *job = None });
        // SAFETY: as above.
        self.kept.with_mut(|kept| unsafe { *kept = None });
        if let Submitter::Task { waker, .. } = &self.submitter {
            drop(waker.take_waker());
        }
    }
}
