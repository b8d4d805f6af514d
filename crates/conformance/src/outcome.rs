//! What became of a case on a backend.

use std::{collections::BTreeSet, fmt};

use crate::compare::Mismatch;

/// What became of a case on a backend.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every output of every data set is as expected.
    Right {
        /// How much of a tolerance that took at most: from 0, where all is equal, to 1.
        tolerance_used: f64,
    },
    /// The backend leaves the model to another.
    HandedOn {
        /// Why, each reason once.
        reasons: BTreeSet<String>,
    },
    /// Anything else.
    Wrong(Wrong),
}

/// What is wrong first about a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// The data set, unless the model failed before any.
    pub data_set: Option<String>,
    /// The output, unless it is wrong with none in particular.
    pub output: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// An output is not as expected.
    Differs(Mismatch),
    /// There is no output to compare: the model was not opened or gave no answer, or the case
    /// cannot be read or does not fit the model.
    Failed(String),
}

impl Wrong {
    /// A case with no output to compare.
    pub(crate) fn failed(problem: impl Into<String>) -> Self {
        Self { data_set: None, output: None, problem: Problem::Failed(problem.into()) }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(data_set) = &self.data_set {
            write!(f, "{data_set}, ")?;
        }
        if let Some(output) = &self.output {
            write!(f, "output {output:?}, ")?;
        }
        match &self.problem {
            Problem::Differs(mismatch) => mismatch.fmt(f),
            Problem::Failed(problem) => f.write_str(problem),
        }
    }
}
