//! Rows of texts, and what a plan answers to them.

use std::{path::Path, sync::Arc};

use hotplate_backend::{
    Backend as _, BackendError, CompileOptions, DeviceChoice, Limits, Part, Plan, Worker,
};
use hotplate_candle::Candle;
use hotplate_model::Model;
use hotplate_tensor::{Columns, Data, DataView, Tensor};

/// A row: a text, and the second of a pair.
pub(crate) type Row<'a> = (&'a str, Option<&'a str>);

pub(crate) fn options(names: Option<&[&str]>) -> CompileOptions {
    let column_names = names.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    CompileOptions { column_names, device: DeviceChoice::CPU, ..CompileOptions::default() }
}

/// The plan of the model in a folder.
pub(crate) fn compile(
    folder: &Path,
    options: &CompileOptions,
) -> Result<Arc<dyn Plan>, BackendError> {
    let index = folder.join("model.safetensors.index.json");
    let file = if index.exists() { index } else { folder.join("model.safetensors") };
    Candle.compile(&Model::open(&file)?, options)
}

pub(crate) fn worker(plan: &dyn Plan, threads: usize) -> Box<dyn Worker> {
    plan.worker(&Limits { max_rows: 1024, threads }).unwrap()
}

/// Rows as a request brings them.
pub(crate) fn columns(plan: &dyn Plan, rows: &[Row<'_>]) -> Columns {
    let schema = Arc::clone(plan.signature().schema());
    let has_pairs = schema.columns().len() > 1;
    let mut columns = Columns::new(schema);
    for (text, second) in rows {
        columns.begin_row();
        columns.set_text(0, text).unwrap();
        if has_pairs {
            columns.set_text(1, second.unwrap_or("")).unwrap();
        }
    }
    columns
}

pub(crate) fn outputs(plan: &dyn Plan) -> Vec<Tensor> {
    plan.signature().outputs().iter().map(|output| Tensor::empty(output.dtype)).collect()
}

/// What a worker answers to these rows in one part.
pub(crate) fn ask(
    plan: &dyn Plan,
    worker: &mut dyn Worker,
    rows: &[Row<'_>],
) -> Result<Vec<Tensor>, BackendError> {
    let (columns, mut tensors) = (columns(plan, rows), outputs(plan));
    let mut parts = [Part::new(columns.inputs(), &mut tensors)];
    worker.run(&mut parts);
    let [part] = parts;
    part.outcome?;
    Ok(tensors)
}

/// The elements of the output called `name`, row by row.
pub(crate) fn floats_of(plan: &dyn Plan, tensors: &[Tensor], name: &str) -> Vec<Vec<f32>> {
    let index = place_of(plan, name);
    let DataView::F32(elements) = tensors[index].data() else { panic!("{name} is not float32") };
    let rows = tensors[index].shape().rows();
    elements.chunks(elements.len() / rows.max(1)).map(<[f32]>::to_vec).collect()
}

/// The texts of the output called `name`.
pub(crate) fn texts_of(plan: &dyn Plan, tensors: &[Tensor], name: &str) -> Vec<String> {
    let DataView::Str(texts) = tensors[place_of(plan, name)].data() else {
        panic!("{name} is no text")
    };
    texts.iter().map(str::to_owned).collect()
}

fn place_of(plan: &dyn Plan, name: &str) -> usize {
    let outputs = plan.signature().outputs();
    outputs.iter().position(|output| output.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// A tensor of float32 rows, to be given to a plan of numbers.
pub(crate) fn numbers(columns: usize, values: &[f32]) -> Tensor {
    let shape = hotplate_tensor::Shape::new(&[values.len() / columns, columns]).unwrap();
    Tensor::new(shape, Data::F32(values.to_vec())).unwrap()
}
