//! Where the requests for one plan meet its workers.
//!
//! A [`Lane`] has a slot for each worker. A request takes a free slot and runs *on the thread that
//! brought it*: no queue, no hand-over, no wake-up. Only when every slot is taken does the thread
//! sleep until one is given back.
#![forbid(unsafe_code)]

mod lane;
mod slots;
mod sync;

pub use lane::Lane;
