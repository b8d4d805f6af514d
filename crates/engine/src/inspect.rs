use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use hotplate_backend::Placement;
use hotplate_model::{
    Format, Model, Signature,
    onnx::{AttributeValue, Graph, Node, OnnxModel},
    pretrained::Architecture,
};

use crate::{
    Error, ModelFolder, OpenOptions,
    backends::{self, Compiled, LibraryFound},
    combined,
    config::{ModelSettings, Table as _},
    engine::behind::Behind,
    folder::Combining,
    passed_over::PassedOver,
};

/// What can be said of a model without running it.
#[derive(Debug)]
pub struct Inspection {
    /// What the model is called.
    pub name: String,
    /// Its file; where several are combined, the first of them.
    pub file: PathBuf,
    /// The other files that are combined with it, by name; none for most models.
    pub combined_with: Vec<ModelFile>,
    /// The file's format: `ONNX`, `LightGBM`, `XGBoost JSON`.
    pub format: String,
    /// The file's size.
    pub size_bytes: usize,
    /// The file's SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The program that wrote the file and its version, as far as the file says.
    pub producer: String,
    /// The operator sets that the graph is written in, by domain; ONNX's own is `ai.onnx`. Other
    /// formats have none.
    pub opsets: BTreeMap<String, i64>,
    /// How many nodes each operator has, those of graphs within the graph included. An operator
    /// that is not ONNX's own stands with its domain: `ai.onnx.ml.Scaler`. Other formats have none.
    pub operators: BTreeMap<String, usize>,
    /// What the tensors of a safetensors file are the weights of, as the files beside it say.
    pub architecture: Option<Architecture>,
    /// What the model reads and answers, or why rows cannot be given to it.
    pub signature: Result<Signature, Error>,
    /// What runs the model, or why nothing does.
    pub choice: Result<Choice, Error>,
    /// The library of ONNX Runtime, where the model needed it and it was found.
    pub onnxruntime: Option<LibraryFound>,
    /// The file of golden rows, where the folder has one.
    pub golden_rows: Option<PathBuf>,
    /// How long it took to read and to compile the model.
    pub opened_in: Duration,
}

/// A file of a model that is several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Where it is.
    pub file: PathBuf,
    /// Its format: `XGBoost UBJSON`.
    pub format: String,
    /// Its size.
    pub size_bytes: usize,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The backend that runs a model, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The backend's name: `native`.
    pub backend: &'static str,
    /// What a row goes through, one line a step, for a person.
    pub steps: Vec<String>,
    /// Where the model runs, and why there.
    pub placement: Placement,
    /// The backends that were asked before this one, and why they do not run the model.
    pub passed_over: Vec<PassedOver>,
}

/// Looks into the model at `path`, a file or a folder, without running it.
///
/// # Errors
///
/// When there is no model, or its file is refused. A model that no backend takes is no error: the
/// inspection says why.
pub fn inspect(path: &Path) -> Result<Inspection, Error> {
    OpenOptions::new().inspect(path)
}

/// As [`inspect`], with what the options say instead of the folder's configuration.
pub(crate) fn inspect_with(
    settings: &ModelSettings,
    combining: Combining,
    path: &Path,
) -> Result<Inspection, Error> {
    let mut folder = ModelFolder::find_with(path, combining)?;
    let settings = settings.clone().or(folder.settings.clone());
    let start = Instant::now();
    let model = Model::open(folder.file())?;
    let mut combined_with = Vec::new();
    for file in &folder.files[1..] {
        let model = Model::open(file)?;
        combined_with.push(ModelFile::of(file, &model));
    }
    let how = settings.combine.unwrap_or_default();
    let compiled = combined::compile(&folder.files, how, |file| {
        if file == folder.file() {
            return backends::compile(&model, &settings, Behind::default());
        }
        backends::compile(&Model::open(file)?, &settings, Behind::default())
    });
    let opened_in = start.elapsed();

    let architecture = match model.format() {
        // Why it is not known, the signature says.
        Format::Safetensors => model.pretrained().ok().map(|of| of.architecture),
        _ => None,
    };
    let Contents { producer, opsets, operators } = Contents::of(&model)?;
    Ok(Inspection {
        format: model.format().to_string(),
        size_bytes: model.size_bytes(),
        sha256: model.digest().to_string(),
        producer,
        opsets,
        operators,
        signature: model.signature(settings.columns).map_err(Error::from),
        onnxruntime: backends::library(),
        choice: compiled.map(|Compiled { backend, plan, passed_over, placement }| Choice {
            backend,
            steps: plan.steps(),
            placement,
            passed_over,
        }),
        opened_in,
        name: folder.name,
        golden_rows: folder.golden_rows,
        file: folder.files.swap_remove(0),
        combined_with,
        architecture,
    })
}

