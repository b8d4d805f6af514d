//! The program `hotplate`, from outside: arguments in, output and exit code out.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod inspect;
mod predict;
mod serve;
mod stream;
mod support;
mod usage;
mod verify;
