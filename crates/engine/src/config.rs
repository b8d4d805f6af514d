//! `hotplate.toml`: the one place of configuration.
//!
//! A file has a table for each thing that it configures. `[model]` is read here; other tables
//! belong to the crates above, which read them through [`Section`].
//!
//! | Key of `[model]` | Value | Default |
//! |---|---|---|
//! | `name` | what the model is called | its folder's name, or its file's without the ending |
//! | `file` | the model's file, where the folder holds several | the only one |
//! | `combine` | `average` or `vote`: how all model files of the folder answer as one | several files are refused |
//! | `columns` | the columns' names, in the order of the input's elements | the file's own |
//! | `threshold` | the second class's probability from which on it is predicted | the file's own |
//! | `output` | of `predicted_label`, `score`, `probabilities`: what replies hold, in order | by format |
//! | `unknown_categories` | `accept` (all zeros, counted) or `refuse` | `accept` |
//! | `instances` | slots: threads that can run the model at once | one per core, or one that uses every core, whichever is faster |
//! | `max_batch_rows` | the most rows that are run together | as many as gain by it |
//! | `max_queue_delay` | how long a request may be kept waiting for company though a slot is free: `"500us"`, `"2ms"` | `"0ms"` |
//! | `max_waiting_rows` | the most rows that may wait for a slot; further requests are refused | 65536 |
//! | `backend` | `auto`, `native` or `onnxruntime`: what runs the model | `auto`: native if it takes the whole graph |
//! | `device` | `auto`, `cpu`, `cuda`, `cuda:N`, `tensorrt` or `tensorrt:N` | `auto`: a GPU if ONNX Runtime can use one |
//! | `require_device` | whether a model that cannot run on `device` is refused | `false` |
//! | `threads` | threads that one run of ONNX Runtime may use | the cores shared among the slots |
//! | `tree_layout` | `auto`, `walk`, `blocks`, `quickscorer` or `symmetric`: how decision trees lie in memory | `auto`: the fastest, as timed when the model is opened |
//! | `onnxruntime` | ONNX Runtime's shared library, or the folder that holds it | `ORT_DYLIB_PATH`, `lib` beside the program, the system's |

mod model;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

pub(crate) use self::model::ModelSettings;
use crate::error::Error;

/// The name of a configuration file.
pub const FILE_NAME: &str = "hotplate.toml";

/// The tables that a configuration file may have.
const SECTIONS: [&str; 2] = ["model", "serve"];

/// A configuration file, parsed.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    path: PathBuf,
    tables: Table,
}

impl ConfigFile {
    /// Reads `folder`'s file; an empty configuration where there is none.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read, or has a table that nothing reads.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE_NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::config(path, error.to_string())),
        };
        let tables: Table = text
            .parse()
            .map_err(|error: toml::de::Error| Error::config(&path, error.to_string()))?;
        check_keys(&path, "", &tables, &SECTIONS)?;
        Ok(Self { path, tables })
    }

    /// Whether the file has this table.
    pub fn has_section(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// One table of the file; empty where it has none.
    ///
    /// # Errors
    ///
    /// When it is no table, or has a key that is not one of `known`.
    pub fn section(&self, name: &str, known: &[&str]) -> Result<Section<'_>, Error> {
        let table = match self.tables.get(name) {
            None => None,
            Some(Value::Table(table)) => Some(table),
            Some(_) => return Err(Error::config(&self.path, format!("{name} must be a table"))),
        };
        if let Some(table) = table {
            check_keys(&self.path, name, table, known)?;
        }
        Ok(Section { path: &self.path, name: name.to_owned(), table })
    }
}

/// One table of a configuration file.
#[derive(Clone, Debug)]
pub struct Section<'f> {
    path: &'f Path,
    name: String,
    table: Option<&'f Table>,
}

impl Section<'_> {
    /// The text under `key`.
    ///
    /// # Errors
    ///
    /// This and the accessors below refuse a value of another type.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Error> {
        self.read(key, "a string", Value::as_str)
    }

    /// The truth value under `key`.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn truth(&self, key: &str) -> Result<Option<bool>, Error> {
        self.read(key, "true or false", Value::as_bool)
    }

    /// The number under `key`, an integer or not.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn number(&self, key: &str) -> Result<Option<f64>, Error> {
        #[expect(clippy::cast_precision_loss, reason = "no setting needs 54 bits")]
        let number =
            |value: &Value| value.as_float().or_else(|| value.as_integer().map(|int| int as f64));
        self.read(key, "a number", number)
    }

    /// The integer under `key`, which must fit `T`.
    ///
    /// # Errors
    ///
    /// When it is something else, or out of `T`'s range.
    pub fn integer<T: TryFrom<i64>>(&self, key: &str) -> Result<Option<T>, Error> {
        let integer = |value: &Value| value.as_integer().and_then(|int| T::try_from(int).ok());
        self.read(key, "a whole number in range", integer)
    }

    /// The list of texts under `key`.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, Error> {
        self.read(key, "a list of strings", |value| {
            value.as_array()?.iter().map(Value::as_str).collect()
        })
    }

    /// The folder of the file.
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The error of a value that `key` may not have.
    pub fn refuse(&self, key: &str, expected: &str) -> Error {
        let got = self.table.and_then(|table| table.get(key)).map(ToString::to_string);
        let got = got.unwrap_or_else(|| "nothing".to_owned());
        let name = &self.name;
        Error::config(self.path, format!("[{name}] {key}: expected {expected}, got {got}"))
    }

    fn read<'s, T>(
        &'s self,
        key: &str,
        expected: &str,
        convert: impl FnOnce(&'s Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.table.and_then(|table| table.get(key)) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| self.refuse(key, expected))
    }
}

/// The candidate that `name` is most likely a slip of, if any is near.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn check_keys(path: &Path, section: &str, table: &Table, known: &[&str]) -> Result<(), Error> {
    let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let place = if section.is_empty() { String::new() } else { format!("[{section}] ") };
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("expected one of {}", known.join(", ")),
    };
    Err(Error::config(path, format!("{place}unknown key `{unknown}`; {hint}")))
}
