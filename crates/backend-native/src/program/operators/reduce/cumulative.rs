//! `CumSum`: sums of the elements so far.

use std::marker::PhantomData;

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Tensor};

use super::{
    super::{linear::Number, support::operand},
    lanes::Axis,
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
    let (x, axis) = (operand(node, operands, 0)?, operand(node, operands, 1)?);
    let axis = match (axis.constant_elements::<i64>(), axis.constant_elements::<i32>()) {
        (Some(&[axis]), _) => axis,
        (_, Some(&[axis])) => axis.into(),
        (None, None) => return Err(NotTaken::unsupported("an axis that is computed")),
        _ => return Err(NotTaken::invalid(node, "several axes")),
    };
    let axis = Axis::new(node, axis, &x.ty)?;
    let flag = |name| Ok::<_, NotTaken>(node.int(name)?.unwrap_or(0) != 0);
    let (exclusive, reverse) = (flag("exclusive")?, flag("reverse")?);
    let output = x.ty.clone();
    let outputs = vec![output.clone()];
    macro_rules! of {
        ($($variant:ident: $type:ty),+) => {
            match output.dtype {
                $(DType::$variant => {
                    let of = PhantomData::<$type>;
                    Box::new(CumSum { axis, exclusive, reverse, output, of }) as Box<dyn Kernel>
                })+
                other => return Err(NotTaken::invalid(node, format!("sums of {other}"))),
            }
        };
    }
    let kernel = of!(F32: f32, F64: f64, I32: i32, I64: i64, U32: u32, U64: u64);
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct CumSum<T> {
    axis: Axis,
    /// Whether an element itself is not yet in its sum.
    exclusive: bool,
    /// Whether the sums begin at the end.
    reverse: bool,
    output: ValueType,
    of: PhantomData<T>,
}

impl<T: Number> Kernel for CumSum<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let shape = self.output.shape(operands.rows());
        let lanes = self.axis.lanes(&shape);
        let x = operands.elements::<T>(0);
        let out = outputs[0].reset::<T>(shape);
        for first in lanes.firsts() {
            let mut sum = T::ZERO;
            for step in 0..lanes.count {
                let index = if self.reverse { lanes.count - 1 - step } else { step };
                let at = first + index * lanes.inners;
                let before = sum;
                sum = sum.plus(x[at]);
                out[at] = if self.exclusive { before } else { sum };
            }
        }
        Ok(())
    }
}
