//! The arguments that say what runs a model, and where; every command that opens one has them.

use std::path::PathBuf;

use clap::{
    ArgAction, Args, ValueHint,
    builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser as _},
};
use hotplate::{BackendChoice, DeviceChoice, OpenOptions};

/// A flag wins over its variable, and both over the folder's `hotplate.toml`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "What runs a model, and where")]
pub(crate) struct RunsOn {
    /// native (Hotplate's own engine, for tabular models), onnxruntime (any ONNX graph), candle
    /// (safetensors), or auto [default: auto, the first of them that takes the whole model]
    #[arg(
        long,
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(["auto", "native", "onnxruntime", "candle"])
            .try_map(|name| name.parse::<BackendChoice>()),
        hide_possible_values = true,
        env = "HOTPLATE_BACKEND",
        hide_env_values = true
    )]
    pub(crate) backend: Option<BackendChoice>,

    /// auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N, where N is the number of a GPU [default:
    /// auto, a GPU where ONNX Runtime can use one]
    ///
    /// A model that cannot run there runs on the processor, which is said, unless
    /// --require-device is given too.
    #[arg(long, value_parser = device, env = "HOTPLATE_DEVICE", hide_env_values = true)]
    pub(crate) device: Option<DeviceChoice>,

    /// Fail where a model cannot run on --device, instead of running it on the processor
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        env = "HOTPLATE_REQUIRE_DEVICE",
        hide_env_values = true
    )]
    pub(crate) require_device: Option<bool>,

    /// ONNX Runtime's shared library, or the folder that holds it [default: $ORT_DYLIB_PATH, else
    /// the folder lib beside this program, else where the system looks]
    ///
    /// Without a GPU, `pip install onnxruntime` brings the library into the package's folder
    /// onnxruntime/capi; with one, `pip install onnxruntime-gpu` does. Models that the native
    /// engine takes need none.
    #[arg(
        long,
        value_name = "PATH",
        env = "HOTPLATE_ONNXRUNTIME",
        hide_env_values = true,
        value_hint = ValueHint::AnyPath
    )]
    pub(crate) onnxruntime: Option<PathBuf>,
}

impl RunsOn {
    /// How to open models; what is not said here, their folders say.
    pub(crate) fn options(&self) -> OpenOptions {
        let mut options = OpenOptions::new();
        if let Some(backend) = self.backend {
            options = options.backend(backend);
        }
        if let Some(device) = self.device {
            options = options.device(device);
        }
        if let Some(require) = self.require_device {
            options = options.require_device(require);
        }
        if let Some(library) = &self.onnxruntime {
            options = options.onnxruntime(library);
        }
        options
    }
}

fn device(text: &str) -> Result<DeviceChoice, String> {
    text.parse().map_err(|expected| format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use hotplate::Device;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        runs_on: RunsOn,
        path: Option<PathBuf>,
    }

    fn parsed(arguments: &[&str]) -> Result<Program, clap::Error> {
        Program::try_parse_from(["hotplate"].iter().chain(arguments))
    }

    #[test]
    fn every_flag_is_read() {
        let program = parsed(&[
            "--backend",
            "onnxruntime",
            "--device",
            "cuda:1",
            "--require-device",
            "--onnxruntime",
            "lib",
            "models",
        ]);
        let program = program.unwrap();
        let expected = RunsOn {
            backend: Some(BackendChoice::OnnxRuntime),
            device: Some(DeviceChoice::On(Device::Cuda(1))),
            require_device: Some(true),
            onnxruntime: Some("lib".into()),
        };
        assert_eq!((program.runs_on, program.path), (expected, Some("models".into())));
        assert_eq!(parsed(&[]).unwrap().runs_on, RunsOn::default());
    }

    #[test]
    fn slips_are_told_what_there_is() {
        let refused = |arguments: &[&str]| parsed(arguments).unwrap_err().to_string();
        let message = refused(&["--backend", "onnx"]);
        assert!(
            message.contains("[possible values: auto, native, onnxruntime, candle]"),
            "{message}"
        );
        let message = refused(&["--device", "gpu"]);
        assert!(message.contains("expected auto, cpu, cuda, cuda:N"), "{message}");
        let message = refused(&["--require-device=perhaps"]);
        assert!(message.contains("value 'perhaps'"), "{message}");
    }
}
