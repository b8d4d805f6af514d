//! What the files beside a model's weights say that they are the weights of.

use hotplate::pretrained::{
    Activation, Architecture, EncoderConfig, Head, MlpAnswer, MlpConfig, Pooling, Scores,
};
use serde_json::{Value, json};

/// For a person, a line for each thing to know; none of an architecture without words yet.
pub(super) fn lines(architecture: &Architecture) -> Vec<String> {
    match architecture {
        Architecture::Encoder(encoder) => of_encoder(encoder),
        Architecture::Mlp(mlp) => of_mlp(mlp),
        _ => Vec::new(),
    }
}

fn of_encoder(encoder: &EncoderConfig) -> Vec<String> {
    let EncoderConfig { family, layers, hidden_size, heads, intermediate_size, .. } = encoder;
    let mut lines = vec![
        format!(
            "{family} encoder: {layers} layers of {hidden_size}, {heads} heads, {intermediate_size} \
             between with {}",
            activation(encoder.activation)
        ),
        format!(
            "texts of at most {} tokens, longer ones are cut; {} tokens are known{}",
            encoder.max_tokens,
            encoder.vocab_size,
            if encoder.do_lower_case { ", in lower case" } else { "" }
        ),
    ];
    match &encoder.head {
        Head::Embedding { pooling: of, dense, normalize } => {
            let names: Vec<&str> = of.iter().map(|&way| pooling(way)).collect();
            let dense = match dense.len() {
                0 => String::new(),
                layers => format!(", {layers} dense behind"),
            };
            let length = if *normalize { "of length one" } else { "of any length" };
            let width = encoder.head.width(*hidden_size);
            let by = names.join(" and ");
            lines.push(format!("embedding of {width} numbers, pooled by {by}{dense}, {length}"));
        }
        Head::SequenceClassification { scores: of, .. } => lines.push(scores(*of).to_owned()),
        _ => {}
    }
    lines
}

fn of_mlp(mlp: &MlpConfig) -> Vec<String> {
    let widths: Vec<String> = [mlp.inputs()]
        .into_iter()
        .chain(mlp.layers.iter().map(|layer| layer.outputs))
        .map(|width| width.to_string())
        .collect();
    let first = format!("dense layers {}, {}", widths.join(" → "), activation(mlp.activation));
    let standardised = mlp.mean.is_some() || mlp.scale.is_some();
    let mut lines = vec![first];
    lines.extend(standardised.then(|| "cells are standardised first".to_owned()));
    if let MlpAnswer::Classes { scores: of, .. } = &mlp.answer {
        lines.push(scores(*of).to_owned());
    }
    lines
}

/// For programs.
pub(super) fn document(architecture: &Architecture) -> Value {
    match architecture {
        Architecture::Encoder(encoder) => json!({
            "kind": encoder.family.name(),
            "layers": encoder.layers,
            "hidden_size": encoder.hidden_size,
            "heads": encoder.heads,
            "intermediate_size": encoder.intermediate_size,
            "activation": activation(encoder.activation),
            "vocab_size": encoder.vocab_size,
            "max_tokens": encoder.max_tokens,
            "head": head(&encoder.head, encoder.hidden_size),
        }),
        Architecture::Mlp(mlp) => json!({
            "kind": "mlp",
            "layers": mlp.layers.iter().map(|layer| layer.outputs).collect::<Vec<usize>>(),
            "activation": activation(mlp.activation),
            "standardised": mlp.mean.is_some() || mlp.scale.is_some(),
            "scores": match &mlp.answer {
                MlpAnswer::Classes { scores, .. } => Some(name(*scores)),
                _ => None,
            },
        }),
        _ => Value::Null,
    }
}

fn head(head: &Head, hidden_size: usize) -> Value {
    match head {
        Head::Embedding { pooling: of, normalize, .. } => json!({
            "kind": "embedding",
            "width": head.width(hidden_size),
            "pooling": of.iter().map(|&way| pooling(way)).collect::<Vec<&str>>(),
            "normalize": normalize,
        }),
        Head::SequenceClassification { labels, scores } => json!({
            "kind": "sequence_classification",
            "labels": labels,
            "scores": name(*scores),
        }),
        _ => Value::Null,
    }
}

const fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu_tanh",
        Activation::Relu => "relu",
        Activation::Tanh => "tanh",
        Activation::Sigmoid => "sigmoid",
        Activation::Identity => "identity",
        _ => "another activation",
    }
}

const fn pooling(pooling: Pooling) -> &'static str {
    match pooling {
        Pooling::Cls => "cls",
        Pooling::Max => "max",
        Pooling::Mean => "mean",
        Pooling::MeanSqrtLen => "mean_sqrt_len",
        Pooling::WeightedMean => "weighted_mean",
        Pooling::LastToken => "last_token",
        _ => "another way",
    }
}

const fn name(scores: Scores) -> &'static str {
    match scores {
        Scores::Softmax => "softmax",
        Scores::Sigmoid => "sigmoid",
        Scores::Raw => "raw",
        _ => "other",
    }
}

const fn scores(scores: Scores) -> &'static str {
    match scores {
        Scores::Softmax => "softmax: probabilities add up to one",
        Scores::Sigmoid => "sigmoid: each class has a probability by itself",
        _ => "logits as they are",
    }
}
