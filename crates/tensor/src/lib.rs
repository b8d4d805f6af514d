//! The values that travel through Hotplate: numbers and strings in typed, shaped buffers.
//!
//! A *row* is one example on axis 0. What a model reads is described by a [`Schema`]: its inputs
//! (the named tensors of the model) and its columns (the named cells of a row as a client sends
//! them). A model with one `[rows, 8]` input has one input and eight columns; a model with an
//! input per column has as many of one as of the other; a model of texts or images has inputs alone.
//!
//! | Owned, grown and reused | Borrowed | Holds |
//! |---|---|---|
//! | [`Tensor`] | [`TensorView`] | a shape and its elements, row-major |
//! | [`Data`] | [`DataView`] | the elements alone, one variant per [`DType`] |
//! | [`StrBuf`] | [`StrView`] | the elements of a string tensor |
//! | [`Columns`] | [`Inputs`] | every input of a request, filled cell by cell |
//!
//! Owned buffers keep their capacity when cleared, so a caller that reuses them allocates nothing
//! once they have grown to the size of its requests.

mod cell;
mod columns;
mod data;
mod dtype;
mod error;
mod inputs;
mod row_shape;
mod schema;
mod shape;
mod strings;
mod tensor;
mod value;

pub use columns::Columns;
pub use data::{Data, DataView, Element};
pub use dtype::DType;
pub use error::{CellError, ShapeError};
pub use inputs::Inputs;
pub use row_shape::{Disagreement, RowDim, RowShape};
pub use schema::{Column, InputSpec, Schema, SchemaError};
pub use shape::{MAX_RANK, Shape};
pub use strings::{StrBuf, StrView};
pub use tensor::{Tensor, TensorView};
pub use value::Value;
