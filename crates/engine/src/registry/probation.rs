use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Version;

/// The trial of a version that has just begun to answer.
///
/// Until it is passed, the version before stays warm, to take over again.
#[derive(Debug)]
pub struct Probation {
    before: Option<Version>,
    terms: ProbationTerms,
    answers: AtomicU64,
    failures: AtomicU64,
}

/// How long a version is on trial, and how many failures it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbationTerms {
    /// The answers that make it pass; with none, there is no trial.
    pub answers: u64,
    /// The failures among them that are forgiven.
    pub max_failures: u64,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The version stays.
    Passed,
    /// The version before comes back.
    Failed,
}

impl Default for ProbationTerms {
    fn default() -> Self {
        Self { answers: 1000, max_failures: 0 }
    }
}

impl Probation {
    /// The trial of a version that takes the place of another, or of none.
    pub(super) fn begin(terms: ProbationTerms, before: Option<Version>) -> Option<Self> {
        let counts = || AtomicU64::new(0);
        let (answers, failures) = (counts(), counts());
        (terms.answers > 0).then_some(Self { before, terms, answers, failures })
    }

    /// Counts an answer, and says how the trial ended if it was this one that ended it: one caller
    /// is told so, or two where an answer passes while another fails.
    pub fn count(&self, failed: bool) -> Option<Outcome> {
        if failed && self.failures.fetch_add(1, Relaxed) == self.terms.max_failures {
            return Some(Outcome::Failed);
        }
        let last = self.answers.fetch_add(1, Relaxed) + 1 == self.terms.answers;
        (last && self.failures() <= self.terms.max_failures).then_some(Outcome::Passed)
    }

    /// What takes over if it fails; nothing where the variant is new.
    pub const fn before(&self) -> Option<&Version> {
        self.before.as_ref()
    }

    /// The answers so far, good or not.
    pub fn answers(&self) -> u64 {
        self.answers.load(Relaxed)
    }

    /// The failures so far.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// When it ends.
    pub const fn terms(&self) -> ProbationTerms {
        self.terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probation(answers: u64, max_failures: u64) -> Probation {
        Probation::begin(ProbationTerms { answers, max_failures }, None).unwrap()
    }

    #[test]
    fn enough_answers_pass() {
        let probation = probation(3, 1);
        let outcomes = [false, true, false, false].map(|failed| probation.count(failed));
        assert_eq!(outcomes, [None, None, Some(Outcome::Passed), None]);
    }

    #[test]
    fn one_failure_too_many_fails_and_nothing_passes_after_it() {
        let probation = probation(4, 1);
        let outcomes =
            [true, false, true, true, false, false, false].map(|failed| probation.count(failed));
        assert_eq!(outcomes, [None, None, Some(Outcome::Failed), None, None, None, None]);
        assert!(Probation::begin(ProbationTerms { answers: 0, max_failures: 0 }, None).is_none());
    }
}
