//! Tensors by name, as the layers of a network.

use std::borrow::Cow;

use hotplate_model::{
    ModelError,
    safetensors::{Element, Safetensors, TensorView},
};

use crate::network::{Dense, Held, Norm, Table};

/// The tensors of a file whose names begin alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights<'a> {
    tensors: &'a Safetensors<'a>,
    prefix: &'a str,
}

impl<'a> Weights<'a> {
    /// All of them.
    pub(crate) const fn all(tensors: &'a Safetensors<'a>) -> Self {
        Self { tensors, prefix: "" }
    }

    /// Those behind a prefix, where there is one called `name` there; else all of them.
    pub(crate) fn behind(self, prefix: &'a str, name: &str) -> Self {
        let is_there = self.tensors.tensor(&format!("{prefix}{name}")).is_some();
        if is_there { Self { prefix, ..self } } else { self }
    }

    /// A dense layer: `{name}.weight`, `[outputs, inputs]`, and `{name}.bias`, `[outputs]`.
    ///
    /// # Errors
    ///
    /// As those of this type that follow: when a tensor is missing, has another shape, or is not of
    /// floats.
    pub(crate) fn dense(
        &self,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Dense<'static>, ModelError> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        self.dense_of(&weight, Some(&bias), inputs, outputs)
    }

    /// As [`dense`](Self::dense), of tensors that are called by their own names.
    pub(crate) fn dense_of(
        &self,
        weight: &str,
        bias: Option<&str>,
        inputs: usize,
        outputs: usize,
    ) -> Result<Dense<'static>, ModelError> {
        let bias = bias.map(|bias| self.vector(bias, outputs)).transpose()?;
        let weight = Cow::Owned(self.tensor(weight, &[outputs, inputs])?.to_f32()?);
        Ok(Dense { inputs, outputs, weight, bias: bias.map(Cow::Owned) })
    }

    /// A layer norm: `{name}.weight` and `{name}.bias`, or by their old names `{name}.gamma` and
    /// `{name}.beta`, each `[width]`.
    pub(crate) fn norm(
        &self,
        name: &str,
        width: usize,
        epsilon: f32,
    ) -> Result<Norm<'static>, ModelError> {
        let is_old = self.tensors.tensor(&format!("{}{name}.gamma", self.prefix)).is_some();
        let [scale, shift] = if is_old { ["gamma", "beta"] } else { ["weight", "bias"] };
        let vector = |part: &str| self.vector(&format!("{name}.{part}"), width).map(Cow::Owned);
        Ok(Norm { scale: vector(scale)?, shift: vector(shift)?, epsilon })
    }

    /// The table `{name}.weight`, `[rows, width]`. It keeps halves as halves.
    pub(crate) fn table(
        &self,
        name: &str,
        rows: usize,
        width: usize,
    ) -> Result<Box<dyn Table>, ModelError> {
        let tensor = self.tensor(&format!("{name}.weight"), &[rows, width])?;
        Ok(match tensor.element {
            Element::F16 | Element::Bf16 => Box::new(Halves::of(tensor, rows, width)),
            _ => Box::new(Held::new(tensor.to_f32()?, width)),
        })
    }

    /// The tensor `name`, `[len]`.
    pub(crate) fn vector(&self, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
        self.tensor(name, &[len])?.to_f32()
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<TensorView<'a>, ModelError> {
        self.tensors.require(&format!("{}{name}", self.prefix), shape)
    }
}

/// A table of halves, which takes as much memory as the file.
#[derive(Debug)]
struct Halves {
    element: Element,
    shape: [usize; 2],
    bytes: Vec<u8>,
}

impl Halves {
    fn of(tensor: TensorView<'_>, rows: usize, width: usize) -> Self {
        let TensorView { element, bytes, .. } = tensor;
        Self { element, shape: [rows, width], bytes: bytes.to_vec() }
    }
}

impl Table for Halves {
    fn rows(&self) -> usize {
        self.shape[0]
    }

    fn width(&self) -> usize {
        self.shape[1]
    }

    fn copy(&self, index: usize, row: &mut [f32]) {
        let Self { element, shape, bytes } = self;
        let [rows, width] = *shape;
        assert!(index < rows && row.len() == width, "row {index} of {rows}, {width} wide");
        let table = TensorView { name: "table", element: *element, shape, bytes };
        if table.copy_f32(index * width, row).is_err() {
            unreachable!("halves are floats");
        }
    }
}
