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

/// Names the cases that the native engine answers with no tolerance at all.
const EQUAL: &str = "equal.txt";

/// The lists of a place.
#[derive(Debug)]
pub(crate) struct Expected {
    native: Vec<String>,
    not_onnxruntime: Vec<String>,
    equal: Vec<String>,
}

/// What is expected of one case on one backend.
#[derive(Debug)]
pub(crate) struct ExpectedOutcome {
    /// The name on the list, and whether it is there.
    name: String,
    list: &'static str,
    is_right: bool,
    is_equal: bool,
}

impl Expected {
    pub(crate) fn read(place: &Place) -> io::Result<Self> {
        let list = |name| names(&place.lists.join(name));
        Ok(Self {
            native: list(NATIVE)?,
            not_onnxruntime: list(NOT_ONNXRUNTIME)?,
            equal: list(EQUAL)?,
        })
    }

    /// Tests of the lists themselves.
    pub(crate) fn trials(&self, place: &Place) -> Vec<Trial> {
        let lists = [
            (NATIVE, &self.native),
            (NOT_ONNXRUNTIME, &self.not_onnxruntime),
            (EQUAL, &self.equal),
        ];
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
        match backend {
            BackendChoice::Native => is_on(&self.native, name),
            _ => !is_on(&self.not_onnxruntime, name),
        }
    }

    pub(crate) fn of(&self, backend: BackendChoice, name: &str) -> ExpectedOutcome {
        let native = backend == BackendChoice::Native;
        ExpectedOutcome {
            name: name.to_owned(),
            list: if native { NATIVE } else { NOT_ONNXRUNTIME },
            is_right: self.takes(backend, name),
            is_equal: native && is_on(&self.equal, name),
        }
    }
}

impl ExpectedOutcome {
    /// # Errors
    ///
    /// What is not as expected, and what to do about it.
    pub(crate) fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let Self { name, list, is_right, is_equal } = self;
        match outcome {
            Outcome::Right { tolerance_used } if *is_equal && *tolerance_used > 0.0 => {
                let percent = tolerance_used * 100.0;
                Err(format!("{name} is on {EQUAL}, and {percent:.2} % of a tolerance was needed"))
            }
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

fn is_on(names: &[String], name: &str) -> bool {
    names.iter().any(|listed| listed == name)
}

/// The lines of a file, but for empty ones and comments; none where there is no such file.
pub(crate) fn names(path: &Path) -> io::Result<Vec<String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let is_name = |line: &&str| !line.is_empty() && !line.starts_with('#');
    Ok(text.lines().map(str::trim).filter(is_name).map(str::to_owned).collect())
}
