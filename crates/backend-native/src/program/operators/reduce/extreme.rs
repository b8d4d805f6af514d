//! `ArgMax` and `ArgMin`: where the greatest or the least element stands.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, MAX_RANK, Tensor};

use super::{
    super::support::operand,
    fold,
    lanes::{Axis, Lanes},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::ValueType,
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let axis = Axis::read(node, 0, &x.ty)?;
    if axis.count == 0 {
        return Err(NotTaken::unsupported("the greatest of no elements"));
    }
    let mut reduced = [false; MAX_RANK];
    reduced[axis.index] = true;
    let mut output = fold::output(node, &x.ty, &reduced)?;
    output.dtype = DType::I64;
    let outputs = vec![output.clone()];
    let least = node.op_type == "ArgMin";
    let last = node.int("select_last_index")?.unwrap_or(0) != 0;
    macro_rules! of {
        ($($variant:ident: $type:ty),+) => {
            match x.ty.dtype {
                $(DType::$variant => {
                    let of = PhantomData::<$type>;
                    Box::new(Extreme { axis, least, last, output, of }) as Box<dyn Kernel>
                })+
                other => {
                    let reason = format!("{} of {other}", node.op_type);
                    return Err(NotTaken::unsupported(reason));
                }
            }
        };
    }
    let kernel = of!(
        F32: f32, F64: f64, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32,
        U64: u64
    );
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct Extreme<T> {
    axis: Axis,
    least: bool,
    /// Whether the last of equals is meant, not the first.
    last: bool,
    output: ValueType,
    of: PhantomData<T>,
}

impl<T: Element + PartialOrd + fmt::Debug> Kernel for Extreme<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let view = operands.view(0);
        let lanes = self.axis.lanes(view.shape());
        let x = operands.elements::<T>(0);
        let out = outputs[0].reset::<i64>(self.output.shape(operands.rows()));
        // NaN is neither greater nor less: it counts only where it stands first, as in ONNX Runtime.
        match (self.least, self.last) {
            (false, false) => places(lanes, x, out, |one, other| other > one),
            (false, true) => places(lanes, x, out, |one, other| other >= one),
            (true, false) => places(lanes, x, out, |one, other| other < one),
            (true, true) => places(lanes, x, out, |one, other| other <= one),
        }
        Ok(())
    }
}

/// Writes for each lane where the element stands that is better than those in front of it.
fn places<T: Copy>(lanes: Lanes, x: &[T], out: &mut [i64], is_better: impl Fn(T, T) -> bool) {
    for (first, out) in lanes.firsts().zip(out) {
        let mut best = x[first];
        *out = 0;
        for (index, element) in (0..).zip(lanes.lane(x, first)) {
            if is_better(best, element) {
                best = element;
                *out = index;
            }
        }
    }
}
