//! What networks are made of, as files store it: each device makes its own of these.

use std::borrow::Cow;

/// A function of one number, applied to every element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Relu,
    /// `x / 2 * (1 + erf(x / sqrt 2))`.
    Gelu,
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`.
    GeluTanh,
    Tanh,
}

/// How the tokens of a sequence become one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The first token.
    Cls,
    /// The sum over the tokens, divided by their number.
    Mean,
    /// The largest of each column.
    Max,
    /// The sum over the tokens, divided by the root of their number.
    MeanSqrtLen,
    /// The mean of tokens, the first by a weight of one, the second of two, and so on.
    WeightedMean,
    /// The last token.
    LastToken,
}

/// A dense layer: `x * weight^T + bias`.
#[derive(Clone, Debug)]
pub(crate) struct Dense<'a> {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// `[outputs, inputs]`, row-major.
    pub(crate) weight: Cow<'a, [f32]>,
    /// `[outputs]`.
    pub(crate) bias: Option<Cow<'a, [f32]>>,
}

/// A layer norm over the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + shift`, where the
/// variance is divided by the number of columns.
#[derive(Clone, Debug)]
pub(crate) struct Norm<'a> {
    /// `[width]`.
    pub(crate) scale: Cow<'a, [f32]>,
    /// `[width]`.
    pub(crate) shift: Cow<'a, [f32]>,
    pub(crate) epsilon: f32,
}

/// A table that rows are taken from by their number.
///
/// A table of words is half of a small model, so it need not be copied: what implements this may read
/// the file's bytes.
pub(crate) trait Table: Send + Sync + std::fmt::Debug {
    fn rows(&self) -> usize;

    fn width(&self) -> usize;

    /// Writes row `index`.
    ///
    /// # Panics
    ///
    /// When there is no such row, or `row` is not as long as the table is wide.
    fn copy(&self, index: usize, row: &mut [f32]);
}

/// What a sequence's tokens begin as: `norm(words[id] + types[type] + positions[position])`.
#[derive(Debug)]
pub(crate) struct Embeddings<'a> {
    pub(crate) words: Box<dyn Table>,
    pub(crate) positions: Box<dyn Table>,
    /// `None`: DistilBERT has no types.
    pub(crate) types: Option<Box<dyn Table>>,
    pub(crate) norm: Norm<'a>,
}

/// A layer of an encoder that norms after its sums (BERT's):
/// `x = norm(x + attention(x)); x = norm(x + down(activation(up(x))))`.
#[derive(Clone, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) query: Dense<'a>,
    pub(crate) key: Dense<'a>,
    pub(crate) value: Dense<'a>,
    /// From the heads, side by side, to the hidden state.
    pub(crate) output: Dense<'a>,
    pub(crate) attention_norm: Norm<'a>,
    pub(crate) up: Dense<'a>,
    pub(crate) down: Dense<'a>,
    pub(crate) output_norm: Norm<'a>,
}

/// Tokens of sequences laid end to end, without padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    /// Rows of the table of words, one per token.
    pub(crate) ids: &'a [u32],
    /// Rows of the table of positions, one per token.
    pub(crate) positions: &'a [u32],
    /// Rows of the table of types, one per token; not read when there is no such table.
    pub(crate) types: &'a [u32],
    /// The tokens of each sequence; they add up to the number of tokens.
    pub(crate) lengths: &'a [usize],
}

impl Dense<'_> {
    /// # Panics
    ///
    /// When the lengths are not those of the shape.
    pub(crate) fn check(&self) {
        assert_eq!(
            Some(self.weight.len()),
            self.inputs.checked_mul(self.outputs),
            "a dense layer's weights"
        );
        if let Some(bias) = &self.bias {
            assert_eq!(bias.len(), self.outputs, "a dense layer's biases");
        }
    }
}

/// A table that is held in memory: `[rows, width]`, row-major.
#[derive(Debug)]
pub(crate) struct Held {
    values: Vec<f32>,
    width: usize,
}

impl Held {
    /// # Panics
    ///
    /// When `width` is zero or does not divide the number of values.
    pub(crate) fn new(values: Vec<f32>, width: usize) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "a table's values");
        Self { values, width }
    }
}

impl Table for Held {
    fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    fn width(&self) -> usize {
        self.width
    }

    fn copy(&self, index: usize, row: &mut [f32]) {
        row.copy_from_slice(&self.values[index * self.width..][..self.width]);
    }
}
