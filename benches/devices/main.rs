//! What a GPU brings: three models through [`Engine`] on the device and on the processor, the same
//! rows, in calls of 1, 8 and 32 of them.
//!
//! One thread asks, and asks again when it has the answer. The models are those that `.ci/models`
//! makes, the library that which `.ci/onnxruntime` brings or `ORT_DYLIB_PATH` names; `benches/gpu`
//! takes all of it to a machine that has nothing but a GPU.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod machine;
mod timing;

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    error, fmt, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use hotplate::{
    Answer, BackendChoice, DType, DataView, Device, DeviceChoice, Engine, Format, OpenOptions,
    Placement, Tensor, TensorView, tolerance::Tolerance,
};
use hotplate_model::onnx::{TestValue, read_value};
use serde_json::{Value, json};

use crate::{machine::Machine, timing::Timing};

const USAGE: &str = "\
Times models on a device beside the processor, and checks every answer first.

  cargo bench -p hotplate-benches --bench devices -- --device cuda

  --device NAME    cpu, cuda or cuda:N, N the number of a GPU [default: cpu]
  --library PATH   ONNX Runtime's shared library, with its providers beside it for a GPU
                   [default: what ORT_DYLIB_PATH says, else what .ci/onnxruntime brought]
  --models DIR     the folder with fraud-mlp, minilm and cnn [default: target/models]
  --json FILE      where to write the figures for programs

Cargo runs a bench in its package's folder, so give whole paths. Without --bench, which cargo bench
adds, the answers of the processor are checked once and nothing is timed.

Exit codes: 0 done, 1 an answer is wrong or the device is not to be had, 2 wrong usage.";

/// The rows of a call.
const BATCHES: [usize; 3] = [1, 8, 32];

const MODELS: [Model; 3] = [
    Model { name: "fraud-mlp", output: 0, cases: &[("20 numbers", "test_data_set_1")] },
    Model {
        name: "minilm",
        // The other is of single tokens, and means nothing for those that are masked out.
        output: 1,
        cases: &[("32 tokens", "test_data_set_1"), ("128 tokens", "test_data_set_2")],
    },
    Model { name: "cnn", output: 0, cases: &[("3 x 48 x 192 pixels", "test_data_set_1")] },
];

/// A model of `.ci/models`.
#[derive(Debug)]
struct Model {
    name: &'static str,
    /// The position of the output that is checked.
    output: usize,
    /// What a row is, and the folder that has some with their answers.
    cases: &'static [(&'static str, &'static str)],
}

type Failure = Box<dyn error::Error>;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("devices: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("devices: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some((library, models)) = arguments.found()? else { return Ok(()) };
    let mut failed = Vec::new();
    // What one model cannot do, the others may: a rented GPU should not have been in vain.
    let mut succeeds = |model: &Model, outcome: Result<(), Failure>| {
        if let Err(problem) = outcome {
            eprintln!("devices: {problem}");
            failed.push(model.name);
        }
    };
    let mut opened = Vec::new();
    for model in &MODELS {
        let engines = Opened::new(model, arguments.device, &library, &models);
        succeeds(model, engines.map(|model| opened.push(model)));
    }
    if arguments.quick || opened.is_empty() {
        for model in &opened {
            succeeds(model.model, model.each_batch(|batch| batch.check().map(|_| ())));
        }
        return conclude(&failed);
    }

    let machine = Machine::of(arguments.device);
    println!("{machine}\n");
    opened.iter().for_each(|model| println!("{model}"));
    println!("\n{}", header(arguments.device));
    let (mut figures, mut greatest) = (Vec::new(), 0.0_f64);
    for model in &opened {
        let outcome = model.each_batch(|batch| {
            let difference = batch.check()?;
            let figure = Figure { difference, timings: batch.time()? };
            println!("{}", figure.row(batch));
            greatest = greatest.max(difference);
            figures.push(figure.json(batch));
            Ok(())
        });
        succeeds(model.model, outcome);
    }
    if arguments.device != Device::Cpu {
        println!("\nGreatest difference between the two: {greatest:.1e}");
    }
    if let Some(path) = &arguments.json {
        let document = json!({ "machine": machine.json(), "figures": figures, "failed": failed });
        fs::write(path, format!("{document:#}\n"))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    conclude(&failed)
}

fn conclude(failed: &[&str]) -> Result<(), Failure> {
    match failed {
        [] => Ok(()),
        failed => Err(format!("failed: {}", failed.join(", ")).into()),
    }
}

#[derive(Debug)]
struct Arguments {
    /// `cargo test` runs every bench once, to see that its answers are right.
    quick: bool,
    device: Device,
    library: Option<PathBuf>,
    models: Option<PathBuf>,
    json: Option<PathBuf>,
}

impl Arguments {
    /// `None` asks for help.
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut said =
            Self { quick: true, device: Device::Cpu, library: None, models: None, json: None };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--bench" => said.quick = false,
                "--device" => said.device = device(&value()?)?,
                "--library" => said.library = Some(value()?.into()),
                "--models" => said.models = Some(value()?.into()),
                "--json" => said.json = Some(value()?.into()),
                _ => return Err(format!("there is no argument {word}")),
            }
        }
        if said.quick {
            said.device = Device::Cpu;
        }
        Ok(Some(said))
    }

    /// The library and the folder of models, or a word on how to get them. What was named must be
    /// there.
    fn found(&self) -> Result<Option<(PathBuf, PathBuf)>, Failure> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        let variable = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        let library = self.library.clone().or(variable.map(PathBuf::from));
        let library = library.unwrap_or(
            target.join("onnxruntime/lib").join(format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}")),
        );
        let models = self.models.clone().unwrap_or(target.join("models"));
        let whole = MODELS.iter().all(|model| models.join(model.name).exists());
        if library.exists() && whole {
            return Ok(Some((library, models)));
        }
        if self.library.is_some() && !library.exists() {
            return Err(format!("{} is not there", library.display()).into());
        }
        if self.models.is_some() && !whole {
            return Err(format!("not all models are in {}", models.display()).into());
        }
        assert!(env::var_os("CI").is_none(), "run .ci/onnxruntime and .ci/models first");
        println!("skipped: no ONNX Runtime, or no models; run .ci/onnxruntime and .ci/models");
        Ok(None)
    }
}

