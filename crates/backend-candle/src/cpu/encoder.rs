//! Encoders of BERT's kind.

use super::{Context, Linear};
use crate::network::{Activation, Block, Embeddings, Norm, Table, Tokens};

/// An encoder whose weights are laid out for this processor.
#[derive(Debug)]
pub(crate) struct Encoder {
    width: usize,
    heads: usize,
    activation: Activation,
    words: Box<dyn Table>,
    positions: Box<dyn Table>,
    types: Option<Box<dyn Table>>,
    norm: Norms,
    blocks: Vec<Layer>,
}

#[derive(Debug)]
struct Norms {
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norms,
    up: Linear,
    down: Linear,
    output_norm: Norms,
}

impl Encoder {
    /// An encoder without a layer: [`push`](Self::push) adds them.
    ///
    /// `activation` is that between `up` and `down`.
    ///
    /// # Panics
    ///
    /// When the widths of the tables and the norm differ, or `heads` does not divide them.
    pub(crate) fn new(embeddings: Embeddings<'_>, heads: usize, activation: Activation) -> Self {
        let width = embeddings.words.width();
        let types = embeddings.types.as_ref().map_or(width, |types| types.width());
        assert_eq!((width, width), (embeddings.positions.width(), types), "widths of the tables");
        assert!(heads > 0 && width.is_multiple_of(heads), "{heads} heads of a width of {width}");
        Self {
            width,
            heads,
            activation,
            norm: Norms::new(&embeddings.norm, width),
            words: embeddings.words,
            positions: embeddings.positions,
            types: embeddings.types,
            blocks: Vec::new(),
        }
    }

    /// Adds a layer after those that there are. Its weights are copied, and the block can go.
    ///
    /// # Panics
    ///
    /// When the block's shapes are not those of the encoder's width.
    pub(crate) fn push(&mut self, block: &Block<'_>) {
        let width = self.width;
        for dense in [&block.query, &block.key, &block.value, &block.output] {
            assert_eq!((dense.inputs, dense.outputs), (width, width), "shape of attention");
        }
        assert_eq!(
            (block.up.inputs, block.down.outputs),
            (width, width),
            "shape of the feed-forward layers"
        );
        assert_eq!(block.up.outputs, block.down.inputs, "shape between the feed-forward layers");
        self.blocks.push(Layer {
            query: Linear::new(&block.query),
            key: Linear::new(&block.key),
            value: Linear::new(&block.value),
            output: Linear::new(&block.output),
            attention_norm: Norms::new(&block.attention_norm, width),
            up: Linear::new(&block.up),
            down: Linear::new(&block.down),
            output_norm: Norms::new(&block.output_norm, width),
        });
    }

    /// The width of the hidden state.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Writes the last layer's hidden state into `hidden`, which is `[tokens, width]`, row-major.
    ///
    /// A sequence's answer has the same bits alone and in any company, in any order.
    ///
    /// # Panics
    ///
    /// When a number is not a row of its table, a length is zero, or the lengths of `tokens` and
    /// `hidden` contradict each other.
    pub(crate) fn forward(&self, context: &mut Context, tokens: &Tokens<'_>, hidden: &mut [f32]) {
        let (width, count) = (self.width, tokens.ids.len());
        assert_eq!(tokens.lengths.iter().sum::<usize>(), count, "tokens of the sequences");
        assert_eq!(
            (tokens.positions.len(), hidden.len()),
            (count, count * width),
            "positions and hidden state"
        );
        let mut row = vec![0.0; width];
        for (token, hidden) in hidden.chunks_exact_mut(width).enumerate() {
            self.words.copy(tokens.ids[token] as usize, hidden);
            let mut add = |table: &dyn Table, index: u32| {
                table.copy(index as usize, &mut row);
                hidden.iter_mut().zip(&row).for_each(|(hidden, x)| *hidden += x);
            };
            self.types.iter().for_each(|types| add(types.as_ref(), tokens.types[token]));
            add(self.positions.as_ref(), tokens.positions[token]);
        }
        self.norm.apply(hidden);
        for block in &self.blocks {
            block.forward(context, self.heads, self.activation, tokens.lengths, hidden);
        }
    }
}

impl Norms {
    fn new(norm: &Norm<'_>, width: usize) -> Self {
        assert_eq!((norm.scale.len(), norm.shift.len()), (width, width), "lengths of a norm");
        Self { scale: norm.scale.to_vec(), shift: norm.shift.to_vec(), epsilon: norm.epsilon }
    }

    fn apply(&self, hidden: &mut [f32]) {
        let width = self.scale.len();
        for row in hidden.chunks_exact_mut(width) {
            #[expect(clippy::cast_precision_loss, reason = "a width is small")]
            let columns = width as f32;
            let mean = row.iter().sum::<f32>() / columns;
            let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / columns;
            let factor = 1.0 / (variance + self.epsilon).sqrt();
            for ((x, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *x = (*x - mean) * factor * scale + shift;
            }
        }
    }
}

impl Layer {
    fn forward(
        &self,
        context: &mut Context,
        heads: usize,
        activation: Activation,
        lengths: &[usize],
        hidden: &mut [f32],
    ) {
        let width = self.query.inputs();
        let [mut query, mut key, mut value, mut output] = [(); 4].map(|()| vec![0.0; hidden.len()]);
        self.query.forward(context, hidden, Activation::Identity, &mut query);
        self.key.forward(context, hidden, Activation::Identity, &mut key);
        self.value.forward(context, hidden, Activation::Identity, &mut value);
        let mut joined = vec![0.0; hidden.len()];
        let mut start = 0;
        for &length in lengths {
            for head in 0..heads {
                attend(
                    &query,
                    &key,
                    &value,
                    &mut joined,
                    [start, length, width, head, width / heads],
                );
            }
            start += length;
        }
        self.output.forward(context, &joined, Activation::Identity, &mut output);
        hidden.iter_mut().zip(&output).for_each(|(hidden, x)| *hidden += x);
        self.attention_norm.apply(hidden);
        let mut between = vec![0.0; hidden.len() / width * self.up.outputs()];
        self.up.forward(context, hidden, activation, &mut between);
        self.down.forward(context, &between, Activation::Identity, &mut output);
        hidden.iter_mut().zip(&output).for_each(|(hidden, x)| *hidden += x);
        self.output_norm.apply(hidden);
    }
}

fn attend(
    query: &[f32],
    key: &[f32],
    value: &[f32],
    joined: &mut [f32],
    [start, length, width, head, size]: [usize; 5],
) {
    let at = |token: usize| {
        (start + token) * width + head * size..(start + token) * width + head * size + size
    };
    #[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
    let scale = 1.0 / (size as f32).sqrt();
    for token in 0..length {
        let query = &query[at(token)];
        let dot = |other: usize| {
            query.iter().zip(&key[at(other)]).map(|(q, k)| q * k).sum::<f32>() * scale
        };
        let scores = (0..length).map(dot).collect::<Vec<_>>();
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights = scores.iter().map(|score| (score - largest).exp()).collect::<Vec<_>>();
        let sum = weights.iter().sum::<f32>();
        for (other, weight) in weights.iter().enumerate() {
            let joined = joined[at(token)].iter_mut().zip(&value[at(other)]);
            joined.for_each(|(joined, value)| *joined += weight / sum * value);
        }
    }
}
