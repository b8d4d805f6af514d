//! What the engine takes, what it refuses, and that its answers are ONNX's.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod branches;
mod categories;
mod classifiers;
mod ensembles;
mod library;
mod malformed_trees;
mod margins;
mod mutations;
mod oracle;
mod preprocessing;
mod program_classical;
mod program_elementwise;
mod program_layout;
mod program_linear;
mod program_reduce;
mod refused_graphs;
mod refused_operators;
mod refused_rows;
mod refused_trees;
mod rows;
mod support;
mod taken;
mod taken_trees;
mod traced;
mod zipmaps;