fn device(name: &str) -> Result<Device, String> {
    match name.parse() {
        Ok(DeviceChoice::On(device @ (Device::Cpu | Device::Cuda(_)))) => Ok(device),
        _ => Err(format!("expected cpu, cuda or cuda:N, got {name:?}")),
    }
}

/// A model on the processor and, where another device is asked for, there.
struct Opened<'a> {
    model: &'static Model,
    folder: PathBuf,
    library: &'a Path,
    /// The device's, if there is one, and then the processor's.
    engines: Vec<Engine>,
}

impl<'a> Opened<'a> {
    fn new(
        model: &'static Model,
        device: Device,
        library: &'a Path,
        models: &Path,
    ) -> Result<Self, Failure> {
        let folder = models.join(model.name);
        let opened = Self { model, folder, library, engines: Vec::new() };
        let mut engines = Vec::new();
        if device != Device::Cpu {
            engines.push(opened.open(device)?);
        }
        engines.push(opened.open(Device::Cpu)?);
        Ok(Self { engines, ..opened })
    }

    /// One slot, for one thread asks; on the processor every core works for it.
    fn open(&self, device: Device) -> Result<Engine, Failure> {
        OpenOptions::new()
            .name(self.model.name)
            .backend(BackendChoice::OnnxRuntime)
            .device(DeviceChoice::On(device))
            .require_device(true)
            .onnxruntime(self.library)
            .instances(1)
            .open(self.folder.join("model.onnx"))
            .map_err(|error| format!("{} on {device}: {error}", self.model.name).into())
    }

