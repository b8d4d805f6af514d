//! What layers are, in double precision and without a thought of speed: the tests' reference.

use std::borrow::Cow;

use crate::network::{Activation, Block, Dense, Embeddings, Held, Norm, Tokens};

/// Numbers between -1 and 1, the same in every run.
#[derive(Debug)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(i16::try_from(self.0 >> 49).unwrap()) / 16_384.0 - 1.0
    }

    pub(crate) fn numbers(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| self.next() * size).collect()
    }

    pub(crate) fn dense(&mut self, outputs: usize, inputs: usize) -> Dense<'static> {
        let size = 1.7 / f32::from(u16::try_from(inputs).unwrap()).sqrt();
        let weight = Cow::Owned(self.numbers(outputs * inputs, size));
        Dense { inputs, outputs, weight, bias: Some(Cow::Owned(self.numbers(outputs, 0.3))) }
    }

    pub(crate) fn norm(&mut self, width: usize) -> Norm<'static> {
        let scale = self.numbers(width, 0.2).into_iter().map(|x| x + 1.0).collect();
        Norm {
            scale: Cow::Owned(scale),
            shift: Cow::Owned(self.numbers(width, 0.2)),
            epsilon: 1e-6,
        }
    }

    pub(crate) fn block(&mut self, width: usize, between: usize) -> Block<'static> {
        Block {
            query: self.dense(width, width),
            key: self.dense(width, width),
            value: self.dense(width, width),
            output: self.dense(width, width),
            attention_norm: self.norm(width),
            up: self.dense(between, width),
            down: self.dense(width, between),
            output_norm: self.norm(width),
        }
    }

    /// Tables of 50 words, 40 positions and 2 types.
    pub(crate) fn embeddings(&mut self, width: usize) -> Embeddings<'static> {
        let mut table = |rows: usize| Box::new(Held::new(self.numbers(rows * width, 1.0), width));
        let (words, positions, types) = (table(50), table(40), table(2));
        Embeddings { words, positions, types: Some(types), norm: self.norm(width) }
    }
}

/// Words, positions and types of sequences so long.
#[derive(Debug)]
pub(crate) struct Text {
    ids: Vec<u32>,
    positions: Vec<u32>,
    types: Vec<u32>,
    lengths: Vec<usize>,
}

impl Text {
    pub(crate) fn new(noise: &mut Noise, lengths: &[usize]) -> Self {
        let count = lengths.iter().sum();
        let mut index = |rows: f32| {
            let next = noise.next();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is a small index"
            )]
            let index = ((next + 1.0) / 2.0 * rows) as u32;
            index
        };
        Self {
            ids: (0..count).map(|_| index(49.9)).collect(),
            positions: lengths.iter().flat_map(|&length| (0..40).cycle().take(length)).collect(),
            types: (0..count).map(|_| index(1.9)).collect(),
            lengths: lengths.to_vec(),
        }
    }

    pub(crate) fn tokens(&self) -> Tokens<'_> {
        Tokens {
            ids: &self.ids,
            positions: &self.positions,
            types: &self.types,
            lengths: &self.lengths,
        }
    }

    pub(crate) fn sequence(&self, sequence: usize) -> Self {
        let start = self.lengths[..sequence].iter().sum::<usize>();
        let range = start..start + self.lengths[sequence];
        Self {
            ids: self.ids[range.clone()].to_vec(),
            positions: self.positions[range.clone()].to_vec(),
            types: self.types[range].to_vec(),
            lengths: vec![self.lengths[sequence]],
        }
    }
}

/// `erf`, by its series, which has no rounding that matters below 6; beyond it is 1.
pub(crate) fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    // The sum of 2^n x^(2n + 1) / (1 * 3 * ... * (2n + 1)), all of one sign.
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-18 * sum.abs() {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

pub(crate) fn activate(x: f64, activation: Activation) -> f64 {
    let slope = (2.0 / std::f64::consts::PI).sqrt();
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x / 2.0 * (1.0 + erf(x / 2.0_f64.sqrt())),
        Activation::GeluTanh => x / 2.0 * (1.0 + (slope * (x + 0.044_715 * x.powi(3))).tanh()),
        Activation::Tanh => x.tanh(),
    }
}

