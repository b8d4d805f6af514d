//! Encoders on a device of candle's: as its own tensors, by its own operations.
//!
//! What is said of a device that is not the processor is said of all of them: the tests run this on
//! the processor.

use candle_core::{D, Device, Result, Tensor};

use crate::network::{Activation, Block, Dense, Embeddings, Norm, Table, Tokens};

/// What is added to the score of a token that is none: its weight is zero then.
const MASKED: f32 = -1e30;

/// An encoder whose weights are on a device.
#[derive(Debug)]
pub(crate) struct DeviceEncoder {
    device: Device,
    width: usize,
    heads: usize,
    activation: Activation,
    words: Tensor,
    positions: Tensor,
    types: Option<Tensor>,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
    output_norm: LayerNorm,
}

#[derive(Debug)]
struct Linear {
    /// `[inputs, outputs]`.
    weight: Tensor,
    bias: Option<Tensor>,
}

#[derive(Debug)]
struct LayerNorm {
    scale: Tensor,
    shift: Tensor,
    epsilon: f64,
}

impl DeviceEncoder {
    /// An encoder without a layer: [`push`](Self::push) adds them.
    ///
    /// # Errors
    ///
    /// When the device has no room.
    pub(crate) fn new(
        embeddings: &Embeddings<'_>,
        heads: usize,
        activation: Activation,
        device: Device,
    ) -> Result<Self> {
        let table = |table: &dyn Table| {
            let (rows, width) = (table.rows(), table.width());
            let mut values = vec![0.0_f32; rows * width];
            let each = values.chunks_exact_mut(width).enumerate();
            each.for_each(|(index, row)| table.copy(index, row));
            Tensor::from_vec(values, (rows, width), &device)
        };
        Ok(Self {
            width: embeddings.words.width(),
            heads,
            activation,
            words: table(&*embeddings.words)?,
            positions: table(&*embeddings.positions)?,
            types: embeddings.types.as_deref().map(table).transpose()?,
            norm: LayerNorm::new(&embeddings.norm, &device)?,
            layers: Vec::new(),
            device,
        })
    }

    /// Adds a layer behind those that there are.
    ///
    /// # Errors
    ///
    /// When the device has no room.
    pub(crate) fn push(&mut self, block: &Block<'_>) -> Result<()> {
        let linear = |dense: &Dense<'_>| Linear::new(dense, &self.device);
        let norm = |norm: &Norm<'_>| LayerNorm::new(norm, &self.device);
        self.layers.push(Layer {
            query: linear(&block.query)?,
            key: linear(&block.key)?,
            value: linear(&block.value)?,
            output: linear(&block.output)?,
            attention_norm: norm(&block.attention_norm)?,
            up: linear(&block.up)?,
            down: linear(&block.down)?,
            output_norm: norm(&block.output_norm)?,
        });
        Ok(())
    }

    /// The width of the hidden state.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Writes the last layer's hidden state into `hidden`, which is `[tokens, width]`, row-major.
    ///
    /// Sequences are padded to the longest, which the device gains by: those of a pass are of like
    /// lengths.
    ///
    /// # Errors
    ///
    /// When the device fails, or a number is not a row of its table.
    pub(crate) fn forward(&self, tokens: &Tokens<'_>, hidden: &mut [f32]) -> Result<()> {
        let longest = tokens.lengths.iter().copied().max().unwrap_or(0);
        let shape = (tokens.lengths.len(), longest);
        let lookup = |table: &Tensor, of: &[u32]| {
            let ids = Tensor::from_vec(
                padded(of, tokens.lengths, longest),
                shape.0 * shape.1,
                &self.device,
            )?;
            table.index_select(&ids, 0)?.reshape((shape.0, shape.1, self.width))
        };
        let mut states = lookup(&self.words, tokens.ids)?;
        if let Some(types) = &self.types {
            states = (states + lookup(types, tokens.types)?)?;
        }
        states = (states + lookup(&self.positions, tokens.positions)?)?;
        states = self.norm.forward(&states)?;
        let mask = self.mask(tokens.lengths, longest)?;
        for layer in &self.layers {
            states = layer.forward(&states, &mask, self.heads, self.activation)?;
        }
        let states: Vec<f32> = states.flatten_all()?.to_vec1()?;
        let mut rest = hidden;
        for (&len, states) in tokens.lengths.iter().zip(states.chunks_exact(longest * self.width)) {
            let (own, others) = rest.split_at_mut(len * self.width);
            own.copy_from_slice(&states[..own.len()]);
            rest = others;
        }
        Ok(())
    }

