//! Runs a case on a backend.

use std::path::PathBuf;

use hotplate::{
    BackendChoice, Batching, Device, DeviceChoice, Engine, Error, ErrorKind, OpenOptions, Task,
    Tensor, TensorView, tolerance::Tolerance,
};
use hotplate_model::onnx::TestValue;

use crate::{
    case::{Case, DataSet},
    compare::{Mismatch, compare},
    outcome::{Outcome, Problem, Wrong},
    reasons, rows,
};

/// Runs cases on one backend, on one thread of the processor, which gives the same each time.
#[derive(Clone, Debug)]
pub struct Runner {
    options: OpenOptions,
}

impl Runner {
    /// A runner for this backend, with ONNX Runtime's library where it is not where
    /// [`OpenOptions::onnxruntime`] says that it is looked for.
    pub fn new(backend: BackendChoice, onnxruntime: Option<PathBuf>) -> Self {
        let options = OpenOptions::new()
            .backend(backend)
            .device(DeviceChoice::On(Device::Cpu))
            .instances(1)
            .threads(1);
        let options = match onnxruntime {
            Some(library) => options.onnxruntime(library),
            None => options,
        };
        Self { options }
    }

    /// Opens the model of a case.
    ///
    /// # Errors
    ///
    /// As [`OpenOptions::open`].
    pub fn open(&self, case: &Case) -> Result<Engine, Error> {
        // The file, not its folder: a case is no place to configure a model.
        self.options.open(case.model())
    }

    /// Runs a case.
    ///
    /// # Errors
    ///
    /// When the backend is not there, which says nothing about the case.
    pub fn run(&self, case: &Case) -> Result<Outcome, Error> {
        let engine = match self.open(case) {
            Ok(engine) => engine,
            Err(error) if error.kind() == ErrorKind::BackendUnavailable => return Err(error),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return Ok(Outcome::HandedOn { reasons: reasons::of(&error, case) });
            }
            Err(error) => {
                return Ok(Outcome::Wrong(Wrong::failed(format!("not opened: {error}"))));
            }
        };
        Ok(match run_data_sets(&engine, case) {
            Ok(tolerance_used) => Outcome::Right { tolerance_used },
            Err(wrong) => Outcome::Wrong(wrong),
        })
    }
}

/// Feeds every data set, and gives how much of a tolerance was needed at most.
fn run_data_sets(engine: &Engine, case: &Case) -> Result<f64, Wrong> {
    let data_sets = case.data_sets().map_err(|error| Wrong::failed(error.to_string()))?;
    let mut needed = 0.0_f64;
    for data_set in &data_sets {
        let of_data_set = run_data_set(engine, data_set)
            .map_err(|wrong| Wrong { data_set: Some(data_set.name.clone()), ..wrong })?;
        needed = needed.max(of_data_set);
    }
    Ok(needed)
}

fn run_data_set(engine: &Engine, data_set: &DataSet) -> Result<f64, Wrong> {
    let views = inputs(engine, data_set).map_err(Wrong::failed)?;
    let answer =
        engine.predict(&views[..]).map_err(|error| Wrong::failed(format!("no answer: {error}")))?;
    let (specs, expected) = (engine.signature().outputs(), &data_set.expected);
    if specs.len() != expected.len() {
        let (expected, got) = (expected.len(), specs.len());
        let problem = format!("{expected} outputs are expected, and the model has {got}");
        return Err(Wrong::failed(problem));
    }
    let mut needed = 0.0_f64;
    for (position, (spec, expected)) in specs.iter().zip(expected).enumerate() {
        let of_output = Expected::of(expected, engine, position)
            .map_err(Problem::Failed)
            .and_then(|expected| {
                let got = answer.outputs()[position].view();
                compare_output(engine, &expected.view(), got, answer.rows())
                    .map_err(Problem::Differs)
            })
            .map_err(|problem| Wrong {
                data_set: None,
                output: Some(spec.name.clone()),
                problem,
            })?;
        needed = needed.max(of_output);
    }
    Ok(needed)
}

/// Compares an output of the model's own shape with what the engine made of it.
fn compare_output(
    engine: &Engine,
    expected: &TensorView<'_>,
    got: TensorView<'_>,
    rows: usize,
) -> Result<f64, Mismatch> {
    let tolerance = Tolerance::of_engine(engine, expected.dtype());
    if engine.signature().batching() == Batching::None {
        // The engine put an axis in front. One row's elements are all there are, so they fit.
        let whole = TensorView::new(got.shape().of_one_row(), got.data());
        return compare(tolerance, expected, &whole.unwrap_or(got));
    }
    compare(tolerance, expected, &got).or_else(|mismatch| {
        // The engine's rows are on axis 0, wherever the graph has them.
        let Some(moved) = rows::in_front(expected, rows) else { return Err(mismatch) };
        match TensorView::new(*got.shape(), moved.view().data()) {
            Ok(moved) if got.shape().rows() == rows => compare(tolerance, &moved, &got),
            _ => Err(mismatch),
        }
    })
}

/// The inputs of a data set as the engine takes them: behind a rows axis.
///
/// # Errors
///
/// One sentence, when one is no tensor or has no room for that axis.
pub fn inputs<'d>(engine: &Engine, data_set: &'d DataSet) -> Result<Vec<TensorView<'d>>, String> {
    let view = |value: &'d TestValue| {
        let TestValue::Tensor { name, shape, data } = value else {
            return Err("an input is no tensor".to_owned());
        };
        let shape = match engine.signature().batching() {
            // What is fed is one row.
            Batching::None => shape.with_rows(1),
            _ => Ok(*shape),
        };
        shape
            .and_then(|shape| TensorView::new(shape, data.view()))
            .map_err(|error| format!("input {name:?}: {error}"))
    };
    data_set.inputs.iter().map(view).collect()
}

/// An expected output as a tensor.
enum Expected<'d> {
    Tensor(TensorView<'d>),
    /// Maps of classes to scores, in the order of the model's classes.
    Scores(Tensor),
}

impl<'d> Expected<'d> {
    fn of(value: &'d TestValue, engine: &Engine, output: usize) -> Result<Self, String> {
        match value {
            TestValue::Tensor { shape, data, .. } => TensorView::new(*shape, data.view())
                .map(Self::Tensor)
                .map_err(|error| error.to_string()),
            TestValue::Maps(maps) => match engine.signature().task() {
                Task::Classifier { probabilities, classes, .. } if *probabilities == output => {
                    rows::of_maps(maps, classes).map(Self::Scores)
                }
                _ => Err("maps are expected, and the model gives no scores here".to_owned()),
            },
            _ => Err("a value that is neither a tensor nor maps is expected".to_owned()),
        }
    }

    fn view(&self) -> TensorView<'_> {
        match self {
            Self::Tensor(view) => *view,
            Self::Scores(tensor) => tensor.view(),
        }
    }
}
