//! FeatureVectorizer: several inputs side by side in one matrix of float32.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, DataView, Tensor};

use super::super::support::operand;
use crate::{
    operator::NotTaken,
    program::{
        kernel::{Compiled, Kernel, Operand, Operands},
        shape::Dim,
    },
};

pub(super) fn vectorizer(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let lengths: Vec<i64> =
        node.ints("inputdimensions")?.map(Iterator::collect).unwrap_or_default();
    if lengths.len() != operands.len() || lengths.is_empty() {
        let problem = format!("{} dimensions for {} inputs", lengths.len(), operands.len());
        return Err(NotTaken::invalid(node, problem));
    }
    let mut blocks = Vec::with_capacity(lengths.len());
    let mut width = 0_usize;
    let mut rows = None;
    for (index, &length) in lengths.iter().enumerate() {
        let ty = &operand(node, operands, index)?.ty;
        if !matches!(ty.dtype, DType::F32 | DType::F64 | DType::I64 | DType::I32) {
            return Err(NotTaken::unsupported(format!("a vector of {}", ty.dtype)));
        }
        // Numbers without rows are one row.
        let (first, features) = match &ty.dims[..] {
            [] => return Err(NotTaken::unsupported("a vector of a scalar")),
            [features] => (Dim::Fixed(1), std::slice::from_ref(features)),
            [first, features @ ..] => (*first, features),
        };
        let features: Option<usize> = features.iter().map(|dim| dim.fixed()).product();
        let features =
            features.ok_or_else(|| NotTaken::unsupported(format!("{ty} as a row of features")))?;
        if *rows.get_or_insert(first) != first {
            return Err(NotTaken::unsupported("vectors of different numbers of rows"));
        }
        let length = usize::try_from(length).map_err(|_| {
            NotTaken::invalid(node, format!("input {index} is to have {length} features"))
        })?;
        blocks.push(Block { to: width, taken: length.min(features), width: features });
        width = width.saturating_add(length);
    }
    let dims = vec![rows.unwrap_or(Dim::Fixed(1)), Dim::Fixed(width)];
    let output = super::value_type(DType::F32, dims)?;
    Ok(Compiled { kernel: Box::new(Vectorizer { blocks, width }), outputs: vec![output] })
}

/// Where the features of an input go.
#[derive(Debug)]
struct Block {
    to: usize,
    /// Features that are copied; what is missing to its length is zero.
    taken: usize,
    /// Features of a row of the input.
    width: usize,
}

#[derive(Debug)]
struct Vectorizer {
    blocks: Vec<Block>,
    width: usize,
}

impl Kernel for Vectorizer {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "rounding to float32 is the operator"
    )]
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let first = operands.view(0);
        let rows = if first.shape().rank() == 1 { 1 } else { first.shape().rows() };
        let shape = super::matrix(rows, self.width);
        let output = outputs[0].reset::<f32>(shape);
        output.fill(0.0);
        for (input, block) in self.blocks.iter().enumerate() {
            match operands.view(input).data() {
                DataView::F32(from) => self.copy(block, from, output, |x| x),
                DataView::F64(from) => self.copy(block, from, output, |x| x as f32),
                DataView::I64(from) => self.copy(block, from, output, |x| x as f32),
                DataView::I32(from) => self.copy(block, from, output, |x| x as f32),
                _ => unreachable!("compiled for numbers"),
            }
        }
        Ok(())
    }
}

impl Vectorizer {
    fn copy<T: Copy>(&self, block: &Block, from: &[T], to: &mut [f32], cast: impl Fn(T) -> f32) {
        if block.taken == 0 {
            return;
        }
        for (to, from) in to.chunks_exact_mut(self.width).zip(from.chunks_exact(block.width)) {
            for (to, &from) in to[block.to..].iter_mut().zip(&from[..block.taken]) {
                *to = cast(from);
            }
        }
    }
}
