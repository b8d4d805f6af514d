use std::fmt;

use crate::{DType, MAX_RANK, Shape};

/// Why a shape or a tensor is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// More axes than [`MAX_RANK`].
    Rank {
        /// The number of axes asked for.
        got: usize,
    },
    /// The number of elements does not fit `usize`.
    Overflow,
    /// A buffer does not hold the number of elements that its shape says.
    Elements {
        /// The shape.
        shape: Shape,
        /// The number of elements in the buffer.
        got: usize,
    },
    /// A row of a shape that rows of its input, or of its request, do not have.
    Row {
        /// The shape.
        got: Shape,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rank { got } => write!(f, "{got} axes, at most {MAX_RANK} are possible"),
            Self::Overflow => f.write_str("the number of elements overflows"),
            Self::Elements { shape, got } => {
                write!(f, "shape {shape} needs {} elements, got {got}", shape.elements())
            }
            Self::Row { got } => write!(f, "a row cannot have the shape {got}"),
        }
    }
}

impl std::error::Error for ShapeError {}

/// Why a cell cannot hold a value. The caller knows the row and the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CellError {
    /// The value is of another kind than the column: text for a number, a number for text.
    WrongType {
        /// The column's type.
        expected: DType,
    },
    /// A number that the column's integer type cannot hold, or not exactly.
    OutOfRange {
        /// The column's type.
        expected: DType,
    },
    /// A missing value, for a column whose type has no way to say so.
    Missing {
        /// The column's type.
        expected: DType,
    },
    /// The text of all cells passes 4 GiB.
    TextTooLong,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongType { expected } => write!(f, "expected {}", expected.expectation()),
            Self::OutOfRange { expected } => {
                write!(f, "expected {} that {expected} can hold", expected.expectation())
            }
            Self::Missing { expected } => {
                write!(
                    f,
                    "expected {}, and {expected} has no missing value",
                    expected.expectation()
                )
            }
            Self::TextTooLong => f.write_str("the text of one column passes 4 GiB"),
        }
    }
}

impl std::error::Error for CellError {}
