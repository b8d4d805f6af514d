//! Whether a `hotplate.toml` is right, as far as that shows without the model.

use std::{
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Result, bail};
use hotplate::config::{ConfigFile, FILE_NAME, TABLES};
use hotplate_server::Settings;

/// Prints what the file at `path`, or in this folder, sets.
///
/// # Errors
///
/// Everything that is wrong with it, a line each.
pub(super) fn run(path: &Path) -> Result<()> {
    let path = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let file = ConfigFile::parse(&path)?;
    let tables = || TABLES.iter().chain(Settings::TABLES);
    let mut faults = file.unknown_tables();
    faults.extend(tables().flat_map(|table| (table.faults)(&file)));
    if !faults.is_empty() {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        bail!("{}", faults.join("\n"));
    }
    let mut out = io::stdout().lock();
    for table in tables() {
        for setting in file.settings(table) {
            writeln!(out, "{} = {}", setting.key, setting.value)?;
        }
    }
    writeln!(out, "{}: ok", path.display())?;
    Ok(())
}
