//! Safetensors files: names, shapes and bytes of tensors, checked and then taken where they lie.
//!
//! # Layout
//!
//! A file is eight bytes, the little-endian length of the header; the header, a JSON object; and
//! the bytes of the tensors, row-major and little-endian. The header says of each tensor its
//! `dtype`, its `shape` and its `data_offsets`, first byte and the one behind the last, counted
//! from the end of the header. The key `__metadata__` holds texts by name. The format's own
//! [description](https://github.com/huggingface/safetensors) is the source.
//!
//! A model in several files has an index beside them, `model.safetensors.index.json`: its
//! `weight_map` says of each tensor in which file it is.
//!
//! # What is checked before anything is given
//!
//! The header is at most 10 MB and has at most 100,000 tensors; no name is there twice; a shape's
//! product does not overflow and is what the offsets hold; together the tensors cover the file, so
//! that no byte belongs to two of them or to none. An index names plain files beneath its own
//! folder, and each holds the tensors that the index says it does.

mod element;
mod fault;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixture;
mod header;
mod index;
mod tensors;
mod view;
mod weights;

#[cfg(test)]
mod tests;

pub use element::Element;
pub(crate) use fault::SafetensorsFault;
pub use tensors::Safetensors;
pub use view::TensorView;
pub(crate) use weights::Weights;

/// Whether a file that begins like this is in the format, or is an index of files that are.
pub(crate) fn starts_like_a_model(start: &[u8]) -> bool {
    // A header of less than 16 MiB: its length, eight bytes, ends in zeros.
    matches!(start, [_, _, _, 0, 0, 0, 0, 0, b'{', ..]) || index::starts_like_one(start)
}

/// Whether a file that is in no other format is in this one, its header longer than any.
pub(crate) const fn may_be_a_model(start: &[u8]) -> bool {
    matches!(start, [_, _, _, _, _, _, _, _, b'{', b'"', ..])
}
