use std::collections::BTreeMap;

use super::{SafetensorsFault, TensorView};
use crate::ModelError;

/// The tensors of a model in safetensors format, of all its files, borrowed.
#[derive(Debug)]
pub struct Safetensors<'a> {
    views: BTreeMap<&'a str, TensorView<'a>>,
    metadata: &'a BTreeMap<String, String>,
}

impl<'a> Safetensors<'a> {
    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there are no tensors.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// The tensor called `name`.
    pub fn tensor(&self, name: &str) -> Option<TensorView<'a>> {
        self.views.get(name).copied()
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
        self.views.values().copied()
    }

    /// The texts that the file has under `__metadata__`; of an index, what its `metadata` holds is
    /// not among them.
    pub const fn metadata(&self) -> &'a BTreeMap<String, String> {
        self.metadata
    }
}
