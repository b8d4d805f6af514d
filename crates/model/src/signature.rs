use std::sync::Arc;

use hotplate_tensor::{DType, InputSpec, Schema};

use crate::{ModelError, Task, fault::Fault, onnx::OnnxModel, zipmap::ZipMaps};

mod values;

/// What a model takes and gives: a schema of its rows, its outputs, and what they mean.
#[derive(Clone, Debug)]
pub struct Signature {
    schema: Arc<Schema>,
    batching: Batching,
    outputs: Vec<OutputSpec>,
    task: Task,
    margins: Option<usize>,
    objective: Option<&'static str>,
}

/// How a model takes several rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Batching {
    /// Any number at once: axis 0 of every input is the rows axis.
    Rows,
    /// Axis 0 of every input is the rows axis, and the file fixes that of some input to one row.
    /// Exporters that were shown one row write that where they mean any number; an engine that
    /// believes the file runs row by row.
    OneRow,
    /// One at a time: there is no rows axis. A row is a whole set of the model's tensors, and the
    /// dimensions of rows are all that these have.
    None,
}

/// One tensor that a model gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// The model's own name for it.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The dimensions behind the rows axis (all of them where [`Batching::None`] has none), `None`
    /// for one that is not fixed; `None` altogether where the file does not say how many there are.
    pub row_dims: Option<Vec<Option<usize>>>,
    /// Whether the model may give nothing here.
    pub optional: bool,
}

/// The metadata entry that names the columns: a JSON array of strings.
const FEATURE_NAMES: &str = "feature_names";

impl Signature {
    pub(crate) fn of_onnx(
        model: &OnnxModel<'_>,
        names: Option<Vec<String>>,
    ) -> Result<Self, ModelError> {
        let graph = &model.graph;
        let zipmaps = ZipMaps::of(graph)?;
        let batching = values::batching(graph);
        let inputs = values::inputs(graph, batching)?;
        let outputs = values::outputs(&graph.outputs, &zipmaps, batching)?;
        let names = match names {
            Some(names) => Some(names),
            // Those in the file are the author's names for the cells of a row.
            None if batching != Batching::None && is_table(&inputs) => names_in_metadata(model)?,
            None => None,
        };
        let schema = match names {
            Some(names) => Schema::with_names(inputs, names),
            None => Schema::new(inputs),
        };
        let task = match batching {
            Batching::None => Task::Other,
            Batching::Rows | Batching::OneRow => Task::of_onnx(graph, &outputs, &zipmaps)?,
        };
        Ok(Self::new(schema.map_err(Fault::Names)?, batching, outputs, task))
    }

    pub(crate) fn new(
        schema: Schema,
        batching: Batching,
        outputs: Vec<OutputSpec>,
        task: Task,
    ) -> Self {
        Self { schema: Arc::new(schema), batching, outputs, task, margins: None, objective: None }
    }

    /// The same of a model that XGBoost trained for this.
    pub(crate) const fn with_objective(mut self, objective: &'static str) -> Self {
        self.objective = Some(objective);
        self
    }

    /// The same without a meaning for its outputs: for a backend that found them to be otherwise.
    #[must_use]
    pub fn without_task(self) -> Self {
        Self { task: Task::Other, ..self }
    }

    /// The same rows with other answers, whose meaning is theirs to tell.
    #[must_use]
    pub fn with_outputs(self, outputs: Vec<OutputSpec>) -> Self {
        Self { outputs, task: Task::Other, margins: None, ..self }
    }

    /// The same with one more output behind the others: so many numbers of this type a row, which
    /// the probabilities of a classifier are made of.
    #[must_use]
    pub fn with_margins(mut self, dtype: DType, width: usize) -> Self {
        self.margins = Some(self.outputs.len());
        self.outputs.push(OutputSpec {
            name: "margins".to_owned(),
            dtype,
            row_dims: Some(vec![Some(width)]),
            optional: false,
        });
        self
    }

    /// The same with an output named that [margins](Self::margins) are in.
    pub(crate) const fn with_margins_in(mut self, output: Option<usize>) -> Self {
        self.margins = output;
        self
    }

    /// What a row consists of.
    pub const fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// How several rows are taken.
    pub const fn batching(&self) -> Batching {
        self.batching
    }

    /// What comes out, in the model's order.
    pub fn outputs(&self) -> &[OutputSpec] {
        &self.outputs
    }

    /// What the outputs mean.
    pub const fn task(&self) -> &Task {
        &self.task
    }

    /// The index of the output of [margins](Self::with_margins), where there is one: `[rows,
    /// classes]`, or `[rows, 1]` of the second of two classes.
    pub const fn margins(&self) -> Option<usize> {
        self.margins
    }

    /// What a model of XGBoost was trained for, by XGBoost's name for it.
    pub const fn objective(&self) -> Option<&'static str> {
        self.objective
    }
}

fn is_table(inputs: &[InputSpec]) -> bool {
    inputs.iter().all(|input| input.row_shape.fixed().is_some())
}

fn names_in_metadata(model: &OnnxModel<'_>) -> Result<Option<Vec<String>>, Fault> {
    model
        .metadata_entry(FEATURE_NAMES)
        .map(|json| serde_json::from_str(json).map_err(|_| Fault::NamesNotJson))
        .transpose()
}

#[cfg(test)]
mod tests;
