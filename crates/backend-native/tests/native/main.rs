//! What the engine takes, what it refuses, and that its answers are ONNX's.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod branches;
mod categories;
mod classifiers;
mod ensembles;
mod malformed_trees;
mod mutations;
mod oracle;
mod preprocessing;
mod refused_graphs;
mod refused_operators;
mod refused_trees;
mod rows;
mod support;
