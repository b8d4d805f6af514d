//! What a process holds that has opened a model and answered once.

use std::{env, fs, path::Path, process::Command, process::ExitCode};

use hotplate::Engine;

use crate::told;

/// The first argument of the process that opens the model.
pub(crate) const OPEN: &str = "--open-and-tell";

/// What that process does: opens the model, answers a text, and prints its resident memory.
#[expect(clippy::print_stdout, reason = "it is how the process answers")]
#[expect(clippy::print_stderr, reason = "it is how the process fails")]
pub(crate) fn open_and_tell(folder: &Path) -> ExitCode {
    let opened = Engine::open(folder).and_then(|engine| {
        let answer = engine.bind(&["text"])?.predict(&["How do I reset my password?".into()])?;
        Ok((engine, answer))
    });
    match opened {
        Ok((_engine, _answer)) => {
            println!("{}", resident().unwrap_or(0));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The resident memory of such a process in bytes; `None` where the system does not tell.
///
/// # Errors
///
/// When the model does not open there.
pub(crate) fn after_opening(folder: &Path) -> Result<Option<u64>, String> {
    let program = env::current_exe().map_err(told)?;
    let output = Command::new(program).arg(OPEN).arg(folder).output().map_err(told)?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let bytes: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().map_err(told)?;
    Ok((bytes > 0).then_some(bytes))
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
