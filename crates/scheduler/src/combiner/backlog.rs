//! Requests in the order in which they will be run.

use std::ptr;

use super::{
    Runner,
    arrivals::Arrivals,
    node::{Link, Node},
};
use crate::{Priority, sync::Thread};

/// Every so many batches, each class that waits has a request in front of all others, as far as
/// they fit; classes take turns in being the first of them.
const FAIR_TURN: u32 = 8;

/// What waits, by class; only for whoever is behind the gate.
pub(super) struct Backlog<R: Runner> {
    classes: [Fifo<R>; Priority::COUNT],
    /// Batches so far.
    batches: u32,
}

/// A queue whose links are in the nodes.
struct Fifo<R: Runner> {
    first: Link<R>,
    last: Link<R>,
    len: usize,
}

// SAFETY: nodes and their jobs may be sent, and whoever has the backlog has its links.
#[expect(unsafe_code, reason = "links are pointers")]
unsafe impl<R: Runner> Send for Backlog<R> {}

impl<R: Runner> Backlog<R> {
    pub(super) fn new() -> Self {
        let fifo = || Fifo { first: ptr::null(), last: ptr::null(), len: 0 };
        Self { classes: [fifo(), fifo(), fifo()], batches: 0 }
    }

    /// The number of requests.
    pub(super) fn len(&self) -> usize {
        self.classes.iter().map(|class| class.len).sum()
    }

    /// Appends what came, each to its class, the first that came first.
    #[expect(unsafe_code, reason = "the queue's links are pointers")]
    pub(super) fn take_in(&mut self, arrivals: &Arrivals<R>) {
        let (mut newest, mut oldest) = (arrivals.take_all(), ptr::null());
        while !newest.is_null() {
            // SAFETY: nodes in the queue are valid, and those taken are ours.
            unsafe {
                let next = (*newest).next();
                (*newest).set_next(oldest);
                oldest = newest;
                newest = next;
            }
        }
        while !oldest.is_null() {
            // SAFETY: as above.
            let (node, next) = unsafe { (&*oldest, (*oldest).next()) };
            self.classes[node.ask().priority as usize].append(oldest);
            oldest = next;
        }
    }

    /// Begins a batch, if anything waits: gives the order in which classes are asked for a request,
    /// one each, before all others of the highest.
    pub(super) fn begin_batch(&mut self) -> impl Iterator<Item = usize> + use<R> {
        if self.len() > 0 {
            self.batches = self.batches.wrapping_add(1);
        }
        let fair = self.batches.is_multiple_of(FAIR_TURN);
        // Where a batch has room for one of them alone, it is another one each time.
        let first = (self.batches / FAIR_TURN) as usize;
        (0..Priority::COUNT).map(move |step| (first + step) % Priority::COUNT).filter(move |_| fair)
    }

    /// The first node of a class.
    pub(super) fn first_of(&self, class: usize) -> Option<Link<R>> {
        let first = self.classes[class].first;
        (!first.is_null()).then_some(first)
    }

    /// Takes the first node of a class out.
    pub(super) fn take_first(&mut self, class: usize) {
        self.classes[class].take_first();
    }

    /// A thread that waits here, of the first in order.
    #[expect(unsafe_code, reason = "the queue's links are pointers")]
    pub(super) fn first_thread(&self) -> Option<Thread> {
        self.classes.iter().find_map(|class| {
            let mut link = class.first;
            while !link.is_null() {
                // SAFETY: nodes in the queue are valid and wait, and we are behind the gate.
                let (thread, next) = unsafe { ((*link).thread(), (*link).next()) };
                if thread.is_some() {
                    return thread;
                }
                link = next;
            }
            None
        })
    }
}

#[expect(unsafe_code, reason = "the queue's links are pointers")]
impl<R: Runner> Fifo<R> {
    fn append(&mut self, node: Link<R>) {
        // SAFETY: nodes in the queue are valid, and we are behind the gate.
        unsafe {
            (*node).set_next(ptr::null());
            if self.last.is_null() {
                self.first = node;
            } else {
                Node::set_next(&*self.last, node);
            }
        }
        self.last = node;
        self.len += 1;
    }

    fn take_first(&mut self) {
        if self.first.is_null() {
            return;
        }
        // SAFETY: as above.
        self.first = unsafe { (*self.first).next() };
        if self.first.is_null() {
            self.last = ptr::null();
        }
        self.len -= 1;
    }
}
