//! What is found where a model should be.

mod files;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use self::files::{entries, is_pickle, models, only_model, pickle};
use crate::{
    Combine,
    config::{ConfigFile, EndpointSettings, ModelSettings},
    error::{Cause, Error},
};

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
    /// A folder as Hugging Face lays it out, with `model.safetensors` or an index of several such
    /// files, is one model, whatever copies of its weights in other formats are there.
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
        if is_pickle(path) {
            return Err(pickle(path));
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

fn stem(path: &Path) -> String {
    path.file_name().map(lossy).unwrap_or_else(|| "model".to_owned())
}

fn lossy(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
