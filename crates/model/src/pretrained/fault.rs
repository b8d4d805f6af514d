use std::fmt;

use crate::{ModelError, ModelErrorKind, fault::Fault};

/// What is wrong with what a safetensors model is said to be.
#[derive(Debug)]
pub(crate) enum PretrainedFault {
    NoDescription,
}

impl PretrainedFault {
    pub(crate) const fn kind(&self) -> ModelErrorKind {
        match self {
            Self::NoDescription => ModelErrorKind::UnsupportedModel,
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
        }
    }
}

impl From<PretrainedFault> for ModelError {
    fn from(fault: PretrainedFault) -> Self {
        Fault::Pretrained(fault).into()
    }
}