    fn each_batch(
        &self,
        mut run: impl FnMut(&Batch<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for &(what, data_set) in self.model.cases {
            let folder = self.folder.join(data_set);
            let (inputs, outputs) = (values(&folder, "input")?, values(&folder, "output")?);
            for rows in BATCHES {
                let inputs: Result<Vec<Tensor>, Failure> =
                    inputs.iter().map(|value| repeated(value, rows)).collect();
                run(&Batch {
                    model: self.model,
                    what,
                    rows,
                    inputs: inputs?,
                    expected: repeated(&outputs[self.model.output], rows)?,
                    engines: &self.engines,
                })?;
            }
        }
        Ok(())
    }
}

/// The values of a data set, in the order of the graph's.
fn values(folder: &Path, kind: &str) -> Result<Vec<TestValue>, Failure> {
    let paths = (0..).map(|position| folder.join(format!("{kind}_{position}.pb")));
    let there: Vec<PathBuf> = paths.take_while(|path| path.exists()).collect();
    if there.is_empty() {
        return Err(format!("{} has no {kind}_0.pb", folder.display()).into());
    }
    there.iter().map(|path| Ok(read_value(&fs::read(path)?)?)).collect()
}

/// So many rows of a value, from its first on, and again from its first.
fn repeated(value: &TestValue, rows: usize) -> Result<Tensor, Failure> {
    fn fill<T: Copy>(to: &mut [T], from: &[T]) {
        to.iter_mut().zip(from.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
    let TestValue::Tensor { shape, data, .. } = value else {
        return Err("a value is no tensor".into());
    };
    let shape = shape.of_one_row().with_rows(rows)?;
    let mut tensor = Tensor::empty(data.dtype());
    match data.view() {
        DataView::F32(from) => fill(tensor.reset::<f32>(shape), from),
        DataView::I64(from) => fill(tensor.reset::<i64>(shape), from),
        other => return Err(format!("no model here has {}", other.dtype()).into()),
    }
    Ok(tensor)
}

/// Rows, and what answers them.
struct Batch<'a> {
    model: &'static Model,
    what: &'static str,
    rows: usize,
    inputs: Vec<Tensor>,
    expected: Tensor,
    engines: &'a [Engine],
}

impl Batch<'_> {
    /// The processor's answers are those of the data set, and the device's those of the processor.
    /// What comes back is how far the latter two are apart at most.
    fn check(&self) -> Result<f64, Failure> {
        let views = self.views();
        let answers: Result<Vec<Answer>, hotplate::Error> =
            self.engines.iter().rev().map(|engine| engine.predict(&views[..])).collect();
        let answers = answers?;
        let processor = answers[0].outputs()[self.model.output].view();
        let tolerance = Tolerance::of("onnxruntime", Format::Onnx, DType::F32);
        self.compare("the processor", &processor, &self.expected.view(), tolerance)?;
        match answers.get(1) {
            None => Ok(0.0),
            Some(answer) => {
                let device = answer.outputs()[self.model.output].view();
                let tolerance = Tolerance::on_gpu("onnxruntime", DType::F32);
                self.compare("the device", &device, &processor, tolerance)
            }
        }
    }

    fn compare(
        &self,
        whose: &str,
        got: &TensorView<'_>,
        expected: &TensorView<'_>,
        tolerance: Tolerance,
    ) -> Result<f64, Failure> {
        let (DataView::F32(numbers), DataView::F32(truths)) = (got.data(), expected.data()) else {
            return Err("an answer is not float32".into());
        };
        let fails = |problem| {
            let Self { model, what, rows, .. } = self;
            format!("{}, {rows} x {what}: {problem} from {whose}", model.name).into()
        };
        if got.shape() != expected.shape() {
            return Err(fails(format!("{} instead of {}", got.shape(), expected.shape())));
        }
        let mut greatest = 0.0_f64;
        for (position, (&number, &truth)) in numbers.iter().zip(truths).enumerate() {
            let (number, truth) = (f64::from(number), f64::from(truth));
            if !tolerance.accepts(number, truth) {
                return Err(fails(format!("{number} instead of {truth} at {position}")));
            }
            greatest = greatest.max((number - truth).abs());
        }
        Ok(greatest)
    }

    fn time(&self) -> Result<Vec<Timing>, Failure> {
        let views = self.views();
        self.engines.iter().map(|engine| Timing::of(engine, &views, self.rows)).collect()
    }

    fn views(&self) -> Vec<TensorView<'_>> {
        self.inputs.iter().map(Tensor::view).collect()
    }
}

/// What was found for a batch: a timing for each engine.
struct Figure {
    difference: f64,
    timings: Vec<Timing>,
}

impl Figure {
    fn row(&self, batch: &Batch<'_>) -> String {
        let mut row = format!("| {}, {} | {} |", batch.model.name, batch.what, batch.rows);
        for Timing { p50, p99, rows_per_second, .. } in &self.timings {
            let cells = (readable(*p50), readable(*p99), grouped(*rows_per_second));
            row.push_str(&format!(" {} | {} | {} |", cells.0, cells.1, cells.2));
        }
        row
    }

    fn json(&self, batch: &Batch<'_>) -> Value {
        let sides = batch.engines.iter().zip(&self.timings).map(|(engine, timing)| {
            let Placement { device, nodes, .. } = engine.placement();
            let mut side = timing.json();
            side["nodes"] = nodes.iter().cloned().collect();
            (device.to_string(), side)
        });
        json!({
            "model": batch.model.name,
            "what": batch.what,
            "rows": batch.rows,
            "greatest_difference": self.difference,
            "devices": sides.collect::<serde_json::Map<String, Value>>(),
        })
    }
}

fn header(device: Device) -> String {
    let mut names = vec![Device::Cpu.to_string()];
    if device != Device::Cpu {
        names.insert(0, device.to_string());
    }
    let columns = |name: &String| format!(" {name} p50 | p99 | rows a second |");
    let cells: String = names.iter().map(columns).collect();
    format!("| Model | Rows a call |{cells}\n|---|---|{}", "---|".repeat(3 * names.len()))
}

/// Three digits: 12.3 µs, 4.56 ms.
fn readable(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    let (number, unit) = if micros < 1000.0 { (micros, "µs") } else { (micros / 1000.0, "ms") };
    match number {
        ..10.0 => format!("{number:.2} {unit}"),
        ..100.0 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

/// Three digits that count, in groups of three: 1,230,000.
fn grouped(number: f64) -> String {
    let digits = number.max(1.0).log10().floor();
    let unit = 10.0_f64.powf(digits - 2.0).max(1.0);
    let text = format!("{:.0}", (number / unit).round() * unit);
    let mut grouped = String::new();
    for (position, digit) in text.chars().enumerate() {
        if position > 0 && (text.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Where the nodes of a model run.
impl fmt::Display for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let placed = |engine: &Engine| {
            let placement = engine.placement();
            let nodes: Vec<String> =
                placement.nodes.iter().map(|(name, nodes)| format!("{nodes} on {name}")).collect();
            format!("on {}: nodes {}", placement.device, nodes.join(", "))
        };
        let placed: Vec<String> = self.engines.iter().map(placed).collect();
        write!(f, "{} {}", self.model.name, placed.join("; "))
    }
}
