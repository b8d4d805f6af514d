use std::ops::RangeInclusive;

use super::{Activation, EncoderConfig, Family};
use crate::{
    ModelError,
    json::Value,
    limits,
    pretrained::{
        Beside, Head, Pooling, PretrainedFault, Scores,
        beside::{CONFIG, PROMPTS, SENTENCE_CONFIGS, TOKENIZER_CONFIG},
        config::Config,
        modules,
    },
};

/// The fewest tokens that leave room for one beside the special ones of a pair.
const FEWEST_TOKENS: usize = 5;

impl EncoderConfig {
    /// Reads the encoder of this family that `config` describes, and what is beside that.
    pub(in crate::pretrained) fn read(
        family: Family,
        config: &Config<'_, '_>,
        beside: &Beside,
    ) -> Result<Self, ModelError> {
        let mut encoder =
            Self::of_config(family, config).map_err(|error| beside.place(error, CONFIG))?;
        encoder.head = if beside.modules.is_empty() {
            head(family, config).map_err(|error| beside.place(error, CONFIG))?
        } else {
            modules::head(beside, encoder.hidden_size)?
        };
        refuse_prompt(beside)?;
        encoder.read_lengths(beside)?;
        Ok(encoder)
    }

    fn of_config(family: Family, config: &Config<'_, '_>) -> Result<Self, ModelError> {
        let keys = Keys::of(family);
        let width = |key| config.size(key, None, 1..=limits::WIDTH);
        let hidden_size = width(keys.hidden_size)?;
        // Memory for states grows with it, and a file without bytes for it could be small.
        let widest = (limits::WIDENING * hidden_size).clamp(limits::WIDENING, limits::WIDTH);
        let heads = config.size(keys.heads, None, 1..=hidden_size.min(limits::HEADS))?;
        if !hidden_size.is_multiple_of(heads) {
            return Err(config.wrong(keys.heads, format!("a divisor of {hidden_size}")));
        }
        let (key, only) = ("position_embedding_type", "absolute");
        if config.optional_text(key)?.is_some_and(|got| got != only) {
            return Err(config.wrong(key, format!("{only:?}")));
        }
        for key in ["is_decoder", "add_cross_attention"] {
            if config.flag(key, false)? {
                return Err(config.wrong(key, "false"));
            }
        }
        let is_roberta = matches!(family, Family::Roberta | Family::XlmRoberta);
        let pad = config.size("pad_token_id", Some(usize::from(is_roberta)), 0..=limits::TOKENS)?;
        let position_offset = if is_roberta { pad + 1 } else { 0 };
        let fewest = position_offset + FEWEST_TOKENS;
        let max_positions =
            config.size("max_position_embeddings", None, fewest..=limits::TOKENS)?;
        Ok(Self {
            family,
            vocab_size: config.size("vocab_size", None, 1..=limits::TOKENS)?,
            hidden_size,
            layers: config.size(keys.layers, None, 1..=limits::LAYERS)?,
            heads,
            intermediate_size: config.size(keys.intermediate_size, None, 1..=widest)?,
            activation: activation(config, keys.activation)?,
            max_positions,
            type_vocab_size: match family {
                Family::DistilBert => 0,
                _ => config.size("type_vocab_size", Some(2), 1..=limits::TOKENS)?,
            },
            // That of DistilBERT is not written down: it is the one of its code.
            layer_norm_eps: match family {
                Family::DistilBert => 1e-12,
                _ => config.positive("layer_norm_eps", 1e-12)?,
            },
            // It was read with a limit.
            pad_token_id: u32::try_from(pad).unwrap_or_default(),
            position_offset,
            max_tokens: (max_positions - position_offset).min(limits::TEXT_TOKENS),
            do_lower_case: false,
            head: Head::Embedding {
                pooling: vec![Pooling::Mean],
                dense: Vec::new(),
                normalize: false,
            },
        })
    }

    /// Reads how long a text may be: what sentence-transformers says, or the tokenizer, as far as
    /// there are positions.
    fn read_lengths(&mut self, beside: &Beside) -> Result<(), ModelError> {
        let range: RangeInclusive<usize> = FEWEST_TOKENS..=usize::MAX;
        let sentence = SENTENCE_CONFIGS.into_iter().find(|name| beside.file(name).is_some());
        let mut said = None;
        if let Some(name) = sentence {
            read(beside, name, |config| {
                self.do_lower_case = config.flag("do_lower_case", false)?;
                if config.has("max_seq_length") {
                    said = Some(config.size("max_seq_length", None, range.clone())?);
                }
                Ok(())
            })?;
        }
        if said.is_none() {
            read(beside, TOKENIZER_CONFIG, |config| {
                let key = "model_max_length";
                // Where there is no limit, Python's writers put a number that no integer holds.
                let is_huge = config.value(key).and_then(Value::as_float) >= Some(1e9);
                if config.has(key) && !is_huge {
                    said = Some(config.size(key, None, range)?);
                }
                Ok(())
            })?;
        }
        self.max_tokens = said.map_or(self.max_tokens, |said| said.min(self.max_tokens));
        Ok(())
    }
}

