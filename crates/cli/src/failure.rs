//! How the program says that it failed: one message on standard error and an exit code.

use std::{
    error,
    fmt::{self, Write as _},
    io,
    process::ExitCode,
};

/// The exit code of wrong usage, which clap uses as well.
const USAGE: u8 = 2;

/// Arguments that contradict each other in a way that only shows while they are used.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Usage {}

/// Prints the error and gives the exit code: 2 for wrong usage, else 1.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", message(error));
    if error.is::<Usage>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

/// Whether somebody stopped reading what the program writes.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes as one text. A cause that an error above it has told already is not
/// told again.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if message.is_empty() {
            message = cause;
        } else if !message.contains(&cause) {
            // Writing to a `String` cannot fail.
            let _ = write!(message, ": {cause}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn cause_is_told_once() {
        let told = anyhow!("disk full").context("cannot write: disk full").context("a.csv");
        assert_eq!(message(&told), "a.csv: cannot write: disk full");
    }

    #[test]
    fn broken_pipe_is_seen_below_its_context() {
        let broken: Result<(), _> = Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&broken.context("cannot write").unwrap_err()));
        assert!(!is_broken_pipe(&anyhow!("broken pipe")));
    }
}
