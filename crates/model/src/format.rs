use std::fmt;

use crate::{fault::Fault, foreign::Foreign, lightgbm, onnx};

/// The format of a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// ONNX: a graph of operators in protobuf.
    Onnx,
    /// LightGBM: trees in text.
    LightGbm,
}

impl Format {
    /// The format of a file, by its first bytes; its name has no say.
    pub(crate) fn recognise(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.is_empty() {
            Err(Fault::Empty)
        } else if let Some(foreign) = Foreign::recognise(bytes) {
            Err(Fault::Foreign(foreign))
        } else if onnx::starts_like_a_model(bytes) {
            Ok(Self::Onnx)
        } else if lightgbm::starts_like_a_model(bytes) {
            Ok(Self::LightGbm)
        } else {
            Err(Fault::Unrecognised)
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onnx => "ONNX",
            Self::LightGbm => "LightGBM",
        })
    }
}
