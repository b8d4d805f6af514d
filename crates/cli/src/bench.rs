//! `hotplate bench`: how much a target takes, and how late it is on the way there.

mod bodies;
mod check;
mod json;
mod machine;
mod page;
mod requests;
mod runs;
mod self_test;
mod subject;
mod text;
mod texts;
mod units;

use std::{
    fs::File,
    io::{self, Write as _},
};

use anyhow::{Context as _, Result, bail};

use self::{
    machine::Machine,
    runs::{Report, Settings},
    subject::Subject,
    text::Watch,
};
use crate::{arguments::Bench, failure::Usage};

pub(crate) fn run(arguments: &Bench) -> Result<()> {
    let Some(target) = arguments.target.as_deref().filter(|_| !arguments.self_test) else {
        return self_test::run();
    };
    if arguments.rows_per_request == 0 {
        bail!(Usage("--rows-per-request: a request has one row at least".to_owned()));
    }
    let subject = Subject::open(target, arguments)?;
    // Opened now, because who waits a minute for a page should get it, and emptied later, because a
    // run that fails leaves a page as it is.
    let page = arguments.report.as_deref().map(|path| {
        let file = File::options().create(true).write(true).truncate(false).open(path);
        file.with_context(|| path.display().to_string())
    });
    let page = page.transpose()?;
    let settings = Settings::of(arguments, &subject, &Machine::here());
    let report = runs::measure(subject, settings, &mut Watch::new(!arguments.json))?;
    if let (Some(mut file), Some(path)) = (page, &arguments.report) {
        let written = page::html(&report).and_then(|page| {
            file.set_len(0)?;
            Ok(file.write_all(page.as_bytes())?)
        });
        written.with_context(|| path.display().to_string())?;
    }
    write(arguments, &report)?;
    match report.knee() {
        None if arguments.slo.is_some() && report.limits.is_some() => {
            bail!("no rate was held with 99 % of the requests within --slo")
        }
        _ => Ok(()),
    }
}

fn write(arguments: &Bench, report: &Report) -> Result<()> {
    if arguments.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &json::document(report)).map_err(io::Error::from)?;
        writeln!(out)?;
        out.flush()?;
    } else {
        text::conclude(report, arguments.report.as_deref())?;
    }
    Ok(())
}
