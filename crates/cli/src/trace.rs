//! `hotplate trace`: how one row came to its prediction.

mod cell;
mod json;
mod row;
mod text;
mod trees;

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use hotplate::{Answer, Engine, Explanations, Labels, RowTrace, Task};

use self::row::Row;
use crate::{arguments::Trace, fall_back, model};

/// The columns that are told to have moved a score most.
const REASONS: usize = 10;

/// All that is known of a row.
#[derive(Debug)]
struct Traced<'e> {
    engine: &'e Engine,
    row: Row,
    answer: Answer,
    /// Or why the plan cannot tell.
    trace: Result<RowTrace, hotplate::Error>,
    /// Or why there are none.
    reasons: Result<Explanations, hotplate::Error>,
}

pub(crate) fn run(arguments: &Trace) -> Result<()> {
    let path = &arguments.model;
    let engine = arguments
        .runs_on
        .options()
        .instances(1)
        .open_folder(&model::find(path)?)
        .map_err(|error| model::about(path, error))?;
    fall_back::warn(&engine);
    let row = row::read(arguments, &engine)?;
    // A row that the model refuses has no answer to be traced.
    let answer = engine.predict(&row.columns).with_context(|| row.name())?;
    let trace = engine.trace(&row.columns);
    let reasons = engine.explain(&row.columns);
    let traced = Traced { engine: &engine, row, answer, trace, reasons };
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &json::document(&traced)?)
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        text::write(&traced, arguments, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

impl Traced<'_> {
    /// What a class is called; empty where a score is of none.
    fn class(&self, class: Option<usize>) -> String {
        let name = class.and_then(|class| match self.engine.signature().task() {
            Task::Classifier { classes: Labels::Text(names), .. } => names.get(class).cloned(),
            Task::Classifier { classes: Labels::Integers(numbers), .. } => {
                numbers.get(class).map(ToString::to_string)
            }
            _ => None,
        });
        name.unwrap_or_default()
    }

    /// The name of a column of the schema.
    fn column(&self, column: usize) -> &str {
        let columns = self.engine.signature().schema().columns();
        columns.get(column).map_or("", |column| &column.name)
    }
}
