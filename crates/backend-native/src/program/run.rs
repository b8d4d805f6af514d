//! One thread's buffers, and the way of rows through the steps.

use std::{any::Any, fmt, mem, ops::Range};

use hotplate_backend::{BackendError, Part};
use hotplate_tensor::{DType, DataView, Element, Inputs, Shape, Tensor, TensorView};

use super::{
    compile::Program,
    kernel::{Block, Operands, Source},
};

/// Rows that go through the steps together: enough to pay for a step, few enough that what it makes
/// stays in the cache.
pub(super) const BLOCK_ROWS: usize = 32;

/// What one thread has: of every step its outputs, and what it needs beside.
pub(crate) struct Frame {
    steps: Vec<Vec<Tensor>>,
    scratch: Vec<Box<dyn Any + Send>>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} steps)", self.steps.len())
    }
}

impl Program {
    /// A thread's buffers.
    pub(crate) fn frame(&self) -> Frame {
        let empty = |step: &super::compile::Step| {
            step.outputs.iter().map(|output| Tensor::empty(output.dtype)).collect()
        };
        Frame {
            steps: self.steps.iter().map(empty).collect(),
            scratch: self.steps.iter().map(|step| step.kernel.scratch()).collect(),
        }
    }

    /// Answers the rows of a part.
    ///
    /// # Errors
    ///
    /// When a row has a value that an operator refuses.
    pub(crate) fn answer(
        &self,
        part: &mut Part<'_>,
        frame: &mut Frame,
    ) -> Result<(), BackendError> {
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        if inputs.rows() == 0 {
            for (output, row) in outputs.iter_mut().zip(&self.output_rows) {
                output.clear_rows(row);
            }
            return Ok(());
        }
        let step = if self.whole { 1 } else { BLOCK_ROWS };
        for first in rows.clone().step_by(step) {
            let block = Block {
                inputs: *inputs,
                rows: first..rows.end.min(first + step),
                whole: self.whole,
                unknown_categories: *unknown_categories,
            };
            self.run(&block, frame)?;
            for (output, &source) in outputs.iter_mut().zip(&self.outputs) {
                let operands = self.operands(&block, &frame.steps, std::slice::from_ref(&source));
                copy_rows(operands.view(0), &block, inputs, output);
            }
        }
        Ok(())
    }

    /// Runs every step on these rows.
    fn run(&self, block: &Block<'_>, frame: &mut Frame) -> Result<(), BackendError> {
        for (index, step) in self.steps.iter().enumerate() {
            // Taken out so that the others can be read meanwhile; a vector that is empty costs
            // nothing.
            let mut outputs = mem::take(&mut frame.steps[index]);
            let operands = self.operands(block, &frame.steps, &step.sources);
            let scratch = &mut *frame.scratch[index];
            let result = step.kernel.run_with(scratch, operands, &mut outputs);
            frame.steps[index] = outputs;
            result?;
        }
        Ok(())
    }

    fn operands<'a>(
        &'a self,
        block: &'a Block<'a>,
        steps: &'a [Vec<Tensor>],
        sources: &'a [Source],
    ) -> Operands<'a> {
        let (level, constants) = (self.level, &self.constants[..]);
        Operands { sources, level, inputs: Some(block), constants, steps }
    }
}

/// Puts the answers of a block where they belong among those of the request.
fn copy_rows(from: TensorView<'_>, block: &Block<'_>, inputs: &Inputs<'_>, to: &mut Tensor) {
    let row = if block.whole { *from.shape() } else { from.shape().of_one_row() };
    if block.rows.start == 0 {
        let shape = row.with_rows(inputs.rows());
        reset(to, shape.unwrap_or_else(|_| unreachable!("rows times a bounded width")));
    }
    let width = row.elements();
    let range = block.rows.start * width..block.rows.end * width;
    macro_rules! copy {
        ($($variant:ident),+) => {
            match from.data() {
                $(DataView::$variant(from) => copy_elements(from, range, to),)+
                DataView::Str(from) => {
                    range.zip(from.iter()).for_each(|(at, text)| to.set_string(at, text));
                }
                _ => unreachable!("every type of element is above"),
            }
        };
    }
    copy!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64);
}

fn copy_elements<T: Element>(from: &[T], range: Range<usize>, to: &mut Tensor) {
    to.elements_mut::<T>()[range].copy_from_slice(from);
}

/// Gives a tensor this shape; it keeps its type.
fn reset(tensor: &mut Tensor, shape: Shape) {
    macro_rules! reset {
        ($($variant:ident: $type:ty),+) => {
            match tensor.dtype() {
                $(DType::$variant => drop(tensor.reset::<$type>(shape)),)+
                _ => drop(tensor.reset_strings(shape)),
            }
        };
    }
    reset!(
        Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64,
        F32: f32, F64: f64
    );
}
