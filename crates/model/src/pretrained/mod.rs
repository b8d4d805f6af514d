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

mod encoder;
mod fault;
mod head;
mod mlp;

use std::{path::PathBuf, sync::Arc};

pub use encoder::{Activation, EncoderConfig, Family};
pub(crate) use fault::PretrainedFault;
pub use head::{Dense, Head, Pooling, Scores};
pub use mlp::{MlpAnswer, MlpConfig, MlpLayer};

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
