use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use hotplate_model::{Format, Model, ModelErrorKind};

use crate::{
    Combine,
    config::{ConfigFile, EndpointSettings, ModelSettings},
    error::{Cause, Error},
};

/// The ending of the files that are taken for models even where their content says otherwise, so that
/// what is wrong with them is told.
const MODEL_ENDINGS: [&str; 1] = ["onnx"];

/// Endings of files that run code when they are loaded.
const PICKLE_ENDINGS: [&str; 5] = ["pkl", "pickle", "joblib", "pt", "pth"];

/// Endings of files that lie beside a model and are none, whatever they hold.
const BESIDE_ENDINGS: [&str; 7] = ["csv", "gz", "jsonl", "md", "py", "toml", "yaml"];

/// Endings of files that hold a model or something else, and are no cause for complaint unless they
/// certainly hold one.
const MIXED_ENDINGS: [&str; 2] = ["json", "txt"];

const PICKLE_ADVICE: &str = "a pickle is never loaded, because loading one runs whatever code it \
     carries; export the model instead, for scikit-learn: pip install skl2onnx, then \
     skl2onnx.to_onnx(model, X[:1]).SerializeToString() into \
     model.onnx; then take the pickle out of the folder, or name the model with `file` under \
     [model] in hotplate.toml";

const SCRIPT_ADVICE: &str = "an inference script is never run: what it does before and after the \
     model must be part of the model; export the whole pipeline, for scikit-learn: pip install \
     skl2onnx, then skl2onnx.to_onnx(pipeline, X[:1]); then take the \
     script out of the folder, or name the model with `file` under [model] in hotplate.toml";

/// A model where it lies: its file, or the files that are combined, and what its folder says about
/// it.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    /// At least one, by name.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) name: String,
    pub(crate) settings: ModelSettings,
    pub(crate) golden_rows: Option<PathBuf>,
    /// What its configuration says of the endpoint that it is the only variant of.
    pub(crate) endpoint: EndpointSettings,
    /// Where it was looked for.
    pub(crate) place: PathBuf,
}

/// What is said about the files of a folder beside its configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Combining {
    /// In its place.
    pub(crate) said: Option<Combine>,
    /// Where it says nothing.
    pub(crate) otherwise: Option<Combine>,
    /// Whether the first of several files is the model, where nobody says anything.
    pub(crate) takes_first: bool,
}

impl ModelFolder {
    /// The name of the file of golden rows.
    pub const GOLDEN_ROWS: &str = "golden.csv";

    /// The model at `path`: a file alone, or a folder with one model file, or with several that its
    /// configuration combines.
    ///
    /// A folder may also hold `hotplate.toml` ([`config`](crate::config)) and `golden.csv`
    /// ([`GoldenRows`](crate::GoldenRows)).
    ///
    /// # Errors
    ///
    /// When there is no model, or several and no configuration says which, or one that would run
    /// code.
    pub fn find(path: &Path) -> Result<Self, Error> {
        Self::find_with(path, Combining::default())
    }

    /// As [`find`](Self::find), with what `combining` says beside the folder's configuration.
    pub(crate) fn find_with(path: &Path, combining: Combining) -> Result<Self, Error> {
        if !path.is_dir() {
            return Self::of_file(path);
        }
        let config = ConfigFile::in_folder(path)?;
        let mut settings: ModelSettings = config.read()?;
        let otherwise = combining.otherwise.filter(|_| settings.file.is_none());
        settings.combine = combining.said.or(settings.combine).or(otherwise);
        let files = match (&settings.file, settings.combine) {
            (Some(file), None) => vec![named_file(path, file)?],
            (Some(_), Some(_)) => {
                let problem = "[model] file: names one model, where `combine` asks for all of the \
                               folder; take one of the two keys away";
                return Err(Error::config(path.join(crate::config::FILE_NAME), problem));
            }
            (None, Some(_)) => models(path)?,
            (None, None) if combining.takes_first => models(path)?.into_iter().take(1).collect(),
            (None, None) => vec![only_model(path)?],
        };
        let golden_rows = path.join(Self::GOLDEN_ROWS);
        let golden_rows = golden_rows.exists().then_some(golden_rows);
        let name = match &settings.name {
            Some(name) => name.clone(),
            None => Self::name_of(path),
        };
        let (endpoint, place) = (config.read()?, path.to_owned());
        Ok(Self { files, name, settings, golden_rows, endpoint, place })
    }

