//! Dense layers.

use super::Context;
use crate::network::{Activation, Dense};

/// A dense layer whose weights are laid out for this processor.
#[derive(Debug)]
pub(crate) struct Linear {
    inputs: usize,
    outputs: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// # Panics
    ///
    /// When the layer's lengths are not those of its shape.
    pub(crate) fn new(dense: &Dense<'_>) -> Self {
        dense.check();
        Self {
            inputs: dense.inputs,
            outputs: dense.outputs,
            weight: dense.weight.to_vec(),
            bias: dense.bias.as_deref().map_or_else(|| vec![0.0; dense.outputs], <[f32]>::to_vec),
        }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Writes `activation(x * weight^T + bias)` into `out`.
    ///
    /// `x` is `[rows, inputs]` and `out` is `[rows, outputs]`, both row-major. A row's answer does not
    /// depend on the other rows.
    ///
    /// # Panics
    ///
    /// When `x` and `out` are not of these shapes for some number of rows.
    pub(crate) fn forward(
        &self,
        _context: &mut Context,
        x: &[f32],
        activation: Activation,
        out: &mut [f32],
    ) {
        let rows = x.len() / self.inputs;
        assert_eq!(
            (x.len(), out.len()),
            (rows * self.inputs, rows * self.outputs),
            "rows of a dense layer"
        );
        for (x, out) in x.chunks_exact(self.inputs).zip(out.chunks_exact_mut(self.outputs)) {
            for (column, out) in out.iter_mut().enumerate() {
                let weight = &self.weight[column * self.inputs..][..self.inputs];
                let sum = x.iter().zip(weight).map(|(x, w)| f64::from(x * w)).sum::<f64>();
                *out = activate(sum + f64::from(self.bias[column]), activation);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "answers are single")]
fn activate(x: f64, activation: Activation) -> f32 {
    let gelu =
        |x: f64| x / 2.0 * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh());
    (match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu | Activation::GeluTanh => gelu(x),
        Activation::Tanh => x.tanh(),
    }) as f32
}
