//! What a person reads while the load runs, and at its end.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use hotplate_load::{Measured, knee::Limits};

use super::{
    runs::{Mode, Report},
    subject::Kind,
    units::{count, counted, money, rate, time},
};
use crate::{layout::section, progress::Line};

/// The most reasons of failure that are told.
const REASONS: usize = 5;

/// Tells how far a run is, and each run when it has ended.
#[derive(Debug)]
pub(super) struct Watch {
    line: Line,
    /// Whether the table is for a person; for a program it is left out.
    shown: bool,
    headed: bool,
}

impl Watch {
    pub(super) fn new(shown: bool) -> Self {
        Self { line: Line::new(true), shown, headed: false }
    }

    pub(super) fn tick(&mut self, what: &str, elapsed: Duration, length: Duration) {
        self.line.say(|| {
            let (elapsed, length) = (elapsed.min(length).as_secs_f64(), length.as_secs_f64());
            format!("{what}: {elapsed:.1} s of {length:.1} s")
        });
    }

    /// Tells what is asked, before it is.
    pub(super) fn begin(&mut self, report: &Report) -> io::Result<()> {
        if !self.shown {
            return Ok(());
        }
        let out = &mut io::stdout().lock();
        let subject = &report.subject;
        writeln!(out, "{}", subject.name())?;
        section(
            out,
            "target",
            [match &subject.kind {
                Kind::Model(model) => model.told(),
                Kind::Url(server) => format!("a server, asked in {}", server.content_type),
            }],
        )?;
        section(out, "machine", [report.machine.told()])?;
        section(out, "requests", [requests(report)])?;
        section(out, "checked", [&subject.checked])?;
        section(out, "load", [load(report)])?;
        out.flush()
    }

    /// Tells the capacity that rates are chosen by.
    pub(super) fn capacity(&mut self, measured: &Measured, callers: usize) -> io::Result<()> {
        self.line.clear();
        if !self.shown {
            return Ok(());
        }
        let out = &mut io::stdout().lock();
        let callers = counted(callers as u64, "caller");
        let told = format!("{}/s at most, in a closed loop of {callers}", rate(measured.rate()));
        section(out, "capacity", [told])?;
        out.flush()
    }

    /// Tells a run, below the ones before it.
    pub(super) fn table(&mut self, limits: Option<&Limits>, run: &Measured) -> io::Result<()> {
        self.line.clear();
        if !self.shown {
            return Ok(());
        }
        let out = &mut io::stdout().lock();
        if !self.headed {
            self.headed = true;
            let heads = ["asked/s", "answered/s", "p50", "p90", "p99", "p99.9", "max", "late"];
            writeln!(out, "\n{}", line(&heads.map(str::to_owned)).trim_end())?;
        }
        let latency = |quantile| time(run.latency.quantile(quantile));
        let cells = [
            run.requested.map_or_else(|| "-".to_owned(), rate),
            rate(run.rate()),
            latency(0.5),
            latency(0.9),
            latency(0.99),
            latency(0.999),
            time(run.latency.max()),
            if run.late.count() == 0 { "-".to_owned() } else { time(run.late.quantile(0.99)) },
        ];
        let broken = Report::broken(limits, run).unwrap_or_default();
        writeln!(out, "{}", format!("{}  {broken}", line(&cells)).trim_end())?;
        if run.answered < run.requests() {
            let parts =
                [(run.refused, "refused"), (run.failed, "failed"), (run.unsent, "not sent")];
            let parts = parts.iter().filter(|(number, _)| *number > 0);
            let parts: Vec<_> =
                parts.map(|(number, what)| format!("{} {what}", count(*number))).collect();
            writeln!(out, "    of {}: {}", counted(run.requests(), "request"), parts.join(", "))?;
        }
        for failure in run.failures.iter().take(REASONS) {
            writeln!(out, "    {} × {}", count(failure.count), failure.reason)?;
        }
        out.flush()
    }
}

/// Writes what comes of it all.
pub(super) fn conclude(report: &Report) -> io::Result<()> {
    let out = &mut io::stdout().lock();
    let Some(limits) = &report.limits else {
        writeln!(out, "\nA closed loop does not ask while it waits; take --rate for latency.")?;
        return out.flush();
    };
    writeln!(out)?;
    let limit = time(limits.latency);
    let held = "99 % answered, 99 % of the requests within";
    match report.knee() {
        None => section(out, "knee", [format!("no rate was held: {held} {limit}")])?,
        Some(knee) => {
            let run = &report.runs[knee];
            let asked = run.requested.unwrap_or_default();
            let mut lines = vec![
                format!(
                    "{}/s, p50 {}, p99 {}",
                    rate(asked),
                    time(run.latency.quantile(0.5)),
                    time(run.latency.quantile(0.99))
                ),
                format!("the highest rate that was held: {held} {limit}"),
            ];
            if highest(report) == Some(knee) && report.settings.mode != Mode::Knee {
                lines.push("no higher rate was asked for".to_owned());
            }
            section(out, "knee", lines)?;
        }
    }
    if let (Some(cost), Some(price)) = (report.cost_per_million(), report.settings.price_per_hour) {
        let told =
            format!("{} for a million predictions, at {} an hour", money(cost), money(price));
        section(out, "cost", [told])?;
    }
    out.flush()
}

/// The run of the highest rate.
fn highest(report: &Report) -> Option<usize> {
    let runs = report.runs.iter().enumerate();
    let rate = |run: &Measured| run.requested.unwrap_or_default();
    runs.max_by(|(_, one), (_, other)| rate(one).total_cmp(&rate(other))).map(|(run, _)| run)
}

/// How many requests there are, of what.
pub(super) fn requests(report: &Report) -> String {
    let subject = &report.subject;
    let different = counted(subject.requests as u64, "different request");
    let rows = match subject.rows {
        Some(rows) => format!("of {} each, ", counted(rows as u64, "row")),
        None => String::new(),
    };
    format!("{different} {rows}{}", subject.source)
}

/// How requests are sent.
pub(super) fn load(report: &Report) -> String {
    let settings = &report.settings;
    let callers = counted(settings.callers as u64, "caller");
    let (duration, warm_up) = (settings.duration, settings.warm_up);
    match settings.mode {
        Mode::Concurrency => format!("closed loop, {callers}, {duration:?} after {warm_up:?}"),
        _ => {
            let spread = match settings.arrivals {
                crate::arguments::Spread::Poisson => format!("Poisson (seed {})", settings.seed),
                crate::arguments::Spread::Constant => "constant".to_owned(),
            };
            format!("open loop, {spread}, {callers}, {duration:?} a rate after {warm_up:?}")
        }
    }
}

fn line(cells: &[String; 8]) -> String {
    cells.iter().map(|cell| format!("{cell:>11}")).collect()
}