/// What the families call the same things.
struct Keys {
    hidden_size: &'static str,
    layers: &'static str,
    heads: &'static str,
    intermediate_size: &'static str,
    activation: &'static str,
}

impl Keys {
    const fn of(family: Family) -> Self {
        match family {
            Family::DistilBert => Self {
                hidden_size: "dim",
                layers: "n_layers",
                heads: "n_heads",
                intermediate_size: "hidden_dim",
                activation: "activation",
            },
            Family::Bert | Family::Roberta | Family::XlmRoberta => Self {
                hidden_size: "hidden_size",
                layers: "num_hidden_layers",
                heads: "num_attention_heads",
                intermediate_size: "intermediate_size",
                activation: "hidden_act",
            },
        }
    }
}

/// Reads a file of settings, where there is one.
fn read(
    beside: &Beside,
    name: &str,
    read: impl FnOnce(&Config<'_, '_>) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    let Some(bytes) = beside.file(name) else { return Ok(()) };
    Value::read(bytes)
        .and_then(|document| read(&Config::of_document(&document)?))
        .map_err(|error| beside.place(error, name))
}

/// Refuses a model that puts a text of its own before those that it is given.
fn refuse_prompt(beside: &Beside) -> Result<(), ModelError> {
    read(beside, PROMPTS, |config| {
        let Some(name) = config.optional_text("default_prompt_name")? else { return Ok(()) };
        let prompts = config.value("prompts").and_then(Value::as_object);
        match prompts.and_then(|prompts| prompts.get(name)).and_then(Value::as_text) {
            Some("") => Ok(()),
            _ => {
                Err(config.wrong("default_prompt_name", "null: prompts are the client's to write"))
            }
        }
    })
}

fn activation(config: &Config<'_, '_>, key: &'static str) -> Result<Activation, ModelError> {
    match config.optional_text(key)? {
        None | Some("gelu" | "gelu_python") => Ok(Activation::Gelu),
        Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh") => Ok(Activation::GeluTanh),
        Some("relu") => Ok(Activation::Relu),
        Some(_) => {
            let known = "\"gelu\", \"gelu_new\", \"gelu_fast\", \"gelu_pytorch_tanh\" or \"relu\"";
            Err(config.wrong(key, known))
        }
    }
}

/// What a model without `modules.json` answers with, by its class.
fn head(family: Family, config: &Config<'_, '_>) -> Result<Head, ModelError> {
    let prefix = match family {
        Family::Bert => "Bert",
        Family::DistilBert => "DistilBert",
        Family::Roberta => "Roberta",
        Family::XlmRoberta => "XLMRoberta",
    };
    let classes = config.optional_texts("architectures")?.unwrap_or_default();
    let kind = classes.first().map(|class| class.strip_prefix(prefix).unwrap_or(class));
    match kind {
        None | Some("Model" | "ForMaskedLM" | "ForPreTraining") => Ok(Head::Embedding {
            pooling: vec![Pooling::Mean],
            dense: Vec::new(),
            normalize: false,
        }),
        Some("ForSequenceClassification") => classification(config),
        Some(_) => {
            let got = classes.into_iter().next().unwrap_or_default();
            Err(PretrainedFault::Class { got, family }.into())
        }
    }
}

fn classification(config: &Config<'_, '_>) -> Result<Head, ModelError> {
    let labels = labels(config)?;
    let scores = match (config.optional_text("problem_type")?, labels.len()) {
        (Some("regression"), 1) | (None, 1) => Scores::Raw,
        (Some("multi_label_classification"), _) => Scores::Sigmoid,
        (Some("single_label_classification") | None, 2..) => Scores::Softmax,
        (_, labels) => {
            return Err(config.wrong("problem_type", format!("one that {labels} labels can have")));
        }
    };
    Ok(Head::SequenceClassification { labels, scores })
}

/// The classes: those of `id2label`, whose keys are their places, or as many as `num_labels` under
/// the names that Hugging Face gives them.
fn labels(config: &Config<'_, '_>) -> Result<Vec<String>, ModelError> {
    const KEY: &str = "id2label";
    if !config.has(KEY) {
        let labels = config.size("num_labels", Some(2), 1..=limits::UNNAMED_CLASSES)?;
        return Ok((0..labels).map(|label| format!("LABEL_{label}")).collect());
    }
    let wrong = || config.wrong(KEY, "an object of texts by the numbers from 0 up");
    let object = config.value(KEY).and_then(Value::as_object).ok_or_else(wrong)?;
    let mut labels = vec![None; object.members.len()];
    for (key, value) in &object.members {
        let place = key.parse().ok().and_then(|place: usize| labels.get_mut(place));
        let label = value.as_text().ok_or_else(wrong)?;
        *place.ok_or_else(wrong)? = Some(label.to_owned());
    }
    let labels: Option<Vec<_>> = labels.into_iter().collect();
    labels.filter(|labels| !labels.is_empty()).ok_or_else(wrong)
}
