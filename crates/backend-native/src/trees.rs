//! Decision trees, laid out for speed.
//!
//! A [`Tree`] is neutral: whatever file it came from, every branch says which values it holds for
//! by numbers that lie below them. Trees are laid out in each [`layout`] that can hold them:
//! [`forest`] and [`blocks`] walk, [`quick`] strikes out. All layouts say the same, and the
//! fastest is kept.
//!
//! Numbers are float32 or float64, as the model compares; what a layout says of a leaf is its
//! [`payload`].

mod blocks;
mod forest;
mod layout;
mod path;
mod payload;
mod quick;
mod tree;
mod trial;

#[cfg(test)]
pub(crate) mod sample;

pub(crate) use layout::{Scorer, Scratch};
pub(crate) use payload::Payload;
pub(crate) use tree::{Boundaries, Branch, Leaf, MOST_FEATURES, Node, Test, Tree};

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
