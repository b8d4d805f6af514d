//! Running the program, and what it is run on.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use hotplate_codec::csv;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The lines of the output of a run that must have gone well.
    pub(crate) fn lines(&self) -> Vec<&str> {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""));
        self.out.lines().collect()
    }

    /// What a run that must have failed with `code` said.
    pub(crate) fn failed(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.starts_with("error: "), "{}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        &self.err
    }
}

/// The program, in the repository's root, without the variables that it reads.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotplate"));
    command.current_dir(root()).env_clear();
    command
}

pub(crate) fn hotplate(arguments: &[&str]) -> Run {
    hotplate_fed(arguments, b"")
}

/// Runs the program with `input` on its standard input.
pub(crate) fn hotplate_fed(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that fails before it has read everything closes the pipe.
    let feeder = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn shipped(path: &str) -> PathBuf {
    root().join("models").join(path)
}

/// The column of a model's golden rows called `name`.
pub(crate) fn golden(model: &str, name: &str) -> Vec<f64> {
    let text = fs::read_to_string(shipped(model).join("golden.csv")).unwrap();
    let mut records = csv::records(&text).map(Result::unwrap);
    let cell = records.next().unwrap().iter().position(|cell| cell == name).unwrap();
    records.map(|record| record[cell].parse().unwrap()).collect()
}

/// Asserts that every line is the number that it should be.
pub(crate) fn assert_scores(lines: &[&str], expected: &[f64]) {
    assert_eq!(lines.len(), expected.len());
    for (row, (line, expected)) in lines.iter().zip(expected).enumerate() {
        let got: f64 = line.parse().unwrap();
        let tolerance = 1e-6 + 1e-5 * expected.abs();
        assert!((got - expected).abs() <= tolerance, "row {row}: {got}, expected {expected}");
    }
}

/// A folder with copies of files of the shipped model `model`.
pub(crate) fn folder_with(model: &str, files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::copy(shipped(model).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// The bytes with every `from` replaced by `to`, which must be as long.
pub(crate) fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
        bytes[at + found..at + found + to.len()].copy_from_slice(to);
        at += found + to.len();
    }
    bytes
}
