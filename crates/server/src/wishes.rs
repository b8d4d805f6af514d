//! What a request wishes for beside an answer.
//!
//! | Attribute | Value | Meaning |
//! |---|---|---|
//! | `explain` | nothing, or a number of columns | the reasons behind each score |
//! | `priority` | `high`, `normal` or `low` | who goes first where requests wait |
//! | `deadline_ms` | milliseconds from now | when the answer is of no use any more |
//! | `timing` | nothing, `true` or `false` | who answered, and where the time went, in headers |
//!
//! They stand in `X-Amzn-SageMaker-Custom-Attributes`, which is what SageMaker lets through, as
//! `explain=5; priority=low`. Other attributes belong to others.

use std::time::{Duration, Instant};

use hotplate::{Priority, Terms};

use crate::{head::Head, problem::Problem, status::Reason};

/// What a request wishes for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// By how many columns each score is to be explained, if at all.
    pub(crate) explain: Option<usize>,
    /// Whether the reply is to tell of itself.
    pub(crate) timing: bool,
    /// How it wants to be treated.
    pub(crate) terms: Terms,
}

impl Wishes {
    /// What the head says.
    ///
    /// `X-Amzn-SageMaker-Enable-Explanations` is `true` or `false`, in backquotes or not, as
    /// SageMaker's clients write it, or a number of columns, and wins over the attribute.
    ///
    /// # Errors
    ///
    /// When one of them says something else.
    pub(crate) fn of(head: &Head<'_>) -> Result<Self, Problem> {
        let mut wishes = Self::default();
        let attributes = head.custom_attributes.unwrap_or_default().split([',', ';']);
        for attribute in attributes.map(str::trim) {
            let (name, value) = match attribute.split_once('=') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => (attribute, "true"),
            };
            match name {
                "explain" => wishes.explain = columns(value, name)?,
                "timing" => wishes.timing = truth(value, name)?,
                "priority" => wishes.terms.priority = priority(value)?,
                "deadline_ms" => wishes.terms.deadline = Some(deadline(value)?),
                _ => {}
            }
        }
        if let Some(value) = head.enable_explanations {
            let value = value.trim().trim_matches('`');
            wishes.explain = columns(value, "X-Amzn-SageMaker-Enable-Explanations")?;
        }
        Ok(wishes)
    }
}

fn columns(value: &str, name: &str) -> Result<Option<usize>, Problem> {
    match value {
        "true" | "True" => Ok(Some(usize::MAX)),
        "false" | "False" => Ok(None),
        number => match number.parse() {
            Ok(0) => Ok(None),
            Ok(columns) => Ok(Some(columns)),
            Err(_) => Err(bad(name, value, "true, false or a number of columns")),
        },
    }
}

fn truth(value: &str, name: &str) -> Result<bool, Problem> {
    match value {
        "true" | "True" => Ok(true),
        "false" | "False" => Ok(false),
        _ => Err(bad(name, value, "true or false")),
    }
}

fn priority(value: &str) -> Result<Priority, Problem> {
    match value {
        "high" => Ok(Priority::High),
        "normal" => Ok(Priority::Normal),
        "low" => Ok(Priority::Low),
        _ => Err(bad("priority", value, "high, normal or low")),
    }
}

fn deadline(value: &str) -> Result<Instant, Problem> {
    let deadline = value
        .parse()
        .ok()
        .and_then(|millis| Instant::now().checked_add(Duration::from_millis(millis)));
    deadline.ok_or_else(|| bad("deadline_ms", value, "a number of milliseconds"))
}

fn bad(name: &str, value: &str, expected: &'static str) -> Problem {
    let message = format!("{name} is {value:?}; expected {expected}");
    Problem::new(Reason::BadHeader, message).expected(expected, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(value: &str) -> Result<Wishes, Problem> {
        Wishes::of(&Head { custom_attributes: Some(value), ..Head::default() })
    }

    #[test]
    fn headers_and_attributes_say_how_many_columns() {
        let by_header = |value| {
            let head = Head { enable_explanations: Some(value), ..Head::default() };
            Wishes::of(&head).map(|wishes| wishes.explain)
        };
        assert_eq!(by_header("`true`").unwrap(), Some(usize::MAX));
        assert_eq!(by_header("true").unwrap(), Some(usize::MAX));
        assert_eq!(by_header("`false`").unwrap(), None);
        assert_eq!(by_header("3").unwrap(), Some(3));
        assert!(by_header("[0].score > `0.8`").is_err());
        let by_attribute = |value| attributes(value).map(|wishes| wishes.explain);
        assert_eq!(by_attribute("trace=1, explain=5").unwrap(), Some(5));
        assert_eq!(by_attribute("explain").unwrap(), Some(usize::MAX));
        assert_eq!(by_attribute("explained=5;other").unwrap(), None);
        assert!(by_attribute("explain=all").is_err());
        assert_eq!(Wishes::of(&Head::default()).unwrap(), Wishes::default());
    }

    #[test]
    fn attributes_ask_for_times() {
        let timing = |value| attributes(value).map(|wishes| wishes.timing);
        assert!(timing("trace=1; timing").unwrap());
        assert!(!timing("timing=false").unwrap());
        assert!(!timing("timings").unwrap());
        assert!(timing("timing=1ms").is_err());
    }

    #[test]
    fn attributes_say_how_urgent_a_request_is() {
        let terms = |value| attributes(value).map(|wishes| wishes.terms);
        assert_eq!(terms("priority=low").unwrap().priority, Priority::Low);
        assert_eq!(terms("a; priority = high ,b").unwrap().priority, Priority::High);
        let before = Instant::now();
        let deadline = terms("deadline_ms=1000").unwrap().deadline.unwrap();
        let ahead = deadline - before;
        assert!(ahead >= Duration::from_secs(1) && ahead < Duration::from_secs(60), "{ahead:?}");
        for wrong in ["priority", "priority=urgent", "deadline_ms", "deadline_ms=-1"] {
            assert!(terms(wrong).is_err(), "{wrong}");
        }
    }
}
