//! Requests and slots: none is forgotten in between.
//!
//! Some model here fails
//! - without the fence in `push`, `leave` or `serve`;
//! - where `leave` does not look at the queue, or a submitter not for a slot after its push;
//! - where `Arrivals::push` has no Release or `take_all` no Acquire;
//! - where `TryLock` has no Acquire, or its guard no Release;
//! - where the verdict of a thread has no Release, or a look at it no Acquire, or where the thread's
//!   handle is taken out of its node after the verdict.
//!
//! `no_slot_is_idle_while_a_thread_waits` alone fails without the first fence in
//! `look_for_free_slots`, or where `collect` does not call that: nothing is forgotten then, but
//! waits for somebody else's batch though a slot is free.

use super::*;

/// Threads that each have a request for few slots: all are answered, once.
fn share(threads: usize, slots: usize, batch_rows: usize) {
    let adder = adder(slots, batch_rows);
    let others: Vec<_> = (1..threads).map(|value| run_elsewhere(&adder, number(value))).collect();
    run_here(&adder, number(0));
    for other in others {
        other.join().unwrap();
    }
    assert_eq!((adder.added(), adder.waiting_rows()), (threads, 0));
}

#[test]
fn no_request_is_forgotten_at_one_slot() {
    check(3, || share(2, 1, 8));
}

#[test]
fn no_request_is_forgotten_over_another() {
    check(2, || share(3, 1, 1));
}

#[test]
fn no_request_is_forgotten_at_a_shut_gate() {
    check(3, || share(3, 2, 1));
}

/// A request of several turns goes back into the queue.
#[test]
fn turns_are_run_in_between() {
    check(2, || {
        let adder = adder(1, 1);
        let other = run_elsewhere(&adder, turns(0, 2));
        run_here(&adder, number(5));
        other.join().unwrap();
        assert_eq!((adder.added(), adder.waiting_rows()), (3, 0));
    });
}

/// A thread waits while another's request runs for long: it gets the slot that was given back while
/// the gate was shut.
#[test]
fn no_slot_is_idle_while_a_thread_waits() {
    check(1, || {
        let adder = adder(2, 1);
        let slots = [0, 1].map(|slot| adder.slots.take_at(slot).unwrap());
        let task = adder.submit(number(LONG_RUN).into(), ASK).ok().unwrap();
        let Submitted::Waits(ticket) = task else { unreachable!("no slot is free") };
        let (weak, waiter) = (Arc::downgrade(&adder), Arc::new(OnceLock::new()));
        let waits = Arc::clone(&waiter);
        let until_alone = move || {
            // Who runs it in person has nobody to wait for.
            let waits = |adder: &Combiner<_>| {
                adder.waiting_rows() > 1 && waits.get() != Some(&thread::current().id())
            };
            while waits(&weak.upgrade().unwrap()) {
                thread::yield_now();
            }
        };
        assert!(adder.runner().long_run.set(Box::new(until_alone)).is_ok());
        let run = {
            let adder = Arc::clone(&adder);
            thread::spawn(move || {
                let _ = waiter.set(thread::current().id());
                run_here(&adder, number(5));
            })
        };
        let [slot, other] = slots.map(|slot| {
            #[expect(unsafe_code, reason = "a thread of loom borrows from nothing")]
            // SAFETY: the slot goes before what it is borrowed from.
            unsafe {
                std::mem::transmute::<Slot<'_, _>, Slot<'static, _>>(slot)
            }
        });
        let leave = {
            let adder = Arc::clone(&adder);
            thread::spawn(move || adder.leave(other))
        };
        adder.leave(slot);
        run.join().unwrap();
        leave.join().unwrap();
        assert_eq!(loom::future::block_on(ticket).outcome.ok(), Some(LONG_RUN + 1));
        assert_eq!((adder.added(), adder.waiting_rows()), (2, 0));
    });
}

/// A thread that looks before it is woken sees the whole answer.
#[test]
fn verdict_comes_with_the_answer() {
    check(3, || {
        let share = Share::of(&ASK, 1);
        let node = Arc::new(Node::<AddOne>::of_thread(ASK, share, number(0), thread::current()));
        assert!(node.claim());
        let other = {
            let node = Arc::clone(&node);
            thread::spawn(move || {
                #[expect(unsafe_code, reason = "a node changes hands with its state")]
                // SAFETY: it was claimed for this thread, and stays until that has ended.
                let wake = unsafe {
                    let mut job = node.take_job().unwrap();
                    job.value += 1;
                    Node::finish(Arc::as_ptr(&node), Some(job), Verdict::Answered, drop)
                };
                assert!(wake.is_some());
            })
        };
        while node.verdict().is_none() {
            thread::yield_now();
        }
        #[expect(unsafe_code, reason = "the verdict gives the job back")]
        // SAFETY: we are the submitter, and saw a verdict.
        let job = unsafe { node.reclaim_job() };
        assert_eq!(job, Some(number(1)));
        // Its stack is another's now.
        node.touch();
        other.join().unwrap();
    });
}
