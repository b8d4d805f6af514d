use std::fmt;

use super::Family;
use crate::{ModelError, ModelErrorKind, fault::Fault};

/// What is wrong with what a safetensors model is said to be.
#[derive(Debug)]
pub(crate) enum PretrainedFault {
    NoDescription,
    NotAnObject,
    Value { key: &'static str, expected: String, got: String },
    Key { key: String },
    InEntry(Box<Fault>),

    ModelType { got: String },
    Class { got: String, family: Family },

    Modules { problem: &'static str },
    Module { got: String },
    Path { path: String, problem: &'static str },
    NoFile { name: String },
    NoWeights { name: String },
    Pooling { got: String },

    NoLayers,
    NoLayer { tensor: String },
    NotAMatrix { tensor: String, got: Vec<usize> },
    OtherTensor { tensor: String },
    LayerTwice,
}

impl PretrainedFault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::InEntry(fault) => fault.kind(),
            Self::NoDescription
            | Self::ModelType { .. }
            | Self::Class { .. }
            | Self::Module { .. }
            | Self::Pooling { .. } => ModelErrorKind::UnsupportedModel,
            Self::NotAnObject
            | Self::Value { .. }
            | Self::Key { .. }
            | Self::Modules { .. }
            | Self::Path { .. }
            | Self::NoLayers
            | Self::LayerTwice => ModelErrorKind::Malformed,
            Self::NoFile { .. } | Self::NoWeights { .. } => ModelErrorKind::ExternalData,
            Self::NoLayer { .. } | Self::NotAMatrix { .. } | Self::OtherTensor { .. } => {
                ModelErrorKind::BadTensor
            }
        }
    }
}

impl fmt::Display for PretrainedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDescription => f.write_str(
                "nothing says what these tensors are the weights of: there is neither a \
                 `config.json` beside them nor an entry `hotplate` in their metadata",
            ),
            Self::NotAnObject => f.write_str("the document should be an object"),
            Self::Value { key, expected, got } => {
                write!(f, "`{key}` should be {expected}, is {got}")
            }
            Self::Key { key } => write!(f, "the key {key:?} is unknown"),
            Self::InEntry(fault) => {
                write!(f, "{fault}, in the entry `{}` of the metadata", super::beside::ENTRY)
            }
            Self::ModelType { got } => {
                write!(f, "`model_type` is {got}; known are ")?;
                Family::ALL.iter().try_for_each(|family| write!(f, "\"{family}\", "))?;
                f.write_str("and our own \"mlp\"")
            }
            Self::Class { got, family } => write!(
                f,
                "{got:?} of `architectures` is not run; of {family:?} are the plain model, \
                 masked language models without their head, and those for sequence classification"
            ),
            Self::Modules { problem } => write!(f, "the list of modules {problem}"),
            Self::Module { got } => write!(
                f,
                "module {got:?} is not known; those of sentence_transformers are, that are called \
                 Transformer, Pooling, Dense and Normalize"
            ),
            Self::Path { path, problem } => write!(f, "the `path` {path:?} of a module {problem}"),
            Self::NoFile { name } => write!(f, "the module's file {name:?} is missing"),
            Self::NoWeights { name } => write!(
                f,
                "the module's weights {name:?} are missing; a pickle, as pytorch_model.bin is, is \
                 never loaded"
            ),
            Self::Pooling { got } => write!(
                f,
                "pooling {got} is not known; cls, max, mean, mean_sqrt_len, weightedmean and \
                 lasttoken are"
            ),
            Self::NoLayers => f.write_str(
                "the network has no layers: `layers` names none, or there is no tensor \
                 \"layers.0.weight\"",
            ),
            Self::NoLayer { tensor } => {
                write!(f, "tensor {tensor:?}, the weights of a layer, is missing")
            }
            Self::NotAMatrix { tensor, got } => write!(
                f,
                "tensor {tensor:?} should have the shape [outputs, inputs] of a layer, has {got:?}"
            ),
            Self::OtherTensor { tensor } => {
                write!(f, "tensor {tensor:?} is none of the network's")
            }
            Self::LayerTwice => f.write_str("`layers` should name each layer once"),
        }
    }
}

impl From<PretrainedFault> for Fault {
    fn from(fault: PretrainedFault) -> Self {
        Self::Pretrained(fault)
    }
}

impl From<PretrainedFault> for ModelError {
    fn from(fault: PretrainedFault) -> Self {
        Fault::from(fault).into()
    }
}
