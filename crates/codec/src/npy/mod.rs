//! Arrays as NumPy saves them: a header with type, order and shape, then the elements.
//!
//! Versions 1 to 3, little and big endian, in C and Fortran order; of floats, integers, truth
//! values and text. Arrays of objects are pickles, which run what they hold, and are refused.

mod decode;
mod element;
mod header;

pub(crate) use decode::{ArrayProgress, first_row, whole_rows};
pub(crate) use element::Element;
pub(crate) use header::{Header, MAGIC, split_header};
