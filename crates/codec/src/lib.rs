//! Request bytes to typed columns, and answers to reply bytes.
//!
//! A [`Decoder`] reads a body of any [`Format`] in one pass, driven by the model's
//! [`Schema`](hotplate_tensor::Schema), straight into [`Columns`](hotplate_tensor::Columns): there
//! is no tree in between, and nothing is allocated once its scratch has grown to the size of the
//! requests. A body that does not hold rows of the schema is refused with a [`DecodeError`], which
//! says what is wrong, where, what was expected and what came. [`encode()`] writes a batch of
//! answers in the form that the client asked for. Nothing here does I/O, waits, or trusts a byte
//! of a body. Files are read and written piece by piece through [`BlockDecoder`] and [`Encoder`],
//! and [`BlockDecoder::decode_lenient`] leaves out records that are no rows.
//!
//! # Cells
//!
//! - Numbers are read as the nearest double and rounded once to the column's type; integers reach
//!   integer columns exactly. A number that the type cannot hold is refused, not clamped.
//! - JSON's `null` and `NaN`, an empty or blank CSV cell, CSV's `nan`, and blank JSON text in a
//!   numeric column are missing: NaN or the empty text. Columns of integers and of truth values
//!   have no missing value and refuse them.
//! - `true` and `false` are one and zero in numeric columns.
//! - A text column takes text only: any CSV cell as it stands, spaces included, and JSON strings.
//!
//! # Shapes of JSON documents
//!
//! | Body | Rows |
//! |---|---|
//! | `[[..], ..]`, `[{..}, ..]` | by position, or by name |
//! | `[v, ..]`, `{"col": v, ..}` | one row |
//! | `{"col": [v, ..], ..}` | columns of equal length |
//! | `{"instances": [..]}`, `{"inputs": [..]}`, `{"examples": [..]}`, `{"dataframe_records": [..]}` | a list of rows as above |
//! | `{"inputs": {"col": [v, ..], ..}}` | columns of equal length |
//! | `{"dataframe_split": {"columns": [..], "data": [[..], ..]}}`, or its inside alone | by the names in `columns` |
//!
//! Wherever a row may stand, `{"features": [..]}` and `{"data": {"features": {"values": [..]}}}`
//! are rows by position, and `{"keys": [..], "shape": [n], "values": [..]}`, alone or in place of such
//! a list, is a sparse row. In a list of rows, and on a line of JSON Lines, a bare value is a row of a
//! model with one column. A line of JSON Lines is one row in any of these forms. The keys
//! `signature_name` and `params` beside rows are passed over; other keys that are not columns are
//! refused.
//!
//! # Texts in Hugging Face's form
//!
//! A model of one column, which is text, or of two, `text` and `text_pair`, takes what the containers
//! of Hugging Face take; [`Decoder::text_request`] says what such a body asks for, and
//! [`encode_texts`] writes the reply.
//!
//! ```text
//! {"inputs": x, "parameters": {"top_k": 2, "function_to_apply": "sigmoid", "truncation": true}}
//! ```
//!
//! `x` is a text, an object `{"text": .., "text_pair": ..}`, or a list of texts, such objects and lists
//! `[text, text_pair]`; the second text may be missing. All parameters may be missing, and others are
//! refused by name. A list has 8,192 texts at most. A body of [`Format::Text`] is one text as a whole.
//! Where one row may stand, `{"inputs": x}` without parameters is one as well.
//!
//! # Rows of tensors
//!
//! A model whose inputs are no table, for a dimension is open or a row is wider than any table,
//! reads a nested list for each input. Below, `t` is such a list, as deep as the input's rows have
//! dimensions, and the value itself where they have none; a row of one element in a list may be
//! written without the list.
//!
//! | Body | Rows |
//! |---|---|
//! | `{"input": t, ..}` | one row |
//! | `[{"input": t, ..}, ..]` | by name |
//! | `{"input": [t, ..], ..}` | a list of rows for each input, all of equal length |
//! | `t` | one row, of a model with one input |
//! | `[t, ..]` | rows of a model with one input |
//! | any of these under `inputs`; a list also under `instances` or `dataframe_records` | the same |
//!
//! How deep a list is tells one row from a list of rows; a list that holds nothing is no rows. In a
//! list of rows, and on a line of JSON Lines, `t` and `{"features": t}` are rows of a model with
//! one input. Columns of a request are the inputs: a [`DecodeError`] names them so.
//!
//! The first row chooses the open dimensions, and every other row has the same: rows of a request
//! are padded to one length. Open dimensions of one name agree between inputs. Elements follow the
//! rules of cells. The lines of a file may have different shapes, one block after the other; see
//! [`BlockDecoder::decode`].
//!
//! A table takes these forms as well, where its inputs are wider than one element and the body is
//! not one of the table's own forms; CSV is a table only.
//!
//! # Formats of numbers
//!
//! Rows of libsvm, npy, npz and RecordIO are vectors: the cells of a table in their order, or the
//! elements of an only input, of whatever shape.
//!
//! | Format | Rows |
//! |---|---|
//! | libsvm | a line `label index:value ..`; the label, `qid:..` and what follows `#` are passed over |
//! | npy | `[rows, width]` of numbers, truth values or text, which is read as in CSV; `[width]` is one row, and `[rows]` rows of one cell |
//! | npz | a sparse matrix of SciPy: csr, csc, coo or bsr, stored or deflated |
//! | RecordIO | a record whose `features` have a tensor under `"values"`, dense or with keys |
//!
//! [`Sparse`] says what a row's absent cells are, and which column libsvm calls the first. A column
//! that is said twice is refused, as are sparse rows that expand to more than some 67 million
//! elements, which in a file are spread over blocks. Arrays of objects, which are pickles, are never
//! read.
//!
//! # Names that mean two things
//!
//! A model may have a column called `instances` or `data`. What the value is decides then: a
//! cell is never a list or an object, so a list of lists under `instances` is rows and a number is
//! a cell. Where both readings remain, which is a list of scalars, the model's column wins. An
//! input of tensors called `instances` or `inputs` wins unless a list of objects or an object
//! follows.
//!
//! # Header of CSV
//!
//! Where the schema is named, the first record is a header if it holds each column's name exactly
//! once and nothing else, even if it could be a row: columns may be text, or named by numbers. A
//! record that is no row, for its number of cells is wrong or a cell does not fit its column, is
//! also a header if it names every column among others, or if at least half of its cells are names
//! of columns. Columns are then matched by name, in any order.

#![forbid(unsafe_code)]

mod blocks;
mod cell;
pub mod csv;
mod decoder;
mod encode;
mod error;
mod format;
pub mod json;
mod lenient;
mod libsvm;
mod names;
mod npy;
mod npz;
mod number;
mod predictions;
pub mod profile;
pub mod python;
mod record_io;
mod scan;
mod sparse;
mod tensors;
mod texts;
mod vector;

pub use blocks::BlockDecoder;
pub use decoder::Decoder;
pub use encode::{Encoder, Placeholder, Reasons, encode, encode_texts};
pub use error::{DecodeError, DecodeErrorKind};
pub use format::Format;
pub use lenient::BadRecord;
pub use predictions::{Field, Predictions};
pub use sparse::{Absent, IndexBase, Sparse};
pub use texts::{ScoreFunction, TextForm, TextRequest, TopK};
