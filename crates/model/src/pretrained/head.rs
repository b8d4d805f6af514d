use super::Activation;

/// What is made of an encoder's last layer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Head {
    /// One vector for each text.
    Embedding {
        /// How the vectors of a text's tokens become one; where there are several ways, their
        /// results one after another, in this order.
        pooling: Vec<Pooling>,
        /// Layers behind that, in order.
        dense: Vec<Dense>,
        /// Whether the vector is divided by its length at the end.
        normalize: bool,
    },
    /// One class for each text, or one number.
    SequenceClassification {
        /// The classes, in the order of the logits; one, which is no class, where `scores` is
        /// [`Raw`](Scores::Raw).
        labels: Vec<String>,
        /// What the logits become.
        scores: Scores,
    },
}

/// How the vectors of a text's tokens become one. Special tokens count, those of padding do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pooling {
    /// The vector of the first token.
    Cls,
    /// The greatest of each element.
    Max,
    /// The mean.
    Mean,
    /// The sum, divided by the square root of the number of tokens.
    MeanSqrtLen,
    /// The mean, each token weighed by its place, the first by 1.
    WeightedMean,
    /// The vector of the last token.
    LastToken,
}

/// A dense layer behind pooling: `activation(weight · x + bias)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The name of the tensor `[outputs, inputs]`, with the folder of the module.
    pub weight: String,
    /// The name of the tensor `[outputs]`.
    pub bias: Option<String>,
    /// The width that it takes.
    pub inputs: usize,
    /// The width that it gives.
    pub outputs: usize,
    /// What is applied at the end.
    pub activation: Activation,
}

/// What logits become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scores {
    /// Probabilities that add up to one: each text has one of the classes.
    Softmax,
    /// A probability for each by itself: a text may have several of the classes.
    Sigmoid,
    /// A number, as it is.
    Raw,
}

impl Head {
    /// The elements of an embedding of an encoder this wide, or the number of logits.
    pub fn width(&self, hidden_size: usize) -> usize {
        match self {
            Self::Embedding { pooling, dense, .. } => {
                // The product was checked when the files were read.
                dense.last().map_or(pooling.len() * hidden_size, |last| last.outputs)
            }
            Self::SequenceClassification { labels, .. } => labels.len(),
        }
    }
}