    /// What is added to the scores of each sequence's tokens: `[sequences, 1, 1, longest]`.
    fn mask(&self, lengths: &[usize], longest: usize) -> Result<Tensor> {
        let row = |&len: &usize| (0..longest).map(move |at| if at < len { 0.0 } else { MASKED });
        let mask: Vec<f32> = lengths.iter().flat_map(row).collect();
        Tensor::from_vec(mask, (lengths.len(), 1, 1, longest), &self.device)
    }
}

/// Each sequence's numbers, filled up with zeros to the longest.
fn padded(of: &[u32], lengths: &[usize], longest: usize) -> Vec<u32> {
    let mut all = Vec::with_capacity(lengths.len() * longest);
    let mut rest = of;
    for (row, &len) in lengths.iter().enumerate() {
        let (own, others) = rest.split_at(len);
        all.extend_from_slice(own);
        all.resize((row + 1) * longest, 0);
        rest = others;
    }
    all
}

impl Layer {
    fn forward(
        &self,
        states: &Tensor,
        mask: &Tensor,
        heads: usize,
        activation: Activation,
    ) -> Result<Tensor> {
        let (sequences, longest, width) = states.dims3()?;
        let split = |linear: &Linear| {
            let states = linear.forward(states)?;
            let states = states.reshape((sequences, longest, heads, width / heads))?;
            states.transpose(1, 2)?.contiguous()
        };
        let (query, key, value) = (split(&self.query)?, split(&self.key)?, split(&self.value)?);
        #[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
        let scale = 1.0 / ((width / heads) as f64).sqrt();
        let scores = (query.matmul(&key.transpose(2, 3)?.contiguous()?)? * scale)?;
        let weights = softmax(&scores.broadcast_add(mask)?)?;
        let joined = weights.matmul(&value)?.transpose(1, 2)?.reshape(states.shape())?;
        let states = (states + self.output.forward(&joined)?)?;
        let states = self.attention_norm.forward(&states)?;
        let between = activate(self.up.forward(&states)?, activation)?;
        self.output_norm.forward(&(&states + self.down.forward(&between)?)?)
    }
}

fn softmax(scores: &Tensor) -> Result<Tensor> {
    let weights = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
    weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)
}

fn activate(x: Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Identity => Ok(x),
        Activation::Relu => x.relu(),
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::Tanh => x.tanh(),
    }
}

impl Linear {
    fn new(dense: &Dense<'_>, device: &Device) -> Result<Self> {
        let weight = Tensor::from_slice(&dense.weight, (dense.outputs, dense.inputs), device)?;
        let bias = |bias: &[f32]| Tensor::from_slice(bias, dense.outputs, device);
        let bias = dense.bias.as_deref().map(bias).transpose()?;
        Ok(Self { weight: weight.t()?.contiguous()?, bias })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (sequences, longest, width) = x.dims3()?;
        let rows = x.reshape((sequences * longest, width))?.matmul(&self.weight)?;
        let rows = match &self.bias {
            Some(bias) => rows.broadcast_add(bias)?,
            None => rows,
        };
        rows.reshape((sequences, longest, self.weight.dim(1)?))
    }
}

