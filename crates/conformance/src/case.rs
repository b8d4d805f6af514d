//! Cases: a model, what it is fed, and what it must give.

use std::{
    error, fmt, fs, io,
    path::{Path, PathBuf},
};

use hotplate_model::{
    ModelError,
    onnx::{TestValue, read_value},
};

/// What a model's file is called: an ONNX graph's, or that of the library that trained it.
const MODELS: [&str; 4] = ["model.onnx", "model.txt", "model.ubj", "model.json"];
const DATA_SET: &str = "test_data_set_";

/// A folder with `model.onnx`, or a library's own `model.txt`, `model.ubj` or `model.json`, and
/// `test_data_set_K` with `input_J.pb` and `output_J.pb` in the order of the model's inputs and
/// outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    name: String,
    folder: PathBuf,
    model: &'static str,
}

/// What a model is fed once, and what it must give.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// The name of its folder.
    pub name: String,
    /// A value for each input.
    pub inputs: Vec<TestValue>,
    /// A value for each output.
    pub expected: Vec<TestValue>,
}

/// A file or folder of a case that is not what it should be.
#[derive(Debug)]
pub struct Unreadable {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Io(io::Error),
    Value(ModelError),
    Lacks(&'static str),
}

impl Case {
    /// The case that `folder` is, or those right below it, by name.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or there is no case.
    pub fn find(folder: &Path) -> Result<Vec<Self>, Unreadable> {
        if let Some(case) = Self::at(folder) {
            return Ok(vec![case]);
        }
        let cases: Vec<Self> = entries(folder)?.iter().filter_map(|path| Self::at(path)).collect();
        if cases.is_empty() {
            return Err(lacks(folder, "model.onnx or other model, and no folder in it has one"));
        }
        Ok(cases)
    }

    fn at(folder: &Path) -> Option<Self> {
        let model = MODELS.into_iter().find(|model| folder.join(model).is_file())?;
        // The name of `.` and of `cases/..` is known to the file system alone.
        let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Some(Self { name: name_of(&whole), folder: folder.to_owned(), model })
    }

    /// What the case is called: its folder's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's file.
    pub fn model(&self) -> PathBuf {
        self.folder.join(self.model)
    }

    /// What is fed and expected, in the order of the data sets' numbers.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is missing, or holds what no reader is for.
    pub fn data_sets(&self) -> Result<Vec<DataSet>, Unreadable> {
        let folders = numbered(&self.folder, DATA_SET, "")?;
        if folders.is_empty() {
            return Err(lacks(&self.folder, "test_data_set_0"));
        }
        folders.iter().map(|folder| DataSet::read(folder)).collect()
    }
}

impl DataSet {
    fn read(folder: &Path) -> Result<Self, Unreadable> {
        let values = |prefix| -> Result<Vec<TestValue>, Unreadable> {
            numbered(folder, prefix, ".pb")?.iter().map(|path| value(path)).collect()
        };
        let expected = values("output_")?;
        if expected.is_empty() {
            return Err(lacks(folder, "output_0.pb"));
        }
        Ok(Self { name: name_of(folder), inputs: values("input_")?, expected })
    }
}

fn value(path: &Path) -> Result<TestValue, Unreadable> {
    let file = fs::read(path).map_err(|error| unreadable(path, Problem::Io(error)))?;
    read_value(&file).map_err(|error| unreadable(path, Problem::Value(error)))
}

/// The paths in `folder` called `prefix`, a number and `ending`, in the order of the numbers, which
/// count from zero.
fn numbered(folder: &Path, prefix: &str, ending: &str) -> Result<Vec<PathBuf>, Unreadable> {
    let number = |path: &PathBuf| -> Option<usize> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix(prefix)?.strip_suffix(ending)?.parse().ok()
    };
    let mut found: Vec<(usize, PathBuf)> =
        entries(folder)?.into_iter().filter_map(|path| Some((number(&path)?, path))).collect();
    found.sort();
    if found.iter().enumerate().any(|(position, (number, _))| position != *number) {
        return Err(lacks(folder, "one of its numbered files"));
    }
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
    let mut paths = paths.map_err(|error| unreadable(folder, Problem::Io(error)))?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn unreadable(path: &Path, problem: Problem) -> Unreadable {
    Unreadable { path: path.to_owned(), problem }
}

fn lacks(path: &Path, what: &'static str) -> Unreadable {
    unreadable(path, Problem::Lacks(what))
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.problem {
            Problem::Io(error) => error.fmt(f),
            Problem::Value(error) => error.fmt(f),
            Problem::Lacks(what) => write!(f, "has no {what}"),
        }
    }
}

impl error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.problem {
            Problem::Io(error) => Some(error),
            Problem::Value(error) => Some(error),
            Problem::Lacks(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, []).unwrap();
        }
        folder
    }

    #[test]
    fn folder_is_a_case_or_holds_some() {
        let folder = folder_with(&[
            "b/model.ubj",
            "a/model.onnx",
            "a/model.txt",
            "a/x/model.onnx",
            "c/other",
        ]);
        let names = |path: &Path| -> Vec<String> {
            Case::find(path).unwrap().iter().map(|case| case.name().to_owned()).collect()
        };
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(names(&folder.path().join("a")), ["a"]);
        assert_eq!(names(&folder.path().join("a/x/..")), ["a"]);
        let models = Case::find(folder.path()).unwrap();
        assert!(models[0].model().ends_with("a/model.onnx"));
        assert!(models[1].model().ends_with("b/model.ubj"));
        let error = Case::find(&folder.path().join("c")).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("has no model.onnx or other model, and no folder in it has one")
        );
    }

    #[test]
    fn files_are_ordered_by_number() {
        let names: Vec<String> = (0..12).map(|number| format!("input_{number}.pb")).collect();
        let mut files: Vec<&str> = names.iter().map(String::as_str).collect();
        let folder = folder_with(&files);
        let found = numbered(folder.path(), "input_", ".pb").unwrap();
        assert_eq!(name_of(&found[11]), "input_11.pb");
        files.remove(3);
        let gap = folder_with(&files);
        assert!(numbered(gap.path(), "input_", ".pb").is_err());
    }

    #[test]
    fn case_that_expects_nothing_is_unreadable() {
        let problem = |files: &[&str]| {
            let folder = folder_with(files);
            let cases = Case::find(folder.path()).unwrap();
            cases[0].data_sets().unwrap_err().to_string()
        };
        assert!(problem(&["model.onnx"]).ends_with("has no test_data_set_0"));
        let without_output = problem(&["model.onnx", "test_data_set_0/input_0.pb"]);
        assert!(without_output.ends_with("has no output_0.pb"), "{without_output}");
    }
}
