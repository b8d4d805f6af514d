//! Ensembles of decision trees.
//!
//! [`read`](onnx) makes them neutral [`Tree`]s, every branch of the form *x ≤ threshold*, checked
//! to be trees. These are laid out for speed, in each [`layout`] that can hold them: [`forest`]
//! and [`blocks`] walk, [`quick`] strikes out. All layouts give the same sum, bit for bit, and the fastest is
//! kept.

mod blocks;
mod forest;
mod layout;
mod onnx;
mod quick;
mod tree;
mod trial;

#[cfg(test)]
mod sample;

pub(crate) use layout::{Layout, Scorer, Scratch};
pub(crate) use onnx::TreeModel;
pub(crate) use tree::{Branch, Node, Tree};

/// A number of bytes, for a person.
#[expect(clippy::cast_precision_loss, reason = "one digit of it is shown")]
fn size(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    if bytes < MIB {
        format!("{} KiB", bytes.div_ceil(1024))
    } else {
        format!("{:.1} MiB", bytes as f64 / MIB as f64)
    }
}