impl LayerNorm {
    fn new(norm: &Norm<'_>, device: &Device) -> Result<Self> {
        let vector = |values: &[f32]| Tensor::from_slice(values, values.len(), device);
        let (scale, shift) = (vector(&norm.scale)?, vector(&norm.shift)?);
        Ok(Self { scale, shift, epsilon: f64::from(norm.epsilon) })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = x.sqr()?.mean_keepdim(D::Minus1)?;
        let x = x.broadcast_div(&(variance + self.epsilon)?.sqrt()?)?;
        x.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, num::NonZeroUsize};

    use super::*;
    use crate::{
        cpu::{Context, Encoder},
        network::Held,
    };

    const WIDTH: usize = 16;

    /// Numbers that look random, of unit size and both signs.
    fn numbers(seed: usize, len: usize) -> Vec<f32> {
        (0..len).map(|at| ((at * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    fn dense(seed: usize, inputs: usize, outputs: usize) -> Dense<'static> {
        let weight = numbers(seed, inputs * outputs).iter().map(|x| x * 0.4).collect();
        let bias = Some(Cow::Owned(numbers(seed + 1, outputs)));
        Dense { inputs, outputs, weight: Cow::Owned(weight), bias }
    }

    fn norm(seed: usize) -> Norm<'static> {
        let scale = numbers(seed, WIDTH).iter().map(|x| 1.0 + x / 4.0).collect();
        Norm {
            scale: Cow::Owned(scale),
            shift: Cow::Owned(numbers(seed + 1, WIDTH)),
            epsilon: 1e-6,
        }
    }

    fn embeddings(has_types: bool) -> Embeddings<'static> {
        let table = |seed, rows| -> Box<dyn Table> {
            Box::new(Held::new(numbers(seed, rows * WIDTH), WIDTH))
        };
        let types = has_types.then(|| table(3, 2));
        Embeddings { words: table(1, 50), positions: table(2, 9), types, norm: norm(4) }
    }

    fn block(seed: usize) -> Block<'static> {
        Block {
            query: dense(seed, WIDTH, WIDTH),
            key: dense(seed + 2, WIDTH, WIDTH),
            value: dense(seed + 4, WIDTH, WIDTH),
            output: dense(seed + 6, WIDTH, WIDTH),
            attention_norm: norm(seed + 8),
            up: dense(seed + 10, WIDTH, 24),
            down: dense(seed + 12, 24, WIDTH),
            output_norm: norm(seed + 14),
        }
    }

    #[test]
    fn tensors_say_what_the_kernels_say() {
        let lengths = [9, 1, 4, 6];
        let count = 20;
        let ids: Vec<u32> = (0..20).map(|at| at * 17 % 50).collect();
        let positions: Vec<u32> = [9, 1, 4, 6].into_iter().flat_map(|len| 0..len).collect();
        let types: Vec<u32> = (0..20).map(|at| at % 2).collect();
        let tokens = Tokens { ids: &ids, positions: &positions, types: &types, lengths: &lengths };
        let mut context = Context::new(NonZeroUsize::MIN).unwrap();
        use Activation::{Gelu, GeluTanh, Relu};
        for (has_types, activation) in [(true, Gelu), (false, GeluTanh), (true, Relu)] {
            let mut kernels = Encoder::new(embeddings(has_types), 4, activation);
            let given = embeddings(has_types);
            let mut tensors = DeviceEncoder::new(&given, 4, activation, Device::Cpu).unwrap();
            for layer in 0..2 {
                kernels.push(&block(100 * layer));
                tensors.push(&block(100 * layer)).unwrap();
            }
            let [mut expected, mut got] = [vec![0.0; count * WIDTH], vec![1.0; count * WIDTH]];
            kernels.forward(&mut context, &tokens, &mut expected);
            tensors.forward(&tokens, &mut got).unwrap();
            let apart = got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-4, "{activation:?}: {apart} apart");
        }
    }
}
