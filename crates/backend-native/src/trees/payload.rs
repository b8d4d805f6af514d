//! What a layout says of the leaf that a row comes to.

use std::fmt::Debug;

use super::tree::Leaf;

/// Copied out of the leaves of a tree: what they add, or which they are.
pub(crate) trait Payload<X>: Copy + Debug + Default + Send + Sync + 'static {
    fn of(leaf: Leaf<X>) -> Self;
}

impl Payload<Self> for f32 {
    fn of(leaf: Leaf<Self>) -> Self {
        leaf.value
    }
}

impl Payload<Self> for f64 {
    fn of(leaf: Leaf<Self>) -> Self {
        leaf.value
    }
}

impl<X> Payload<X> for u32 {
    fn of(leaf: Leaf<X>) -> Self {
        leaf.id
    }
}
