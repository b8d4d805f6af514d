//! Every case on every backend, as a test of its own.

mod expected;
mod place;
mod shuffled;

use std::{io, process::ExitCode};

use hotplate::BackendChoice;
use hotplate_conformance::{Case, Runner, library};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{expected::Expected, place::Place};

const BACKENDS: [BackendChoice; 2] = [BackendChoice::Native, BackendChoice::OnnxRuntime];

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for place in [Place::skl2onnx(), Place::models(), Place::tabular()?] {
        let expected = Expected::read(&place)?;
        trials.extend(expected.trials(&place));
        for name in &place.cases {
            for backend in BACKENDS {
                trials.push(as_expected(&place, name, backend, &expected));
                if expected.takes(backend, name) {
                    trials.push(shuffled(&place, name, backend));
                }
            }
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// A case is right on a backend, unless that is known not to take it.
fn as_expected(place: &Place, name: &str, backend: BackendChoice, expected: &Expected) -> Trial {
    let expected = expected.of(backend, name);
    trial(place, name, backend, "", move |runner, case| {
        let outcome = runner.run(case).map_err(|error| error.to_string())?;
        expected.check(&outcome)
    })
}

/// A row's answer does not depend on the rows beside it.
fn shuffled(place: &Place, name: &str, backend: BackendChoice) -> Trial {
    trial(place, name, backend, "rows/", |runner, case| {
        let engine = runner.open(case).map_err(|error| error.to_string())?;
        shuffled::check(&engine, case)
    })
}

/// A test that is ignored where what it needs is not there, and fails there on CI.
fn trial(
    place: &Place,
    name: &str,
    backend: BackendChoice,
    kind: &str,
    test: impl FnOnce(&Runner, &Case) -> Result<(), String> + Send + 'static,
) -> Trial {
    let folder = place.folder.join(name);
    let how_to_get = place.how_to_get;
    let title = format!("{kind}{}/{name}/{backend}", place.name);
    Trial::ignorable_test(title, move || {
        let onnxruntime = library::find();
        if backend == BackendChoice::OnnxRuntime && onnxruntime.is_none() {
            return missing("ONNX Runtime is not there; .ci/onnxruntime brings it");
        }
        let Ok(cases) = Case::find(&folder) else { return missing(how_to_get) };
        test(&Runner::new(backend, onnxruntime), &cases[0])?;
        Ok(Completion::Completed)
    })
}

/// What is missing by chance on a developer's machine is missing by mistake on CI.
fn missing(what: &str) -> Result<Completion, Failed> {
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        Err(what.into())
    } else {
        Ok(Completion::ignored_with(what))
    }
}
