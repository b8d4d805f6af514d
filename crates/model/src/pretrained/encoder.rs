use std::fmt;

use super::Head;

mod read;

/// A transformer that encodes text, as `config.json` describes it.
///
/// All families share one computation: token, position and (but for DistilBERT) token type
/// embeddings are added and normalised; each layer is self-attention and a feed-forward block, each
/// with a residual and normalised after it. What differs is the names of the tensors and where
/// positions begin.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderConfig {
    /// Which of the known encoders it is.
    pub family: Family,
    /// Tokens that have an embedding.
    pub vocab_size: usize,
    /// The width of a token's vector; a multiple of `heads`.
    pub hidden_size: usize,
    /// Layers, each attention and feed-forward.
    pub layers: usize,
    /// Attention heads of a layer.
    pub heads: usize,
    /// The width between the two halves of a feed-forward block.
    pub intermediate_size: usize,
    /// What is between those halves.
    pub activation: Activation,
    /// Positions that have an embedding, those before `position_offset` included.
    pub max_positions: usize,
    /// Token types that have an embedding; 0 for DistilBERT, which has none.
    pub type_vocab_size: usize,
    /// What layer normalisation adds to the variance.
    pub layer_norm_eps: f64,
    /// The token that stands where there is none.
    pub pad_token_id: u32,
    /// The position of the first token: 0, and for RoBERTa and XLM-RoBERTa one more than
    /// `pad_token_id`.
    pub position_offset: usize,
    /// The most tokens of a text (or pair), special ones included: longer ones are cut.
    pub max_tokens: usize,
    /// Whether `sentence_bert_config.json` asks for texts in lower case before they are tokens.
    pub do_lower_case: bool,
    /// What is made of the last layer.
    pub head: Head,
}

/// The encoders that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// `bert`, which MiniLM is too.
    Bert,
    /// `distilbert`.
    DistilBert,
    /// `roberta`.
    Roberta,
    /// `xlm-roberta`.
    XlmRoberta,
}

impl Family {
    /// Every family, in the order in which they are listed to people.
    pub const ALL: [Self; 4] = [Self::Bert, Self::DistilBert, Self::Roberta, Self::XlmRoberta];

    /// The `model_type` of `config.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::DistilBert => "distilbert",
            Self::Roberta => "roberta",
            Self::XlmRoberta => "xlm-roberta",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A function that is applied to each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activation {
    /// `x · Φ(x)`, by the error function.
    Gelu,
    /// The same by its approximation with tanh.
    GeluTanh,
    /// The greater of `x` and 0.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x`.
    Identity,
}
