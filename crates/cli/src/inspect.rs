//! `hotplate inspect`: what a model is.

mod architecture;
mod json;
mod text;

use std::io::{self, Write as _};

use anyhow::Result;

use crate::{arguments::Inspect, model};

pub(crate) fn run(arguments: &Inspect) -> Result<()> {
    let path = &arguments.model;
    model::find(path)?;
    let inspection = arguments.runs_on.options().inspect(path);
    let inspection = inspection.map_err(|error| model::about(path, error))?;
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &json::document(&inspection))
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        text::write(&inspection, &mut out)?;
    }
    out.flush()?;
    Ok(())
}
