//! A measurement as a page: one file, which loads nothing and runs nothing.

mod plot;
mod plots;

use std::fmt::Write as _;

use anyhow::Result;
use hotplate_load::Measured;

use self::plots::Figure;
use super::{
    runs::Report,
    subject::Kind,
    text,
    units::{counted, money, rate, time},
};

const STYLE: &str = include_str!("page/style.css");

/// The page.
///
/// # Errors
///
/// When a plot cannot be drawn.
pub(super) fn html(report: &Report) -> Result<String> {
    let figures = plots::of(report)?;
    let name = escaped(&report.subject.name());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Load on {name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Load on {name}</h1>\n<p class=\"faint\">{}, {}</p>\n",
        escaped(&report.started_at),
        escaped(&report.machine.told()),
    );
    headline(report, &mut page);
    page.push_str("<div class=\"plots\">\n");
    for figure in &figures {
        plotted(figure, &mut page);
    }
    page.push_str("</div>\n");
    runs(report, &mut page);
    facts(report, &mut page);
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

/// The few figures that a page is opened for.
fn headline(report: &Report, page: &mut String) {
    let mut figures: Vec<(String, String)> = Vec::new();
    let run = &report.runs[report.main()];
    let what = match (report.knee(), &report.limits) {
        (Some(_), _) => "requests a second at the knee",
        (None, Some(_)) => "requests a second, not held; no rate was",
        (None, None) => "requests a second in a closed loop",
    };
    figures.push((rate(run.requested.unwrap_or_else(|| run.rate())), what.to_owned()));
    for (quantile, name) in [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")] {
        figures.push((time(run.latency.quantile(quantile)), format!("{name} there")));
    }
    if let (Some(cost), Some(price)) = (report.cost_per_million(), report.settings.price_per_hour) {
        let told = format!("for a million predictions there, at {} an hour", money(price));
        figures.push((money(cost), told));
    }
    page.push_str("<div class=\"figures\">\n");
    for (figure, told) in figures {
        let _ = writeln!(page, "<div><b>{figure}</b><span class=\"faint\">{told}</span></div>");
    }
    page.push_str("</div>\n");
}

fn plotted(figure: &Figure, page: &mut String) {
    let Figure { title, told, lines, svg } = figure;
    let _ = writeln!(page, "<figure>\n<h2>{title}</h2>\n<p class=\"faint\">{}</p>", escaped(told));
    if !lines.is_empty() {
        page.push_str("<ul class=\"legend\">");
        for (number, line) in lines.iter().enumerate() {
            let (number, line) = (number + 1, escaped(line));
            let colour = format!("background: var(--line-{number})");
            let _ = write!(page, "<li><i style=\"{colour}\"></i>{line}</li>");
        }
        page.push_str("</ul>\n");
    }
    // A role's name makes the drawing one thing to a screen reader, with the title as its name.
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1);
    let _ = writeln!(page, "<div class=\"plot\">{svg}</div>\n</figure>");
}

/// Every run, as the terminal has it.
fn runs(report: &Report, page: &mut String) {
    page.push_str(
        "<section>\n<h2>Every run</h2>\n<div class=\"scroll\"><table class=\"runs\">\n<thead><tr>",
    );
    let heads = [
        "asked/s",
        "answered/s",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "late",
        "refused",
        "failed",
        "not sent",
        "",
    ];
    for head in heads {
        let _ = write!(page, "<th>{head}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (number, run) in report.runs.iter().enumerate() {
        let is_knee = report.knee() == Some(number);
        let told = match Report::broken(report.limits.as_ref(), run) {
            Some(broken) => broken,
            None if is_knee => "the knee".to_owned(),
            None => String::new(),
        };
        let class = if is_knee { " class=\"knee\"" } else { "" };
        let _ = write!(page, "<tr{class}>");
        for cell in cells(run) {
            let _ = write!(page, "<td>{cell}</td>");
        }
        let _ = writeln!(page, "<td class=\"told\">{}</td></tr>", escaped(&told));
    }
    page.push_str("</tbody>\n</table></div>\n");
    let failures = report.runs.iter().flat_map(|run| &run.failures);
    for failure in failures.take(10) {
        let (count, reason) = (failure.count, escaped(&failure.reason));
        let _ = writeln!(page, "<p class=\"faint\">{count} × {reason}</p>");
    }
    page.push_str(
        "<p class=\"faint\">Latency runs from when a request was due, and late is the part of it \
         at p99 that is the generator's own fault. Requests that were due and could not be sent \
         count with the time that they had waited at the end.</p>\n</section>\n",
    );
}

fn cells(run: &Measured) -> [String; 11] {
    let latency = |quantile| time(run.latency.quantile(quantile));
    let late = || time(run.late.quantile(0.99));
    [
        run.requested.map_or_else(|| "–".to_owned(), rate),
        rate(run.rate()),
        latency(0.5),
        latency(0.9),
        latency(0.99),
        latency(0.999),
        time(run.latency.max()),
        if run.late.count() == 0 { "–".to_owned() } else { late() },
        super::units::count(run.refused),
        super::units::count(run.failed),
        super::units::count(run.unsent),
    ]
}

/// What was measured, on what, and how.
fn facts(report: &Report, page: &mut String) {
    let subject = &report.subject;
    let machine = &report.machine;
    let mut facts: Vec<(&str, String)> = Vec::new();
    match &subject.kind {
        Kind::Model(model) => {
            facts.push(("Model", format!("{}, {}", subject.name(), model.told())));
            facts.push(("File", model.file.clone()));
            facts.extend(model.sha256.clone().map(|digest| ("SHA-256", digest)));
        }
        Kind::Url(server) => {
            let place = if server.url.is_local() { "on this machine" } else { "elsewhere" };
            facts.push(("Server", format!("{}, {place}", server.url)));
            facts.extend(server.facts.as_ref().map(|said| ("It says", said.to_string())));
            facts.push(("Content type", server.content_type.to_owned()));
        }
    }
    facts.push(("Requests", text::requests(report)));
    facts.push(("Checked", subject.checked.clone()));
    facts.push(("Load", text::load(report)));
    if let Some(limits) = &report.limits {
        let latency = time(limits.latency);
        let held = "99 % answered, and 99 % of the requests within";
        facts.push(("A rate is held", format!("when {held} {latency}")));
    }
    if let Some(capacity) = &report.capacity {
        let callers = counted(report.settings.callers as u64, "caller");
        let told = format!("{}/s in a closed loop of {callers}", rate(capacity.rate()));
        facts.push(("Capacity", told));
    }
    facts.push(("Processor", machine.cpu.clone()));
    let quota = machine.quota.map_or_else(String::new, |quota| format!(", {quota} allowed"));
    facts.push(("Cores", format!("{}{quota}", machine.cores)));
    facts.extend(
        machine
            .memory_bytes
            .map(|bytes| ("Memory", format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)))),
    );
    let kernel = machine.kernel.as_ref().map_or_else(String::new, |kernel| format!(", {kernel}"));
    facts.push(("System", format!("{}{kernel}", machine.os)));
    facts.push(("Hotplate", env!("CARGO_PKG_VERSION").to_owned()));
    page.push_str("<section>\n<h2>What was measured</h2>\n<table class=\"facts\">\n");
    for (name, fact) in facts {
        let _ = writeln!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&fact));
    }
    let command = escaped(&report.command);
    let _ = writeln!(page, "<tr><th>Command</th><td><code>{command}</code></td></tr>");
    page.push_str("</table>\n</section>\n");
}

/// Text as a page may hold it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_a_tag() {
        assert_eq!(escaped("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
