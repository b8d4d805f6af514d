//! What a safetensors model is: the files beside its weights, as Hugging Face and
//! sentence-transformers write them, or a small description of our own.
//!
//! # Which files
//!
//! `config.json` says which architecture the weights are of. `modules.json`, where it is, says
//! how sentence-transformers makes an embedding of the encoder's answer: its `Pooling` module has a
//! `config.json` in a folder of its own, and so has each `Dense`. `sentence_bert_config.json` and
//! `tokenizer_config.json` say how many tokens a text may have. `tokenizer.json` is taken as it is.
//! All are read when the model is opened, each within a limit, and all are part of
//! [`Model::digest`](crate::Model::digest).
//!
//! # What an encoder answers with
//!
//! * With `modules.json`: what that says.
//! * Where `architectures` of `config.json` names a `…ForSequenceClassification`: the classes of
//!   `id2label`.
//! * Otherwise the mean of the tokens' vectors, not normalised. That is what the users of Hugging
//!   Face's feature extraction make of the tokens' vectors, which a server has no row for, and what
//!   sentence-transformers does with a model that has no `modules.json`.

mod beside;
mod config;
mod encoder;
mod fault;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixture;
mod head;
mod mlp;
mod modules;
mod signature;

use std::{path::PathBuf, sync::Arc};

use self::{
    beside::{CONFIG, ENTRY, TOKENIZER},
    config::Config,
};
use crate::{ModelError, json::Value, safetensors::Safetensors};

pub(crate) use beside::Beside;
pub use encoder::{Activation, EncoderConfig, Family};
pub(crate) use fault::PretrainedFault;
pub use head::{Dense, Head, Pooling, Scores};
pub use mlp::{MlpAnswer, MlpConfig, MlpLayer};
pub(crate) use modules::Module;

/// What a safetensors model is.
#[derive(Clone, Debug)]
pub struct Pretrained {
    /// What its tensors are the weights of.
    pub architecture: Architecture,
    /// The bytes of `tokenizer.json`, where there is one.
    pub tokenizer_json: Option<Arc<[u8]>>,
    /// The files beside the weights that were read, all beneath the folder of the model.
    pub files: Vec<PathBuf>,
}

/// What a model's tensors are the weights of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Architecture {
    /// A transformer that encodes text.
    Encoder(EncoderConfig),
    /// A plain network of dense layers over numbers.
    Mlp(MlpConfig),
}

/// The `model_type` of our own description of a network.
const MLP: &str = "mlp";

impl Pretrained {
    /// What these tensors are, by their metadata or else by the files beside them.
    pub(crate) fn read(tensors: &Safetensors<'_>, beside: &Beside) -> Result<Self, ModelError> {
        let architecture = match tensors.metadata().get(ENTRY) {
            Some(entry) => {
                architecture(entry.as_bytes(), tensors, beside).map_err(ModelError::in_entry)?
            }
            None => match beside.file(CONFIG) {
                Some(config) => architecture(config, tensors, beside)
                    .map_err(|error| beside.place(error, CONFIG))?,
                None => return Err(PretrainedFault::NoDescription.into()),
            },
        };
        Ok(Self {
            architecture,
            tokenizer_json: beside.shared(TOKENIZER).cloned(),
            files: beside.files().map(|(name, _)| beside.path_of(name)).collect(),
        })
    }
}

fn architecture(
    description: &[u8],
    tensors: &Safetensors<'_>,
    beside: &Beside,
) -> Result<Architecture, ModelError> {
    let document = Value::read(description)?;
    let config = Config::of_document(&document)?;
    let kind = config.value("model_type").and_then(Value::as_text);
    if kind == Some(MLP) {
        return MlpConfig::read(&config, tensors).map(Architecture::Mlp);
    }
    match Family::ALL.into_iter().find(|family| kind == Some(family.name())) {
        Some(family) => EncoderConfig::read(family, &config, beside).map(Architecture::Encoder),
        None => {
            let got = config.value("model_type").map_or("absent".to_owned(), Value::describe);
            Err(PretrainedFault::ModelType { got }.into())
        }
    }
}

#[cfg(test)]
mod tests;
