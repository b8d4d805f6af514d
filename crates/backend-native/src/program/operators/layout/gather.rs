//! Elements by their index: Gather, GatherElements, GatherND and ArrayFeatureExtractor.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, DataView, Tensor};

use super::{
    super::support::operand,
    cells::{Cells, Mover, Texts, by_type},
    copies::compiled,
    lists,
    slice::{Range, part},
    walk::{Linear, Walk, strides},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, ValueType},
    },
};

/// Which elements of an input are taken, by indices in another.
#[derive(Debug)]
struct Picks {
    ty: ValueType,
    way: Way,
}

/// How an index becomes a place.
#[derive(Debug)]
enum Way {
    /// Along one axis, the same for all that is in front of it.
    Axis { outer: Linear, axis: Indexed, chunk: Linear, from_end: bool },
    /// Along one axis, an index for each element.
    Each { walk: Walk, axis: Indexed, step: Linear },
    /// Along several axes at once, one after the other for each of `outer`.
    Point { outer: Linear, outer_step: Linear, axes: Vec<(Indexed, Linear)>, chunk: Linear },
}

/// An axis that is indexed: its number of elements, which is never the number of rows.
#[derive(Clone, Copy, Debug)]
struct Indexed {
    dim: usize,
}

impl Indexed {
    fn of(dim: Dim) -> Result<Self, NotTaken> {
        let refused = || NotTaken::unsupported("picks rows by their index");
        dim.fixed().map(|dim| Self { dim }).ok_or_else(refused)
    }

    /// The element that `index` is, counted from the end where it is negative.
    #[expect(clippy::cast_possible_wrap, reason = "no axis has so many elements")]
    fn element(self, index: i64) -> Result<usize, BackendError> {
        let from_front = if index < 0 { index.wrapping_add(self.dim as i64) } else { index };
        let element = usize::try_from(from_front).ok().filter(|&element| element < self.dim);
        element.ok_or_else(|| self.refused(index))
    }

    fn element_from_front(self, index: i64) -> Result<usize, BackendError> {
        let element = usize::try_from(index).ok().filter(|&element| element < self.dim);
        element.ok_or_else(|| self.refused(index))
    }

    #[cold]
    fn refused(self, index: i64) -> BackendError {
        let problem = format!("the index {index} of {} elements", self.dim);
        BackendError::told(BackendErrorKind::RefusedRows, problem)
    }
}

impl Kernel for Picks {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let rows = operands.rows();
        let shape = self.ty.shape(rows);
        let Some(output) = outputs.first_mut() else { return Ok(()) };
        let indices = match operands.view(1).data() {
            DataView::I64(indices) => Indices::I64(indices),
            DataView::I32(indices) => Indices::I32(indices),
            other => unreachable!("indices of {}", other.dtype()),
        };
        by_type!(
            self.ty.dtype,
            T => {
                let from = operands.elements::<T>(0);
                let mut cells = Cells { from, to: output.reset::<T>(shape) };
                self.way.go(rows, indices, &mut cells)
            },
            text => {
                let DataView::Str(from) = operands.view(0).data() else {
                    unreachable!("the type was {}", self.ty)
                };
                let mut texts = Texts::new(from, output.reset_strings(shape));
                self.way.go(rows, indices, &mut texts)?;
                texts.finish()
            },
        )
    }
}

