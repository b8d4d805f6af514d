//! `hotplate predict`: scores a file of any size, block by block, on all cores.

mod crew;
mod files;
mod ordered;
mod source;

use std::{num::NonZero, thread};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use hotplate::scorer::{OnError, Outcome, RowFault, ScorerOptions};
use hotplate_codec::{DecodeErrorKind, Format};

use crate::{
    arguments::Predict,
    failure::Usage,
    fall_back, model,
    predict::{files::Files, ordered::End},
    progress::Progress,
};

pub(crate) fn run(arguments: &Predict) -> Result<()> {
    let files = Files::of(arguments)?;
    let path = &arguments.model;
    // Nobody else asks the model, so that whoever waits for it is not too many.
    let mut open = arguments.runs_on.options().max_waiting_rows(usize::MAX);
    if let Some(threads) = arguments.threads {
        open = open.instances(threads.get()).threads(1);
    }
    if let Some(base) = arguments.libsvm_base {
        open = open.libsvm_base(base);
    }
    if let Some(absent) = arguments.sparse_absent {
        open = open.sparse_absent(absent);
    }
    let engine =
        open.open_folder(&model::find(path)?).map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    let options = ScorerOptions {
        input: files.input.format,
        output: files.output_format,
        ignore_unknown_columns: arguments.ignore_unknown_columns,
        explain: columns_to_explain(arguments, files.output_format)?,
        on_error: arguments.on_error,
    };
    if options.on_error == OnError::Placeholder && !options.output.has_placeholders() {
        let problem = "has no placeholders; --output-format can be csv, json or jsonl";
        bail!(Usage(format!("--on-error placeholder: {} {problem}", options.output)));
    }
    let holds_rows = options.input != Format::Csv || engine.signature().schema().is_table();
    let threads =
        arguments.threads.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let input = files.input.open()?;
    let progress = Progress::start(files.output_is_terminal());
    // Opened last: a run that cannot start leaves the file as it is.
    let output = files.open_output()?;
    match crew::score(engine, options, threads, input, output, progress) {
        Ok(outcome) => conclude(&outcome, options.output).with_context(|| files.input.name()),
        Err(End::Read(error)) => Err(error).with_context(|| files.input.name()),
        Err(End::Write(error)) => Err(error).with_context(|| files.output_name()),
        Err(End::Row(fault)) => Err(advised(fault, holds_rows)).context(files.input.name()),
        Err(End::Panicked) => bail!("a thread panicked while it scored rows"),
    }
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

/// Tells of rows that have no answer, and fails where no row has one.
fn conclude(outcome: &Outcome, output: Format) -> Result<()> {
    let &Outcome { answered, unanswered, ref first, is_blank } = outcome;
    // More likely than a file of no rows is that what should have written it has failed.
    if is_blank {
        bail!("no rows: the file is empty");
    }
    if unanswered == 0 {
        return Ok(());
    }
    if let ([first, ..], 0) = (&first[..], answered) {
        bail!("none of {unanswered} rows could be answered; the first: {first}");
    }
    let placeholder = if output == Format::Csv { "ERROR" } else { "an error" };
    let rows = answered + unanswered;
    eprintln!("warning: {unanswered} of {rows} rows have {placeholder} for an answer:");
    first.iter().for_each(|fault| eprintln!("  {fault}"));
    if unanswered > first.len() {
        eprintln!("  and {} more", unanswered - first.len());
    }
    Ok(())
}

/// Adds the way out, where a flag is one and no nearer one was given; `holds_rows` says whether
/// rows of the model can have the input's format at all.
fn advised(fault: RowFault, holds_rows: bool) -> Error {
    let Some(kind) = fault.as_decode_error().map(|error| error.kind()) else {
        return fault.into();
    };
    let message = fault.to_string();
    if !holds_rows {
        anyhow!("{message}; --input-format says that it is json or jsonl")
    } else if kind == DecodeErrorKind::UnknownColumn && !message.ends_with('?') {
        anyhow!("{message}; --ignore-unknown-columns passes over what the model does not have")
    } else {
        fault.into()
    }
}