impl ModelFile {
    fn of(file: &Path, model: &Model) -> Self {
        Self {
            file: file.to_owned(),
            format: model.format().to_string(),
            size_bytes: model.size_bytes(),
            sha256: model.digest().to_string(),
        }
    }
}

/// What a model's file says of itself.
struct Contents {
    producer: String,
    opsets: BTreeMap<String, i64>,
    operators: BTreeMap<String, usize>,
}

impl Contents {
    fn of(model: &Model) -> Result<Self, Error> {
        let library =
            |producer| Self { producer, opsets: BTreeMap::new(), operators: BTreeMap::new() };
        match model.format() {
            Format::Safetensors => {
                let tensors = model.safetensors()?;
                let format = tensors.metadata().get("format").map(String::as_str);
                Ok(library(framework(format.unwrap_or_default()).to_owned()))
            }
            Format::LightGbm => Ok(library("LightGBM".to_owned())),
            Format::XgBoost(_) => {
                let (major, minor) = model.xgboost()?.release;
                Ok(library(format!("XGBoost {major}.{minor}")))
            }
            _ => Self::of_graph(&model.onnx()?),
        }
    }

    fn of_graph(onnx: &OnnxModel<'_>) -> Result<Self, Error> {
        let mut operators = BTreeMap::new();
        count_operators(&onnx.graph, &mut operators)?;
        let opsets = onnx.opsets.iter().map(|opset| match opset.domain {
            "" => ("ai.onnx".to_owned(), opset.version),
            domain => (domain.to_owned(), opset.version),
        });
        let producer = format!("{} {}", onnx.producer_name, onnx.producer_version);
        let producer = producer.trim().to_owned();
        Ok(Self { producer, opsets: opsets.collect(), operators })
    }
}

/// What wrote a safetensors file whose metadata name this `format`.
fn framework(format: &str) -> &str {
    match format {
        "pt" => "PyTorch",
        "tf" => "TensorFlow",
        "flax" => "Flax",
        "np" => "NumPy",
        other => other,
    }
}

/// Graphs within graphs are few and shallow, which was checked when the file was read.
fn count_operators(graph: &Graph<'_>, counts: &mut BTreeMap<String, usize>) -> Result<(), Error> {
    for node in &graph.nodes {
        *counts.entry(operator_name(node)).or_default() += 1;
        for attribute in node.attributes() {
            if let AttributeValue::Graph(inner) = attribute.value()? {
                count_operators(&inner, counts)?;
            }
        }
    }
    Ok(())
}

fn operator_name(node: &Node<'_>) -> String {
    match node.domain {
        "" => node.op_type.to_owned(),
        domain => format!("{domain}.{}", node.op_type),
    }
}

#[cfg(test)]
mod tests {
    use hotplate_model::Task;

    use super::*;

    fn shipped(name: &str) -> Inspection {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        inspect(&models.join(name)).unwrap()
    }

    #[test]
    fn shipped_model_is_described() {
        let churn = shipped("churn");
        assert_eq!((churn.name.as_str(), churn.format.as_str()), ("churn", "ONNX"));
        assert_eq!(churn.sha256.len(), 64);
        assert!(churn.opsets.contains_key("ai.onnx"), "{:?}", churn.opsets);
        assert_eq!(churn.operators["ai.onnx.ml.OneHotEncoder"], 15, "{:?}", churn.operators);
        assert!(matches!(churn.signature.unwrap().task(), Task::Classifier { .. }));
        assert!(churn.golden_rows.is_some());
        let choice = churn.choice.unwrap();
        assert_eq!(choice.backend, "native");
        assert!(choice.steps.len() > 1, "{:?}", choice.steps);
    }

    #[test]
    fn names_of_the_sidecar_win() {
        let folder = tempfile::tempdir().unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        std::fs::copy(models.join("housing/model.onnx"), folder.path().join("m.onnx")).unwrap();
        let names = "[model]\ncolumns = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"]\n";
        std::fs::write(folder.path().join("hotplate.toml"), names).unwrap();
        let inspection = inspect(folder.path()).unwrap();
        assert_eq!(inspection.signature.unwrap().schema().columns()[7].name, "h");
    }
}