#[derive(Clone, Copy)]
enum Indices<'a> {
    I64(&'a [i64]),
    I32(&'a [i32]),
}

impl Way {
    fn go(
        &self,
        rows: usize,
        indices: Indices<'_>,
        mover: &mut impl Mover,
    ) -> Result<(), BackendError> {
        match indices {
            Indices::I64(indices) => self.go_by(rows, indices, mover),
            Indices::I32(indices) => self.go_by(rows, indices, mover),
        }
    }

    fn go_by<I: Copy + Into<i64>>(
        &self,
        rows: usize,
        indices: &[I],
        mover: &mut impl Mover,
    ) -> Result<(), BackendError> {
        match self {
            Self::Axis { outer, axis, chunk, from_end } => {
                let (outer, chunk) = (outer.at(rows), chunk.at(rows));
                let mut to = 0;
                for outer in 0..outer {
                    for &index in indices {
                        let element = match from_end {
                            true => axis.element(index.into())?,
                            false => axis.element_from_front(index.into())?,
                        };
                        mover.side_by_side((outer * axis.dim + element) * chunk, to, chunk);
                        to += chunk;
                    }
                }
                Ok(())
            }
            Self::Each { walk, axis, step } => {
                let step = step.at(rows);
                let mut result = Ok(());
                walk.lines(rows, |mut from, mut to, line| {
                    for _ in 0..line.len {
                        match axis.element(indices[to].into()) {
                            Ok(element) => mover.side_by_side(from + element * step, to, 1),
                            Err(error) => result = Err(error),
                        }
                        from = from.wrapping_add(line.from_step);
                        to = to.wrapping_add(line.to_step);
                    }
                });
                result
            }
            Self::Point { outer, outer_step, axes, chunk } => {
                let (outer, chunk) = (outer.at(rows), chunk.at(rows));
                if outer == 0 || axes.is_empty() {
                    return Ok(());
                }
                let outer_step = outer_step.at(rows);
                let points = indices.len() / axes.len() / outer;
                for (to, point) in indices.chunks_exact(axes.len()).enumerate() {
                    let mut from = to / points * outer_step;
                    for (&index, (axis, step)) in point.iter().zip(axes) {
                        from += axis.element(index.into())? * step.at(rows);
                    }
                    mover.side_by_side(from, to * chunk, chunk);
                }
                Ok(())
            }
        }
    }
}

/// A value and what picks of it.
fn inputs<'o, 'g>(
    node: &Node<'_>,
    operands: &'o [Option<Operand<'g>>],
) -> Result<(&'o ValueType, &'o Operand<'g>), NotTaken> {
    let (value, indices) = (operand(node, operands, 0)?, operand(node, operands, 1)?);
    match indices.ty.dtype {
        DType::I64 | DType::I32 => Ok((&value.ty, indices)),
        other => Err(NotTaken::invalid(node, format!("indices of {other}"))),
    }
}

fn picks(dtype: DType, dims: Vec<Dim>, way: Way) -> Result<Compiled, NotTaken> {
    let ty = ValueType::new(dtype, dims).map_err(NotTaken::unsupported)?;
    Ok(Compiled { outputs: vec![ty.clone()], kernel: Box::new(Picks { ty, way }) })
}

/// Checks indices that are known now.
fn check(node: &Node<'_>, indices: &Operand<'_>, axis: Indexed) -> Result<(), NotTaken> {
    for index in lists::list(indices).unwrap_or_default() {
        if let Some(index) = index.fixed() {
            axis.element(index).map_err(|error| NotTaken::invalid(node, error.to_string()))?;
        }
    }
    Ok(())
}

pub(super) fn gather(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let (value, indices) = inputs(node, operands)?;
    let at = lists::axis(node, node.int("axis")?.unwrap_or(0), value.rank())?;
    let axis = Indexed::of(value.dims[at])?;
    check(node, indices, axis)?;
    let (front, behind) = (&value.dims[..at], &value.dims[at + 1..]);
    let dims = [front, &indices.ty.dims, behind].concat();
    if let Some(range) = progression(axis, indices) {
        // A kernel of fixed ways is the faster.
        let mut ranges = vec![None; value.rank()];
        ranges[at] = Some(range);
        let mut part = part(value, &ranges)?;
        part.ty = ValueType::new(value.dtype, dims).map_err(NotTaken::unsupported)?;
        return Ok(compiled(vec![part]));
    }
    let (outer, chunk) = (Linear::product(front), Linear::product(behind));
    picks(value.dtype, dims, Way::Axis { outer, axis, chunk, from_end: true })
}

/// The elements that indices take which are known now, where they are at one distance.
fn progression(axis: Indexed, indices: &Operand<'_>) -> Option<Range> {
    let elements: Option<Vec<isize>> = lists::list(indices)?
        .into_iter()
        .map(|index| isize::try_from(axis.element(index.fixed()?).ok()?).ok())
        .collect();
    let elements = elements?;
    let (&first, others) = elements.split_first()?;
    let step = others.first().map_or(1, |second| second - first);
    let is_even = elements.windows(2).all(|pair| pair[1] - pair[0] == step);
    let start = usize::try_from(first).ok()?;
    is_even.then_some(Range { start, count: elements.len(), step })
}

