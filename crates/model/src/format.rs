use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use crate::{fault::Fault, foreign::Foreign, lightgbm, onnx, safetensors, xgboost::Encoding};

/// What tells the format of a file.
const START_BYTES: u64 = 4096;

/// The format of a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// ONNX: a graph of operators in protobuf.
    Onnx,
    /// LightGBM: trees in text.
    LightGbm,
    /// XGBoost: boosted trees in one of three encodings.
    XgBoost(Encoding),
    /// safetensors: named tensors, in one file or in several with an index. What they are the
    /// weights of [files beside them](crate::pretrained) say.
    Safetensors,
}

impl Format {
    /// The format that a file is in by its first bytes, if it is one that is read. Nothing further
    /// of it is looked at.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Option<Self>> {
        Ok(Self::recognise(&start_of(path)?).ok())
    }

    /// Whether a file is certainly a model by its first bytes, in a format that is not read, so
    /// that opening it says what to do instead.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn is_foreign_model(path: &Path) -> io::Result<bool> {
        let refused = Self::recognise(&start_of(path)?).err();
        Ok(matches!(refused, Some(Fault::Foreign(foreign)) if foreign.is_model()))
    }

    /// The format of a file, by its first bytes; its name has no say.
    pub(crate) fn recognise(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.is_empty() {
            Err(Fault::Empty)
        } else if safetensors::starts_like_a_model(bytes) {
            Ok(Self::Safetensors)
        } else if let Some(encoding) = Encoding::recognise(bytes) {
            Ok(Self::XgBoost(encoding))
        } else if let Some(foreign) = Foreign::recognise(bytes) {
            Err(Fault::Foreign(foreign))
        } else if onnx::starts_like_a_model(bytes) {
            Ok(Self::Onnx)
        } else if lightgbm::starts_like_a_model(bytes) {
            Ok(Self::LightGbm)
        } else if safetensors::may_be_a_model(bytes) {
            Ok(Self::Safetensors)
        } else {
            Err(Fault::Unrecognised)
        }
    }
}

fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(START_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Onnx => f.write_str("ONNX"),
            Self::LightGbm => f.write_str("LightGBM"),
            Self::XgBoost(encoding) => write!(f, "XGBoost {encoding}"),
            Self::Safetensors => f.write_str("safetensors"),
        }
    }
}
