use std::{collections::HashSet, sync::Arc};

use hotplate_tensor::{DType, InputSpec, Schema, Shape};

use crate::{
    ModelError, Task,
    fault::{Fault, Side, SignatureFault},
    onnx::{Dim, ElementType, OnnxModel, ValueInfo, ValueType},
};

/// What a model takes and gives: a schema of its rows, its outputs, and what they mean.
#[derive(Clone, Debug)]
pub struct Signature {
    schema: Arc<Schema>,
    outputs: Vec<OutputSpec>,
    task: Task,
}

/// One tensor that a model gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// The model's own name for it.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The dimensions behind the rows axis, `None` for one that is not fixed; `None` altogether
    /// where the file does not say how many there are.
    pub row_dims: Option<Vec<Option<usize>>>,
}

/// The metadata entry that names the columns: a JSON array of strings.
const FEATURE_NAMES: &str = "feature_names";

impl Signature {
    pub(crate) fn of_onnx(
        model: &OnnxModel<'_>,
        names: Option<Vec<String>>,
    ) -> Result<Self, ModelError> {
        let inputs = inputs(&model.graph.inputs)?;
        let outputs = outputs(&model.graph.outputs)?;
        let names = match names {
            Some(names) => Some(names),
            None => names_in_metadata(model)?,
        };
        let schema = match names {
            Some(names) => Schema::with_names(inputs, names),
            None => Schema::new(inputs),
        };
        let task = Task::of_onnx(&model.graph, &outputs)?;
        Ok(Self { schema: Arc::new(schema.map_err(Fault::Names)?), outputs, task })
    }

    /// What a row consists of.
    pub const fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What comes out, in the model's order.
    pub fn outputs(&self) -> &[OutputSpec] {
        &self.outputs
    }

    /// What the outputs mean.
    pub const fn task(&self) -> &Task {
        &self.task
    }
}

fn names_in_metadata(model: &OnnxModel<'_>) -> Result<Option<Vec<String>>, Fault> {
    model
        .metadata_entry(FEATURE_NAMES)
        .map(|json| serde_json::from_str(json).map_err(|_| Fault::NamesNotJson))
        .transpose()
}

fn inputs(values: &[ValueInfo<'_>]) -> Result<Vec<InputSpec>, Fault> {
    if values.is_empty() {
        return Err(SignatureFault::NoInputs.into());
    }
    values.iter().map(input).collect()
}

fn input(value: &ValueInfo<'_>) -> Result<InputSpec, Fault> {
    let (element, dims) = tensor(value, Side::Input)?;
    let dtype = dtype(element, value, Side::Input)?;
    let name = value.name.to_owned();
    // A shape without axes is how exporters write that they do not know it.
    let (rows, rest) = match dims.and_then(|dims| dims.split_first()) {
        Some((&rows, rest)) => (rows, rest),
        None => return Err(SignatureFault::NoShape { name }.into()),
    };
    // Exporters that were shown one row write 1 where they mean any number.
    if let Dim::Fixed(rows @ (0 | 2..)) = rows {
        return Err(SignatureFault::FixedRows { name, rows }.into());
    }
    let mut row_dims = Vec::with_capacity(rest.len());
    for (axis, dim) in rest.iter().enumerate() {
        match *dim {
            Dim::Fixed(0) => return Err(SignatureFault::EmptyRow { name }.into()),
            Dim::Fixed(dim) => row_dims.push(dim),
            Dim::Symbol(_) | Dim::Unknown => {
                return Err(SignatureFault::OpenDim { name, axis: axis + 1 }.into());
            }
        }
    }
    match Shape::new(&row_dims) {
        Ok(row_shape) => Ok(InputSpec { name, dtype, row_shape }),
        Err(_) => Err(SignatureFault::WideRow { name }.into()),
    }
}

fn outputs(values: &[ValueInfo<'_>]) -> Result<Vec<OutputSpec>, Fault> {
    if values.is_empty() {
        return Err(SignatureFault::NoOutputs.into());
    }
    let mut names = HashSet::with_capacity(values.len());
    values
        .iter()
        .map(|value| {
            let output = output(value)?;
            if names.insert(value.name) {
                Ok(output)
            } else {
                Err(SignatureFault::DuplicateOutput { name: output.name }.into())
            }
        })
        .collect()
}

fn output(value: &ValueInfo<'_>) -> Result<OutputSpec, Fault> {
    let (element, dims) = tensor(value, Side::Output)?;
    let row_dims = dims.and_then(|dims| dims.split_first()).map(|(_, rest)| {
        rest.iter()
            .map(|dim| match *dim {
                Dim::Fixed(dim) => Some(dim),
                Dim::Symbol(_) | Dim::Unknown => None,
            })
            .collect()
    });
    let dtype = dtype(element, value, Side::Output)?;
    Ok(OutputSpec { name: value.name.to_owned(), dtype, row_dims })
}

fn tensor<'v>(
    value: &'v ValueInfo<'_>,
    side: Side,
) -> Result<(ElementType, Option<&'v [Dim<'v>]>), Fault> {
    let name = value.name.to_owned();
    match (&value.ty, side) {
        (ValueType::Tensor { element, shape }, _) => Ok((*element, shape.as_deref())),
        (ValueType::Sequence | ValueType::Map, Side::Output) => {
            Err(SignatureFault::ZipMap { name }.into())
        }
        (other, _) => Err(SignatureFault::NotATensor { side, name, got: other.noun() }.into()),
    }
}

fn dtype(element: ElementType, value: &ValueInfo<'_>, side: Side) -> Result<DType, Fault> {
    element.dtype().ok_or_else(|| {
        SignatureFault::Element { side, name: value.name.to_owned(), element }.into()
    })
}

#[cfg(test)]
mod tests;
