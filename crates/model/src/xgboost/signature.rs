use hotplate_tensor::{DType, InputSpec, Schema};

use super::{CategoryNames, Transform, XgBoostModel};
use crate::{
    Batching, Labels, ModelError, OutputSpec, Signature, Task,
    fault::{Fault, SignatureFault},
};

/// What the one input is called.
const FEATURES: &str = "features";

impl Signature {
    /// What a model of XGBoost takes and gives.
    ///
    /// One input, `features`, of float32, unless the file knows the names of categories: then an
    /// input per column, texts where the column's categories are texts and float32 elsewhere.
    pub(crate) fn of_xgboost(
        model: &XgBoostModel,
        names: Option<Vec<String>>,
    ) -> Result<Self, ModelError> {
        if model.num_feature == 0 {
            return Err(Fault::from(SignatureFault::EmptyRow { name: FEATURES.to_owned() }).into());
        }
        let in_file = !model.feature_names.is_empty();
        let has_texts = model.categories.iter().any(|of_column| is_text(of_column.as_ref()));
        let inputs = if has_texts {
            columns(model)
        } else {
            let row_shape = model.num_feature.into();
            vec![InputSpec { name: FEATURES.to_owned(), dtype: DType::F32, row_shape }]
        };
        let names = names.or_else(|| {
            // A row of more cells than a table has columns is a tensor, whatever they are called.
            let is_table = model.num_feature <= Schema::MAX_COLUMNS;
            (in_file && is_table).then(|| model.feature_names.clone())
        });
        let schema = match names {
            Some(names) => Schema::with_names(inputs, names),
            None => Schema::new(inputs),
        };
        let (outputs, task) = answers(model);
        let signature = Self::new(schema.map_err(Fault::Names)?, Batching::Rows, outputs, task);
        Ok(signature.with_objective(model.objective.name))
    }
}

fn is_text(categories: Option<&CategoryNames>) -> bool {
    matches!(categories, Some(CategoryNames::Texts(_)))
}

/// An input per column, called as the file calls it, or as XGBoost calls columns without a name.
fn columns(model: &XgBoostModel) -> Vec<InputSpec> {
    let column = |(index, categories): (usize, &Option<CategoryNames>)| {
        let name = model.feature_names.get(index).cloned();
        InputSpec {
            name: name.unwrap_or_else(|| format!("f{index}")),
            dtype: if is_text(categories.as_ref()) { DType::Str } else { DType::F32 },
            row_shape: 1.into(),
        }
    };
    model.categories.iter().enumerate().map(column).collect()
}

fn answers(model: &XgBoostModel) -> (Vec<OutputSpec>, Task) {
    let groups = model.groups();
    let output = |name: &str, dtype, row_dims| OutputSpec {
        name: name.to_owned(),
        dtype,
        row_dims: Some(row_dims),
        optional: false,
    };
    let classes = match model.objective.transform {
        Transform::Softmax => groups,
        Transform::Sigmoid if model.objective.is_binary_classifier() && groups == 1 => 2,
        _ => {
            let task = if groups == 1 { Task::Regressor { value: 0 } } else { Task::Other };
            return (vec![output("prediction", DType::F32, vec![Some(groups)])], task);
        }
    };
    let labels = (0_i64..).take(classes).collect();
    let task = Task::Classifier { label: 0, probabilities: 1, classes: Labels::Integers(labels) };
    let outputs = vec![
        output("label", DType::I64, Vec::new()),
        output("probabilities", DType::F32, vec![Some(classes)]),
    ];
    (outputs, task)
}
