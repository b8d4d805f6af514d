//! Which files of a folder are its model.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use hotplate_model::{Format, Model, ModelErrorKind};

use super::lossy;
use crate::error::{Cause, Error};

/// The ending of the files that are taken for models even where their content says otherwise, so that
/// what is wrong with them is told.
const MODEL_ENDINGS: [&str; 2] = ["onnx", WEIGHTS_ENDING];

/// Endings of files that run code when they are loaded.
const PICKLE_ENDINGS: [&str; 5] = ["pkl", "pickle", "joblib", "pt", "pth"];

/// Endings of files that lie beside a model and are none, whatever they hold.
const BESIDE_ENDINGS: [&str; 7] = ["csv", "gz", "jsonl", "md", "py", "toml", "yaml"];

/// Endings of files that hold a model or something else, and are no cause for complaint unless they
/// certainly hold one.
const MIXED_ENDINGS: [&str; 2] = ["json", "txt"];

/// Endings of files that Hugging Face's libraries write beside weights in safetensors: other copies of
/// the weights, what else the trainer keeps, and what tokenizers are made of.
const COMPANION_ENDINGS: [&str; 10] =
    ["bin", "h5", "json", "model", "msgpack", "ot", "pt", "pth", "txt", WEIGHTS_ENDING];

const WEIGHTS_ENDING: &str = "safetensors";

/// The file that has a model's weights where there is one, as Hugging Face names it.
const WEIGHTS: &str = "model.safetensors";

/// How the name of the file ends that says which files a model's weights are in.
const INDEX_ENDING: &str = ".safetensors.index.json";

/// How the names of the files begin that hold a model's weights as pickles.
const TORCH_WEIGHTS: &str = "pytorch_model";

const TORCH_ADVICE: &str = "PyTorch's own files are never loaded, because they hold pickles, and \
     loading one runs whatever code it carries; save the weights as safetensors where the model is \
     loaded in Python: model.save_pretrained(folder, safe_serialization=True)";

const PICKLE_ADVICE: &str = "a pickle is never loaded, because loading one runs whatever code it \
     carries; export the model instead, for scikit-learn: pip install skl2onnx, then \
     skl2onnx.to_onnx(model, X[:1]).SerializeToString() into \
     model.onnx; then take the pickle out of the folder, or name the model with `file` under \
     [model] in hotplate.toml";

const SCRIPT_ADVICE: &str = "an inference script is never run: what it does before and after the \
     model must be part of the model; export the whole pipeline, for scikit-learn: pip install \
     skl2onnx, then skl2onnx.to_onnx(pipeline, X[:1]); then take the \
     script out of the folder, or name the model with `file` under [model] in hotplate.toml";

/// The model file of a folder that has one and nothing that must not be passed over.
pub(super) fn only_model(folder: &Path) -> Result<PathBuf, Error> {
    let mut models = models(folder)?;
    if models.len() == 1 {
        return Ok(models.swap_remove(0));
    }
    let files = models.iter().filter_map(|model| model.file_name()).map(lossy).collect();
    Err(Error::new(Cause::SeveralModels { folder: folder.to_owned(), files }))
}

/// The model files of a folder that has some and nothing that must not be passed over, by name.
pub(super) fn models(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = entries(folder)?;
    let script = folder.join("code").join("inference.py");
    if script.exists() {
        return Err(unsafe_model(&script, SCRIPT_ADVICE));
    }
    if let Some(weights) = weights(&entries) {
        let is_step = |file: &&PathBuf| is_pickle(file) && !has_ending(file, &COMPANION_ENDINGS);
        if let Some(file) = entries.iter().find(is_step) {
            return Err(pickle(file));
        }
        let is_other = |file: &PathBuf| !has_ending(file, &COMPANION_ENDINGS) && is_model(file);
        let mut models = vec![weights];
        models.extend(entries.into_iter().filter(is_other));
        models.sort();
        return Ok(models);
    }
    if let Some(file) = entries.iter().find(|entry| is_pickle(entry)) {
        return Err(pickle(file));
    }
    let (models, others): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.into_iter().partition(|entry| is_model(entry));
    if !models.is_empty() {
        return Ok(models);
    }
    if let Some(torch) = others.iter().find(|file| is_torch_weights(file)) {
        return Err(unsafe_model(torch, TORCH_ADVICE));
    }
    if let Some(error) = refusal_of_others(&others) {
        return Err(error);
    }
    let problem =
        "no model in this folder: expected a file of ONNX, LightGBM, XGBoost or safetensors";
    Err(Error::new(Cause::NoModel { path: folder.to_owned(), problem }))
}

/// The file of a model as Hugging Face lays it out that is opened: its weights, or the index of the
/// files that they are in, which are no models then. Where there are both, the weights: others take
/// them first, too.
fn weights(entries: &[PathBuf]) -> Option<PathBuf> {
    let name = |entry: &Path| entry.file_name().map(lossy).unwrap_or_default();
    let has_name = |is: &dyn Fn(&str) -> bool| {
        entries.iter().find(|entry| is(&name(entry)) && entry.is_file()).cloned()
    };
    has_name(&|name| name == WEIGHTS).or_else(|| has_name(&|name| name.ends_with(INDEX_ENDING)))
}

/// Whether a file holds weights as a pickle, or says in which files they are.
fn is_torch_weights(file: &Path) -> bool {
    let name = file.file_name().map(lossy).unwrap_or_default();
    name.starts_with(TORCH_WEIGHTS) && (name.ends_with(".bin") || name.ends_with(".bin.index.json"))
}

/// Whether a file is a model: by its content, as `xgboost-model` and `model.txt` are.
fn is_model(file: &Path) -> bool {
    let by_content = || matches!(Format::of_file(file), Ok(Some(_)));
    has_ending(file, &MODEL_ENDINGS)
        || file.is_file() && !has_ending(file, &BESIDE_ENDINGS) && by_content()
}

/// What reading says of files that are no model by their content: the refusal of the first that
/// holds one in a form that is not read.
fn refusal_of_others(files: &[PathBuf]) -> Option<Error> {
    let is_strange = |file: &&PathBuf| {
        let is_foreign_model = || Format::is_foreign_model(file).is_ok_and(|is| is);
        file.is_file()
            && !has_ending(file, &BESIDE_ENDINGS)
            && (!has_ending(file, &MIXED_ENDINGS) || is_foreign_model())
    };
    files.iter().filter(is_strange).find_map(|file| match Model::open(file) {
        Err(error)
            if matches!(
                error.kind(),
                ModelErrorKind::UnsafeFormat | ModelErrorKind::UnsupportedFormat
            ) =>
        {
            Some(error.into())
        }
        _ => None,
    })
}

/// What a folder holds, by name; names that begin with a dot are passed over.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::new(Cause::Unreadable { path: folder.to_owned(), source });
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// Whether a file runs code when it is loaded, by its name.
pub(super) fn is_pickle(file: &Path) -> bool {
    has_ending(file, &PICKLE_ENDINGS)
}

/// The refusal of such a file.
pub(super) fn pickle(file: &Path) -> Error {
    unsafe_model(file, PICKLE_ADVICE)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

fn unsafe_model(file: &Path, advice: &'static str) -> Error {
    Error::new(Cause::UnsafeModel { file: file.to_owned(), advice })
}
