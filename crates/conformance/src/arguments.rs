//! What can be said on the command line, and the help that teaches it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum, ValueHint};
use hotplate::BackendChoice;

/// Runs cases on Hotplate's backends, and counts what is right, handed on and wrong.
///
/// A case is a folder in the form of ONNX's own backend tests: model.onnx, or the model.txt of
/// LightGBM or model.ubj or model.json of XGBoost, and test_data_set_K with input_J.pb and
/// output_J.pb in the order of the model's inputs and outputs.
#[derive(Debug, Parser)]
#[command(
    name = "hotplate-conformance",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
right      every output of every data set is as expected
handed on  the backend leaves the model to another, and says why
wrong      anything else: an output differs, the model fails, the case cannot be read

Examples:
  hotplate-conformance crates/conformance/cases/skl2onnx --backend both
  hotplate-conformance target/models --backend onnxruntime --json
  hotplate-conformance target/models/cnn target/models/tickets

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, or a backend that is not there."
)]
pub(crate) struct Arguments {
    /// Folders that are a case, or hold some
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folders: Vec<PathBuf>,

    /// What runs the cases
    #[arg(long, value_enum, default_value_t = Backends::Native)]
    pub(crate) backend: Backends,

    /// Print one JSON document; its top level has the numbers `right`, `handed_on` and `wrong`, or
    /// with both backends an object for each that has
    #[arg(long)]
    pub(crate) json: bool,

    /// ONNX Runtime's shared library, or the folder that holds it [default: what ORT_DYLIB_PATH
    /// says, else what .ci/onnxruntime brought, else the system's]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) onnxruntime: Option<PathBuf>,
}

/// The backends that run every case.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Backends {
    /// Hotplate's own engine
    Native,
    /// ONNX Runtime
    Onnxruntime,
    /// One after the other
    Both,
}

impl Backends {
    pub(crate) const fn choices(self) -> &'static [BackendChoice] {
        match self {
            Self::Native => &[BackendChoice::Native],
            Self::Onnxruntime => &[BackendChoice::OnnxRuntime],
            Self::Both => &[BackendChoice::Native, BackendChoice::OnnxRuntime],
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
