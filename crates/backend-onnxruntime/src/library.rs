//! ONNX Runtime's shared library: where it is looked for, and the one that the process runs.

use std::{
    env,
    error::Error as _,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use hotplate_backend::{BackendError, BackendErrorKind};
use ort::{LoadDynamicError, environment::Environment, logging::LogLevel};

/// The variable that names the library, as for other programs on top of `ort`.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// The variable that lets ONNX Runtime write its own log to standard error.
const LOG_VARIABLE: &str = "ORT_LOG";

/// ONNX Runtime, loaded: one for the whole process, and never unloaded.
#[derive(Debug)]
pub struct Library {
    /// Where it was found.
    pub place: Place,
    /// The file, or the name that the system's loader knows.
    pub path: PathBuf,
    /// The first two numbers of its version: `1.31`.
    pub version: String,
    /// The places in front of it that had none.
    pub failures: Vec<Failure>,
    /// Its environment, the only one that a process can have: for a program that runs sessions of
    /// its own beside ours.
    pub environment: Environment,
}

/// Where a library is looked for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where configuration says.
    Configuration,
    /// Where the environment variable `ORT_DYLIB_PATH` says.
    Variable,
    /// In the folder `lib` beside the executable.
    BesideExecutable,
    /// Where the system's loader looks.
    System,
}

/// A library that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it was looked for.
    pub place: Place,
    /// The file, or the name that the system's loader was given.
    pub path: PathBuf,
    /// Why it could not be used.
    pub problem: String,
}

static LOADED: Mutex<Option<&'static Library>> = Mutex::new(None);

impl Library {
    /// The library of this process: the one that is loaded, or the first that can be.
    ///
    /// `configured` is a file, or a folder that holds it, as the package `onnxruntime` of PyPI
    /// has one.
    ///
    /// # Errors
    ///
    /// [`BackendErrorKind::Unavailable`] with every place that was looked at, or when another
    /// library than the configured one is loaded: a process can have only one.
    pub fn load(configured: Option<&Path>) -> Result<&'static Self, BackendError> {
        let mut loaded = lock();
        if let Some(library) = *loaded {
            return library.check(configured);
        }
        let mut failures = Vec::new();
        for (place, path) in candidates(configured) {
            match ort::init_from(&path) {
                Ok(builder) => {
                    // The library stays, whatever comes now: another cannot be tried.
                    let environment = builder
                        .with_telemetry(false)
                        .build()
                        .map_err(|error| unavailable(&format!("it does not start: {error}")))?;
                    if env::var_os(LOG_VARIABLE).is_none() {
                        // What it has to say comes back as errors as well.
                        environment.set_log_level(LogLevel::Fatal);
                    }
                    let minor = ort::util::probe(&path).unwrap_or(ort::MINOR_VERSION);
                    let version = format!("1.{minor}");
                    let library = Self { place, path, version, failures, environment };
                    let library: &'static Self = Box::leak(Box::new(library));
                    *loaded = Some(library);
                    return Ok(library);
                }
                Err(error) => failures.push(Failure { place, problem: reason(&error), path }),
            }
        }
        Err(not_found(&failures))
    }

    /// The library, if one is loaded.
    pub fn loaded() -> Option<&'static Self> {
        *lock()
    }

    /// This library, unless another is configured.
    fn check(&'static self, configured: Option<&Path>) -> Result<&'static Self, BackendError> {
        let Some(configured) = configured.map(library_in) else { return Ok(self) };
        let failed = self.failures.iter().any(|failure| failure.path == configured);
        if failed || same_file(&configured, &self.path) {
            return Ok(self);
        }
        Err(unavailable(&format!(
            "{} is loaded already, and a process has only one; {} is another",
            self.path.display(),
            configured.display()
        )))
    }
}

fn lock() -> MutexGuard<'static, Option<&'static Library>> {
    LOADED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Every place to look at, in order.
fn candidates(configured: Option<&Path>) -> Vec<(Place, PathBuf)> {
    let mut candidates = Vec::new();
    if let Some(path) = configured {
        candidates.push((Place::Configuration, library_in(path)));
    }
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        candidates.push((Place::Variable, library_in(Path::new(&path))));
    }
    if let Some(folder) = beside_executable() {
        candidates.push((Place::BesideExecutable, library_in(&folder)));
    }
    candidates.push((Place::System, PathBuf::from(file_name())));
    candidates
}

fn beside_executable() -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent()?.join("lib"))
}

/// `libonnxruntime.so`, or what the system calls it.
fn file_name() -> String {
    format!("{}onnxruntime{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX)
}

/// The library at `path`: that file, or the one in that folder, which may carry its version in its
/// name. Absolute, because a relative path would mean something else to the loader.
fn library_in(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !path.is_dir() {
        return path;
    }
    let file = path.join(file_name());
    if file.exists() {
        return file;
    }
    let versioned = |name: &str| {
        name.starts_with(&format!("{}.", file_name()))
            || (name.starts_with("libonnxruntime.") && name.ends_with(env::consts::DLL_SUFFIX))
    };
    let names = fs::read_dir(&path).into_iter().flatten().flatten();
    let found = names.map(|entry| entry.file_name()).filter_map(|name| name.into_string().ok());
    found.filter(|name| versioned(name)).max().map_or(file, |name| path.join(name))
}

fn same_file(one: &Path, other: &Path) -> bool {
    one == other
        || matches!(
            (fs::canonicalize(one), fs::canonicalize(other)),
            (Ok(one), Ok(other)) if one == other
        )
}

fn reason(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, .. } => match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
        LoadDynamicError::MissingApi { .. } => {
            "a library, but not ONNX Runtime: it has no OrtGetApiBase".to_owned()
        }
        LoadDynamicError::InvalidVersionString => "its version is no text".to_owned(),
        LoadDynamicError::BadVersion { version_str, .. } => format!(
            "ONNX Runtime {version_str} is too old: 1.{} or newer is needed",
            ort::MINOR_VERSION
        ),
    }
}

fn not_found(failures: &[Failure]) -> BackendError {
    let mut problem = "no library that can be used:".to_owned();
    for failure in failures {
        problem.push_str("\n  ");
        problem.push_str(&failure.to_string());
    }
    problem.push_str(
        "\nTo get it: pip install onnxruntime, then set ORT_DYLIB_PATH to the package's folder \
         onnxruntime/capi",
    );
    if let Some(folder) = beside_executable() {
        problem.push_str(&format!(", or put {} into {}", file_name(), folder.display()));
    }
    unavailable(&problem)
}

fn unavailable(problem: &str) -> BackendError {
    BackendError::told(BackendErrorKind::Unavailable, format!("ONNX Runtime: {problem}"))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, path, problem } = self;
        // The system's loader begins with the path itself.
        match problem.strip_prefix(&format!("{}: ", path.display())) {
            Some(problem) => write!(f, "{place}: {}: {problem}", path.display()),
            None => write!(f, "{place}: {}: {problem}", path.display()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "configuration",
            Self::Variable => VARIABLE,
            Self::BesideExecutable => "beside the executable",
            Self::System => "the system's loader",
        })
    }
}
