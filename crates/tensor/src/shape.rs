use std::fmt;

use crate::ShapeError;

/// The greatest number of axes that a tensor can have.
pub const MAX_RANK: usize = 8;

/// The dimensions of a tensor, at most [`MAX_RANK`], held without allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// A shape of these dimensions.
    ///
    /// # Errors
    ///
    /// When there are more than [`MAX_RANK`], or when their product overflows.
    pub fn new(dims: &[usize]) -> Result<Self, ShapeError> {
        if dims.len() > MAX_RANK {
            return Err(ShapeError::Rank { got: dims.len() });
        }
        dims.iter()
            .try_fold(1_usize, |product, &dim| product.checked_mul(dim))
            .ok_or(ShapeError::Overflow)?;
        let mut shape = Self { dims: [0; MAX_RANK], rank: dims.len() };
        shape.dims[..dims.len()].copy_from_slice(dims);
        Ok(shape)
    }

    /// The shape `[rows]`.
    pub const fn of_rows(rows: usize) -> Self {
        Self { dims: [rows, 0, 0, 0, 0, 0, 0, 0], rank: 1 }
    }

    /// This shape behind a leading axis of `rows`.
    ///
    /// # Errors
    ///
    /// When there is no room for another axis, or when the product overflows.
    pub fn with_rows(&self, rows: usize) -> Result<Self, ShapeError> {
        let mut dims = [rows; MAX_RANK];
        if self.rank == MAX_RANK {
            return Err(ShapeError::Rank { got: MAX_RANK + 1 });
        }
        dims[1..=self.rank].copy_from_slice(self.dims());
        Self::new(&dims[..=self.rank])
    }

    /// This shape without its leading axis; a scalar stays one.
    #[must_use]
    pub fn of_one_row(&self) -> Self {
        let mut shape = Self { dims: [0; MAX_RANK], rank: self.rank.saturating_sub(1) };
        if let [_, row @ ..] = self.dims() {
            shape.dims[..row.len()].copy_from_slice(row);
        }
        shape
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// The number of axes.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The number of elements: the product of the dimensions, one for a scalar.
    pub fn elements(&self) -> usize {
        self.dims().iter().product()
    }

    /// The dimension of axis 0; one for a scalar.
    pub fn rows(&self) -> usize {
        self.dims().first().copied().unwrap_or(1)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.dims(), f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.dims(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_that_overflows_is_refused() {
        assert_eq!(Shape::new(&[usize::MAX, 2]), Err(ShapeError::Overflow));
        let wide = Shape::new(&[usize::MAX / 2]).unwrap();
        assert_eq!(wide.with_rows(3), Err(ShapeError::Overflow));
    }

    #[test]
    fn rank_above_the_greatest_is_refused() {
        assert_eq!(Shape::new(&[1; MAX_RANK + 1]), Err(ShapeError::Rank { got: MAX_RANK + 1 }));
        let full = Shape::new(&[1; MAX_RANK]).unwrap();
        assert_eq!(full.with_rows(1), Err(ShapeError::Rank { got: MAX_RANK + 1 }));
    }

    #[test]
    fn scalar_has_one_element_and_one_row() {
        let scalar = Shape::new(&[]).unwrap();
        assert_eq!((scalar.elements(), scalar.rows(), scalar.rank()), (1, 1, 0));
        let four = scalar.with_rows(4).unwrap();
        assert_eq!((four.dims(), four.of_one_row()), (&[4][..], scalar));
    }
}
