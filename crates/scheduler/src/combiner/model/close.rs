//! The end of a lane, and requests that come just then.
//!
//! Both models fail without the fence in `admit` or in `close`, and where `close` does not take every
//! slot; the second where it does not wait for the credit.

use std::sync::atomic::Ordering::Relaxed;

use super::*;

/// A request is answered or given back, and nothing runs once `close` has returned.
fn close_beside(threads: usize) {
    let adder = adder(1, 1);
    let others: Vec<_> = (0..threads)
        .map(|value| {
            let adder = Arc::clone(&adder);
            thread::spawn(move || match adder.run(number(value), ASK) {
                Ok(answer) => assert_eq!(answer, number(value + 1)),
                Err((job, refused)) => {
                    assert_eq!((job, refused.reason), (number(value), RefusedReason::Closed));
                }
            })
        })
        .collect();
    adder.close();
    adder.runner().over.store(true, Relaxed);
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(adder.waiting_rows(), 0);
}

#[test]
fn request_ends_before_the_lane_does() {
    check(3, || close_beside(1));
}

#[test]
fn requests_that_wait_end_before_the_lane_does() {
    check(2, || close_beside(2));
}