    fn of_file(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            let problem = "there is no such file or folder";
            return Err(Error::new(Cause::NoModel { path: path.to_owned(), problem }));
        }
        if has_ending(path, &PICKLE_ENDINGS) {
            return Err(unsafe_model(path, PICKLE_ADVICE));
        }
        Ok(Self {
            files: vec![path.to_owned()],
            name: path.file_stem().map(lossy).unwrap_or_default(),
            settings: ModelSettings::default(),
            golden_rows: None,
            endpoint: EndpointSettings::default(),
            place: path.to_owned(),
        })
    }

    /// What a folder is called.
    pub(crate) fn name_of(folder: &Path) -> String {
        // The name of `.` and of `models/..` is known to the file system alone.
        stem(&fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()))
    }

    /// The folders right below `path` that hold a model, by name.
    ///
    /// # Errors
    ///
    /// When `path` or a folder below it cannot be read, or one of them is refused.
    pub fn below(path: &Path) -> Result<Vec<Self>, Error> {
        let mut found = Vec::new();
        for folder in Self::folders_in(path)? {
            found.extend(Self::find_below(&folder, Combining::default())?);
        }
        Ok(found)
    }

    /// The folders right below `path`, by name.
    pub(crate) fn folders_in(path: &Path) -> Result<Vec<PathBuf>, Error> {
        Ok(entries(path)?.into_iter().filter(|entry| entry.is_dir()).collect())
    }

    /// The model in a folder that may hold something else.
    pub(crate) fn find_below(folder: &Path, combining: Combining) -> Result<Option<Self>, Error> {
        match Self::find_with(folder, combining) {
            Ok(model) => Ok(Some(model)),
            Err(error) if error.kind() == crate::ErrorKind::NoModel => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the model is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's file; the first of those that are combined.
    pub fn file(&self) -> &Path {
        &self.files[0]
    }

    /// The model's file, or all that are combined, by name.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The file of golden rows, where the folder has one.
    pub fn golden_rows(&self) -> Option<&Path> {
        self.golden_rows.as_deref()
    }
}

/// The model file of a folder that has one and nothing that must not be passed over.
fn only_model(folder: &Path) -> Result<PathBuf, Error> {
    let mut models = models(folder)?;
    if models.len() == 1 {
        return Ok(models.swap_remove(0));
    }
    let files = models.iter().filter_map(|model| model.file_name()).map(lossy).collect();
    Err(Error::new(Cause::SeveralModels { folder: folder.to_owned(), files }))
}

/// The model files of a folder that has some and nothing that must not be passed over, by name.
fn models(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = entries(folder)?;
    let script = folder.join("code").join("inference.py");
    if script.exists() {
        return Err(unsafe_model(&script, SCRIPT_ADVICE));
    }
    if let Some(pickle) = entries.iter().find(|entry| has_ending(entry, &PICKLE_ENDINGS)) {
        return Err(unsafe_model(pickle, PICKLE_ADVICE));
    }
    let (models, others): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.into_iter().partition(|entry| is_model(entry));
    if !models.is_empty() {
        return Ok(models);
    }
    if let Some(error) = refusal_of_others(&others) {
        return Err(error);
    }
    let problem = "no model in this folder: expected a file of ONNX, LightGBM or XGBoost";
    Err(Error::new(Cause::NoModel { path: folder.to_owned(), problem }))
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

/// The file that configuration names, which must lie in the folder itself.
fn named_file(folder: &Path, file: &str) -> Result<PathBuf, Error> {
    let refused = |problem: &str| {
        Error::config(folder.join(crate::config::FILE_NAME), format!("[model] file: {problem}"))
    };
    if Path::new(file).file_name() != Some(OsStr::new(file)) {
        return Err(refused("expected the name of a file in this folder"));
    }
    let path = folder.join(file);
    if path.is_file() { Ok(path) } else { Err(refused(&format!("there is no file {file:?}"))) }
}

/// What a folder holds, by name; names that begin with a dot are passed over.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
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

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

fn unsafe_model(file: &Path, advice: &'static str) -> Error {
    Error::new(Cause::UnsafeModel { file: file.to_owned(), advice })
}

fn stem(path: &Path) -> String {
    path.file_name().map(lossy).unwrap_or_else(|| "model".to_owned())
}

fn lossy(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "[model]\nfile = \"b.onnx\"\n").unwrap();
        }
        folder
    }

    fn kind(files: &[&str]) -> ErrorKind {
        ModelFolder::find(folder(files).path()).unwrap_err().kind()
    }

    #[test]
    fn the_only_model_of_a_folder_is_taken() {
        let folder = folder(&["README.md", "b.onnx", "golden.csv", ".hidden.onnx"]);
        let found = ModelFolder::find(folder.path()).unwrap();
        assert_eq!(found.file(), folder.path().join("b.onnx"));
        assert!(found.golden_rows().is_some());
    }

    #[test]
    fn models_are_known_by_their_content() {
        for (name, content) in [
            ("model.txt", &b"tree\nversion=v4\n"[..]),
            ("xgboost-model", b"{\"version\":[3,2,0],\"learner\":{}}"),
            ("model.json", b"{\"learner\":{}}"),
            ("model.bst", b"{L\0\0\0\0\0\0\0\x07learner"),
        ] {
            let folder = folder(&["README.md", "rows.json", "notes.txt", "data.csv.gz"]);
            fs::write(folder.path().join(name), content).unwrap();
            let found = ModelFolder::find(folder.path()).unwrap();
            assert_eq!(found.file(), folder.path().join(name));
        }
    }

    #[test]
    fn several_models_are_told_apart_by_configuration_alone() {
        let error = ModelFolder::find(folder(&["a.onnx", "b.onnx"]).path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SeveralModels);
        assert!(error.to_string().contains("a.onnx, b.onnx"), "{error}");
        let folder = folder(&["a.onnx", "b.onnx", "hotplate.toml"]);
        assert!(ModelFolder::find(folder.path()).unwrap().file().ends_with("b.onnx"));
    }

    #[test]
    fn what_would_run_code_is_refused_with_the_way_out() {
        assert_eq!(kind(&["model.pkl"]), ErrorKind::UnsafeModel);
        assert_eq!(kind(&["model.onnx", "model.JOBLIB"]), ErrorKind::UnsafeModel);
        assert_eq!(kind(&["model.onnx", "code/inference.py"]), ErrorKind::UnsafeModel);
        let error = ModelFolder::find(folder(&["m.joblib"]).path()).unwrap_err().to_string();
        assert!(error.contains("skl2onnx.to_onnx"), "{error}");
    }

    #[test]
    fn folder_without_a_model_says_what_it_looked_for() {
        assert_eq!(kind(&["README.md"]), ErrorKind::NoModel);
        let catboost = folder(&["rows.json"]);
        assert_eq!(ModelFolder::find(catboost.path()).unwrap_err().kind(), ErrorKind::NoModel);
        let export = "{\"features_info\": {}, \"oblivious_trees\": []}";
        fs::write(catboost.path().join("model.json"), export).unwrap();
        let error = ModelFolder::find(catboost.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidModel);
        assert!(error.to_string().contains("save_model(path, format=\"onnx\")"), "{error}");
        let error = ModelFolder::find(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoModel);
    }

    #[test]
    fn configuration_cannot_reach_out_of_the_folder() {
        let folder = folder(&["b.onnx"]);
        fs::write(folder.path().join("hotplate.toml"), "[model]\nfile = \"../b.onnx\"").unwrap();
        let error = ModelFolder::find(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }

    #[test]
    fn folders_of_models_are_found_by_name() {
        let root = folder(&["churn/a.onnx", "housing/b.onnx", "notes/README.md", "train.py"]);
        let found = ModelFolder::below(root.path()).unwrap();
        let names: Vec<&str> = found.iter().map(ModelFolder::name).collect();
        assert_eq!(names, ["churn", "housing"]);
    }
}
