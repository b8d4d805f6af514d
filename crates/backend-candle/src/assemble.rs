//! An encoder, put together from the tensors that its family gives names to.

use hotplate_model::{
    ModelError,
    pretrained::{EncoderConfig, Family},
    safetensors::Safetensors,
};

use crate::{
    network::{Block, Embeddings},
    weights::Weights,
};

/// What a family calls the tensors of an encoder: without its prefix, and those of a layer without
/// the layer's.
#[derive(Debug)]
struct Names {
    prefix: &'static str,
    /// The layers, each followed by its number.
    layers: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    output: &'static str,
    attention_norm: &'static str,
    up: &'static str,
    down: &'static str,
    output_norm: &'static str,
}

/// As BERT calls them.
const BERT: Names = Names {
    prefix: "bert.",
    layers: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    output_norm: "output.LayerNorm",
};

const ROBERTA: Names = Names { prefix: "roberta.", ..BERT };

const DISTILBERT: Names = Names {
    prefix: "distilbert.",
    layers: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    output_norm: "output_layer_norm",
};

/// The tensors of an encoder, and what its family calls them.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    config: &'a EncoderConfig,
    weights: Weights<'a>,
    names: &'static Names,
}

impl<'a> Parts<'a> {
    /// The encoder's tensors, with the prefix that they have behind a head, or without.
    pub(crate) fn new(tensors: &'a Safetensors<'a>, config: &'a EncoderConfig) -> Self {
        let names = match config.family {
            Family::DistilBert => &DISTILBERT,
            Family::Roberta | Family::XlmRoberta => &ROBERTA,
            _ => &BERT,
        };
        let weights =
            Weights::all(tensors).behind(names.prefix, "embeddings.word_embeddings.weight");
        Self { config, weights, names }
    }

    /// The encoder's tensors by name, without the prefix.
    pub(crate) const fn weights(&self) -> Weights<'a> {
        self.weights
    }

    /// # Errors
    ///
    /// When a tensor is missing, has another shape than the configuration says, or is not of floats.
    pub(crate) fn embeddings(&self) -> Result<Embeddings<'static>, ModelError> {
        let EncoderConfig { hidden_size, vocab_size, max_positions, type_vocab_size, .. } =
            *self.config;
        let table = |name: &str, rows| {
            self.weights.table(&format!("embeddings.{name}_embeddings"), rows, hidden_size)
        };
        let types = (type_vocab_size > 0).then(|| table("token_type", type_vocab_size));
        Ok(Embeddings {
            words: table("word", vocab_size)?,
            positions: table("position", max_positions)?,
            types: types.transpose()?,
            norm: self.weights.norm("embeddings.LayerNorm", hidden_size, self.epsilon())?,
        })
    }

    /// Layer `index`, from zero.
    ///
    /// # Errors
    ///
    /// As those of [`embeddings`](Self::embeddings).
    pub(crate) fn block(&self, index: usize) -> Result<Block<'static>, ModelError> {
        let EncoderConfig { hidden_size: width, intermediate_size: between, .. } = *self.config;
        let Self { names, weights, .. } = self;
        let name = |part: &str| format!("{}.{index}.{part}", names.layers);
        let square = |part: &str| weights.dense(&name(part), width, width);
        let norm = |part: &str| weights.norm(&name(part), width, self.epsilon());
        Ok(Block {
            query: square(names.query)?,
            key: square(names.key)?,
            value: square(names.value)?,
            output: square(names.output)?,
            attention_norm: norm(names.attention_norm)?,
            up: weights.dense(&name(names.up), width, between)?,
            down: weights.dense(&name(names.down), between, width)?,
            output_norm: norm(names.output_norm)?,
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is added to a float32")]
    const fn epsilon(&self) -> f32 {
        self.config.layer_norm_eps as f32
    }
}
