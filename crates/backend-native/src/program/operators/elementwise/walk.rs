//! The way through operands that are broadcast against each other.
//!
//! Axes that every operand either has or repeats in the same way are one *group*; the innermost
//! group is a *run*, along which an operand is a slice or a single element. Two values of the same
//! shape are one run of all elements, a matrix and a row of factors a run for each row.

use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, MAX_RANK, Shape};

use crate::{
    operator::NotTaken,
    program::{
        opsets::Opsets,
        shape::{Dim, ValueType, broadcast},
    },
};

/// Where `N` operands have the elements that belong together.
#[derive(Debug)]
pub(super) struct Walk<const N: usize> {
    output: ValueType,
    /// Outermost first, at least one.
    groups: Vec<Group<N>>,
}

/// Neighbouring axes.
#[derive(Clone, Copy, Debug)]
struct Group<const N: usize> {
    /// The number of elements, for one row.
    fixed: usize,
    rows: bool,
    /// Which operands have these axes; the others repeat what they have.
    moves: [bool; N],
}

impl<const N: usize> Walk<N> {
    /// Operands side by side that `output` is the broadcast type of.
    pub(super) fn new(output: ValueType, operands: [&ValueType; N]) -> Self {
        let rank = output.rank();
        let mut groups: Vec<Group<N>> = Vec::new();
        for (axis, &dim) in output.dims.iter().enumerate() {
            if dim == Dim::Fixed(1) {
                continue;
            }
            let moves = operands.map(|operand| {
                let axis = (axis + operand.rank()).checked_sub(rank);
                axis.is_some_and(|axis| operand.dims[axis] != Dim::Fixed(1))
            });
            let fixed = dim.fixed().unwrap_or(1);
            let rows = dim == Dim::Rows;
            match groups.last_mut() {
                Some(last) if last.moves == moves => {
                    last.fixed *= fixed;
                    last.rows |= rows;
                }
                _ => groups.push(Group { fixed, rows, moves }),
            }
        }
        if groups.is_empty() {
            groups.push(Group { fixed: 1, rows: false, moves: [true; N] });
        }
        Self { output, groups }
    }

    /// What comes of the operands.
    pub(super) const fn output(&self) -> &ValueType {
        &self.output
    }

    /// The shape of what comes of the operands for so many rows.
    pub(super) fn shape(&self, rows: usize) -> Shape {
        self.output.shape(rows)
    }

    /// Which operands are slices along a run; the others are one element.
    pub(super) fn moves(&self) -> [bool; N] {
        self.groups.last().map_or([true; N], |run| run.moves)
    }

    /// Calls `run` for each run in order: where it begins in the output, its length, and where it
    /// begins in each operand.
    pub(super) fn each_run(&self, rows: usize, mut run: impl FnMut(usize, usize, [usize; N])) {
        let mut counts = [1; MAX_RANK];
        let mut strides = [[0; N]; MAX_RANK];
        let mut within = [1; N];
        for (at, group) in self.groups.iter().enumerate().rev() {
            counts[at] = group.fixed * if group.rows { rows } else { 1 };
            for operand in 0..N {
                if group.moves[operand] {
                    strides[at][operand] = within[operand];
                    within[operand] *= counts[at];
                }
            }
        }
        let outer = self.groups.len() - 1;
        let len = counts[outer];
        let runs: usize = counts[..outer].iter().product();
        let mut at = [0; MAX_RANK];
        let mut offsets = [0; N];
        for index in 0..if len == 0 { 0 } else { runs } {
            run(index * len, len, offsets);
            for group in (0..outer).rev() {
                at[group] += 1;
                for operand in 0..N {
                    offsets[operand] += strides[group][operand];
                }
                if at[group] < counts[group] {
                    break;
                }
                at[group] = 0;
                for operand in 0..N {
                    offsets[operand] -= strides[group][operand] * counts[group];
                }
            }
        }
    }
}

/// The type that values have side by side, with `dtype` elements.
///
/// # Errors
///
/// When the values do not go together.
pub(super) fn together(
    node: &Node<'_>,
    opsets: &Opsets,
    dtype: DType,
    types: &[&ValueType],
) -> Result<ValueType, NotTaken> {
    // Until opset 6 a node said by attributes which axes it broadcasts, if any.
    if opsets.main() < 7 && types.windows(2).any(|pair| pair[0].dims != pair[1].dims) {
        return Err(NotTaken::unsupported("broadcasting before opset 7"));
    }
    let mut output = ValueType { dtype, dims: Vec::new() };
    for ty in types {
        output = broadcast(dtype, &output, ty).map_err(|problem| {
            let hopeless = output.dims.iter().rev().zip(ty.dims.iter().rev()).any(|pair| {
                matches!(pair, (&Dim::Fixed(one), &Dim::Fixed(other))
                    if one != other && one != 1 && other != 1)
            });
            if hopeless { NotTaken::invalid(node, problem) } else { NotTaken::unsupported(problem) }
        })?;
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dims: &[Dim]) -> ValueType {
        ValueType::new(DType::F32, dims.to_vec()).unwrap()
    }

    #[track_caller]
    fn assert_runs(one: &[Dim], other: &[Dim], expected: &[(usize, usize, [usize; 2])]) {
        let (one, other) = (of(one), of(other));
        let walk = Walk::new(broadcast(DType::F32, &one, &other).unwrap(), [&one, &other]);
        let mut runs = Vec::new();
        walk.each_run(2, |at, len, offsets| runs.push((at, len, offsets)));
        assert_eq!(runs, expected);
    }

    #[test]
    fn neighbouring_axes_are_walked_as_one() {
        let (rows, three, one) = (Dim::Rows, Dim::Fixed(3), Dim::Fixed(1));
        assert_runs(&[rows, three], &[rows, three], &[(0, 6, [0, 0])]);
        assert_runs(&[rows, three], &[], &[(0, 6, [0, 0])]);
        assert_runs(&[rows, three], &[three], &[(0, 3, [0, 0]), (3, 3, [3, 0])]);
        assert_runs(&[rows, one], &[rows, three], &[(0, 3, [0, 0]), (3, 3, [1, 3])]);
        assert_runs(&[rows, one], &[three], &[(0, 3, [0, 0]), (3, 3, [1, 0])]);
        assert_runs(&[one], &[], &[(0, 1, [0, 0])]);
        assert_runs(&[rows, Dim::Fixed(0)], &[one], &[]);
        let transposed = [(0, 2, [0, 0]), (2, 2, [2, 0]), (4, 2, [4, 0])];
        assert_runs(&[three, rows], &[rows], &transposed);
    }
}
