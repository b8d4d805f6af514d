//! A task's ticket against the owner of a slot that runs its request.
//!
//! Some model here fails
//! - where the verdict of a task has no Release, or a look at it no Acquire;
//! - where the waker is taken before the verdict is there;
//! - where a poll does not look for a verdict again after it left its waker;
//! - where `let_go` has no Release or no Acquire;
//! - where a request is ended before it is taken out of the queue: its link is read in its node's
//!   next life.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::*;
use crate::combiner::ticket::Ticket;

/// A task beside a thread that has the slot first, or not.
fn task(turns_of_task: usize, then: impl Fn(Ticket<AddOne>) + Copy) {
    let adder = adder(1, 1);
    let other = run_elsewhere(&adder, number(5));
    match adder.submit(turns(0, turns_of_task).into(), ASK).ok().unwrap() {
        Submitted::Ended(ended) => assert_eq!(ended.outcome.ok(), Some(turns_of_task)),
        Submitted::Waits(ticket) => then(ticket),
    }
    other.join().unwrap();
    assert_eq!(adder.waiting_rows(), 0);
}

fn look(ticket: &mut Ticket<AddOne>) -> Poll<Ended<AddOne>> {
    Pin::new(ticket).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn task_is_woken_with_its_answer() {
    check(3, || {
        task(1, |ticket| {
            assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(1));
        });
    });
}

/// The last waker that a task came with counts.
#[test]
fn task_that_moved_is_woken() {
    check(3, || {
        task(1, |mut ticket| match look(&mut ticket) {
            Poll::Ready(ended) => assert_eq!(ended.outcome.ok(), Some(1)),
            Poll::Pending => {
                assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(1));
            }
        });
    });
}

#[test]
fn ticket_is_dropped_at_any_time() {
    check(3, || task(1, drop));
    check(3, || {
        task(1, |mut ticket| drop((look(&mut ticket), ticket)));
    });
}

/// Dropped before, in and between the turns.
#[test]
fn ticket_of_several_turns_is_dropped_at_any_time() {
    check(3, || task(3, drop));
}

#[test]
fn task_of_several_turns_is_woken_with_its_answer() {
    check(2, || {
        task(2, |ticket| {
            assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(2));
        });
    });
}

/// A node from the pool is as good as a new one.
#[test]
fn node_has_another_life() {
    check(3, || {
        let adder = adder(1, 1);
        let other = run_elsewhere(&adder, number(5));
        for turn in 0..2 {
            match adder.submit(number(turn).into(), ASK).ok().unwrap() {
                Submitted::Waits(ticket) if turn == 0 => drop(ticket),
                Submitted::Waits(ticket) => {
                    assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(turn + 1));
                }
                Submitted::Ended(ended) => assert_eq!(ended.outcome.ok(), Some(turn + 1)),
            }
        }
        other.join().unwrap();
        assert_eq!(adder.waiting_rows(), 0);
    });
}
