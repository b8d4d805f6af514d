//! Why a backend does not run a model, short enough to be read at once.
//!
//! A graph of another kind than a backend's has hundreds of nodes that it does not take, and two or
//! three reasons.

use std::fmt;

use hotplate_backend::Refusal;

use crate::ErrorKind;

/// The most lines that tell what one backend does not take.
const REASON_LINES: usize = 8;

/// A backend that was asked to run a model, and why it does not.
///
/// Printed, it takes a line for each reason; [`refusals`](Self::refusals) has every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its name.
    pub backend: &'static str,
    /// Whether that is for the model, the backend's library or the device.
    pub kind: ErrorKind,
    /// The operators that it does not take; empty where it is something else.
    pub refusals: Vec<Refusal>,
    /// Why, in one sentence.
    pub reason: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, refusals, reason, .. } = self;
        if refusals.is_empty() {
            return write!(f, "{backend}: {reason}");
        }
        write!(f, "{backend}: does not take")?;
        let reasons = by_reason(refusals);
        reasons.iter().take(REASON_LINES).try_for_each(|line| write!(f, "\n  {line}"))?;
        match reasons.len().saturating_sub(REASON_LINES) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more reasons"),
        }
    }
}

/// A line for each reason: the operators that it holds for, or the one node.
fn by_reason(refusals: &[Refusal]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&Refusal>)> = Vec::new();
    for refusal in refusals {
        match reasons.iter_mut().find(|(reason, _)| *reason == refusal.reason) {
            Some((_, alike)) => alike.push(refusal),
            None => reasons.push((&refusal.reason, vec![refusal])),
        }
    }
    let line = |(reason, alike): (&str, Vec<&Refusal>)| match alike[..] {
        [Refusal { operator, node, .. }] => format!("{operator} (node {node:?}): {reason}"),
        _ => format!("{}: {reason}", operators(&alike)),
    };
    reasons.into_iter().map(line).collect()
}

/// Operators, each with the number of its nodes: `Conv × 2, Relu`.
fn operators(refusals: &[&Refusal]) -> String {
    let mut operators: Vec<(&str, usize)> = Vec::new();
    for refusal in refusals {
        match operators.iter_mut().find(|(operator, _)| *operator == refusal.operator) {
            Some((_, nodes)) => *nodes += 1,
            None => operators.push((&refusal.operator, 1)),
        }
    }
    let told = operators.iter().map(|&(operator, nodes)| match nodes {
        1 => operator.to_owned(),
        _ => format!("{operator} × {nodes}"),
    });
    told.collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(operator: &str, node: usize, reason: &str) -> Refusal {
        Refusal { operator: operator.into(), node: format!("n{node}"), reason: reason.into() }
    }

    fn native(refusals: Vec<Refusal>) -> Vec<String> {
        let (backend, kind) = ("native", ErrorKind::Unsupported);
        let passed = PassedOver { backend, kind, refusals, reason: "operators".to_owned() };
        passed.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn operators_of_one_reason_share_a_line() {
        let lines = native(vec![
            refusal("Conv", 0, "unknown"),
            refusal("Relu", 1, "unknown"),
            refusal("Reshape", 2, "a shape that is computed"),
            refusal("Conv", 3, "unknown"),
        ]);
        assert_eq!(
            lines,
            [
                "native: does not take",
                "  Conv × 2, Relu: unknown",
                "  Reshape (node \"n2\"): a shape that is computed",
            ]
        );
    }

    #[test]
    fn many_reasons_do_not_fill_the_screen() {
        let lines = native((0..40).map(|node| refusal("Op", node, &node.to_string())).collect());
        assert_eq!(lines.len(), REASON_LINES + 2);
        assert_eq!(lines.last().unwrap(), "  and 32 more reasons");
    }
}
