use std::fmt;

use super::Element;
use crate::{ModelError, ModelErrorKind, fault::Fault};

/// What is wrong with a safetensors file, or with what is wanted of it.
#[derive(Debug)]
pub(crate) enum SafetensorsFault {
    NoTensor { tensor: String, shape: Vec<usize> },
    Shape { tensor: String, expected: Vec<usize>, got: Vec<usize> },
    NotFloat { tensor: String, got: Element },
}

impl SafetensorsFault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::NoTensor { .. } | Self::Shape { .. } | Self::NotFloat { .. } => {
                ModelErrorKind::BadTensor
            }
        }
    }
}

impl fmt::Display for SafetensorsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTensor { tensor, shape } => {
                write!(f, "tensor {tensor:?}, of shape {shape:?}, is missing")
            }
            Self::Shape { tensor, expected, got } => {
                write!(f, "tensor {tensor:?} should have the shape {expected:?}, has {got:?}")
            }
            Self::NotFloat { tensor, got } => {
                write!(f, "tensor {tensor:?} should hold F32, F16 or BF16, holds {got}")
            }
        }
    }
}

impl From<SafetensorsFault> for ModelError {
    fn from(fault: SafetensorsFault) -> Self {
        Fault::Safetensors(fault).into()
    }
}
