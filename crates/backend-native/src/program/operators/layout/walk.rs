//! A regular way through the elements of two values, with everything but the number of rows worked
//! out beforehand.
//!
//! Whatever only moves elements goes from one to the next by fixed steps along each axis: zero
//! where an element is repeated, negative where an axis is reversed. That is the stride of NumPy,
//! for what is read and for what is written. Axes that one step can take together become one.

use hotplate_tensor::MAX_RANK;

use super::cells::Mover;
use crate::program::shape::Dim;

/// The most axes of a walk: an axis that is repeated counts as two.
const MOST_AXES: usize = 2 * MAX_RANK;

/// A number that grows with the rows: `fixed + per_row · rows`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Linear {
    fixed: isize,
    per_row: isize,
}

impl Linear {
    pub(super) const ONE: Self = Self { fixed: 1, per_row: 0 };

    /// The number for `rows` rows. One that is negative wraps around, and so does adding it.
    pub(super) const fn at(self, rows: usize) -> usize {
        let rows = self.per_row.cast_unsigned().wrapping_mul(rows);
        self.fixed.cast_unsigned().wrapping_add(rows)
    }

    /// The product of these dimensions.
    pub(super) fn product(dims: &[Dim]) -> Self {
        dims.iter().fold(Self::ONE, |product, &dim| product.times_dim(dim))
    }

    // Products saturate where a dimension of zero makes an empty value of huge others: nothing
    // walks there.
    pub(super) const fn times(self, factor: isize) -> Self {
        Self {
            fixed: self.fixed.saturating_mul(factor),
            per_row: self.per_row.saturating_mul(factor),
        }
    }

    fn times_dim(self, dim: Dim) -> Self {
        match dim {
            Dim::Fixed(dim) => self.times(isize::try_from(dim).unwrap_or(isize::MAX)),
            Dim::Rows => Self { fixed: 0, per_row: self.fixed },
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            fixed: self.fixed.saturating_add(other.fixed),
            per_row: self.per_row.saturating_add(other.per_row),
        }
    }

    /// The product, where it does not take the square of the rows.
    const fn checked_times(self, other: Self) -> Option<Self> {
        match (self.per_row, other.per_row) {
            (0, _) => Some(other.times(self.fixed)),
            (_, 0) => Some(self.times(other.fixed)),
            _ => None,
        }
    }
}

/// How far apart neighbours along each axis of a row-major value are.
pub(super) fn strides(dims: &[Dim]) -> Vec<Linear> {
    (1..=dims.len()).map(|axis| Linear::product(&dims[axis..])).collect()
}

/// An axis of a walk.
#[derive(Clone, Copy, Debug)]
struct Axis {
    extent: Linear,
    from: Linear,
    to: Linear,
}

/// Where the elements come from and where they go.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    from: Linear,
    to: Linear,
    /// Outermost first.
    axes: Vec<Axis>,
    /// Whether there is anything to walk to.
    is_empty: bool,
}

impl Walk {
    /// A walk of one element: the first of both values.
    pub(super) fn new() -> Self {
        Self { from: Linear::default(), to: Linear::default(), axes: Vec::new(), is_empty: false }
    }

    /// Through all elements of a value of these dimensions, and through as many that lie side by
    /// side.
    pub(super) fn straight(dims: &[Dim]) -> Self {
        let mut walk = Self::new();
        for ((&dim, from), to) in dims.iter().zip(strides(dims)).zip(strides(dims)) {
            walk.push(dim, from, to);
        }
        walk
    }

    /// From one element to all of these dimensions.
    pub(super) fn spread(dims: &[Dim]) -> Self {
        let mut walk = Self::new();
        for (&dim, to) in dims.iter().zip(strides(dims)) {
            walk.push(dim, Linear::default(), to);
        }
        walk
    }

    /// Begins so many steps further on where it reads.
    pub(super) fn skip_from(&mut self, steps: usize, step: Linear) {
        self.from = self.from.plus(step.times(isize::try_from(steps).unwrap_or(isize::MAX)));
    }

    /// Begins so many steps further on where it writes.
    pub(super) fn skip_to(&mut self, steps: usize, step: Linear) {
        self.to = self.to.plus(step.times(isize::try_from(steps).unwrap_or(isize::MAX)));
    }

