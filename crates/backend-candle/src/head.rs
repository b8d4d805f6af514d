//! What is made of an encoder's last layer.

use hotplate_backend::{BackendError, BackendErrorKind};
use hotplate_model::{
    ModelError,
    pretrained::{self, Activation, EncoderConfig, Family, Scores},
    safetensors::Safetensors,
};

use crate::{
    answers::Finish,
    assemble::Parts,
    chain::Chain,
    cpu::{self, Context},
    network::Pooling,
    weights::Weights,
};

/// Pooling, and the layers behind it.
#[derive(Debug)]
pub(crate) struct Head {
    pooling: Vec<Pooling>,
    chain: Chain,
    normalize: bool,
    /// The width of the encoder.
    hidden: usize,
    /// The numbers that it gives for a text.
    width: usize,
}

impl Head {
    /// The head, and what its numbers are.
    ///
    /// # Errors
    ///
    /// When a tensor is missing, has another shape than the configuration says, or is not of floats.
    pub(crate) fn new(
        tensors: &Safetensors<'_>,
        config: &EncoderConfig,
    ) -> Result<(Self, Finish), BackendError> {
        match &config.head {
            pretrained::Head::Embedding { pooling, dense, normalize } => {
                let head = Self::embedding(tensors, config, pooling, dense)?;
                Ok((Self { normalize: *normalize, ..head }, Finish::Numbers))
            }
            pretrained::Head::SequenceClassification { labels, scores } => {
                let finish = match scores {
                    Scores::Raw => Finish::Numbers,
                    scores => Finish::Classes { labels: labels.clone(), scores: *scores },
                };
                Ok((Self::classification(tensors, config)?, finish))
            }
            other => {
                let reason = format!("candle does not run an encoder with {other:?}");
                Err(BackendError::told(BackendErrorKind::Unsupported, reason))
            }
        }
    }

    fn embedding(
        tensors: &Safetensors<'_>,
        config: &EncoderConfig,
        pooling: &[pretrained::Pooling],
        dense: &[pretrained::Dense],
    ) -> Result<Self, BackendError> {
        let known = |way: &pretrained::Pooling| {
            in_network(*way).ok_or_else(|| {
                let reason = format!("candle does not pool by {way:?}");
                BackendError::told(BackendErrorKind::Unsupported, reason)
            })
        };
        let pooling = pooling.iter().map(known).collect::<Result<_, _>>()?;
        let mut chain = Chain::default();
        for layer in dense {
            let (weight, bias) = (&layer.weight, layer.bias.as_deref());
            let weights = Weights::all(tensors);
            let dense = weights.dense_of(weight, bias, layer.inputs, layer.outputs)?;
            chain.push(&dense, layer.activation);
        }
        Ok(Self::of(config, pooling, chain))
    }

    fn classification(
        tensors: &Safetensors<'_>,
        config: &EncoderConfig,
    ) -> Result<Self, ModelError> {
        let (all, hidden) = (Weights::all(tensors), config.hidden_size);
        let own = Parts::new(tensors, config).weights();
        let (weights, first, activation, last) = match config.family {
            Family::DistilBert => (all, "pre_classifier", Activation::Relu, "classifier"),
            Family::Roberta | Family::XlmRoberta => {
                (all, "classifier.dense", Activation::Tanh, "classifier.out_proj")
            }
            _ => (own, "pooler.dense", Activation::Tanh, "classifier"),
        };
        let mut chain = Chain::default();
        chain.push(&weights.dense(first, hidden, hidden)?, activation);
        chain.push(&all.dense(last, hidden, config.head.width(hidden))?, Activation::Identity);
        Ok(Self::of(config, vec![Pooling::Cls], chain))
    }

    fn of(config: &EncoderConfig, pooling: Vec<Pooling>, chain: Chain) -> Self {
        let (hidden, width) = (config.hidden_size, config.head.width(config.hidden_size));
        Self { pooling, chain, normalize: false, hidden, width }
    }

    /// The numbers that it gives for a text.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Writes the numbers of each sequence into `rows`, `[sequences, width]`.
    ///
    /// `states` is `[tokens, hidden]`, of sequences of these lengths, none of them empty, laid end to
    /// end; `spare` is memory to work in.
    pub(crate) fn forward(
        &self,
        context: &mut Context,
        states: &[f32],
        lengths: &[usize],
        rows: &mut Vec<f32>,
        spare: &mut Vec<f32>,
    ) {
        let stride = self.pooling.len() * self.hidden;
        rows.clear();
        rows.resize(lengths.len() * stride, 0.0);
        for (index, &way) in self.pooling.iter().enumerate() {
            cpu::pool(states, self.hidden, lengths, way, rows, index * self.hidden, stride);
        }
        self.chain.forward(context, rows, spare);
        if self.normalize {
            cpu::normalize(rows, self.width);
        }
    }

    /// What it does, for a person.
    pub(crate) fn describe(&self) -> String {
        let pooling: Vec<&str> = self.pooling.iter().copied().map(name_of).collect();
        let normalized = if self.normalize { ", divided by its length" } else { "" };
        format!("{}{}{normalized}: {} numbers", pooling.join(" and "), self.chain, self.width)
    }
}

/// What runs it; nothing where that is not known.
const fn in_network(pooling: pretrained::Pooling) -> Option<Pooling> {
    Some(match pooling {
        pretrained::Pooling::Cls => Pooling::Cls,
        pretrained::Pooling::Max => Pooling::Max,
        pretrained::Pooling::Mean => Pooling::Mean,
        pretrained::Pooling::MeanSqrtLen => Pooling::MeanSqrtLen,
        pretrained::Pooling::WeightedMean => Pooling::WeightedMean,
        pretrained::Pooling::LastToken => Pooling::LastToken,
        _ => return None,
    })
}

const fn name_of(pooling: Pooling) -> &'static str {
    match pooling {
        Pooling::Cls => "first token",
        Pooling::Max => "greatest of the tokens",
        Pooling::Mean => "mean of the tokens",
        Pooling::MeanSqrtLen => "sum of the tokens by the root of their number",
        Pooling::WeightedMean => "mean of the tokens weighed by their place",
        Pooling::LastToken => "last token",
    }
}
