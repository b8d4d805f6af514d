//! Models of weights and the files beside them, without a folder: for tests and fuzzing.

use crate::{Model, ModelError};

/// The model of a safetensors file in a folder of these files, each by its path from the folder.
///
/// # Errors
///
/// As [`Model::open`] of such a folder.
pub fn model(weights: Vec<u8>, files: &[(&str, &[u8])]) -> Result<Model, ModelError> {
    Model::from_bytes(weights)?.beside(files)
}
