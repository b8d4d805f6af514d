use hotplate_tensor::{DType, InputSpec, Schema};

use super::{Categories, Feature, LightGbmModel};
use crate::{Batching, Labels, ModelError, OutputSpec, Signature, Task, fault::Fault};

/// The input of a model whose features are all numbers.
const FEATURES: &str = "features";
const LABEL: &str = "label";
const PROBABILITIES: &str = "probabilities";
const PREDICTION: &str = "prediction";

impl Signature {
    /// One matrix of numbers, or where a feature has categories of text an input per feature; and
    /// a class with the probability of each, or the prediction. Numbers are float64, as the
    /// library has them.
    pub(crate) fn of_lightgbm(
        model: &LightGbmModel,
        names: Option<Vec<String>>,
    ) -> Result<Self, ModelError> {
        let features = model.features();
        let inputs = inputs(features);
        let schema = match names {
            Some(names) => Schema::with_names(inputs, names),
            // A row of more is a tensor, whose elements have no names.
            None if features.len() <= Schema::MAX_COLUMNS => Schema::with_names(
                inputs,
                features.iter().map(|feature| feature.name.clone()).collect(),
            ),
            None => Schema::new(inputs),
        };
        let (outputs, task) = answers(model);
        Ok(Self::new(schema.map_err(Fault::Names)?, Batching::Rows, outputs, task))
    }
}

fn inputs(features: &[Feature]) -> Vec<InputSpec> {
    let is_text = |feature: &Feature| matches!(feature.categories, Some(Categories::Text(_)));
    if !features.iter().any(is_text) {
        let name = FEATURES.to_owned();
        return vec![InputSpec { name, dtype: DType::F64, row_shape: features.len().into() }];
    }
    let input = |feature: &Feature| InputSpec {
        name: feature.name.clone(),
        dtype: if is_text(feature) { DType::Str } else { DType::F64 },
        row_shape: 1.into(),
    };
    features.iter().map(input).collect()
}

fn answers(model: &LightGbmModel) -> (Vec<OutputSpec>, Task) {
    let Some(classes) = model.classes() else {
        let task = match model.scores() {
            1 => Task::Regressor { value: 0 },
            _ => Task::Other,
        };
        return (vec![output(PREDICTION, DType::F64, vec![Some(model.scores())])], task);
    };
    let outputs = vec![
        output(LABEL, DType::I64, Vec::new()),
        output(PROBABILITIES, DType::F64, vec![Some(classes)]),
    ];
    let classes = Labels::Integers((0_i64..).take(classes).collect());
    (outputs, Task::Classifier { label: 0, probabilities: 1, classes })
}

fn output(name: &str, dtype: DType, row_dims: Vec<Option<usize>>) -> OutputSpec {
    OutputSpec { name: name.to_owned(), dtype, row_dims: Some(row_dims), optional: false }
}
