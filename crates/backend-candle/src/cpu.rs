//! Networks on the processor.

pub(crate) use self::context::Context;
pub(crate) use self::encoder::Encoder;
pub(crate) use self::linear::Linear;
pub(crate) use self::pool::{normalize, pool};

mod attention;
mod context;
mod encoder;
mod function;
mod layer;
mod linear;
mod norm;
mod pool;
mod product;
mod simd;
mod team;
mod weights;

#[cfg(test)]
mod tests;
