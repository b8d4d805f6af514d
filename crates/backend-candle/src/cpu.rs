//! Networks on the processor.

pub(crate) use self::context::Context;
pub(crate) use self::encoder::Encoder;
pub(crate) use self::linear::Linear;
pub(crate) use self::pool::{normalize, pool};

mod context;
mod encoder;
mod linear;
mod pool;
