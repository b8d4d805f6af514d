//! The backends of this build, and the choice between them.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions, DeviceChoice, Placement, Plan};
use hotplate_model::Model;

use crate::{
    config::ModelSettings,
    engine::behind::Behind,
    error::{Cause, Error, ErrorKind},
    passed_over::PassedOver,
};

/// What should run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackendChoice {
    /// The first of those that read the file's format and take the whole model: Hotplate's own
    /// engine, then ONNX Runtime, then candle.
    #[default]
    Auto,
    /// Hotplate's own engine.
    Native,
    /// ONNX Runtime.
    OnnxRuntime,
    /// candle.
    Candle,
}

/// The shared library of a backend, and the places in front of it that had none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryFound {
    /// Its version.
    pub version: String,
    /// Where it is: a file, or the name that the system's loader knows.
    pub path: PathBuf,
    /// Where it was looked for in vain, one sentence each.
    pub failures: Vec<String>,
}

/// A plan, and how it came to be that one.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) backend: &'static str,
    pub(crate) plan: Arc<dyn Plan>,
    pub(crate) passed_over: Vec<PassedOver>,
    /// Where the plan runs, and why there: not where it was asked to, for one.
    pub(crate) placement: Placement,
}

/// Compiles the model for the first backend that takes it, or for the one that is asked for.
///
/// On a device that is not to be had only where that is required; else on the processor, and then
/// the placement says why.
pub(crate) fn compile(
    model: &Model,
    settings: &ModelSettings,
    behind: Behind,
) -> Result<Compiled, Error> {
    let required = settings.require_device.unwrap_or_default();
    let device = settings.device.unwrap_or_default();
    if required && device == DeviceChoice::Auto {
        return Err(Error::new(Cause::NoDeviceToRequire));
    }
    match compile_on(device, model, settings, behind) {
        Err(error) if error.kind() == ErrorKind::DeviceUnavailable && !required => {
            let mut compiled = compile_on(DeviceChoice::CPU, model, settings, behind)?;
            compiled.placement.fell_back = Some(why_not(error.passed_over()));
            Ok(compiled)
        }
        outcome => outcome,
    }
}

/// Why no backend runs a model on a device, in a line without paths: clients see it.
fn why_not(passed_over: &[PassedOver]) -> String {
    let reasons = passed_over.iter().filter_map(|passed| match passed.kind {
        ErrorKind::DeviceUnavailable => Some(passed.reason.clone()),
        ErrorKind::BackendUnavailable => {
            Some(format!("{}: its library is not there", passed.backend))
        }
        _ => None,
    });
    reasons.collect::<Vec<String>>().join("; ")
}

fn compile_on(
    device: DeviceChoice,
    model: &Model,
    settings: &ModelSettings,
    behind: Behind,
) -> Result<Compiled, Error> {
    let options = CompileOptions {
        column_names: settings.columns.clone(),
        device,
        tree_layout: settings.tree_layout.flatten(),
        margins: settings.asks_for_margins(),
    };
    let choice = settings.backend.unwrap_or_default();
    let mut passed_over: Vec<PassedOver> = Vec::new();
    let mut of_other_formats: Vec<PassedOver> = Vec::new();
    for backend in backends(settings).iter().filter(|backend| choice.allows(backend.name())) {
        if !backend.reads(model.format()) {
            of_other_formats.push(PassedOver {
                backend: backend.name(),
                kind: ErrorKind::Unsupported,
                refusals: Vec::new(),
                reason: format!("does not read {}", model.format()),
            });
            continue;
        }
        // Threads have the priority of the one that started them.
        let behind = if backend.starts_threads(&options) { Behind::default() } else { behind };
        let error = match behind.run(|| backend.compile(model, &options))? {
            Ok(plan) => {
                let placement = plan.placement().clone();
                return Ok(Compiled { backend: backend.name(), plan, passed_over, placement });
            }
            Err(error) => error,
        };
        let kind = match error.kind() {
            BackendErrorKind::Unsupported => ErrorKind::Unsupported,
            BackendErrorKind::Unavailable => ErrorKind::BackendUnavailable,
            BackendErrorKind::DeviceUnavailable => ErrorKind::DeviceUnavailable,
            // Another backend would not mend that.
            _ => return Err(Error::new(Cause::Backend(error))),
        };
        passed_over.push(PassedOver {
            backend: backend.name(),
            kind,
            refusals: error.refusals().to_vec(),
            reason: error.to_string(),
        });
    }
    // What runs other formats is worth a word only where nothing runs this one.
    let passed_over = if passed_over.is_empty() { of_other_formats } else { passed_over };
    Err(Error::new(match passed_over.is_empty() {
        true => Cause::NoSuchBackend { choice },
        false => Cause::NoBackend { passed_over },
    }))
}

/// The backends of this build, the one to ask first in front.
fn backends(settings: &ModelSettings) -> Vec<Box<dyn Backend>> {
    // A build without ONNX Runtime reads its setting and has no use for it.
    let _library = &settings.onnxruntime;
    vec![
        #[cfg(feature = "native")]
        Box::new(hotplate_native::Native),
        #[cfg(feature = "onnxruntime")]
        Box::new(hotplate_onnxruntime::OnnxRuntime { library: _library.clone() }),
        #[cfg(feature = "candle")]
        Box::new(hotplate_candle::Candle),
    ]
}

/// ONNX Runtime's library, if the process has loaded it.
pub(crate) fn library() -> Option<LibraryFound> {
    #[cfg(feature = "onnxruntime")]
    return hotplate_onnxruntime::Library::loaded().map(|library| LibraryFound {
        version: library.version.clone(),
        path: library.path.clone(),
        failures: library.failures.iter().map(ToString::to_string).collect(),
    });
    #[cfg(not(feature = "onnxruntime"))]
    None
}

impl BackendChoice {
    fn allows(self, name: &str) -> bool {
        self == Self::Auto || self.name() == name
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::OnnxRuntime => "onnxruntime",
            Self::Candle => "candle",
        }
    }
}

impl fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error is what was expected.
impl FromStr for BackendChoice {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Auto, Self::Native, Self::OnnxRuntime, Self::Candle]
            .into_iter()
            .find(|choice| choice.name() == name)
            .ok_or("auto, native, onnxruntime or candle")
    }
}
