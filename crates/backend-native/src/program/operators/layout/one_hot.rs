//! ONNX's own OneHot: for each index a list of one value everywhere but at the index.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, DataView, Element, Tensor};

use super::{
    super::support::operand,
    cells::{Cells, Mover, Texts, by_type},
    lists,
    walk::{Line, Linear},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::{Dim, MOST_ELEMENTS, ValueType},
    },
};

#[derive(Debug)]
struct OneHot {
    ty: ValueType,
    depth: usize,
    /// Off and on.
    values: Tensor,
    /// The elements in front of the new axis, and behind.
    outer: Linear,
    inner: Linear,
}

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let indices = &operand(node, operands, 0)?.ty;
    if matches!(indices.dtype, DType::Str | DType::Bool) {
        return Err(NotTaken::invalid(node, format!("indices of {}", indices.dtype)));
    }
    let depth = operand(node, operands, 1)?;
    let depth = depth.constant.ok_or_else(|| NotTaken::unsupported("a depth that is computed"))?;
    let depth = one_number(depth.data())
        .filter(|depth| *depth >= 1.0)
        .ok_or_else(|| NotTaken::invalid(node, "a depth that is no positive number"))?;
    if depth > MOST_ELEMENTS as f64 {
        return Err(NotTaken::unsupported(format!("a depth of more than {MOST_ELEMENTS}")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between one and a bound"
    )]
    let depth = depth as usize;
    let values = operand(node, operands, 2)?;
    let values =
        values.constant.ok_or_else(|| NotTaken::unsupported("values that are computed"))?.clone();
    if values.shape().elements() != 2 {
        let problem = format!("{} values for off and on", values.shape().elements());
        return Err(NotTaken::invalid(node, problem));
    }
    let axis = lists::axis(node, node.int("axis")?.unwrap_or(-1), indices.rank() + 1)?;
    let mut dims = indices.dims.clone();
    dims.insert(axis, Dim::Fixed(depth));
    let ty = ValueType::new(values.dtype(), dims).map_err(NotTaken::unsupported)?;
    let (outer, inner) =
        (Linear::product(&indices.dims[..axis]), Linear::product(&indices.dims[axis..]));
    let kernel = OneHot { ty: ty.clone(), depth, values, outer, inner };
    Ok(Compiled { kernel: Box::new(kernel), outputs: vec![ty] })
}

/// The only element, if it is a number.
fn one_number(data: DataView<'_>) -> Option<f64> {
    if data.len() != 1 {
        return None;
    }
    match data {
        DataView::I8(one) => Some(one[0].into()),
        DataView::I16(one) => Some(one[0].into()),
        DataView::I32(one) => Some(one[0].into()),
        DataView::I64(one) => Some(one[0].as_f64()),
        DataView::U8(one) => Some(one[0].into()),
        DataView::U16(one) => Some(one[0].into()),
        DataView::U32(one) => Some(one[0].into()),
        DataView::U64(one) => Some(one[0].as_f64()),
        DataView::F32(one) => Some(one[0].into()),
        DataView::F64(one) => Some(one[0]),
        _ => None,
    }
}

/// Indices are compared as doubles: no depth is too large for one, and what is rounded there is far
/// beyond any.
trait Index: Element {
    fn as_f64(self) -> f64;
}

macro_rules! indices {
    ($($type:ty),+) => {
        $(impl Index for $type {
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_lossless,
                reason = "rounded only beyond every depth"
            )]
            fn as_f64(self) -> f64 {
                self as f64
            }
        })+
    };
}

indices!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl Kernel for OneHot {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let rows = operands.rows();
        let shape = self.ty.shape(rows);
        let Some(output) = outputs.first_mut() else { return Ok(()) };
        let indices = operands.view(0).data();
        by_type!(
            self.ty.dtype,
            T => {
                let Some(from) = T::slice(self.values.data()) else {
                    unreachable!("the type was {}", self.ty)
                };
                self.mark(rows, indices, &mut Cells { from, to: output.reset::<T>(shape) });
                Ok(())
            },
            text => {
                let DataView::Str(from) = self.values.data() else {
                    unreachable!("the type was {}", self.ty)
                };
                let mut texts = Texts::new(from, output.reset_strings(shape));
                self.mark(rows, indices, &mut texts);
                texts.finish()
            },
        )
    }
}

impl OneHot {
    fn mark(&self, rows: usize, indices: DataView<'_>, mover: &mut impl Mover) {
        let len = self.depth * indices.len();
        mover.line(0, 0, Line { len, from_step: 0, to_step: 1 });
        macro_rules! mark {
            ($($variant:ident),+) => {
                match indices {
                    $(DataView::$variant(indices) => self.mark_each(rows, indices, mover),)+
                    _ => unreachable!("indices of {}", indices.dtype()),
                }
            };
        }
        mark!(I8, I16, I32, I64, U8, U16, U32, U64, F32, F64);
    }

    fn mark_each<I: Index>(&self, rows: usize, indices: &[I], mover: &mut impl Mover) {
        let (outer, inner) = (self.outer.at(rows), self.inner.at(rows));
        #[expect(clippy::cast_precision_loss, reason = "a depth is far below where doubles round")]
        let depth = self.depth as f64;
        for (index, at) in indices.iter().zip(0..outer * inner) {
            let index = index.as_f64();
            let index = if index < 0.0 { index + depth } else { index };
            // No index is a fraction or beyond the depth: then nothing is on.
            if index >= 0.0 && index < depth && index.fract() == 0.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between zero and the depth"
                )]
                let place = (at / inner * self.depth + index as usize) * inner + at % inner;
                mover.side_by_side(1, place, 1);
            }
        }
    }
}
