//! Graphs of any of the operators that tabular pipelines are made of, compiled to a list of steps.
//!
//! ```text
//! nodes ──read──▶ types and constants ──fold──▶ kernels ──▶ run: block of rows by block of rows
//! ```
//!
//! A value's type is known when the graph is compiled, but for the number of rows, which stands on
//! one axis. Every operator keeps the rows apart: one that would mix them, such as a sum over the
//! rows axis, is refused, so that an answer never depends on its batch mates. What does not depend
//! on the rows is computed once, when the graph is compiled.
//!
//! - `shape`: types, dimensions, broadcasting.
//! - `kernel`: what a node is compiled to.
//! - `compile`: from nodes to steps.
//! - `margins`: what probabilities are made of, where it is asked for.
//! - `operators`: a folder of them, by family.
//! - `run`: one thread's buffers, and `plan`: the whole as a plan.

mod alias;
mod compile;
mod constants;
mod dead;
mod kernel;
#[cfg(test)]
mod levels;
mod margins;
mod operators;
mod opsets;
mod plan;
mod run;
mod shape;

pub(crate) use plan::ProgramPlan;
