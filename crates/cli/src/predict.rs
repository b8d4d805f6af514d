//! `hotplate predict`: scores a file, block by block.

mod files;
mod scorer;

use std::io::{Read, Write};

use anyhow::{Context as _, Result, bail};
use hotplate_codec::Format;

use crate::{
    arguments::Predict,
    fall_back, model,
    predict::{files::Files, scorer::Scorer},
    progress::Progress,
    rows::Blocks,
};

pub(crate) fn run(arguments: &Predict) -> Result<()> {
    let files = Files::of(arguments)?;
    let path = &arguments.model;
    // One thread asks, so one slot is enough.
    let engine = arguments
        .runs_on
        .options()
        .instances(1)
        .open_folder(&model::find(path)?)
        .map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    let scorer = Scorer::new(
        &engine,
        files.input.format,
        files.output_format,
        arguments.ignore_unknown_columns,
        columns_to_explain(arguments, files.output_format)?,
    );
    let blocks = Blocks::new(files.input.open()?, files.input.format);
    let progress = Progress::start(files.output_is_terminal());
    // Opened last: a run that cannot start leaves the file as it is.
    score(&files, blocks, scorer, files.open_output()?, progress)
}

/// How many columns each score is to be explained by, if at all.
fn columns_to_explain(arguments: &Predict, output: Format) -> Result<Option<usize>> {
    match arguments.explain {
        Some(_) if !matches!(output, Format::Json | Format::JsonLines) => {
            bail!("explanations are written in JSON; add --output-format jsonl")
        }
        // All of them, where no number was given.
        Some(0) => Ok(Some(usize::MAX)),
        asked => Ok(asked),
    }
}

fn score(
    files: &Files<'_>,
    mut blocks: Blocks<impl Read>,
    mut scorer: Scorer<'_>,
    mut output: impl Write,
    mut progress: Progress,
) -> Result<()> {
    let mut reply = Vec::new();
    let mut bad_row = Ok(());
    while bad_row.is_ok()
        && let Some(block) = blocks
            .next(|buffer| scorer.whole_records(buffer))
            .with_context(|| files.input.name())?
    {
        let before = scorer.rows();
        bad_row = scorer.block(block, &mut reply);
        output.write_all(&reply).with_context(|| files.output_name())?;
        reply.clear();
        progress.add(scorer.rows() - before);
    }
    progress.finish();
    let is_blank = scorer.is_blank();
    let is_whole = scorer.check_whole();
    // After a bad row as well, so that what was written before it is a whole document.
    scorer.finish(&mut reply);
    output.write_all(&reply).and_then(|()| output.flush()).with_context(|| files.output_name())?;
    bad_row.with_context(|| files.input.name())?;
    is_whole.with_context(|| files.input.name())?;
    // More likely than a file of no rows is that what should have written it has failed.
    if is_blank {
        bail!("{}: no rows: the file is empty", files.input.name());
    }
    Ok(())
}
