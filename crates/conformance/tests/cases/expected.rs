//! What is expected of each backend: lists of names beside the cases.

use std::{fs, io, path::Path};

use hotplate::BackendChoice;
use hotplate_conformance::Outcome;
use libtest_mimic::Trial;

use crate::place::Place;

/// Names the cases that the native engine takes; the others it hands on.
const NATIVE: &str = "native.txt";

/// Names the cases that ONNX Runtime does not answer through Hotplate.
const NOT_ONNXRUNTIME: &str = "not-onnxruntime.txt";

/// The lists of a place.
#[derive(Debug)]
pub(crate) struct Expected {
    native: Vec<String>,
    not_onnxruntime: Vec<String>,
}

/// What is expected of one case on one backend.
#[derive(Debug)]
pub(crate) struct ExpectedOutcome {
    /// The name on the list, and whether it is there.
    name: String,
    list: &'static str,
    is_right: bool,
}

impl Expected {
    pub(crate) fn read(place: &Place) -> io::Result<Self> {
        let list = |name| names(&place.lists.join(name));
        Ok(Self { native: list(NATIVE)?, not_onnxruntime: list(NOT_ONNXRUNTIME)? })
    }

    /// Tests of the lists themselves.
    pub(crate) fn trials(&self, place: &Place) -> Vec<Trial> {
        let lists = [(NATIVE, &self.native), (NOT_ONNXRUNTIME, &self.not_onnxruntime)];
        let trial = |(list, names): (&'static str, &Vec<String>)| {
            let stray = names.iter().find(|name| !place.cases.contains(name)).cloned();
            Trial::test(format!("{}/{list}", place.name), move || match stray {
                Some(stray) => {
                    Err(format!("{list} names {stray}, and there is no such case").into())
                }
                None => Ok(()),
            })
        };
        lists.map(trial).into()
    }

    /// Whether a case should be right on a backend.
    pub(crate) fn takes(&self, backend: BackendChoice, name: &str) -> bool {
        let on = |names: &[String]| names.iter().any(|listed| listed == name);
        match backend {
            BackendChoice::Native => on(&self.native),
            _ => !on(&self.not_onnxruntime),
        }
    }

    pub(crate) fn of(&self, backend: BackendChoice, name: &str) -> ExpectedOutcome {
        let list = if backend == BackendChoice::Native { NATIVE } else { NOT_ONNXRUNTIME };
        ExpectedOutcome { name: name.to_owned(), list, is_right: self.takes(backend, name) }
    }
}

impl ExpectedOutcome {
    /// # Errors
    ///
    /// What is not as expected, and what to do about it.
    pub(crate) fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let Self { name, list, is_right } = self;
        match outcome {
            Outcome::Right { .. } if *is_right => Ok(()),
            Outcome::Right { .. } if *list == NATIVE => {
                Err(format!("the native engine takes this case now: add {name} to {list}"))
            }
            Outcome::Right { .. } => {
                Err(format!("ONNX Runtime answers this case now: take {name} off {list}"))
            }
            Outcome::HandedOn { reasons } if *is_right => {
                let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
                Err(format!("handed on, where it was answered before: {}", reasons.join("; ")))
            }
            Outcome::Wrong(wrong) if *is_right || *list == NATIVE => Err(wrong.to_string()),
            Outcome::HandedOn { .. } | Outcome::Wrong(_) => Ok(()),
        }
    }
}

/// The lines of a file, but for empty ones and comments; none where there is no such file.
fn names(path: &Path) -> io::Result<Vec<String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let is_name = |line: &&str| !line.is_empty() && !line.starts_with('#');
    Ok(text.lines().map(str::trim).filter(is_name).map(str::to_owned).collect())
}
