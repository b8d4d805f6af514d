//! Files that other programs wrote, and that nobody wrote: formats of numbers.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod golden;
mod libsvm;
mod npy;
mod npz;
mod properties;
mod record_io;
mod replies;
mod support;
