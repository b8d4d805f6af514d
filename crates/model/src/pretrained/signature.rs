use hotplate_tensor::{DType, InputSpec, Schema};

use super::{Architecture, EncoderConfig, Head, MlpAnswer, MlpConfig, Scores};
use crate::{Batching, Labels, ModelError, OutputSpec, Signature, Task, fault::Fault};

const TEXT: &str = "text";
const TEXT_PAIR: &str = "text_pair";
const FEATURES: &str = "features";

const EMBEDDING: &str = "embedding";
const LABEL: &str = "label";
const PROBABILITIES: &str = "probabilities";
const LOGITS: &str = "logits";
const VALUE: &str = "value";

impl Signature {
    /// Of an encoder, one column of text, or with two names a pair; of a network, a matrix of
    /// float32. Numbers come out as float32, classes as text.
    pub(crate) fn of_pretrained(
        architecture: &Architecture,
        names: Option<Vec<String>>,
    ) -> Result<Self, ModelError> {
        let schema = match architecture {
            Architecture::Encoder(_) => texts(names),
            Architecture::Mlp(network) => numbers(network, names),
        };
        let (outputs, task) = match architecture {
            Architecture::Encoder(encoder) => of_encoder(encoder),
            Architecture::Mlp(network) => of_network(network),
        };
        let margins = outputs.iter().position(|output| output.name == LOGITS);
        let signature = Self::new(schema.map_err(Fault::Names)?, Batching::Rows, outputs, task);
        Ok(signature.with_margins_in(margins))
    }
}

fn texts(names: Option<Vec<String>>) -> Result<Schema, hotplate_tensor::SchemaError> {
    let names = names.unwrap_or_else(|| vec![TEXT.to_owned()]);
    let inputs: &[&str] = if names.len() == 2 { &[TEXT, TEXT_PAIR] } else { &[TEXT] };
    let input =
        |&name: &&str| InputSpec { name: name.to_owned(), dtype: DType::Str, row_shape: 1.into() };
    Schema::with_names(inputs.iter().map(input).collect(), names)
}

fn numbers(
    network: &MlpConfig,
    names: Option<Vec<String>>,
) -> Result<Schema, hotplate_tensor::SchemaError> {
    let row_shape = network.inputs().into();
    let input = InputSpec { name: FEATURES.to_owned(), dtype: DType::F32, row_shape };
    match names.or_else(|| network.columns.clone()) {
        Some(names) => Schema::with_names(vec![input], names),
        None => Schema::new(vec![input]),
    }
}

fn of_encoder(encoder: &EncoderConfig) -> (Vec<OutputSpec>, Task) {
    match &encoder.head {
        Head::Embedding { .. } => {
            let width = encoder.head.width(encoder.hidden_size);
            (vec![floats(EMBEDDING, width)], Task::Embedding { output: 0 })
        }
        Head::SequenceClassification { labels, scores: Scores::Raw } => values(labels.len()),
        Head::SequenceClassification { labels, .. } => classes(labels),
    }
}

fn of_network(network: &MlpConfig) -> (Vec<OutputSpec>, Task) {
    match &network.answer {
        MlpAnswer::Classes { labels, .. } => classes(labels),
        MlpAnswer::Values => values(network.outputs()),
    }
}

fn classes(labels: &[String]) -> (Vec<OutputSpec>, Task) {
    let label = OutputSpec {
        name: LABEL.to_owned(),
        dtype: DType::Str,
        row_dims: Some(Vec::new()),
        optional: false,
    };
    let outputs = vec![label, floats(PROBABILITIES, labels.len()), floats(LOGITS, labels.len())];
    let classes = Labels::Text(labels.to_owned());
    (outputs, Task::Classifier { label: 0, probabilities: 1, classes })
}

fn values(count: usize) -> (Vec<OutputSpec>, Task) {
    let task = if count == 1 { Task::Regressor { value: 0 } } else { Task::Other };
    (vec![floats(VALUE, count)], task)
}

/// This many numbers for each row.
fn floats(name: &str, count: usize) -> OutputSpec {
    let row_dims = Some(vec![Some(count)]);
    OutputSpec { name: name.to_owned(), dtype: DType::F32, row_dims, optional: false }
}
