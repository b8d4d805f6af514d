//! Ensembles of decision trees.
//!
//! [`read`](onnx) makes them neutral [`Tree`]s, every branch of the form *x ≤ threshold*, checked
//! to be trees; [`forest`] lays those out for speed.

mod forest;
mod onnx;
mod tree;

pub(crate) use forest::Forest;
pub(crate) use onnx::TreeModel;
pub(crate) use tree::{Branch, Node, Tree};
