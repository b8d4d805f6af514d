//! Why models are handed on, in words that are the same for the same reason.

use std::collections::BTreeSet;

use hotplate::Error;

use crate::Case;

/// Why a model was handed on, without what tells one model from another and no reason from the
/// next: names of nodes and files, and shapes.
pub(crate) fn of(error: &Error, case: &Case) -> BTreeSet<String> {
    let file = format!("{}: ", case.model().display());
    let refusals = error.refusals().iter();
    let mut reasons: BTreeSet<String> =
        refusals.map(|refusal| format!("{}: {}", refusal.operator, refusal.reason)).collect();
    if reasons.is_empty() {
        let told = error.to_string();
        // The first of several lines says that no backend runs the model, which is known.
        reasons.insert(told.split_once('\n').map_or(told.clone(), |(_, why)| why.to_owned()));
    }
    reasons.iter().map(|reason| without_shapes(&reason.replace(&file, ""))).collect()
}

/// A text with `[…]` for everything in brackets.
fn without_shapes(text: &str) -> String {
    let mut parts = text.split('[');
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        short.push_str("[…]");
        short.push_str(part.split_once(']').map_or("", |(_, behind)| behind));
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_one_kind_are_one() {
        assert_eq!(without_shapes("no rows: [4, 3] and [] alone"), "no rows: […] and […] alone");
        assert_eq!(without_shapes("an open ["), "an open […]");
    }
}
