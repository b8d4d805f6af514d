//! Types and dimensions of values, known when a graph is compiled.

use std::fmt;

use hotplate_tensor::{DType, MAX_RANK, Shape};

/// One dimension of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dim {
    /// As many as there are rows.
    Rows,
    /// Always this.
    Fixed(usize),
}

/// What is known of a value before there are rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueType {
    pub(crate) dtype: DType,
    /// Outermost first, at most [`MAX_RANK`], and at most one of them is the rows.
    pub(crate) dims: Vec<Dim>,
}

impl ValueType {
    /// # Errors
    ///
    /// A sentence, when there are too many axes, two of rows, or too many elements.
    pub(crate) fn new(dtype: DType, dims: Vec<Dim>) -> Result<Self, String> {
        if dims.len() > MAX_RANK {
            return Err(format!("{} axes, at most {MAX_RANK} are taken", dims.len()));
        }
        if dims.iter().filter(|dim| **dim == Dim::Rows).count() > 1 {
            return Err("a value with the rows on two axes".to_owned());
        }
        let fixed = dims.iter().filter_map(|dim| dim.fixed());
        let width = fixed.clone().try_fold(1_usize, |width, dim| width.checked_mul(dim));
        match width {
            Some(width) if width <= MOST_ELEMENTS => Ok(Self { dtype, dims }),
            _ => Err(format!("a row of more than {MOST_ELEMENTS} elements")),
        }
    }

    pub(crate) fn rank(&self) -> usize {
        self.dims.len()
    }

    /// The axis that rows lie on.
    pub(crate) fn rows_axis(&self) -> Option<usize> {
        self.dims.iter().position(|dim| *dim == Dim::Rows)
    }

    /// Whether the value is the same for every row.
    pub(crate) fn is_fixed(&self) -> bool {
        self.rows_axis().is_none()
    }

    /// The shape that the value has for `rows` rows.
    ///
    /// # Panics
    ///
    /// When the elements overflow, which rows in memory cannot bring about.
    pub(crate) fn shape(&self, rows: usize) -> Shape {
        let mut dims = [0; MAX_RANK];
        for (to, dim) in dims.iter_mut().zip(&self.dims) {
            *to = dim.fixed().unwrap_or(rows);
        }
        Shape::new(&dims[..self.rank()])
            .unwrap_or_else(|_| unreachable!("rows times a bounded width"))
    }
}

/// The most elements of one row of a value, and of a constant. Files are small and can ask for
/// much.
pub(crate) const MOST_ELEMENTS: usize = 1 << 24;

impl Dim {
    /// The dimension, unless it is the rows.
    pub(crate) const fn fixed(self) -> Option<usize> {
        match self {
            Self::Rows => None,
            Self::Fixed(dim) => Some(dim),
        }
    }
}

/// One element of a list of integers among which the number of rows may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The number of rows.
    Rows,
    /// Always this: a dimension, or what stands for one, such as the −1 of a shape to be.
    Fixed(i64),
}

impl Extent {
    /// The integer, unless it is the number of rows.
    pub(crate) const fn fixed(self) -> Option<i64> {
        match self {
            Self::Rows => None,
            Self::Fixed(value) => Some(value),
        }
    }
}

impl From<Dim> for Extent {
    fn from(dim: Dim) -> Self {
        // No value that there is has more elements than an i64 counts.
        dim.fixed().map_or(Self::Rows, |dim| Self::Fixed(i64::try_from(dim).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows => f.write_str("rows"),
            Self::Fixed(dim) => dim.fmt(f),
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.dtype)?;
        for (axis, dim) in self.dims.iter().enumerate() {
            write!(f, "{}{dim}", if axis == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// The index of `axis` among `rank` axes, counted from the end where it is negative.
///
/// # Errors
///
/// A sentence, when there is no such axis.
pub(crate) fn axis_of(axis: i64, rank: usize) -> Result<usize, String> {
    let count = i64::try_from(rank).unwrap_or(i64::MAX);
    let index = if axis < 0 { axis + count } else { axis };
    usize::try_from(index)
        .ok()
        .filter(|&index| index < rank)
        .ok_or_else(|| format!("axis {axis} of {rank}"))
}

/// The type that two values have side by side under ONNX's broadcasting, with `dtype` elements.
///
/// # Errors
///
/// A sentence, when the dimensions do not go together, or rows would meet other rows.
pub(crate) fn broadcast(
    dtype: DType,
    one: &ValueType,
    other: &ValueType,
) -> Result<ValueType, String> {
    let rank = one.rank().max(other.rank());
    let dim_of = |value: &ValueType, axis: usize| {
        (axis + value.rank()).checked_sub(rank).map_or(Dim::Fixed(1), |axis| value.dims[axis])
    };
    let dims = (0..rank).map(|axis| match (dim_of(one, axis), dim_of(other, axis)) {
        (one, other) if one == other => Ok(one),
        (Dim::Fixed(1), dim) | (dim, Dim::Fixed(1)) => Ok(dim),
        (got, expected) => Err(format!("{got} elements side by side with {expected}")),
    });
    ValueType::new(dtype, dims.collect::<Result<_, String>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dims: &[Dim]) -> ValueType {
        ValueType::new(DType::F32, dims.to_vec()).unwrap()
    }

    #[test]
    fn rows_meet_rows_or_what_is_the_same_for_all() {
        let matrix = of(&[Dim::Rows, Dim::Fixed(3)]);
        let both = |other: &[Dim]| broadcast(DType::Bool, &matrix, &of(other));
        let expected = "bool [rows, 3]";
        for other in [&[][..], &[Dim::Fixed(3)], &[Dim::Fixed(1), Dim::Fixed(1)]] {
            assert_eq!(both(other).unwrap().to_string(), expected);
        }
        assert_eq!(both(&[Dim::Rows, Dim::Fixed(1)]).unwrap().to_string(), expected);
        // As many numbers as there happen to be rows are no rows.
        assert!(both(&[Dim::Fixed(4), Dim::Fixed(1)]).is_err());
        assert!(both(&[Dim::Rows]).is_err());
    }

    #[test]
    fn axes_count_from_both_ends() {
        assert_eq!(axis_of(-1, 3), Ok(2));
        assert_eq!(axis_of(0, 3), Ok(0));
        for axis in [3, -4, i64::MIN, i64::MAX] {
            assert!(axis_of(axis, 3).is_err());
        }
    }
}
