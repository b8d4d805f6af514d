//! Networks as candle's operations, for devices that it has kernels for.
//!
//! candle's operations on the processor use as many threads as the process sets, whatever a worker
//! was given: there, [`cpu`](crate::cpu) runs instead, and what is here only checks it.

use candle_core::{D, Device, Result, Tensor};

use crate::network::{self, Activation, Block, Embeddings, Table, Tokens};

/// A dense layer on a device.
#[derive(Debug)]
pub(crate) struct Linear {
    /// `[inputs, outputs]`.
    weight: Tensor,
    /// `[outputs]`.
    bias: Option<Tensor>,
}

/// An encoder on a device.
#[derive(Debug)]
pub(crate) struct Encoder {
    device: Device,
    width: usize,
    heads: usize,
    activation: Activation,
    words: Tensor,
    positions: Tensor,
    types: Option<Tensor>,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Norm {
    scale: Tensor,
    shift: Tensor,
    epsilon: f64,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

/// Where the tokens of sequences lie in `[sequences, longest]`, and back.
struct Padding {
    sequences: usize,
    longest: usize,
    /// The token of every place; of those behind a sequence's end, some token.
    token: Tensor,
    /// The place of every token.
    place: Tensor,
    /// `[sequences, 1, 1, longest]`: zero, or minus infinity behind a sequence's end.
    mask: Tensor,
}

impl Linear {
    /// # Errors
    ///
    /// When the device has no room.
    ///
    /// # Panics
    ///
    /// When the layer's lengths are not those of its shape.
    pub(crate) fn new(dense: &network::Dense<'_>, device: &Device) -> Result<Self> {
        dense.check();
        let weight = Tensor::from_slice(&dense.weight, (dense.outputs, dense.inputs), device)?;
        let bias = dense.bias.as_ref().map(|bias| Tensor::from_slice(bias, dense.outputs, device));
        Ok(Self { weight: weight.t()?.contiguous()?, bias: bias.transpose()? })
    }

    /// `activation(x * weight^T + bias)`, of `[rows, inputs]`.
    ///
    /// # Errors
    ///
    /// When the device fails.
    pub(crate) fn forward(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        let x = x.matmul(&self.weight)?;
        let x = match &self.bias {
            Some(bias) => x.broadcast_add(bias)?,
            None => x,
        };
        match activation {
            Activation::Identity => Ok(x),
            Activation::Relu => x.relu(),
            Activation::Gelu => x.gelu_erf(),
            Activation::GeluTanh => x.gelu(),
            Activation::Tanh => x.tanh(),
        }
    }
}

impl Encoder {
    /// An encoder without a layer: [`push`](Self::push) adds them.
    ///
    /// # Errors
    ///
    /// When the device has no room.
    pub(crate) fn new(
        embeddings: &Embeddings<'_>,
        heads: usize,
        activation: Activation,
        device: &Device,
    ) -> Result<Self> {
        let types = embeddings.types.as_deref().map(|types| table(types, device));
        Ok(Self {
            device: device.clone(),
            width: embeddings.words.width(),
            heads,
            activation,
            words: table(embeddings.words.as_ref(), device)?,
            positions: table(embeddings.positions.as_ref(), device)?,
            types: types.transpose()?,
            norm: Norm::new(&embeddings.norm, device)?,
            layers: Vec::new(),
        })
    }

    /// Adds a layer after those that there are.
    ///
    /// # Errors
    ///
    /// When the device has no room.
    pub(crate) fn push(&mut self, block: &Block<'_>) -> Result<()> {
        let device = &self.device;
        self.layers.push(Layer {
            query: Linear::new(&block.query, device)?,
            key: Linear::new(&block.key, device)?,
            value: Linear::new(&block.value, device)?,
            output: Linear::new(&block.output, device)?,
            attention_norm: Norm::new(&block.attention_norm, device)?,
            up: Linear::new(&block.up, device)?,
            down: Linear::new(&block.down, device)?,
            norm: Norm::new(&block.output_norm, device)?,
        });
        Ok(())
    }

    /// The last layer's hidden state, `[tokens, width]`.
    ///
    /// # Errors
    ///
    /// When the device fails, or has no room.
    ///
    /// # Panics
    ///
    /// When a length is zero, or the lengths do not add up to the tokens.
    pub(crate) fn forward(&self, tokens: &Tokens<'_>) -> Result<Tensor> {
        let rows = |table: &Tensor, indexes: &[u32]| {
            table.index_select(&Tensor::from_slice(indexes, indexes.len(), &self.device)?, 0)
        };
        let mut x = rows(&self.words, tokens.ids)?;
        if let Some(types) = &self.types {
            x = (x + rows(types, tokens.types)?)?;
        }
        x = self.norm.forward(&(x + rows(&self.positions, tokens.positions)?)?)?;
        let padding = Padding::new(tokens.lengths, &self.device)?;
        for layer in &self.layers {
            let attended = layer.attend(&x, self.heads, self.width / self.heads, &padding)?;
            x = layer.attention_norm.forward(&(x + attended)?)?;
            let up = layer.up.forward(&x, self.activation)?;
            x = layer.norm.forward(&(x + layer.down.forward(&up, Activation::Identity)?)?)?;
        }
        Ok(x)
    }
}

fn table(table: &dyn Table, device: &Device) -> Result<Tensor> {
    let (rows, width) = (table.rows(), table.width());
    let mut values = vec![0.0; rows * width];
    for (index, row) in values.chunks_exact_mut(width).enumerate() {
        table.copy(index, row);
    }
    Tensor::from_vec(values, (rows, width), device)
}

impl Norm {
    fn new(norm: &network::Norm<'_>, device: &Device) -> Result<Self> {
        let line = |values: &[f32]| Tensor::from_slice(values, values.len(), device);
        Ok(Self {
            scale: line(&norm.scale)?,
            shift: line(&norm.shift)?,
            epsilon: f64::from(norm.epsilon),
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + self.epsilon)?.sqrt()?;
        x.broadcast_div(&deviation)?.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }
}

impl Layer {
    fn attend(&self, x: &Tensor, heads: usize, size: usize, padding: &Padding) -> Result<Tensor> {
        let split = |linear: &Linear| {
            let x = linear.forward(x, Activation::Identity)?.index_select(&padding.token, 0)?;
            x.reshape((padding.sequences, padding.longest, heads, size))?
                .transpose(1, 2)?
                .contiguous()
        };
        #[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
        let scale = 1.0 / (size as f64).sqrt();
        let keys = split(&self.key)?.transpose(2, 3)?.contiguous()?;
        let scores =
            ((split(&self.query)? * scale)?.matmul(&keys)?).broadcast_add(&padding.mask)?;
        let weights = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
        let weights = weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)?;
        let joined = weights.matmul(&split(&self.value)?)?.transpose(1, 2)?.contiguous()?;
        let joined = joined.reshape((padding.sequences * padding.longest, heads * size))?;
        self.output.forward(&joined.index_select(&padding.place, 0)?, Activation::Identity)
    }
}

impl Padding {
    fn new(lengths: &[usize], device: &Device) -> Result<Self> {
        assert!(lengths.iter().all(|&length| length > 0), "a sequence has no token");
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let (mut token, mut place, mut mask) = (Vec::new(), Vec::new(), Vec::new());
        for (sequence, &length) in lengths.iter().enumerate() {
            let start = place.len();
            token.extend((0..longest).map(|i| index(start + i.min(length - 1))));
            place.extend((0..length).map(|i| index(sequence * longest + i)));
            mask.extend((0..longest).map(|i| if i < length { 0.0_f32 } else { f32::NEG_INFINITY }));
        }
        let sequences = lengths.len();
        Ok(Self {
            sequences,
            longest,
            token: Tensor::from_vec(token, sequences * longest, device)?,
            mask: Tensor::from_vec(mask, (sequences, 1, 1, longest), device)?,
            place: Tensor::from_slice(&place, place.len(), device)?,
        })
    }
}

/// # Panics
///
/// When there are 2^32 tokens.
fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a pass has far fewer tokens")
}
