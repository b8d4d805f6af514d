//! A task's claim to an answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{Ask, Combiner, Node, Runner, Share, Verdict, node::Link};
use crate::{Refused, RefusedReason, sync::Ordering::Relaxed};

/// A claim to the answer of a request that waits; dropped, it cancels the request.
pub(crate) struct Ticket<R: Runner> {
    combiner: Arc<Combiner<R>>,
    /// Ours until the answer was taken out of it.
    node: Option<Link<R>>,
}

// SAFETY: what a node holds may be sent, and the ticket is one of its two holders.
#[expect(unsafe_code, reason = "links are pointers")]
unsafe impl<R: Runner> Send for Ticket<R> {}
// SAFETY: a ticket that is only looked at gives nothing away.
#[expect(unsafe_code, reason = "links are pointers")]
unsafe impl<R: Runner> Sync for Ticket<R> {}

/// What a task has after it submitted a request.
pub(crate) enum Submitted<R: Runner> {
    /// The answer, of a request that was run at once.
    Ended(Ended<R>),
    /// A claim to it.
    Waits(Ticket<R>),
}

/// What became of a task's request.
pub(crate) struct Ended<R: Runner> {
    /// What the task brought.
    pub(crate) kept: R::Kept,
    /// How it went, where it was run.
    pub(crate) outcome: Result<R::Outcome, Refused>,
}

impl<R: Runner> Combiner<R> {
    /// Has a slot run what a task brought: at once and on this thread where one is free, else among
    /// others.
    ///
    /// # Errors
    ///
    /// When it was not admitted; what the task brought comes back with the reason.
    pub(crate) fn submit(
        self: &Arc<Self>,
        mut kept: R::Kept,
        ask: Ask,
    ) -> Result<Submitted<R>, (R::Kept, Refused)> {
        if let Some(mut slot) = self.take_inline() {
            if self.is_late(&ask, ask.rows) {
                self.leave(slot);
                return Err((kept, self.refused(RefusedReason::Late)));
            }
            let mut job = self.runner.job(&mut kept);
            self.run_here(&mut slot, &mut job);
            self.leave(slot);
            let outcome = Ok(self.runner.outcome(job));
            return Ok(Submitted::Ended(Ended { kept, outcome }));
        }
        let ask = self.that_waits(ask);
        let share = Share::of(&ask, self.runner.bytes(&self.runner.job(&mut kept)));
        if let Err(reason) = self.admit(&ask, share) {
            return Err((kept, self.refused(reason)));
        }
        let node = self.spares.pop().unwrap_or_else(|| Box::new(Node::of_task()));
        let link: Link<R> = Box::into_raw(node);
        let ticket = Ticket { combiner: Arc::clone(self), node: Some(link) };
        #[expect(unsafe_code, reason = "the node is on the heap")]
        // SAFETY: nobody else knows it yet, and the ticket holds it from here on.
        let node = unsafe {
            (*link).fill(&self.runner, ask, share, kept);
            &*link
        };
        self.push(link);
        self.see_to(node);
        Ok(Submitted::Waits(ticket))
    }

    /// Keeps an empty node for the next task.
    pub(super) fn put_away(&self, node: Box<Node<R>>) {
        // One too many is dropped.
        let _ = self.spares.push(node);
    }
}

impl<R: Runner> Future for Ticket<R> {
    type Output = Ended<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended<R>> {
        let link = self.node.unwrap_or_else(|| unreachable!("polled after it was ready"));
        #[expect(unsafe_code, reason = "the node is on the heap")]
        // SAFETY: the ticket holds it.
        let node = unsafe { &*link };
        if node.verdict().is_none() {
            node.register(context.waker());
        }
        let Some(verdict) = node.verdict() else { return Poll::Pending };
        self.node = None;
        let combiner = &self.combiner;
        #[expect(unsafe_code, reason = "the verdict gives the job back")]
        // SAFETY: we are the submitter, and saw a verdict.
        let job = unsafe { node.reclaim_job() };
        // The job goes before what it borrows from.
        let outcome = match (verdict, job) {
            (Verdict::Answered, Some(job)) => Ok(combiner.runner.outcome(job)),
            _ => Err(combiner.refused(RefusedReason::Late)),
        };
        #[expect(unsafe_code, reason = "the verdict gives the node back")]
        // SAFETY: as above, and the ticket does not use its share again.
        let kept = unsafe {
            let kept = node.reclaim_kept();
            Node::let_go(link, |node| combiner.put_away(node));
            kept.unwrap_or_else(|| unreachable!("it was put there"))
        };
        Poll::Ready(Ended { kept, outcome })
    }
}

impl<R: Runner> Drop for Ticket<R> {
    fn drop(&mut self) {
        let Some(link) = self.node else { return };
        let combiner = &self.combiner;
        #[expect(unsafe_code, reason = "the node is on the heap")]
        // SAFETY: the ticket holds it, and lets go of it last.
        unsafe {
            if (*link).cancel() {
                combiner.cancelled.fetch_add(1, Relaxed);
            }
            Node::let_go(link, |node| combiner.put_away(node));
        }
    }
}

impl<R: Runner> fmt::Debug for Ticket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

impl<R: Runner> fmt::Debug for Submitted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended(_) => "Ended",
            Self::Waits(_) => "Waits",
        })
    }
}
