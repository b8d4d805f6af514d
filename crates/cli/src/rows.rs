//! A file of rows: where it is, in what form, and how it is read.

mod blocks;
mod one;

use std::{
    ffi::OsStr,
    fmt::Display,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use hotplate_codec::Format;

pub(crate) use self::{
    blocks::Blocks,
    one::{append, value},
};
use crate::failure::Usage;

/// Stands for standard input or output where a file is named.
const STANDARD: &str = "-";

/// A file of rows, or standard input.
#[derive(Debug)]
pub(crate) struct RowsFile<'a> {
    path: &'a Path,
    pub(crate) format: Format,
}

impl<'a> RowsFile<'a> {
    /// The rows at `path`, in this format if one is said; `command` would read them unpacked from
    /// standard input.
    ///
    /// # Errors
    ///
    /// When the file is compressed.
    pub(crate) fn of(
        path: &'a Path,
        format: Option<Format>,
        command: impl Display,
    ) -> Result<Self> {
        let format = match format.or_else(|| by_ending(path)) {
            Some(format) => format,
            None if has_ending(path, "gz") => bail!(Usage(format!(
                "{0}: a compressed file is not read; unpack it on the way: zcat {0} | hotplate \
                 {command}",
                path.display(),
            ))),
            None => Format::Csv,
        };
        Ok(Self { path, format })
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>> {
        if is_standard(self.path) {
            if io::stdin().is_terminal() {
                eprintln!("reading {} from the terminal, up to Ctrl-D", self.format);
            }
            return Ok(Box::new(io::stdin()));
        }
        if self.path.is_dir() {
            bail!("{}: a folder; name a file of rows", self.name());
        }
        Ok(Box::new(File::open(self.path).with_context(|| self.name())?))
    }

    /// What messages call the file.
    pub(crate) fn name(&self) -> String {
        name(self.path, "standard input")
    }
}

/// Whether `path` stands for standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path == STANDARD
}

/// What messages call the file at `path`.
pub(crate) fn name(path: &Path, standard: &str) -> String {
    if is_standard(path) { standard.to_owned() } else { path.display().to_string() }
}

/// The format that a file's name tells.
pub(crate) fn by_ending(path: &Path) -> Option<Format> {
    path.extension()
        .and_then(OsStr::to_str)
        .and_then(|ending| Format::from_name(&ending.to_ascii_lowercase()))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}
