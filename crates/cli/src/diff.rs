//! `hotplate diff`: what changes for the same rows when one model takes the place of another.

mod compared;
mod json;
mod report;
mod row;
mod side;
mod text;

use std::io::{self, Read, Write as _};

use anyhow::{Context as _, Result, bail};
use hotplate::{Engine, Labels, Task};

use self::{
    compared::Compared,
    report::{Report, Tally},
    side::Side,
};
use crate::{
    arguments::Diff,
    failure::Usage,
    fall_back, model,
    progress::Progress,
    rows::{Blocks, RowsFile},
};

pub(crate) fn run(arguments: &Diff) -> Result<()> {
    let (old_path, new_path) = (arguments.old.as_path(), arguments.new.as_path());
    let command = format!("diff {} {} --rows -", old_path.display(), new_path.display());
    let file = RowsFile::of(&arguments.rows, arguments.rows_format, command)?;
    let old = open(arguments, old_path)?;
    let new = open(arguments, new_path)?;
    let compared = Compared::of(&old, &new, arguments.threshold)?;
    if arguments.max_flips.is_some() && !compared.has_decisions() {
        let problem = "a regressor decides nothing; --threshold makes decisions of its values";
        bail!(Usage(format!("--max-flips: {problem}")));
    }
    let mut sides = [Side::new(&old, old_path, &file), Side::new(&new, new_path, &file)];
    let blocks = Blocks::new(file.open()?, file.format);
    let report =
        compare(&compared, &mut sides, blocks, arguments.top).with_context(|| file.name())?;
    let written = write(arguments.json, &report, &compared, &sides);
    // The gate holds even where nobody reads the report to its end.
    match (arguments.max_flips, report.flips()) {
        (Some(most), flips) if flips > most => {
            bail!("{flips} decisions flip, and --max-flips allows {most}")
        }
        _ => written,
    }
}

fn open(arguments: &Diff, path: &std::path::Path) -> Result<Engine> {
    // One thread asks, so one slot is enough.
    let engine = arguments
        .runs_on
        .options()
        .instances(1)
        .open_folder(&model::find(path)?)
        .map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    Ok(engine)
}

fn compare(
    compared: &Compared,
    sides: &mut [Side<'_>; 2],
    mut blocks: Blocks<impl Read>,
    top: usize,
) -> Result<Report> {
    let [old, new] = sides;
    let same_columns = old.has_columns_of(new);
    let mut tally = Tally::new(compared, top);
    let mut progress = Progress::start(false);
    while let Some(block) = blocks.next(|buffer| old.whole_records(buffer))? {
        let before = tally.rows();
        old.score(block, compared)?;
        new.score(block, compared)?;
        if !same_columns && (old.has_rows_by_position() || new.has_rows_by_position()) {
            bail!(
                "rows without names, and the models do not have the same columns in the same \
                 order; give the columns' names, in CSV by a header"
            );
        }
        tally.add(old.scored(), new.scored())?;
        progress.add(tally.rows() - before);
    }
    progress.finish();
    if old.is_blank() {
        bail!("no rows: the file is empty");
    }
    if tally.rows() == 0 {
        bail!("no rows under the header");
    }
    Ok(tally.finish())
}

fn write(as_json: bool, report: &Report, compared: &Compared, sides: &[Side<'_>; 2]) -> Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &json::document(report, compared, sides))
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        text::write(report, compared, sides, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

/// The classes of a classifier.
fn classes(engine: &Engine) -> Option<&Labels> {
    match engine.signature().task() {
        Task::Classifier { classes, .. } => Some(classes),
        _ => None,
    }
}
