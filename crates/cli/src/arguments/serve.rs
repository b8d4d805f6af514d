//! The arguments of `hotplate serve`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Flags;
use crate::runs_on::RunsOn;

/// Serve models over HTTP.
///
/// Opens the model at PATH, or every model in the folders below PATH, runs each in every slot and
/// on its golden rows, and then answers until SIGTERM or Ctrl-C. GET /ping answers 503 until every
/// model is warm.
///
/// When ready, one line `listening on http://ADDRESS:PORT` goes to standard output, for scripts;
/// what is served goes to standard error, for people.
#[derive(Args, Debug)]
#[command(after_help = "\
Each setting is a flag, an environment variable, and a key of [serve] in the file hotplate.toml in
the folder PATH: --drain-seconds, HOTPLATE_DRAIN_SECONDS, drain_seconds. A flag wins over a
variable, a variable over SageMaker's own (SAGEMAKER_BIND_TO_PORT, SAGEMAKER_MODEL_SERVER_WORKERS,
SAGEMAKER_MAX_REQUEST_SIZE, SAGEMAKER_MAX_PAYLOAD_IN_MB, MAX_CONTENT_LENGTH,
SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT), and those over the file. SAGEMAKER_BASE_DIR stands for
/opt/ml. What runs a model stands under [model] in the model's own folder; --backend and the flags
below it hold for every model. `hotplate config` tells which of them is obeyed, and
`hotplate config --example` prints a file with every key.

Examples:
  hotplate serve                         what lies in /opt/ml/model, else in models
  hotplate serve models/churn            one model: POST /invocations
  hotplate serve models                  several: POST /models/churn/invoke
  hotplate serve models --port 0         a free port, which is printed
  hotplate serve bert --device cuda --require-device
                                         on a GPU or not at all
  HOTPLATE_HOST=0.0.0.0 hotplate serve   in a container that can't pass flags")]
pub(crate) struct Serve {
    /// A model file, a model folder, or a folder of model folders [default: /opt/ml/model where
    /// that exists, else models]
    #[arg(env = "HOTPLATE_MODEL", hide_env_values = true, value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) flags: Flags,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}
