use std::fmt;

use crate::{MAX_RANK, Shape, ShapeError};

/// The dimensions of one row of an input: its shape behind the rows axis.
///
/// Each is fixed by the model, or open: then every request chooses it, for all of its rows alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowShape {
    dims: Vec<RowDim>,
    /// The same without names, where nothing is open.
    fixed: Option<Shape>,
}

/// One dimension of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowDim {
    /// Always this.
    Fixed(usize),
    /// What a request chooses; under one name the same in every input that has it.
    Open(Option<String>),
}

impl RowShape {
    /// Rows of these dimensions.
    ///
    /// # Errors
    ///
    /// When there are more than [`MAX_RANK`] − 1, so that no rows axis fits in front of them, or
    /// when the product of the fixed ones overflows.
    pub fn new(dims: Vec<RowDim>) -> Result<Self, ShapeError> {
        if dims.len() >= MAX_RANK {
            return Err(ShapeError::Rank { got: dims.len() + 1 });
        }
        let of_fixed: Vec<usize> = dims.iter().filter_map(RowDim::fixed).collect();
        let shape = Shape::new(&of_fixed)?;
        let fixed = (of_fixed.len() == dims.len()).then_some(shape);
        Ok(Self { dims, fixed })
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[RowDim] {
        &self.dims
    }

    /// The shape of every row, or `None` where a dimension is open.
    pub const fn fixed(&self) -> Option<Shape> {
        self.fixed
    }

    /// The number of elements of every row, or `None` where a dimension is open.
    pub fn width(&self) -> Option<usize> {
        self.fixed.map(|shape| shape.elements())
    }

    /// Whether a row can have this shape.
    pub fn accepts(&self, shape: &Shape) -> bool {
        shape.rank() == self.dims.len()
            && self
                .dims
                .iter()
                .zip(shape.dims())
                .all(|(dim, &got)| dim.fixed().is_none_or(|fixed| fixed == got))
    }
}

/// Two inputs of a row that differ in a dimension that has one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement<'s> {
    /// The name of the dimension.
    pub dim: &'s str,
    /// The first input that has it.
    pub first: &'s str,
    /// What the dimension is there.
    pub expected: usize,
    /// The other input.
    pub other: &'s str,
    /// What the dimension is there.
    pub got: usize,
}

impl RowDim {
    /// The dimension, where the model fixes it.
    pub const fn fixed(&self) -> Option<usize> {
        match *self {
            Self::Fixed(dim) => Some(dim),
            Self::Open(_) => None,
        }
    }
}

impl From<usize> for RowShape {
    /// Rows of `width` elements on one axis.
    fn from(width: usize) -> Self {
        Self { dims: vec![RowDim::Fixed(width)], fixed: Some(Shape::of_rows(width)) }
    }
}

impl fmt::Display for RowShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, dim) in self.dims.iter().enumerate() {
            write!(f, "{}{dim}", if axis == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for RowDim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(dim) => dim.fmt(f),
            Self::Open(Some(name)) => f.write_str(name),
            Self::Open(None) => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str) -> RowDim {
        RowDim::Open(Some(name.to_owned()))
    }

    #[test]
    fn rows_without_open_dimensions_have_a_width() {
        let image = RowShape::new(vec![RowDim::Fixed(3), RowDim::Fixed(8)]).unwrap();
        assert_eq!((image.width(), image.to_string().as_str()), (Some(24), "[3, 8]"));
        let tokens = RowShape::new(vec![open("sequence"), RowDim::Fixed(2)]).unwrap();
        assert_eq!((tokens.width(), tokens.to_string().as_str()), (None, "[sequence, 2]"));
        assert_eq!(RowShape::new(Vec::new()).unwrap().width(), Some(1));
    }

    #[test]
    fn open_dimensions_take_anything_and_fixed_ones_themselves() {
        let tokens = RowShape::new(vec![RowDim::Open(None), RowDim::Fixed(2)]).unwrap();
        assert!(tokens.accepts(&Shape::new(&[7, 2]).unwrap()));
        assert!(!tokens.accepts(&Shape::new(&[7, 3]).unwrap()));
        assert!(!tokens.accepts(&Shape::new(&[7]).unwrap()));
    }

    #[test]
    fn a_rows_axis_must_fit_in_front() {
        let dims = vec![RowDim::Fixed(1); MAX_RANK];
        assert_eq!(RowShape::new(dims), Err(ShapeError::Rank { got: MAX_RANK + 1 }));
        let dims = vec![RowDim::Fixed(usize::MAX), open("n"), RowDim::Fixed(2)];
        assert_eq!(RowShape::new(dims), Err(ShapeError::Overflow));
    }
}
