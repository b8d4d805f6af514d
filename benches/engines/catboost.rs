//! CatBoost's own library, in a process of its own: its wheel has no interface but Python's.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A process that answers and times the rows of a case.
pub(crate) struct CatBoost {
    process: Child,
    to: Option<ChildStdin>,
    from: Lines<BufReader<ChildStdout>>,
}

impl CatBoost {
    /// Starts Python as `.ci/tabular` installed it, beside the folder of models.
    pub(crate) fn start(models: &Path, folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/time_catboost.py");
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

    /// Its answers: the sum of the trees for each row.
    pub(crate) fn margins(&mut self) -> Vec<f64> {
        let line = self.ask("margins");
        line.split(' ').map(|margin| margin.parse().unwrap()).collect()
    }

    /// How long so many calls took, each for all rows, by that process's clock.
    pub(crate) fn time(&mut self, calls: u32) -> Duration {
        Duration::from_nanos(self.ask(&calls.to_string()).parse().unwrap())
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.to.as_ref().unwrap(), "{question}").unwrap();
        self.from.next().unwrap().unwrap()
    }
}

impl Drop for CatBoost {
    fn drop(&mut self) {
        // The process ends where its input does.
        self.to = None;
        let _ = self.process.wait();
    }
}
