//! Where the trees led, for a person.

use std::collections::BTreeSet;

use hotplate::{DType, FeatureSource, RowTrace, TracedBranch, TracedTree};

use super::{
    Traced,
    cell::{addend, number},
};
use crate::arguments::{Trace, Trees};

/// Of many trees, so many of the first and of the last are shown.
const ENDS: usize = 3;

/// Of many trees, so many of those that add most are shown.
const MOST: usize = 6;

/// The most scores of a tree that are shown.
const SCORES: usize = 3;

/// A line for each tree, or for some of them.
pub(super) fn lines(
    traced: &Traced<'_>,
    trace: &RowTrace,
    trees: &[TracedTree],
    arguments: &Trace,
) -> Vec<String> {
    let all = arguments.trees == Trees::All || trees.len() <= 2 * ENDS + MOST;
    let shown = if all { (0..trees.len()).collect() } else { some(trees) };
    let mut lines = vec![match all {
        true => format!("{}", trees.len()),
        false => format!(
            "{}: the first and last {ENDS}, and {MOST} that add most; --trees all for all",
            trees.len()
        ),
    }];
    lines.push(format!("{:>6}  {:<8} {:<10} {}", "tree", "leaf", "depth", "adds"));
    let mut next = 0;
    for tree in shown {
        if tree > next {
            lines.push(format!("{:>6}", "…"));
        }
        next = tree + 1;
        let TracedTree { depth, path, leaf, adds } = &trees[tree];
        let depth = format!("{} of {depth}", path.len());
        let adds = told(traced, trace, adds);
        lines.push(format!("{tree:>6}  {:<8} {depth:<10} {adds}", format!("#{leaf}")));
        if arguments.paths {
            let path = path.iter().map(|branch| asked(traced, trace, branch));
            lines.extend(path.map(|asked| format!("{:>8}{asked}", "")));
        }
    }
    lines
}

/// The first, the last, and those that add most, in order.
fn some(trees: &[TracedTree]) -> BTreeSet<usize> {
    let mut by_size: Vec<usize> = (ENDS..trees.len() - ENDS).collect();
    by_size.sort_by(|&left, &right| size(&trees[right]).total_cmp(&size(&trees[left])));
    let ends = (0..ENDS).chain(trees.len() - ENDS..trees.len());
    ends.chain(by_size.into_iter().take(MOST)).collect()
}

/// The most that a tree adds to any score.
fn size(tree: &TracedTree) -> f64 {
    tree.adds.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max)
}

/// What a tree adds, the greatest first where that is to many scores.
fn told(traced: &Traced<'_>, trace: &RowTrace, adds: &[(usize, f64)]) -> String {
    let mut adds = adds.to_vec();
    if adds.len() > SCORES {
        adds.sort_by(|left, right| right.1.abs().total_cmp(&left.1.abs()));
    }
    let told = adds.iter().take(SCORES).map(|&(score, value)| {
        match (trace.scores.len(), super::text::score_name(traced, trace, score)) {
            (1, _) => addend(value),
            (_, name) => format!("{} to {name}", addend(value)),
        }
    });
    let mut told: Vec<String> = told.collect();
    if adds.len() > SCORES {
        told.push("…".to_owned());
    }
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

/// What a branch asked for, and how that came out.
fn asked(traced: &Traced<'_>, trace: &RowTrace, branch: &TracedBranch) -> String {
    let &TracedBranch { feature, value, above, at_most, is_true } = branch;
    let name = trace.features.get(feature).map_or_else(String::new, |of| {
        let column = traced.column(of.column);
        match &of.source {
            FeatureSource::Text { category: Some(category), .. } => {
                format!("{column} is {}", super::cell::quoted(category))
            }
            _ => column.to_owned(),
        }
    });
    let precision: DType = trace.precision;
    let of = |bound: Option<f64>| bound.map(|bound| number(bound, precision));
    let value = number(value, precision);
    match (of(above), of(at_most)) {
        (Some(above), Some(at_most)) => format!("{name} {value} > {above} and ≤ {at_most}"),
        (Some(above), None) => format!("{name} {value} > {above}"),
        (None, Some(at_most)) => format!("{name} {value} ≤ {at_most}"),
        (None, None) if is_true => format!("{name} {value}, to the true side"),
        (None, None) => format!("{name} {value}, to the false side"),
    }
}
