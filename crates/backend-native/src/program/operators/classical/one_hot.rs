//! OneHotEncoder: one where the element is the category, zero elsewhere, along a new last axis.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, DataView, Shape, Tensor};

use super::{
    super::support::operand,
    table::{Counts, IntegerTable, TextTable, without_repeats},
};
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        operators::classical::unknown::Unknown,
        shape::Dim,
    },
};

pub(super) fn one_hot(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let texts: Vec<&str> = node.strings("cats_strings")?.into_iter().flatten().collect();
    let integers: Vec<i64> = node.ints("cats_int64s")?.map(Iterator::collect).unwrap_or_default();
    if texts.is_empty() == integers.is_empty() {
        let problem = format!("{} texts and {} integers", texts.len(), integers.len());
        return Err(NotTaken::invalid(node, problem));
    }
    if x.ty.rank() > 2 {
        return Err(NotTaken::unsupported(format!("categories of {}", x.ty)));
    }
    let width = texts.len().max(integers.len());
    let categories = match (x.ty.dtype, texts.is_empty()) {
        (DType::Str, false) => Categories::Texts(TextTable::new(&texts, Counts::Last)),
        (DType::F32 | DType::F64 | DType::I64 | DType::I32, true) => {
            let entries = without_repeats(&integers, Counts::Last);
            Categories::Integers(IntegerTable::new(entries))
        }
        (dtype, _) => {
            let of = if texts.is_empty() { "integers" } else { "texts" };
            return Err(NotTaken::unsupported(format!("{dtype} among categories of {of}")));
        }
    };
    let dims = x.ty.dims.iter().copied().chain([Dim::Fixed(width)]).collect();
    let output = super::value_type(DType::F32, dims)?;
    let unknown_is_zeros = node.int("zeros")?.unwrap_or(1) != 0;
    let unknown = Unknown::of(x);
    let kernel = Box::new(OneHot { categories, width, unknown_is_zeros, unknown });
    Ok(Compiled { kernel, outputs: vec![output] })
}

#[derive(Debug)]
struct OneHot {
    categories: Categories,
    /// The number of categories.
    width: usize,
    /// Whether what is no category is all zeros; an error otherwise.
    unknown_is_zeros: bool,
    unknown: Unknown,
}

#[derive(Debug)]
enum Categories {
    Texts(TextTable),
    Integers(IntegerTable),
}

impl Kernel for OneHot {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let input = operands.view(0);
        let mut dims = [0; hotplate_tensor::MAX_RANK];
        let rank = input.shape().rank();
        dims[..rank].copy_from_slice(input.shape().dims());
        dims[rank] = self.width;
        let shape = Shape::new(&dims[..=rank])
            .unwrap_or_else(|_| unreachable!("rows times a bounded width"));
        let output = outputs[0].reset::<f32>(shape);
        output.fill(0.0);
        match (&self.categories, input.data()) {
            (Categories::Texts(table), DataView::Str(texts)) => {
                for (at, text) in texts.iter().enumerate() {
                    match table.get(text) {
                        Some(category) => output[at * self.width + category] = 1.0,
                        None => self.unknown.met(
                            &operands,
                            at,
                            text,
                            !self.unknown_is_zeros,
                            table.names(),
                        )?,
                    }
                }
                Ok(())
            }
            (Categories::Integers(table), DataView::F32(numbers)) => {
                self.encode(table, numbers, output, |x| cut(f64::from(x)))
            }
            (Categories::Integers(table), DataView::F64(numbers)) => {
                self.encode(table, numbers, output, cut)
            }
            (Categories::Integers(table), DataView::I64(numbers)) => {
                self.encode(table, numbers, output, |x| x)
            }
            (Categories::Integers(table), DataView::I32(numbers)) => {
                self.encode(table, numbers, output, i64::from)
            }
            _ => unreachable!("compiled for the type of the categories"),
        }
    }

    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        self.unknown.counts()
    }
}

impl OneHot {
    fn encode<T: Copy>(
        &self,
        table: &IntegerTable,
        numbers: &[T],
        output: &mut [f32],
        integer: impl Fn(T) -> i64,
    ) -> Result<(), BackendError> {
        for (&number, output) in numbers.iter().zip(output.chunks_exact_mut(self.width)) {
            let integer = integer(number);
            match table.get(integer) {
                Some(category) => output[category] = 1.0,
                None if self.unknown_is_zeros => {}
                None => {
                    let problem = format!("{integer} is none of the model's categories");
                    return Err(BackendError::told(BackendErrorKind::RefusedRows, problem));
                }
            }
        }
        Ok(())
    }
}

/// The number without its fraction; what is no int64 is the least of them, as processors say that
/// ONNX Runtime runs on.
#[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
fn cut(number: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&number) { number as i64 } else { i64::MIN }
}
