//! Where rows come from, where answers go, and in what form.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, IsTerminal as _, Read, Write},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use hotplate_codec::Format;

use crate::{arguments::Predict, failure::Usage};

/// Stands for standard input or output where a file is named.
const STANDARD: &str = "-";

/// The two ends of a run.
#[derive(Debug)]
pub(super) struct Files<'a> {
    input: &'a Path,
    output: &'a Path,
    pub(super) input_format: Format,
    pub(super) output_format: Format,
}

impl<'a> Files<'a> {
    /// # Errors
    ///
    /// When the answers would overwrite the rows, or the rows are compressed.
    pub(super) fn of(arguments: &'a Predict) -> Result<Self> {
        let (input, output) = (arguments.input.as_path(), arguments.output.as_path());
        if is_same(input, output) {
            let problem = "the answers would overwrite the rows; name another file with --output";
            bail!(Usage(format!("{}: {problem}", input.display())));
        }
        let input_format = match arguments.input_format.or_else(|| by_ending(input)) {
            Some(format) => format,
            None if has_ending(input, "gz") => bail!(Usage(format!(
                "{0}: a compressed file is not read; unpack it on the way: zcat {0} | hotplate \
                 predict {1}",
                input.display(),
                arguments.model.display(),
            ))),
            None => Format::Csv,
        };
        let output_format =
            arguments.output_format.or_else(|| by_ending(output)).unwrap_or(input_format);
        Ok(Self { input, output, input_format, output_format })
    }

    pub(super) fn open_input(&self) -> Result<Box<dyn Read>> {
        if is_standard(self.input) {
            if io::stdin().is_terminal() {
                eprintln!("reading {} from the terminal, up to Ctrl-D", self.input_format);
            }
            return Ok(Box::new(io::stdin().lock()));
        }
        if self.input.is_dir() {
            bail!("{}: a folder; name a file of rows", self.input_name());
        }
        Ok(Box::new(File::open(self.input).with_context(|| self.input_name())?))
    }

    pub(super) fn open_output(&self) -> Result<Box<dyn Write>> {
        if is_standard(self.output) {
            return Ok(Box::new(io::stdout().lock()));
        }
        Ok(Box::new(File::create(self.output).with_context(|| self.output_name())?))
    }

    pub(super) fn output_is_terminal(&self) -> bool {
        is_standard(self.output) && io::stdout().is_terminal()
    }

    /// What messages call the input.
    pub(super) fn input_name(&self) -> String {
        name(self.input, "standard input")
    }

    /// What messages call the output.
    pub(super) fn output_name(&self) -> String {
        name(self.output, "standard output")
    }
}

fn is_standard(path: &Path) -> bool {
    path == STANDARD
}

fn is_same(input: &Path, output: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    // Nothing is lost where both are, say, the same terminal.
    !is_standard(input)
        && !is_standard(output)
        && input.is_file()
        && real(input).is_some_and(|input| Some(input) == real(output))
}

fn by_ending(path: &Path) -> Option<Format> {
    path.extension()
        .and_then(OsStr::to_str)
        .and_then(|ending| Format::from_name(&ending.to_ascii_lowercase()))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

fn name(path: &Path, standard: &str) -> String {
    if is_standard(path) { standard.to_owned() } else { path.display().to_string() }
}
