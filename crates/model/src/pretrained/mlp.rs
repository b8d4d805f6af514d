use super::{Activation, Scores};

mod read;

/// A plain network of dense layers over numbers.
///
/// # How a file says that it is one
///
/// By a JSON object, as the text of the entry `hotplate` in the metadata of the safetensors file,
/// or else as `config.json` beside it:
///
/// ```json
/// {
///   "model_type": "mlp",
///   "activation": "relu",
///   "labels": ["stays", "leaves"],
///   "columns": ["age", "income", "calls"]
/// }
/// ```
///
/// * `model_type` is `"mlp"`.
/// * `activation`, between layers and not behind the last: `"relu"`, `"gelu"`, `"gelu_tanh"`,
///   `"tanh"`, `"sigmoid"` or `"identity"`.
/// * `layers`, an array: the names of the layers in order, each a prefix of tensors' names. Where
///   it is absent, they are `layers.0`, `layers.1` and so on, as far as there are tensors. What
///   PyTorch saves of an `nn.Sequential` is named by `["0", "2", "4"]`.
/// * `labels`, an array of texts: the classes in the order of the last layer's outputs, at least
///   two. Where it is absent, the model answers with numbers.
/// * `scores`, `"softmax"` (if absent) or `"sigmoid"`: what the outputs become, where there are
///   labels.
/// * `columns`, an array of texts: the names of a row's cells.
///
/// Other keys are refused, for what they ask would not happen.
///
/// # Tensors
///
/// A layer called `L` is `L.weight`, `[outputs, inputs]`, and unless it has none `L.bias`,
/// `[outputs]`. Where `input.mean` and `input.scale` are there, each `[inputs]` of the first layer,
/// cells are first standardised: `(x - mean) / scale`.
///
/// All are float32, float16 or bfloat16; whatever is computed is float32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlpConfig {
    /// The layers, at least one; each takes as many numbers as the one before it gives.
    pub layers: Vec<MlpLayer>,
    /// What is between two layers.
    pub activation: Activation,
    /// The name of the tensor that is subtracted from a row.
    pub mean: Option<String>,
    /// The name of the tensor that a row is divided by, after that.
    pub scale: Option<String>,
    /// The names of a row's cells, where there are any.
    pub columns: Option<Vec<String>>,
    /// What the last layer's outputs are.
    pub answer: MlpAnswer,
}

/// A dense layer: `weight · x + bias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlpLayer {
    /// The name of the tensor `[outputs, inputs]`.
    pub weight: String,
    /// The name of the tensor `[outputs]`.
    pub bias: Option<String>,
    /// The numbers that it takes.
    pub inputs: usize,
    /// The numbers that it gives.
    pub outputs: usize,
}

/// What the last layer's outputs are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MlpAnswer {
    /// The logits of these classes.
    Classes {
        /// The classes, in the order of the outputs.
        labels: Vec<String>,
        /// What the logits become.
        scores: Scores,
    },
    /// Numbers, as they are.
    Values,
}

impl MlpConfig {
    /// The numbers of a row.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// The numbers that the last layer gives.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }
}
