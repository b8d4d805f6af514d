//! Dense layers, one behind the other.

use std::{fmt, mem};

use hotplate_model::pretrained::Activation;

use crate::{
    answers::sigmoid,
    cpu::{Context, Linear},
    network::{self, Dense},
};

/// Dense layers, each with its activation.
#[derive(Debug, Default)]
pub(crate) struct Chain(Vec<(Linear, Activation)>);

impl Chain {
    /// Adds a layer behind those that there are, which takes as many numbers as they give.
    pub(crate) fn push(&mut self, dense: &Dense<'_>, activation: Activation) {
        debug_assert!(self.0.last().is_none_or(|(last, _)| last.outputs() == dense.inputs));
        self.0.push((Linear::new(dense), activation));
    }

    /// Replaces rows of what the first layer takes by rows of what the last gives, both row-major.
    ///
    /// `spare` is memory to work in.
    pub(crate) fn forward(&self, context: &mut Context, rows: &mut Vec<f32>, spare: &mut Vec<f32>) {
        for (linear, activation) in &self.0 {
            let count = rows.len() / linear.inputs();
            // What it holds is overwritten, whatever it is.
            spare.resize(count * linear.outputs(), 0.0);
            linear.forward(context, rows, in_kernel(*activation), spare);
            if *activation == Activation::Sigmoid {
                spare.iter_mut().for_each(|x| *x = sigmoid(*x));
            }
            mem::swap(rows, spare);
        }
    }
}

/// What the layers do, for a person: `, dense to 384, tanh`.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(linear, activation)| {
            write!(f, ", dense to {}", linear.outputs())?;
            match name_of(*activation) {
                "" => Ok(()),
                name => write!(f, ", {name}"),
            }
        })
    }
}

/// What people call an activation; nothing where there is none.
pub(crate) const fn name_of(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu by tanh",
        Activation::Relu => "relu",
        Activation::Tanh => "tanh",
        Activation::Sigmoid => "sigmoid",
        _ => "",
    }
}

/// The activation as a dense layer applies it itself.
pub(crate) fn in_kernel(activation: Activation) -> network::Activation {
    match activation {
        Activation::Gelu => network::Activation::Gelu,
        Activation::GeluTanh => network::Activation::GeluTanh,
        Activation::Relu => network::Activation::Relu,
        Activation::Tanh => network::Activation::Tanh,
        _ => network::Activation::Identity,
    }
}
