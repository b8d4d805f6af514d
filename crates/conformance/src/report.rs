//! What became of all cases on a backend, counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Map, Value, json};

use crate::{
    compare::Mismatch,
    outcome::{Outcome, Problem, Wrong},
};

/// The outcomes of all cases on one backend.
#[derive(Clone, Debug)]
pub struct Report {
    backend: String,
    cases: Vec<(String, Outcome)>,
}

impl Report {
    /// No cases yet.
    pub fn new(backend: impl Into<String>) -> Self {
        Self { backend: backend.into(), cases: Vec::new() }
    }

    /// Counts a case.
    pub fn add(&mut self, case: impl Into<String>, outcome: Outcome) {
        self.cases.push((case.into(), outcome));
    }

    /// The name of the backend.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// The number of cases whose every output is as expected.
    pub fn right(&self) -> usize {
        self.cases.len() - self.handed_on() - self.wrong()
    }

    /// The number of cases whose model the backend leaves to another.
    pub fn handed_on(&self) -> usize {
        self.reasons_by_case().count()
    }

    /// The number of all other cases.
    pub fn wrong(&self) -> usize {
        self.differences().count()
    }

    /// The cases that were handed on for each reason. A case may have several.
    pub fn reasons(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut cases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (case, reasons) in self.reasons_by_case() {
            reasons.iter().for_each(|reason| cases.entry(reason).or_default().push(case));
        }
        cases
    }

    /// The most of a tolerance that a right case used, and that case.
    pub fn most_tolerance_used(&self) -> Option<(f64, &str)> {
        let right = self.cases.iter().filter_map(|(case, outcome)| match outcome {
            Outcome::Right { tolerance_used } => Some((*tolerance_used, case.as_str())),
            _ => None,
        });
        right.max_by(|(most, _), (other, _)| most.total_cmp(other)).filter(|(most, _)| *most > 0.0)
    }

    /// The wrong cases, and what is wrong with each first.
    pub fn differences(&self) -> impl Iterator<Item = (&str, &Wrong)> {
        self.cases.iter().filter_map(|(case, outcome)| match outcome {
            Outcome::Wrong(wrong) => Some((case.as_str(), wrong)),
            _ => None,
        })
    }

    fn reasons_by_case(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.cases.iter().filter_map(|(case, outcome)| match outcome {
            Outcome::HandedOn { reasons } => Some((case.as_str(), reasons)),
            _ => None,
        })
    }

    /// The report for a program.
    pub fn to_json(&self) -> Value {
        let outcomes = self.cases.iter().map(|(case, outcome)| {
            let outcome = match outcome {
                Outcome::Right { .. } => "right",
                Outcome::HandedOn { .. } => "handed_on",
                Outcome::Wrong(_) => "wrong",
            };
            (case.clone(), outcome.into())
        });
        json!({
            "backend": self.backend,
            "right": self.right(),
            "handed_on": self.handed_on(),
            "wrong": self.wrong(),
            "most_tolerance_used": self.most_tolerance_used().map(|(used, case)| {
                json!({ "case": case, "share": used })
            }),
            "reasons": self.reasons(),
            "differences": self.differences().map(difference).collect::<Vec<_>>(),
            "cases": outcomes.collect::<Map<_, _>>(),
        })
    }
}

fn difference((case, wrong): (&str, &Wrong)) -> Value {
    let Wrong { data_set, output, problem } = wrong;
    let mut json = json!({ "case": case, "problem": problem_text(problem) });
    let mut put = |key: &str, value: Value| json[key] = value;
    if let Some(data_set) = data_set {
        put("data_set", data_set.as_str().into());
    }
    if let Some(output) = output {
        put("output", output.as_str().into());
    }
    if let Problem::Differs(Mismatch::Element { index, expected, got }) = problem {
        put("element", index.as_slice().into());
        put("expected", expected.as_str().into());
        put("got", got.as_str().into());
    }
    json
}

fn problem_text(problem: &Problem) -> String {
    match problem {
        Problem::Differs(mismatch) => mismatch.to_string(),
        Problem::Failed(problem) => problem.clone(),
    }
}

/// The report for a person, without the counts, which stand in a [`Summary`].
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = &self.backend;
        let mut reasons: Vec<(&str, usize)> =
            self.reasons().into_iter().map(|(reason, cases)| (reason, cases.len())).collect();
        reasons.sort_by_key(|(_, cases)| std::cmp::Reverse(*cases));
        if !reasons.is_empty() {
            writeln!(f, "\nWhy {backend} hands on, and how many cases (one may have several):")?;
        }
        for (reason, cases) in reasons {
            writeln!(f, "{cases:>6}  {}", reason.replace('\n', "\n        "))?;
        }
        if self.wrong() > 0 {
            writeln!(f, "\nWhat is wrong first on {backend}, case by case:")?;
        }
        for (case, wrong) in self.differences() {
            writeln!(f, "  {case}: {}", wrong.to_string().replace('\n', "\n    "))?;
        }
        if let Some((used, case)) = self.most_tolerance_used() {
            let percent = used * 100.0;
            writeln!(f, "\n{backend} needs up to {percent:.0} % of its tolerance: {case}")?;
        }
        Ok(())
    }
}

/// The counts of several reports, a line each.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'r>(pub &'r [Report]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:>8} {:>10} {:>8}", "", "right", "handed on", "wrong")?;
        for report in self.0 {
            let (right, handed_on, wrong) = (report.right(), report.handed_on(), report.wrong());
            writeln!(f, "{:<12} {right:>8} {handed_on:>10} {wrong:>8}", report.backend)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("native");
        report.add("a", Outcome::Right { tolerance_used: 0.25 });
        let reasons = BTreeSet::from(["Loop: not taken".to_owned(), "Scan: not taken".to_owned()]);
        report.add("b", Outcome::HandedOn { reasons: reasons.clone() });
        report.add("c", Outcome::HandedOn { reasons: reasons.into_iter().take(1).collect() });
        let (expected, got) = ("1".to_owned(), "2".to_owned());
        let problem = Problem::Differs(Mismatch::Element { index: vec![3, 0], expected, got });
        let output = Some("y".to_owned());
        let data_set = Some("test_data_set_1".to_owned());
        report.add("d", Outcome::Wrong(Wrong { data_set, output, problem }));
        report
    }

    #[test]
    fn reasons_and_differences_are_told() {
        let expected = "
Why native hands on, and how many cases (one may have several):
     2  Loop: not taken
     1  Scan: not taken

What is wrong first on native, case by case:
  d: test_data_set_1, output \"y\", element [3, 0]: expected 1, got 2

native needs up to 25 % of its tolerance: a
";
        assert_eq!(report().to_string(), expected);
        let summary = Summary(&[report()]).to_string();
        assert!(summary.ends_with("native              1          2        1\n"), "{summary}");
    }

    #[test]
    fn programs_get_numbers_and_places() {
        let json = report().to_json();
        let counts = [&json["right"], &json["handed_on"], &json["wrong"]];
        assert_eq!(counts, [1, 2, 1]);
        assert_eq!(json["reasons"]["Loop: not taken"], json!(["b", "c"]));
        assert_eq!(json["differences"][0]["element"], json!([3, 0]));
        assert_eq!(json["differences"][0]["got"], "2");
        assert_eq!(json["cases"]["a"], "right");
    }
}
