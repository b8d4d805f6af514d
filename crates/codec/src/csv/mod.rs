//! Comma-separated values as in RFC 4180: cells between commas, one record per line.
//!
//! A cell that begins with a double quote ends with one, and may hold commas, line ends and
//! doubled quotes in between; a quote elsewhere is a character like any other. Lines end in LF or
//! CRLF.

mod decode;
mod lexer;
mod records;

pub(crate) use lexer::{first_record, whole_records};
pub use records::{Records, records};
