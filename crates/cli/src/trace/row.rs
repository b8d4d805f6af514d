//! The row that is traced, from the command line or out of a file.

use std::{io::Read as _, path::Path, sync::Arc};

use anyhow::{Context as _, Result, anyhow, bail};
use hotplate::{Columns, Engine};
use hotplate_codec::{BlockDecoder, Decoder, Format};

use crate::{
    arguments::Trace,
    failure::Usage,
    rows::{self, Blocks, RowsFile},
};

/// One row, read.
#[derive(Debug)]
pub(super) struct Row {
    /// Holds this row alone.
    pub(super) columns: Columns,
    /// Where it lies, if in a file.
    pub(super) file: Option<String>,
    /// Its number there.
    pub(super) number: usize,
}

impl Row {
    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match &self.file {
            Some(file) => format!("{file}, row {}", self.number),
            None => "--row".to_owned(),
        }
    }
}

/// Reads the row that the arguments name.
pub(super) fn read(arguments: &Trace, engine: &Engine) -> Result<Row> {
    if let Some(path) = &arguments.input {
        let command = format!("trace {} --input -", arguments.model.display());
        let file = RowsFile::of(path, arguments.input_format, command)?;
        return out_of(&file, arguments, engine).with_context(|| file.name());
    }
    let row = arguments.row.as_deref().unwrap_or_default();
    let Some(path) = row.strip_prefix('@').map(Path::new) else {
        let columns = only(row.as_bytes(), arguments, None, engine).context("--row")?;
        return Ok(Row { columns, file: None, number: 0 });
    };
    let command = format!("trace {} --row @-", arguments.model.display());
    let file = RowsFile::of(path, arguments.input_format, command)?;
    let mut text = Vec::new();
    file.open()?.read_to_end(&mut text).with_context(|| file.name())?;
    let columns =
        only(&text, arguments, rows::by_ending(path), engine).with_context(|| file.name())?;
    Ok(Row { columns, file: Some(file.name()), number: 0 })
}

/// The only row of a text, in the format that is said or that its beginning tells.
fn only(
    text: &[u8],
    arguments: &Trace,
    by_ending: Option<Format>,
    engine: &Engine,
) -> Result<Columns> {
    let format = arguments.input_format.or(by_ending).unwrap_or_else(|| Format::guess(text));
    let mut columns = engine.rows();
    Decoder::new(Arc::clone(columns.schema()))
        .ignore_unknown_columns(arguments.ignore_unknown_columns)
        .sparse(engine.sparse())
        .decode(format, text, &mut columns)?;
    match columns.rows() {
        1 => Ok(columns),
        rows => bail!(Usage(format!(
            "expected one row, got {rows}; --input FILE --number N takes one out of a file"
        ))),
    }
}

/// The row of that number, out of a file that is read up to it.
fn out_of(file: &RowsFile<'_>, arguments: &Trace, engine: &Engine) -> Result<Row> {
    let number = arguments.number.unwrap_or_default();
    let mut columns = engine.rows();
    let mut decoder = BlockDecoder::new(Arc::clone(columns.schema()), file.format)
        .ignore_unknown_columns(arguments.ignore_unknown_columns)
        .sparse(engine.sparse());
    let mut blocks = Blocks::new(file.open()?, file.format);
    let mut before = 0;
    while let Some(mut block) = blocks.next(|buffer| decoder.whole_records(buffer))? {
        while !block.is_empty() {
            // What was decoded ends early where rows of another shape follow.
            let length = decoder.decode(block, &mut columns)?;
            block = &block[length..];
            if number - before < columns.rows() {
                let mut one = engine.rows();
                rows::append(&columns, number - before, &mut one)?;
                return Ok(Row { columns: one, file: Some(file.name()), number });
            }
            before += columns.rows();
        }
    }
    match before {
        0 => bail!("there are no rows"),
        rows => Err(anyhow!("there is no row {number}: the last of {rows} is {}", rows - 1)),
    }
}
