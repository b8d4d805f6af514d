//! One of two values, as a condition says.

use std::{fmt, marker::PhantomData};

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Element, Tensor};

use super::{
    exactly, not_of, one_type,
    pairs::texts,
    texts::put,
    walk::{Walk, together},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        opsets::Opsets,
    },
};

pub(super) fn compile(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    opsets: &Opsets,
) -> Result<Compiled, NotTaken> {
    let [condition, yes, no] = exactly(node, operands)?;
    if condition.ty.dtype != DType::Bool {
        let problem = format!("{} elements as a condition", condition.ty.dtype);
        return Err(NotTaken::invalid(node, problem));
    }
    let dtype = one_type(node, &[yes, no])?;
    let types = [&condition.ty, &yes.ty, &no.ty];
    let walk = Walk::new(together(node, opsets, dtype, &types)?, types);
    let outputs = vec![walk.output().clone()];
    let kernel: Box<dyn Kernel> = with_type!(
        fixed_size, dtype,
        T => Box::new(Select::<T> { walk, of: PhantomData }),
        else if dtype == DType::Str {
            Box::new(SelectText { walk })
        } else {
            return Err(not_of(dtype));
        }
    );
    Ok(Compiled { kernel, outputs })
}

#[derive(Debug)]
struct Select<T> {
    walk: Walk<3>,
    of: PhantomData<fn() -> T>,
}

impl<T: Element + fmt::Debug> Kernel for Select<T> {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let conditions = operands.elements::<bool>(0);
        let (yes, no) = (operands.elements::<T>(1), operands.elements::<T>(2));
        let rows = operands.rows();
        let to = outputs[0].reset::<T>(self.walk.shape(rows));
        let moves = self.walk.moves();
        self.walk.each_run(rows, |at, len, [condition, yes_at, no_at]| {
            let to = &mut to[at..at + len];
            let [condition_moves, yes_moves, no_moves] = moves;
            if !condition_moves {
                let (from, begin, moves) = if conditions[condition] {
                    (yes, yes_at, yes_moves)
                } else {
                    (no, no_at, no_moves)
                };
                if moves {
                    to.copy_from_slice(&from[begin..begin + len]);
                } else {
                    to.fill(from[begin]);
                }
                return;
            }
            let conditions = &conditions[condition..condition + len];
            let to = to.iter_mut().zip(conditions);
            match (yes_moves, no_moves) {
                (true, true) => {
                    let sides = yes[yes_at..yes_at + len].iter().zip(&no[no_at..no_at + len]);
                    for ((to, &condition), (&yes, &no)) in to.zip(sides) {
                        *to = if condition { yes } else { no };
                    }
                }
                (true, false) => {
                    let no = no[no_at];
                    for ((to, &condition), &yes) in to.zip(&yes[yes_at..yes_at + len]) {
                        *to = if condition { yes } else { no };
                    }
                }
                (false, true) => {
                    let yes = yes[yes_at];
                    for ((to, &condition), &no) in to.zip(&no[no_at..no_at + len]) {
                        *to = if condition { yes } else { no };
                    }
                }
                (false, false) => {
                    let (yes, no) = (yes[yes_at], no[no_at]);
                    for (to, &condition) in to {
                        *to = if condition { yes } else { no };
                    }
                }
            }
        });
        Ok(())
    }
}

#[derive(Debug)]
struct SelectText {
    walk: Walk<3>,
}

impl Kernel for SelectText {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let conditions = operands.elements::<bool>(0);
        let (yes, no) = (texts(operands, 1), texts(operands, 2));
        let rows = operands.rows();
        let to = outputs[0].reset_strings(self.walk.shape(rows));
        let mut result = Ok(());
        let [condition_step, yes_step, no_step] = self.walk.moves().map(usize::from);
        self.walk.each_run(rows, |at, len, [condition, yes_at, no_at]| {
            if result.is_err() {
                return;
            }
            for index in 0..len {
                let text = if conditions[condition + index * condition_step] {
                    yes.get(yes_at + index * yes_step)
                } else {
                    no.get(no_at + index * no_step)
                };
                result = put(to, at + index, text);
                if result.is_err() {
                    return;
                }
            }
        });
        result
    }
}
