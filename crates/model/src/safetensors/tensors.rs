use std::collections::BTreeMap;

use super::{SafetensorsFault, TensorView, Weights};
use crate::ModelError;

/// The tensors of a model in safetensors format, of all its files, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Safetensors<'a> {
    weights: &'a Weights,
    own: &'a [u8],
}

impl<'a> Safetensors<'a> {
    /// The tensors of a model whose own file has these bytes.
    pub(crate) const fn new(weights: &'a Weights, own: &'a [u8]) -> Self {
        Self { weights, own }
    }

    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there are no tensors.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensor called `name`.
    pub fn tensor(&self, name: &str) -> Option<TensorView<'a>> {
        self.weights.tensor(self.own, name)
    }

    /// The tensor called `name`, which must be there and have this shape.
    ///
    /// # Errors
    ///
    /// [`BadTensor`](crate::ModelErrorKind::BadTensor), with the name, what was expected and what
    /// is there.
    pub fn require(&self, name: &str, shape: &[usize]) -> Result<TensorView<'a>, ModelError> {
        match self.tensor(name) {
            Some(tensor) => tensor.shaped(shape),
            None => {
                Err(SafetensorsFault::NoTensor { tensor: name.to_owned(), shape: shape.to_owned() }
                    .into())
            }
        }
    }

    /// All tensors, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TensorView<'a>> {
        self.weights.iter(self.own)
    }

    /// The texts that the file, or the files of an index, have under `__metadata__`.
    pub const fn metadata(&self) -> &'a BTreeMap<String, String> {
        self.weights.metadata()
    }
}
