//! What a node is compiled to, and how it gets at its values.

use std::{any::Any, fmt, ops::Range};

use hotplate_backend::{BackendError, UnknownCategories, UnknownCategory};
use hotplate_tensor::{DType, DataView, Element, Inputs, Tensor, TensorView};

use super::shape::{Extent, ValueType};
use crate::simd::Level;

/// One node, compiled: everything that its attributes and the shapes of its values decide is
/// decided.
pub(crate) trait Kernel: fmt::Debug + Send + Sync {
    /// Computes every output for all rows at hand, each row from its own values alone.
    ///
    /// The operands have the types that the kernel was compiled for. An output has whatever it held
    /// the last time; the kernel gives it its shape and all of its elements.
    ///
    /// # Errors
    ///
    /// When a row has a value that the operator refuses.
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError>;

    /// What one thread needs beside the outputs, for [`run_with`](Self::run_with).
    fn scratch(&self) -> Box<dyn Any + Send> {
        Box::new(())
    }

    /// As [`run`](Self::run), with a thread's [scratch](Self::scratch).
    fn run_with(
        &self,
        _scratch: &mut dyn Any,
        operands: Operands<'_>,
        outputs: &mut [Tensor],
    ) -> Result<(), BackendError> {
        self.run(operands, outputs)
    }

    /// The type and the number of the margins of a row, where this is a classifier that makes its
    /// second output of them: then it writes them to a third output, if it is given one.
    fn margins(&self) -> Option<(DType, usize)> {
        None
    }

    /// How the kernel does it, for a person, where there is something to tell.
    fn describe(&self) -> Vec<String> {
        Vec::new()
    }

    /// How often each text column that the kernel looks up held a text that training never saw: the
    /// column's index in the schema, and the count so far.
    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        Vec::new()
    }
}

/// A kernel, and what its outputs are.
pub(crate) struct Compiled {
    pub(crate) kernel: Box<dyn Kernel>,
    pub(crate) outputs: Vec<ValueType>,
}

/// One input of a node, as it is compiled.
#[derive(Clone, Debug)]
pub(crate) struct Operand<'g> {
    pub(crate) ty: ValueType,
    /// The value, where it is the same for every row and known now.
    pub(crate) constant: Option<&'g Tensor>,
    /// The elements, where the value is a list of integers among which the number of rows may be:
    /// what `Shape` gives and what is made of it.
    pub(crate) extents: Option<&'g [Extent]>,
    /// The index of the first column, where the value is an input of the model: its elements are
    /// the cells of the columns from there on.
    pub(crate) column: Option<usize>,
}

impl<'g> Operand<'g> {
    /// The elements of a constant of this type.
    pub(crate) fn constant_elements<T: Element>(&self) -> Option<&'g [T]> {
        self.constant.and_then(|tensor| T::slice(tensor.data()))
    }
}

/// Where the values of a program lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An input of the model.
    Input(usize),
    /// A constant.
    Constant(usize),
    /// An output of a step in front.
    Step { step: usize, output: usize },
    /// An optional input that is left out.
    Nothing,
}

/// The inputs of one step, for the rows at hand.
#[derive(Clone, Copy)]
pub(crate) struct Operands<'a> {
    pub(crate) sources: &'a [Source],
    /// What loops are to be run with.
    pub(crate) level: Level,
    /// The rows at hand; none while constants are folded.
    pub(crate) inputs: Option<&'a Block<'a>>,
    pub(crate) constants: &'a [Tensor],
    pub(crate) steps: &'a [Vec<Tensor>],
}

/// Some rows of a request.
#[derive(Clone, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) inputs: Inputs<'a>,
    pub(crate) rows: Range<usize>,
    /// Whether there is no rows axis, and a row is whole tensors.
    pub(crate) whole: bool,
    /// What becomes of texts that training never saw.
    pub(crate) unknown_categories: UnknownCategories,
}

impl<'a> Block<'a> {
    fn view(&self, input: usize) -> TensorView<'a> {
        let row = self.inputs.row_shape(input);
        let width = row.elements();
        let elements = self.rows.start * width..self.rows.end * width;
        let shape = if self.whole { Ok(row) } else { row.with_rows(self.rows.len()) };
        shape
            .and_then(|shape| TensorView::new(shape, self.inputs.data(input).slice(elements)))
            .unwrap_or_else(|_| unreachable!("inputs hold rows of their shapes"))
    }
}

impl<'a> Operands<'a> {
    /// The number of rows at hand; one while constants are folded, and where rows are whole tensors.
    pub(crate) fn rows(&self) -> usize {
        self.inputs.map_or(1, |block| block.rows.len())
    }

    /// Whether a text that training never saw is refused; see [`refused`](Self::refused).
    pub(crate) fn refuses_unknown(&self) -> bool {
        self.inputs.is_some_and(|block| block.unknown_categories == UnknownCategories::Refuse)
    }

    /// The refusal of a text that training never saw, in a row counted from the first at hand.
    pub(crate) fn refused(
        &self,
        row: usize,
        column: usize,
        got: &str,
        known: Vec<String>,
    ) -> BackendError {
        let row = row + self.inputs.map_or(0, |block| block.rows.start);
        BackendError::unknown_category(UnknownCategory { row, column, got: got.to_owned(), known })
    }

    /// An input's value.
    ///
    /// # Panics
    ///
    /// When there is no such input, or it was left out.
    pub(crate) fn view(&self, index: usize) -> TensorView<'a> {
        match self.sources[index] {
            Source::Input(input) => {
                let block =
                    self.inputs.unwrap_or_else(|| unreachable!("only constants are folded"));
                block.view(input)
            }
            Source::Constant(constant) => self.constants[constant].view(),
            Source::Step { step, output } => self.steps[step][output].view(),
            Source::Nothing => panic!("input {index} was left out"),
        }
    }

    /// The elements of an input of this type.
    ///
    /// # Panics
    ///
    /// As [`view`](Self::view), and when the input is of another type.
    pub(crate) fn elements<T: Element>(&self, index: usize) -> &'a [T] {
        let data: DataView<'a> = self.view(index).data();
        T::slice(data).unwrap_or_else(|| panic!("a {} where {} was", T::DTYPE, data.dtype()))
    }
}