pub(super) fn array_feature_extractor(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let (value, indices) = inputs(node, operands)?;
    let Some((&last, front)) = value.dims.split_last() else {
        return Err(NotTaken::invalid(node, "extracts from a scalar"));
    };
    let axis = Indexed::of(last)?;
    for index in lists::list(indices).unwrap_or_default() {
        if let Some(index) = index.fixed() {
            let checked = axis.element_from_front(index);
            checked.map_err(|error| NotTaken::invalid(node, error.to_string()))?;
        }
    }
    // However the indices lie, they become the last axis.
    let width: usize = indices.ty.dims.iter().filter_map(|dim| dim.fixed()).product();
    let count = match (indices.ty.is_fixed(), width) {
        (_, 0) => return Err(NotTaken::invalid(node, "extracts nothing")),
        (true, _) => Dim::Fixed(width),
        (false, 1) => Dim::Rows,
        (false, _) => {
            return Err(NotTaken::unsupported(format!("{width} indices of every row in one axis")));
        }
    };
    let mut dims = if front.is_empty() { vec![Dim::Fixed(1)] } else { front.to_vec() };
    dims.push(count);
    let outer = Linear::product(front);
    picks(value.dtype, dims, Way::Axis { outer, axis, chunk: Linear::ONE, from_end: false })
}

pub(super) fn gather_elements(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let (value, indices) = inputs(node, operands)?;
    let at = lists::axis(node, node.int("axis")?.unwrap_or(0), value.rank())?;
    let axis = Indexed::of(value.dims[at])?;
    if indices.ty.rank() != value.rank() {
        return Err(NotTaken::invalid(node, format!("indices {} into {value}", indices.ty)));
    }
    let dims = indices.ty.dims.clone();
    let from = strides(&value.dims);
    let mut walk = Walk::new();
    for (other, (&dim, to)) in dims.iter().zip(strides(&dims)).enumerate() {
        if other == at {
            walk.push(dim, Linear::default(), to);
            continue;
        }
        match (dim, value.dims[other]) {
            (Dim::Fixed(count), Dim::Fixed(dim)) if count <= dim => {}
            (Dim::Fixed(_), Dim::Fixed(_)) => {
                return Err(NotTaken::invalid(
                    node,
                    format!("indices {} into {value}", indices.ty),
                ));
            }
            (Dim::Rows, Dim::Rows) => {}
            _ => {
                let problem = format!("indices {} into {value}", indices.ty);
                return Err(NotTaken::unsupported(problem));
            }
        }
        walk.push(dim, from[other], to);
    }
    picks(value.dtype, dims, Way::Each { walk, axis, step: from[at] })
}

pub(super) fn gather_nd(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let (value, indices) = inputs(node, operands)?;
    let misfit = || NotTaken::invalid(node, format!("indices {} into {value}", indices.ty));
    let batch = usize::try_from(node.int("batch_dims")?.unwrap_or(0)).map_err(|_| misfit())?;
    let Some((last, front)) = indices.ty.dims.split_last() else { return Err(misfit()) };
    let Dim::Fixed(count) = *last else {
        return Err(NotTaken::unsupported("an index for each row in one point"));
    };
    let end = batch.checked_add(count).filter(|&end| end <= value.rank()).ok_or_else(misfit)?;
    if count == 0 || batch > front.len() {
        return Err(misfit());
    }
    if value.dims[..batch] != front[..batch] {
        return Err(match value.is_fixed() && indices.ty.is_fixed() {
            true => misfit(),
            false => NotTaken::unsupported(format!("indices {} into {value}", indices.ty)),
        });
    }
    let steps = strides(&value.dims);
    let axes = value.dims[batch..end].iter().zip(&steps[batch..end]);
    let axes = axes.map(|(&dim, &step)| Ok((Indexed::of(dim)?, step)));
    let way = Way::Point {
        outer: Linear::product(&value.dims[..batch]),
        outer_step: Linear::product(&value.dims[batch..]),
        axes: axes.collect::<Result<_, NotTaken>>()?,
        chunk: Linear::product(&value.dims[end..]),
    };
    picks(value.dtype, [front, &value.dims[end..]].concat(), way)
}
