//! ONNX Runtime as a backend, asked through the traits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod batches;
mod devices;
mod graphs;
mod habits;
mod refusals;
mod support;
mod tensors;
