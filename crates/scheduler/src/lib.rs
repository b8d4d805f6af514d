//! Where the requests for one plan meet its workers.
//!
//! A [`Lane`] has a slot for each worker. A request takes a free slot and runs *on the thread that
//! brought it*: no queue, no hand-over, no wake-up. When every slot is taken, requests wait, and
//! whoever owns a slot runs what waits as one batch before giving the slot back: the backlog is the
//! signal to batch, and no timer is used. A lane has threads of its own for what is left over when the
//! callers have their answers, and for runs that are longer than a wake-up while another slot is
//! taken, or a lane of shorter runs is in use in the same process; plans of more than a millisecond, or on a device, are run by nobody else.
//!
//! A blocking caller waits on its own stack; a task leaves its buffers to the lane, and gets them
//! back with the answer.
//!
//! # Unsafe code
//!
//! Requests that wait are linked by pointers to where they are, and borrowed across threads. That
//! is confined to `combiner` (nodes, and the queue that links them), to the lock that nobody waits
//! for, and to the two lines that take the lifetime off a part. Loom checks the protocol and who is
//! at which cell; sanitizers watch the memory in large runs.

mod attendants;
mod combiner;
mod cost;
mod lane;
mod record;
mod request;
mod runner;
mod slots;
mod sync;
mod try_lock;
mod warm_up;

pub use lane::{Inference, InferenceOutcome, Lane, LaneFigures, LaneSettings, Rejected, Tier};
pub use request::{Priority, Refused, RefusedReason, Terms};
pub use runner::Buffers;
