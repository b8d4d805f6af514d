//! Operators on any number of values: minima, maxima, sums, means.

use std::fmt;

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{Element, Tensor};

use super::{
    super::{Taken, support::operand},
    not_of,
    number::{Number, Real},
    one_type,
    walk::{Walk, together},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
        shape::ValueType,
    },
};

/// Takes an operator on any number of values.
pub(super) fn compile(node: &Node<'_>, operands: &[Option<Operand<'_>>], opsets: &Opsets) -> Taken {
    if !matches!(node.op_type, "Min" | "Max" | "Sum" | "Mean") {
        return Ok(None);
    }
    let given = (0..operands.len())
        .map(|index| operand(node, operands, index))
        .collect::<Result<Vec<_>, _>>()?;
    if given.is_empty() {
        return Err(NotTaken::invalid(node, "reads no inputs"));
    }
    let dtype = one_type(node, &given)?;
    // Each value in turn meets what came of those in front of it.
    let types: Vec<&ValueType> = given.iter().map(|operand| &operand.ty).collect();
    let output = together(node, opsets, dtype, &types)?;
    let walks: Vec<Walk<1>> = types.iter().map(|ty| Walk::new(output.clone(), [*ty])).collect();
    let compiled = match node.op_type {
        "Min" => with_type!(numbers, dtype, T => Ok(several::<T>(walks, T::least, None)),
            else Err(not_of(dtype))),
        "Max" => with_type!(numbers, dtype, T => Ok(several::<T>(walks, T::greatest, None)),
            else Err(not_of(dtype))),
        of => with_type!(reals, dtype, T => {
            #[expect(clippy::cast_precision_loss, reason = "no file has as many inputs")]
            let divisor = (of == "Mean").then_some(given.len() as f32).map(T::of);
            Ok(several::<T>(walks, T::plus, divisor))
        }, else Err(not_of(dtype))),
    };
    compiled.map(Some)
}

struct Several<T, F> {
    /// Each operand's way, at least one.
    walks: Vec<Walk<1>>,
    function: F,
    /// What the result is divided by.
    divisor: Option<T>,
}

fn several<T: Number>(
    walks: Vec<Walk<1>>,
    function: impl Fn(T, T) -> T + Send + Sync + 'static,
    divisor: Option<T>,
) -> Compiled {
    let outputs = walks.iter().take(1).map(|walk| walk.output().clone()).collect();
    Compiled { kernel: Box::new(Several { walks, function, divisor }), outputs }
}

impl<T: Number, F: Fn(T, T) -> T + Send + Sync> Kernel for Several<T, F> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let rows = operands.rows();
        let to = outputs[0].reset::<T>(self.walks[0].shape(rows));
        for (index, walk) in self.walks.iter().enumerate() {
            let from = operands.elements::<T>(index);
            if index == 0 {
                meet(walk, rows, from, to, |_, first| first);
            } else {
                meet(walk, rows, from, to, &self.function);
            }
        }
        if let Some(divisor) = self.divisor {
            to.iter_mut().for_each(|to| *to = to.over(divisor));
        }
        Ok(())
    }
}

/// Makes something of each element and the one of `from` that stands beside it.
fn meet<T: Element>(
    walk: &Walk<1>,
    rows: usize,
    from: &[T],
    to: &mut [T],
    function: impl Fn(T, T) -> T,
) {
    let [moves] = walk.moves();
    walk.each_run(rows, |at, len, [begin]| {
        let to = &mut to[at..at + len];
        if moves {
            for (to, &from) in to.iter_mut().zip(&from[begin..begin + len]) {
                *to = function(*to, from);
            }
        } else {
            let from = from[begin];
            to.iter_mut().for_each(|to| *to = function(*to, from));
        }
    });
}

impl<T: Element, F> fmt::Debug for Several<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Several({}, {:?})", T::DTYPE, self.walks)
    }
}
