//! What of two models' answers is compared.

use anyhow::{Result, bail};
use hotplate::{Engine, Labels, Task};

use crate::{diff::classes, failure::Usage};

/// What two models of one task have in common.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) kind: Kind,
    /// The score from which on the second of two decisions is taken, for both models. Where none is
    /// said, a classifier decides as it would when it is served.
    pub(super) threshold: Option<f64>,
    /// What is decided between, none where nothing is.
    pub(super) decisions: Vec<String>,
}

/// The number that a row's answer is reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The second class's probability.
    TwoClasses,
    /// The probability that differs most, of so many classes.
    Classes(usize),
    /// The value.
    Regressors,
}

impl Compared {
    /// # Errors
    ///
    /// When the models answer different questions, or one that has no score.
    pub(super) fn of(old: &Engine, new: &Engine, threshold: Option<f64>) -> Result<Self> {
        let tasks = [old, new].map(|engine| engine.signature().task());
        let (kind, decisions) = match tasks {
            [Task::Classifier { classes: old, .. }, Task::Classifier { classes: new, .. }] => {
                if old != new {
                    bail!(
                        "the models tell other classes apart, so that their scores mean different \
                         things: {} and {}",
                        shown(old),
                        shown(new),
                    );
                }
                let kind = match old.len() {
                    2 => Kind::TwoClasses,
                    classes => Kind::Classes(classes),
                };
                (kind, names(old))
            }
            [Task::Regressor { .. }, Task::Regressor { .. }] => {
                let sides = |threshold| vec![format!("< {threshold}"), format!(">= {threshold}")];
                (Kind::Regressors, threshold.map(sides).unwrap_or_default())
            }
            [old_task, new_task] => {
                for (engine, task) in [(old, old_task), (new, new_task)] {
                    if !matches!(task, Task::Classifier { .. } | Task::Regressor { .. }) {
                        bail!(
                            "{} is neither a classifier nor a regressor, so it has no score to \
                             compare",
                            engine.name()
                        );
                    }
                }
                bail!("the old model {}, and the new one {}", question(old), question(new));
            }
        };
        if threshold.is_some() && matches!(kind, Kind::Classes(_)) {
            let problem = "these models choose between more than two classes";
            bail!(Usage(format!("--threshold: {problem}")));
        }
        if kind == Kind::TwoClasses && threshold.is_some_and(|t| !(0.0..=1.0).contains(&t)) {
            bail!(Usage("--threshold: expected a probability from 0 to 1".to_owned()));
        }
        Ok(Self { kind, threshold, decisions })
    }

    pub(super) const fn has_decisions(&self) -> bool {
        !self.decisions.is_empty()
    }

    /// The numbers that are kept of an answer.
    pub(super) const fn width(&self) -> usize {
        match self.kind {
            Kind::Classes(classes) => classes,
            Kind::TwoClasses | Kind::Regressors => 1,
        }
    }
}

fn question(engine: &Engine) -> String {
    match classes(engine) {
        Some(classes) => format!("is a classifier of {}", shown(classes)),
        None => "is a regressor".to_owned(),
    }
}

fn names(classes: &Labels) -> Vec<String> {
    match classes {
        Labels::Text(names) => names.clone(),
        Labels::Integers(numbers) => numbers.iter().map(ToString::to_string).collect(),
    }
}

/// Texts in quotes, so that they are told from numbers.
fn shown(classes: &Labels) -> String {
    /// The most classes that are named.
    const NAMED: usize = 10;

    let mut names: Vec<String> = match classes {
        Labels::Text(names) => names.iter().take(NAMED).map(|name| format!("{name:?}")).collect(),
        Labels::Integers(_) => names(classes).into_iter().take(NAMED).collect(),
    };
    if classes.len() > NAMED {
        names.push(format!("… ({} in all)", classes.len()));
    }
    names.join(", ")
}
