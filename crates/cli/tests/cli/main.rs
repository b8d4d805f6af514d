//! The program `hotplate`, from outside: arguments in, output and exit code out.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod bench;
mod clients;
mod config;
mod diff;
mod drain;
mod forest;
mod inspect;
mod multi_model;
mod needs;
mod numbers;
mod onnxruntime;
mod placeholders;
mod predict;
mod serve;
mod served;
mod stream;
mod support;
mod tensors;
mod texts;
mod trace;
mod usage;
mod verify;
