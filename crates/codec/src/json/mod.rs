//! JSON text.

mod columnar;
mod cursor;
mod document;
mod lines;
mod nested;
mod rows;
mod skip;
mod sparse;
mod tensor_document;
mod tensors;
mod text;
mod texts;

pub(crate) use cursor::Cursor;
pub use text::write_string;
