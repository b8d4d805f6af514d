//! JSON text.

mod columnar;
mod cursor;
mod document;
mod lines;
mod rows;
mod skip;
mod text;

pub use text::write_string;
