//! The arguments of `hotplate config`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Flags;

/// Say what is set, and who says so; check hotplate.toml, or print one with every key.
///
/// Lists the settings that `hotplate serve PATH` with the same flags would obey, and for each the
/// flag, the environment variable or the line of PATH's hotplate.toml that says it. Of [model] and
/// other tables that are not about serving, it lists what the file says.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 done, or nothing is wrong with the file; 1 failed, or something is; 2 wrong usage.

Examples:
  hotplate config models                    what would `hotplate serve models` obey?
  HOTPLATE_PORT=80 hotplate config models   and with this variable?
  hotplate config --check models/churn      is its hotplate.toml right?
  hotplate config --example                 every key, with a value and what it is")]
pub(crate) struct Config {
    /// What would be served, as for `hotplate serve` [default: /opt/ml/model where that exists,
    /// else models]
    #[arg(env = "HOTPLATE_MODEL", hide_env_values = true, value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,

    /// Print a hotplate.toml with every key of every table
    #[arg(long, conflicts_with = "check")]
    pub(crate) example: bool,

    /// Say everything that is wrong with this file, or with hotplate.toml in this folder
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) check: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) flags: Flags,
}
