//! Load on anything that answers: at a rate, or at a concurrency, with latency that hides no stall.
//!
//! A [`Target`] is what is asked; it gives each thread a [`Caller`]. In an [`open_loop`] requests
//! are due at times that were drawn before ([`Arrivals`]), whatever the target does, and latency
//! runs from when a request was due: a target that stops makes every request that was due meanwhile
//! late, and each is booked. In a [`closed_loop`] a caller sends when it has its answer, which tells
//! what the target can do at most, but sees a stop once per caller: a stopped target is not asked.
//!
//! Callers are threads, one per connection or concurrent call. Before a send they sleep, and spin at
//! the end ([`OpenLoop::spinners`]), because a sleep ends late by more than a small model takes. What
//! the generator was late all the same is told beside the latency, as [`Measured::late`].
//!
//! ```
//! use std::time::Duration;
//!
//! use hotplate_load::{Arrivals, OpenLoop, Outcome, open_loop};
//!
//! // Each caller gets a closure of its own, which may keep what it needs between calls.
//! let target = || {
//!     |request: usize| {
//!         std::hint::black_box(request);
//!         Outcome::Answered
//!     }
//! };
//! let arrivals = Arrivals::poisson(2000.0, Duration::from_millis(200), 7)?;
//! let settings = OpenLoop { callers: 1, ..OpenLoop::default() };
//! let measured = open_loop(&target, &arrivals, &settings, |_| {})?;
//! assert_eq!(measured.answered, arrivals.len() as u64);
//! println!("p99 {:?}", measured.latency.quantile(0.99));
//! # Ok::<(), hotplate_load::Error>(())
//! ```
//!
//! | Module | Holds |
//! |---|---|
//! | crate root | targets, arrivals, the two loops, what was measured |
//! | [`knee`] | rates in steps, and the highest that holds |
//! | [`http`] | a target behind a URL |
//! | [`self_test`] | proof that a stop is seen |

#![forbid(unsafe_code)]

mod arrivals;
mod callers;
mod closed;
mod error;
pub mod http;
pub mod knee;
mod latencies;
mod measured;
mod open;
mod recorder;
pub mod self_test;
mod target;
mod wait;

pub use arrivals::Arrivals;
pub use closed::{ClosedLoop, closed_loop};
pub use error::{Error, ErrorKind};
pub use latencies::{Bucket, Latencies};
pub use measured::{Failure, Measured, Slice};
pub use open::{OpenLoop, open_loop};
pub use target::{Caller, Outcome, Target};
