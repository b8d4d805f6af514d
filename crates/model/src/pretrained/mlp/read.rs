use std::collections::HashSet;

use super::{Activation, MlpAnswer, MlpConfig, MlpLayer, Scores};
use crate::{
    ModelError,
    fault::Fault,
    limits,
    pretrained::{PretrainedFault, config::Config},
    safetensors::{Safetensors, TensorView},
};

/// The tensors that cells are standardised by.
const MEAN: &str = "input.mean";
const SCALE: &str = "input.scale";

/// Every key of a description.
const KEYS: [&str; 6] = ["model_type", "activation", "layers", "labels", "scores", "columns"];

impl MlpConfig {
    /// Reads a network of these tensors.
    pub(in crate::pretrained) fn read(
        config: &Config<'_, '_>,
        tensors: &Safetensors<'_>,
    ) -> Result<Self, ModelError> {
        if let Some(key) = config.keys().find(|key| !KEYS.contains(key)) {
            return Err(PretrainedFault::Key { key: key.to_owned() }.into());
        }
        let layers = layers(config, tensors)?;
        let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
            return Err(PretrainedFault::NoLayers.into());
        };
        let (inputs, outputs) = (first.inputs, last.outputs);
        let standard = |name: &str| match tensors.tensor(name) {
            Some(tensor) => float(tensor.shaped(&[inputs])?).map(|_| Some(name.to_owned())),
            None => Ok(None),
        };
        let columns = config.optional_texts("columns")?;
        if columns.as_ref().is_some_and(|columns| columns.len() != inputs) {
            return Err(config.wrong("columns", format!("{inputs} names")));
        }
        let network = Self {
            activation: activation(config)?,
            mean: standard(MEAN)?,
            scale: standard(SCALE)?,
            columns,
            answer: answer(config, outputs)?,
            layers,
        };
        network.refuse_others(tensors)?;
        Ok(network)
    }

    /// Refuses tensors that are none of the network's: a layer that was forgotten is another
    /// network.
    fn refuse_others(&self, tensors: &Safetensors<'_>) -> Result<(), ModelError> {
        let of_layers =
            self.layers.iter().flat_map(|layer| [Some(&layer.weight), layer.bias.as_ref()]);
        let named = of_layers.chain([self.mean.as_ref(), self.scale.as_ref()]).flatten();
        let mut ours = HashSet::new();
        if !named.map(String::as_str).all(|name| ours.insert(name)) {
            return Err(PretrainedFault::LayerTwice.into());
        }
        match tensors.iter().find(|tensor| !ours.contains(tensor.name)) {
            None => Ok(()),
            Some(other) => {
                Err(PretrainedFault::OtherTensor { tensor: other.name.to_owned() }.into())
            }
        }
    }
}

fn layers(config: &Config<'_, '_>, tensors: &Safetensors<'_>) -> Result<Vec<MlpLayer>, ModelError> {
    let names = config.optional_texts("layers")?;
    let mut layers: Vec<MlpLayer> = Vec::new();
    loop {
        let name = match &names {
            Some(names) => match names.get(layers.len()) {
                Some(name) => name.clone(),
                None => break,
            },
            None => {
                let name = format!("layers.{}", layers.len());
                if tensors.tensor(&format!("{name}.weight")).is_none() {
                    break;
                }
                name
            }
        };
        limits::room_for_one_more(layers.len(), "layers", limits::LAYERS)?;
        layers.push(layer(&name, layers.last(), tensors)?);
    }
    Ok(layers)
}

fn layer(
    name: &str,
    before: Option<&MlpLayer>,
    tensors: &Safetensors<'_>,
) -> Result<MlpLayer, ModelError> {
    let weight = format!("{name}.weight");
    let tensor = tensors
        .tensor(&weight)
        .ok_or_else(|| Fault::Pretrained(PretrainedFault::NoLayer { tensor: weight.clone() }))?;
    let &[outputs, inputs] = float(tensor)?.shape else {
        let got = tensor.shape.to_owned();
        return Err(PretrainedFault::NotAMatrix { tensor: weight, got }.into());
    };
    if let Some(before) = before {
        tensor.shaped(&[outputs, before.outputs])?;
    }
    for size in [outputs, inputs] {
        if !(1..=limits::WIDTH).contains(&size) {
            let got = tensor.shape.to_owned();
            return Err(PretrainedFault::NotAMatrix { tensor: weight, got }.into());
        }
    }
    let bias = format!("{name}.bias");
    let bias = match tensors.tensor(&bias) {
        Some(tensor) => float(tensor.shaped(&[outputs])?).map(|_| Some(bias))?,
        None => None,
    };
    Ok(MlpLayer { weight, bias, inputs, outputs })
}

/// The same tensor, if it holds numbers that are read as float32.
fn float(tensor: TensorView<'_>) -> Result<TensorView<'_>, ModelError> {
    tensor.copy_f32(0, &mut [])?;
    Ok(tensor)
}

fn activation(config: &Config<'_, '_>) -> Result<Activation, ModelError> {
    const KEY: &str = "activation";
    Ok(match config.text(KEY)? {
        "relu" => Activation::Relu,
        "gelu" => Activation::Gelu,
        "gelu_tanh" => Activation::GeluTanh,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        "identity" => Activation::Identity,
        _ => {
            let known = "\"relu\", \"gelu\", \"gelu_tanh\", \"tanh\", \"sigmoid\" or \"identity\"";
            return Err(config.wrong(KEY, known));
        }
    })
}

fn answer(config: &Config<'_, '_>, outputs: usize) -> Result<MlpAnswer, ModelError> {
    let scores = config.optional_text("scores")?;
    let Some(labels) = config.optional_texts("labels")? else {
        return match scores {
            None => Ok(MlpAnswer::Values),
            Some(_) => Err(config.wrong("scores", "absent, where there are no labels")),
        };
    };
    if labels.len() != outputs || labels.len() < 2 {
        let expected = format!("{outputs} texts, as the last layer has outputs, and at least two");
        return Err(config.wrong("labels", expected));
    }
    let scores = match scores {
        None | Some("softmax") => Scores::Softmax,
        Some("sigmoid") => Scores::Sigmoid,
        Some(_) => return Err(config.wrong("scores", "\"softmax\" or \"sigmoid\"")),
    };
    Ok(MlpAnswer::Classes { labels, scores })
}
