//! `hotplate verify`: golden rows by hand.

use std::io::{self, Write as _};

use anyhow::{Result, anyhow, bail};
use hotplate::{GoldenRows, ModelFolder};

use crate::{arguments::Verify, fall_back, model};

/// What a file of golden rows looks like.
const FORMAT: &str = "\
Golden rows are a CSV file with a header row: the model's columns by name, and for each answer
that is expected a column output.NAME, or output.NAME.INDEX where an output has several numbers
a row. `hotplate inspect` gives the names. For example:

  tenure,contract,output.label,output.probabilities.1
  12,Two year,No,0.0184";

pub(crate) fn run(arguments: &Verify) -> Result<()> {
    let path = &arguments.model;
    let folder = model::find(path)?;
    let Some(rows) = arguments.rows.as_deref().or(folder.golden_rows()) else {
        let file = ModelFolder::GOLDEN_ROWS;
        bail!(
            "{}: no golden rows: put a file {file} into the model's folder, or name one with \
               --rows FILE\n\n{FORMAT}",
            path.display()
        );
    };
    let engine = arguments
        .runs_on
        .options()
        .instances(1)
        .golden_rows(false)
        .open_folder(&folder)
        .map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    let golden = GoldenRows::read(rows, engine.signature()).map_err(|error| {
        // The form is of no help where rows have no cells.
        match engine.signature().schema().is_table() {
            true => anyhow!("{error}\n\n{FORMAT}"),
            false => error.into(),
        }
    })?;
    if golden.is_empty() {
        bail!("{}: no rows under the header\n\n{FORMAT}", rows.display());
    }
    let verdict = golden.verify(&engine).map_err(|error| model::about(path, error))?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {} of {} rows reproduced, greatest difference {}",
        engine.name(),
        verdict.rows - verdict.wrong,
        verdict.rows,
        distance(verdict.greatest),
    )?;
    match verdict.first {
        None => Ok(()),
        Some(first) => bail!(
            "{}: {} of {} rows are not reproduced; the first: {first}",
            rows.display(),
            verdict.wrong,
            verdict.rows,
        ),
    }
}

fn distance(greatest: f64) -> String {
    if greatest == 0.0 { "0".to_owned() } else { format!("{greatest:.1e}") }
}