pub(crate) fn dense(dense: &Dense<'_>, x: &[f64]) -> Vec<f64> {
    x.chunks_exact(dense.inputs)
        .flat_map(|x| {
            (0..dense.outputs).map(|output| {
                let weight = &dense.weight[output * dense.inputs..][..dense.inputs];
                let sum =
                    x.iter().zip(weight).map(|(x, &weight)| x * f64::from(weight)).sum::<f64>();
                sum + dense.bias.as_ref().map_or(0.0, |bias| f64::from(bias[output]))
            })
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a width is small")]
fn norm(norm: &Norm<'_>, x: &mut [f64]) {
    let width = norm.scale.len();
    for row in x.chunks_exact_mut(width) {
        let mean = row.iter().sum::<f64>() / width as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
        let deviation = (variance + f64::from(norm.epsilon)).sqrt();
        for ((x, &scale), &shift) in row.iter_mut().zip(norm.scale.iter()).zip(norm.shift.iter()) {
            *x = (*x - mean) / deviation * f64::from(scale) + f64::from(shift);
        }
    }
}

/// The last layer's hidden state.
pub(crate) fn encode(
    embeddings: &Embeddings<'_>,
    blocks: &[Block<'_>],
    heads: usize,
    activation: Activation,
    tokens: &Tokens<'_>,
) -> Vec<f64> {
    let width = embeddings.words.width();
    let mut x = Vec::new();
    let mut row = vec![0.0; width];
    for token in 0..tokens.ids.len() {
        let mut sum = vec![0.0; width];
        for (table, index) in [
            (Some(&embeddings.words), tokens.ids[token]),
            (Some(&embeddings.positions), tokens.positions[token]),
            (embeddings.types.as_ref(), tokens.types[token]),
        ] {
            if let Some(table) = table {
                table.copy(index as usize, &mut row);
                sum.iter_mut().zip(&row).for_each(|(sum, &x)| *sum += f64::from(x));
            }
        }
        x.append(&mut sum);
    }
    norm(&embeddings.norm, &mut x);
    for block in blocks {
        let [query, key, value] =
            [&block.query, &block.key, &block.value].map(|layer| dense(layer, &x));
        let joined = attend(&query, &key, &value, tokens.lengths, heads, width);
        x.iter_mut().zip(dense(&block.output, &joined)).for_each(|(x, y)| *x += y);
        norm(&block.attention_norm, &mut x);
        let between =
            dense(&block.up, &x).into_iter().map(|x| activate(x, activation)).collect::<Vec<_>>();
        x.iter_mut().zip(dense(&block.down, &between)).for_each(|(x, y)| *x += y);
        norm(&block.output_norm, &mut x);
    }
    x
}

#[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
fn attend(
    query: &[f64],
    key: &[f64],
    value: &[f64],
    lengths: &[usize],
    heads: usize,
    width: usize,
) -> Vec<f64> {
    let (mut joined, mut start, size) = (vec![0.0; query.len()], 0, width / heads);
    for &length in lengths {
        for (token, head) in
            (start..start + length).flat_map(|token| (0..heads).map(move |head| (token, head)))
        {
            let part = |x: usize| x * width + head * size..x * width + (head + 1) * size;
            let dot = |other| {
                query[part(token)].iter().zip(&key[part(other)]).map(|(q, k)| q * k).sum::<f64>()
            };
            let weights = (start..start + length)
                .map(|x| (dot(x) / (size as f64).sqrt()).exp())
                .collect::<Vec<_>>();
            let sum = weights.iter().sum::<f64>();
            for (other, weight) in (start..).zip(weights) {
                let values = value[part(other)].iter();
                joined[part(token)]
                    .iter_mut()
                    .zip(values)
                    .for_each(|(x, value)| *x += weight / sum * value);
            }
        }
        start += length;
    }
    joined
}
