use super::{Activation, Beside, Dense, Head, Pooling, PretrainedFault, config::Config};
use crate::{ModelError, external::spelling_problem, json::Value, limits};

/// A module of a model of sentence-transformers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// The encoder, whose files are in the model's folder.
    Transformer,
    /// In a folder of its own.
    Pooling(String),
    /// In a folder of its own.
    Dense(String),
    Normalize,
}

/// The most modules; there are at most five in what people publish.
const MODULES: usize = 16;

/// Poolings in the order in which their results stand, by their keys and their newer names.
const POOLINGS: [(&str, &str, Pooling); 6] = [
    ("pooling_mode_cls_token", "cls", Pooling::Cls),
    ("pooling_mode_max_tokens", "max", Pooling::Max),
    ("pooling_mode_mean_tokens", "mean", Pooling::Mean),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::MeanSqrtLen),
    ("pooling_mode_weightedmean_tokens", "weightedmean", Pooling::WeightedMean),
    ("pooling_mode_lasttoken", "lasttoken", Pooling::LastToken),
];

impl Module {
    /// The folder that its files are in, where it has any but the model's.
    pub(super) fn folder(&self) -> Option<&str> {
        match self {
            Self::Pooling(folder) | Self::Dense(folder) => Some(folder),
            Self::Transformer | Self::Normalize => None,
        }
    }

    pub(super) const fn has_weights(&self) -> bool {
        matches!(self, Self::Dense(_))
    }
}

/// Reads `modules.json`: an encoder, a pooling, and any number of dense layers, at the end of which
/// the result may be normalised.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Module>, ModelError> {
    let Value::List(list) = Value::read(bytes)? else {
        return Err(PretrainedFault::Modules { problem: "should be a list" }.into());
    };
    if list.len() > MODULES {
        return Err(PretrainedFault::Modules { problem: "has too many modules" }.into());
    }
    let modules: Vec<_> = list.iter().map(module).collect::<Result<_, _>>()?;
    let problem = match &modules[..] {
        [Module::Transformer, Module::Pooling(_), rest @ ..] => {
            let dense = match rest {
                [dense @ .., Module::Normalize] => dense,
                dense => dense,
            };
            let all_dense = dense.iter().all(|module| matches!(module, Module::Dense(_)));
            (!all_dense).then_some("has modules in another order than Dense before Normalize")
        }
        _ => Some("should begin with a Transformer and a Pooling"),
    };
    match problem {
        None => Ok(modules),
        Some(problem) => Err(PretrainedFault::Modules { problem }.into()),
    }
}

fn module(value: &Value<'_>) -> Result<Module, ModelError> {
    let Some(object) = value.as_object() else {
        return Err(PretrainedFault::Modules { problem: "should be a list of objects" }.into());
    };
    let module = Config::of(object);
    let kind = module.text("type")?;
    let unknown = || PretrainedFault::Module { got: kind.to_owned() };
    let name = kind.strip_prefix("sentence_transformers.").ok_or_else(unknown)?;
    let path = module.optional_text("path")?.unwrap_or_default();
    if let Some(problem) = spelling_problem(path) {
        return Err(PretrainedFault::Path { path: path.to_owned(), problem }.into());
    }
    let folder = || match path {
        "" => Err(PretrainedFault::Path { path: String::new(), problem: "should be a folder" }),
        path => Ok(path.to_owned()),
    };
    // Releases differ in where the classes are, not in what they are called.
    Ok(match name.rsplit('.').next() {
        Some("Transformer") if path.is_empty() => Module::Transformer,
        Some("Transformer") => {
            let problem =
                "should be empty: the encoder's files are looked for in the model's folder";
            return Err(PretrainedFault::Path { path: path.to_owned(), problem }.into());
        }
        Some("Pooling") => Module::Pooling(folder()?),
        Some("Dense") => Module::Dense(folder()?),
        Some("Normalize") => Module::Normalize,
        _ => return Err(unknown().into()),
    })
}

/// What these modules make of the last layer of an encoder this wide.
pub(super) fn head(beside: &Beside, hidden_size: usize) -> Result<Head, ModelError> {
    let mut head = (Vec::new(), Vec::new(), false);
    let (pooling, dense, normalize) = &mut head;
    let mut width = hidden_size;
    for module in &beside.modules {
        let Some(folder) = module.folder() else {
            *normalize |= *module == Module::Normalize;
            continue;
        };
        let name = format!("{folder}/{}", super::beside::CONFIG);
        // It was read when the module was found.
        let bytes = beside.file(&name).unwrap_or_default();
        let mut read = || {
            let value = Value::read(bytes)?;
            let config = Config::of_document(&value)?;
            if matches!(module, Module::Pooling(_)) {
                *pooling = poolings(&config, width)?;
                width *= pooling.len();
            } else {
                let layer = dense_layer(&config, folder, width)?;
                width = layer.outputs;
                dense.push(layer);
            }
            Ok(())
        };
        read().map_err(|error| beside.place(error, &name))?;
    }
    let (pooling, dense, normalize) = head;
    Ok(Head::Embedding { pooling, dense, normalize })
}

fn poolings(config: &Config<'_, '_>, hidden_size: usize) -> Result<Vec<Pooling>, ModelError> {
    for key in ["word_embedding_dimension", "embedding_dimension"] {
        if config.has(key) {
            config.exactly(key, hidden_size)?;
        }
    }
    if let Some(name) = config.optional_text("pooling_mode")? {
        let known = POOLINGS.iter().find(|(_, known, _)| *known == name);
        let unknown = || PretrainedFault::Pooling { got: name.to_owned() };
        return Ok(vec![known.ok_or_else(unknown)?.2]);
    }
    let mut poolings = Vec::new();
    for (key, _, pooling) in POOLINGS {
        if config.flag(key, false)? {
            poolings.push(pooling);
        }
    }
    if poolings.is_empty() {
        return Err(PretrainedFault::Pooling { got: "none".to_owned() }.into());
    }
    Ok(poolings)
}

fn dense_layer(config: &Config<'_, '_>, folder: &str, inputs: usize) -> Result<Dense, ModelError> {
    config.exactly("in_features", inputs)?;
    let outputs = config.size("out_features", None, 1..=limits::WIDTH)?;
    let function = config.optional_text("activation_function")?;
    // The default of the class.
    let activation = match function.map_or("Tanh", |name| name.rsplit('.').next().unwrap_or(name)) {
        "Tanh" => Activation::Tanh,
        "Identity" => Activation::Identity,
        "ReLU" => Activation::Relu,
        "GELU" => Activation::Gelu,
        "Sigmoid" => Activation::Sigmoid,
        _ => {
            return Err(config
                .wrong("activation_function", "Tanh, Identity, ReLU, GELU or Sigmoid of PyTorch"));
        }
    };
    Ok(Dense {
        weight: format!("{folder}/linear.weight"),
        bias: config.flag("bias", true)?.then(|| format!("{folder}/linear.bias")),
        inputs,
        outputs,
        activation,
    })
}