    /// Another axis inside the others.
    pub(super) fn push(&mut self, dim: Dim, from: Linear, to: Linear) {
        match dim {
            Dim::Fixed(0) => self.is_empty = true,
            Dim::Fixed(1) => return,
            _ => {}
        }
        if self.is_empty {
            return;
        }
        let extent = Linear::ONE.times_dim(dim);
        if let Some(outer) = self.axes.last_mut()
            && from.checked_times(extent) == Some(outer.from)
            && to.checked_times(extent) == Some(outer.to)
            && let Some(extent) = outer.extent.checked_times(extent)
        {
            *outer = Axis { extent, from, to };
        } else {
            self.axes.push(Axis { extent, from, to });
        }
    }

    /// Moves every element on the way.
    pub(super) fn run(&self, rows: usize, mover: &mut impl Mover) {
        self.lines(rows, |from, to, line| mover.line(from, to, line));
    }

    /// Calls `line` for the elements along the innermost axis, again and again.
    pub(super) fn lines(&self, rows: usize, mut line: impl FnMut(usize, usize, Line)) {
        if self.is_empty {
            return;
        }
        let still = Axis { extent: Linear::ONE, from: Linear::ONE, to: Linear::ONE };
        let (inner, outer) = self.axes.split_last().unwrap_or((&still, &[]));
        let (middle, outer) = outer.split_last().unwrap_or((&still, &[]));
        let inner = Line {
            len: inner.extent.at(rows),
            from_step: inner.from.at(rows),
            to_step: inner.to.at(rows),
        };
        let (len, from_step, to_step) =
            (middle.extent.at(rows), middle.from.at(rows), middle.to.at(rows));
        let mut at = [0_usize; MOST_AXES];
        let (mut from, mut to) = (self.from.at(rows), self.to.at(rows));
        loop {
            let (mut from_here, mut to_here) = (from, to);
            for _ in 0..len {
                line(from_here, to_here, inner);
                from_here = from_here.wrapping_add(from_step);
                to_here = to_here.wrapping_add(to_step);
            }
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let Axis { extent, from: from_step, to: to_step } = outer[axis];
                at[axis] += 1;
                from = from.wrapping_add(from_step.at(rows));
                to = to.wrapping_add(to_step.at(rows));
                if at[axis] < extent.at(rows) {
                    break;
                }
                from = from.wrapping_sub(from_step.at(rows).wrapping_mul(at[axis]));
                to = to.wrapping_sub(to_step.at(rows).wrapping_mul(at[axis]));
                at[axis] = 0;
            }
        }
    }
}

/// Elements at one distance of each other. A step that is negative wraps around.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) len: usize,
    pub(super) from_step: usize,
    pub(super) to_step: usize,
}

#[cfg(test)]
mod tests {
    use super::{super::cells::Cells, *};

    const ROWS_BY_THREE: [Dim; 2] = [Dim::Rows, Dim::Fixed(3)];

    fn walked(walk: &Walk, rows: usize, from: &[i32], len: usize) -> Vec<i32> {
        let mut to = vec![0; len];
        walk.run(rows, &mut Cells { from, to: &mut to });
        to
    }

    #[test]
    fn axes_that_one_step_takes_become_one() {
        let walk = Walk::straight(&[Dim::Fixed(2), Dim::Rows, Dim::Fixed(3), Dim::Fixed(1)]);
        assert_eq!(walk.axes.len(), 1);
        assert_eq!(walk.axes[0].extent.at(5), 30);
    }

    #[test]
    fn a_walk_turns_and_reverses() {
        let [outer, inner] = strides(&ROWS_BY_THREE)[..] else { panic!() };
        let mut turned = Walk::new();
        turned.push(Dim::Fixed(3), inner, Linear::product(&[Dim::Rows]));
        turned.push(Dim::Rows, outer, Linear::ONE);
        assert_eq!(walked(&turned, 2, &[1, 2, 3, 4, 5, 6], 6), [1, 4, 2, 5, 3, 6]);

        let mut reversed = Walk::new();
        reversed.skip_from(2, inner);
        reversed.push(Dim::Rows, outer, outer);
        reversed.push(Dim::Fixed(3), inner.times(-1), inner);
        assert_eq!(walked(&reversed, 2, &[1, 2, 3, 4, 5, 6], 6), [3, 2, 1, 6, 5, 4]);
    }

    #[test]
    fn nothing_is_walked_where_an_axis_is_empty() {
        let huge = Dim::Fixed(usize::MAX);
        let walk = Walk::straight(&[huge, huge, Dim::Fixed(0), Dim::Rows]);
        assert!(walked(&walk, 7, &[], 0).is_empty());
    }
}
