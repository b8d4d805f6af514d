//! What bodies decode to, why they are refused, and what answers look like on the wire.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod blocks;
mod csv;
mod encode;
mod independent;
mod json;
mod json_refusals;
mod lenient;
mod lines;
mod profiles;
mod properties;
mod sparse;
mod support;
mod tensor_blocks;
mod tensor_properties;
mod tensor_refusals;
mod tensors;
mod texts;
