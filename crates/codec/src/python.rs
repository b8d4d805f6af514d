//! What Python writes and reads as text, for replies that must be a Python server's byte by byte.

mod number;
mod text;

pub use self::{
    number::{float, integer, write_float, write_json_float},
    text::{invalid_utf8, repr, write_json_string},
};
