//! The settings that hold, and who says each.

use anyhow::Result;
use hotplate::config::{ConfigFile, TABLES};
use hotplate_server::{ConfigError, Origin, Settings, Sources};

use crate::{arguments::Config, serve, serve::settings};

/// A line per setting, in columns: its key, its value, and who says so.
pub(super) fn text(arguments: &Config) -> Result<String> {
    let path = arguments.path.clone().map_or_else(serve::default_path, Ok)?;
    let file = settings::file_of(&path)?;
    if let Some(fault) = TABLES.iter().flat_map(|table| (table.faults)(&file)).next() {
        return Err(fault.into());
    }
    let rows = settings::with_sources(&arguments.flags, &file, |sources| {
        // What is wrong with a value is said here as `serve` would say it.
        Settings::of(sources)?;
        serving(sources, &file)
    })?;
    Ok(columns(&[of_models(&file), rows].concat()))
}

/// A key, its value, and who says so.
type Row = [String; 3];

/// What the file says of models and endpoints; what it does not say, these decide themselves.
fn of_models(file: &ConfigFile) -> Vec<Row> {
    let settings = TABLES.iter().flat_map(|table| file.settings(table));
    settings.map(|setting| [setting.key, setting.value, in_line(file, setting.line)]).collect()
}

fn serving(sources: &Sources<'_>, file: &ConfigFile) -> Result<Vec<Row>, ConfigError> {
    let keys = Settings::TABLES.iter().flat_map(|table| table.keys);
    let row = |key| {
        let (value, origin) = sources.value(key)?;
        let origin = match origin {
            Origin::Said(by) => by,
            Origin::Line(line) => in_line(file, line),
            _ => "default".to_owned(),
        };
        Ok([format!("[{}] {}", key.table, key.name), value, origin])
    };
    keys.map(row).collect()
}

fn in_line(file: &ConfigFile, line: usize) -> String {
    format!("{}:{line}", file.path().display())
}

fn columns(rows: &[Row]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let (keys, values) = (width(0), width(1));
    let line = |[key, value, origin]: &Row| format!("{key:keys$}  {value:values$}  {origin}\n");
    rows.iter().map(line).collect()
}
