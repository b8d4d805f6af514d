//! Runs cases from folders on the backends that are asked for, and tells what became of them.
#![forbid(unsafe_code)]

mod arguments;
mod progress;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use hotplate_conformance::{Case, Report, Runner, library, report::Summary};
use serde_json::{Map, Value};

use crate::{arguments::Arguments, progress::Progress};

/// The exit code when no case could be run, which clap uses as well.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // Says what is wrong with the arguments, or helps, and exits.
    let arguments = Arguments::parse();
    let reports = match run(&arguments) {
        Ok(reports) => reports,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match print(&reports, arguments.json) {
        // Whoever read the output has seen enough, as `head` does.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: {error}");
            ExitCode::from(USAGE)
        }
        _ if reports.iter().all(|report| report.wrong() == 0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Every case on every backend.
fn run(arguments: &Arguments) -> Result<Vec<Report>, String> {
    let mut cases = Vec::new();
    for folder in &arguments.folders {
        cases.extend(Case::find(folder).map_err(|error| error.to_string())?);
    }
    let onnxruntime = arguments.onnxruntime.clone().or_else(library::find);
    if let Some(path) = onnxruntime.as_ref().filter(|path| !path.exists()) {
        return Err(format!("{}: there is no such library or folder", path.display()));
    }
    let backends = arguments.backend.choices();
    let mut progress = Progress::start(cases.len() * backends.len());
    let mut reports = Vec::new();
    for &backend in backends {
        let runner = Runner::new(backend, onnxruntime.clone());
        let mut report = Report::new(backend.to_string());
        for case in &cases {
            progress.begin(&report, case);
            // No case can be run, so which it is does not matter.
            let outcome = runner.run(case).map_err(|error| {
                format!("{error}\nIn this repository, .ci/onnxruntime brings ONNX Runtime.")
            })?;
            report.add(case.name(), outcome);
        }
        reports.push(report);
    }
    progress.finish();
    Ok(reports)
}

fn print(reports: &[Report], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let document = match reports {
            [report] => report.to_json(),
            reports => {
                let by_backend =
                    reports.iter().map(|report| (report.backend().to_owned(), report.to_json()));
                Value::Object(by_backend.collect::<Map<_, _>>())
            }
        };
        return writeln!(out, "{document:#}");
    }
    write!(out, "{}", Summary(reports))?;
    reports.iter().try_for_each(|report| write!(out, "{report}"))
}
