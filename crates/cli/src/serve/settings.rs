//! Which of the places that say how to serve is obeyed.

use std::{env, path::Path};

use anyhow::Result;
use hotplate::config::ConfigFile;
use hotplate_server::{Settings, Sources};

use crate::arguments::Flags;

/// The file that says how to serve what lies at `path`.
pub(crate) fn file_of(path: &Path) -> Result<ConfigFile> {
    // A file stands for itself alone: what lies beside it is not asked, here as in the engine.
    Ok(if path.is_dir() { ConfigFile::in_folder(path)? } else { ConfigFile::default() })
}

/// Hands flags, the environment and a file to `read`.
pub(crate) fn with_sources<T>(
    flags: &Flags,
    file: &ConfigFile,
    read: impl FnOnce(&Sources<'_>) -> T,
) -> T {
    read(&Sources { flag: &|key| flags.value(key), variable: &|name| env::var_os(name), file })
}

/// What is said about serving what lies at `path`.
pub(super) fn said(flags: &Flags, path: &Path) -> Result<Settings> {
    Ok(with_sources(flags, &file_of(path)?, Settings::of)?)
}
