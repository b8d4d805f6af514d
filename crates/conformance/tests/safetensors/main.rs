//! Models in safetensors format, against what the libraries that made the format answer.

mod agreement;
mod ask;
mod damage;
mod golden;
mod header;
mod minilm;
mod refusals;
mod resident;

use std::{env, path::Path, process::ExitCode};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    if words.next().is_some_and(|word| word == resident::OPEN) {
        let Some(folder) = words.next() else { return ExitCode::FAILURE };
        return resident::open_and_tell(Path::new(&folder));
    }
    let arguments = Arguments::from_args();
    let mut trials = agreement::trials();
    trials.extend(refusals::trials());
    trials.extend(header::trials());
    trials.extend(minilm::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test of what the repository has.
fn trial(name: String, test: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(Failed::from))
}

/// A test of what `.ci/prepare` brings: ignored where `needed` is not there, and failing there on
/// CI.
fn trial_with(
    name: &str,
    needed: &'static [fn() -> Option<&'static str>],
    test: fn() -> Result<(), String>,
) -> Trial {
    Trial::ignorable_test(name, move || match needed.iter().find_map(|missing| missing()) {
        None => test().map(|()| Completion::Completed).map_err(Failed::from),
        Some(what) if env::var_os("CI").is_some_and(|value| !value.is_empty()) => Err(what.into()),
        Some(what) => Ok(Completion::ignored_with(what)),
    })
}

/// An error as a test's failure.
fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
