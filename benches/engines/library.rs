//! The library that trained a model, in a process of Python: `.ci/tabular` installs it as a wheel.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A process that answers and times the rows of a case.
pub(crate) struct Library {
    process: Child,
    to: Option<ChildStdin>,
    from: Lines<BufReader<ChildStdout>>,
}

impl Library {
    /// Starts a script beside this file in Python as `.ci/tabular` installed it, beside the folder
    /// of models.
    pub(crate) fn start(models: &Path, script: &str, folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines").join(script);
        let mut process = Command::new(models.with_file_name("tabular-venv").join("bin/python"))
            .arg(script)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, to, from }
    }

    /// Its answer for each row.
    pub(crate) fn answers(&mut self) -> Vec<f64> {
        let line = self.ask("answers");
        line.split(' ').map(|answer| answer.parse().unwrap()).collect()
    }

    /// How long so many calls took by that process's clock, each as the script says.
    pub(crate) fn time(&mut self, calls: u32) -> Duration {
        Duration::from_nanos(self.ask(&calls.to_string()).parse().unwrap())
    }

    /// How long that process takes for a call of the library that does nothing, in nanoseconds.
    pub(crate) fn overhead(&mut self) -> f64 {
        self.ask("overhead").parse().unwrap()
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.to.as_ref().unwrap(), "{question}").unwrap();
        self.from.next().unwrap().unwrap()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // The process ends where its input does.
        self.to = None;
        let _ = self.process.wait();
    }
}
