//! Where rows come from, where answers go, and in what form.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use hotplate_codec::Format;

use crate::{
    arguments::Predict,
    failure::Usage,
    rows::{self, RowsFile, is_standard},
};

/// The two ends of a run.
#[derive(Debug)]
pub(super) struct Files<'a> {
    pub(super) input: RowsFile<'a>,
    output: &'a Path,
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
        let command = format!("predict {}", arguments.model.display());
        let input = RowsFile::of(input, arguments.input_format, command)?;
        let output_format = match arguments.output_format.or_else(|| rows::by_ending(output)) {
            Some(format) if !format.is_written() => bail!(Usage(format!(
                "{}: answers are not written as {format}; name another file or --output-format",
                output.display(),
            ))),
            Some(format) => format,
            None if input.format.is_written() => input.format,
            None => Format::Csv,
        };
        Ok(Self { input, output, output_format })
    }

    pub(super) fn open_output(&self) -> Result<Box<dyn Write + Send>> {
        if is_standard(self.output) {
            return Ok(Box::new(io::stdout()));
        }
        Ok(Box::new(File::create(self.output).with_context(|| self.output_name())?))
    }

    pub(super) fn output_is_terminal(&self) -> bool {
        is_standard(self.output) && io::stdout().is_terminal()
    }

    /// What messages call the output.
    pub(super) fn output_name(&self) -> String {
        rows::name(self.output, "standard output")
    }
}

fn is_same(input: &Path, output: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    // Nothing is lost where both are, say, the same terminal.
    !is_standard(input)
        && !is_standard(output)
        && input.is_file()
        && real(input).is_some_and(|input| Some(input) == real(output))
}
