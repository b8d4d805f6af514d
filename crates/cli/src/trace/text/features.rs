//! What features are made of, for a person.

use hotplate::{
    ArithmeticOperation, FeatureSource, RowTrace, TracedArithmetic, TracedFeature, TracedText,
};

use super::super::{
    Traced,
    cell::{self, number, quoted},
};

/// The most features of one text that are named.
const NAMED: usize = 8;

/// A line for each number and each text.
pub(super) fn lines(traced: &Traced<'_>, trace: &RowTrace) -> Vec<String> {
    let features = &trace.features;
    let is_column = |(at, feature): (usize, &TracedFeature)| {
        feature.column == at && feature.source == FeatureSource::Number(Vec::new())
    };
    if features.iter().enumerate().all(is_column) {
        return vec![format!("{}, the columns as they are", features.len())];
    }
    let mut lines = vec![format!("{}, counted from 0", features.len())];
    let width = features.iter().map(|feature| traced.column(feature.column).chars().count());
    let width = width.max().unwrap_or_default();
    let mut told = vec![false; trace.texts.len()];
    for (at, feature) in features.iter().enumerate() {
        let line = match &feature.source {
            FeatureSource::Number(steps) => of_number(traced, trace, (at, feature), steps),
            &FeatureSource::Text { text, .. } if !std::mem::replace(&mut told[text], true) => {
                of_text(trace, text)
            }
            FeatureSource::Text { .. } => continue,
        };
        lines.push(format!("{:width$}  {line}", traced.column(feature.column)));
    }
    lines
}

fn of_number(
    traced: &Traced<'_>,
    trace: &RowTrace,
    (at, feature): (usize, &TracedFeature),
    steps: &[TracedArithmetic],
) -> String {
    let columns = &traced.row.columns;
    let dtype = columns.schema().columns()[feature.column].dtype;
    let mut line = cell::shown(cell::of_column(columns, feature.column), dtype);
    for TracedArithmetic { operation, .. } in steps {
        let digits = |x: f64| number(x, trace.precision);
        match *operation {
            ArithmeticOperation::Impute { with, is_replaced: true, .. } => {
                line += &format!(", imputed with {}", digits(with));
            }
            ArithmeticOperation::Impute { .. } => {}
            ArithmeticOperation::Scale { offset, scale } => {
                line += &format!(", less {}, times {}", digits(offset), digits(scale));
            }
        }
    }
    format!("{line}: feature {at} = {}", number(feature.value, trace.precision))
}

/// What was found of a text, and what all its features are then.
fn of_text(trace: &RowTrace, text: usize) -> String {
    let TracedText { text: content, category, categories, .. } = &trace.texts[text];
    let found = match category {
        Some(category) => format!("{}, category {category} of {categories}", quoted(content)),
        None if content.is_empty() => format!("missing, none of {categories} categories"),
        None => format!("{}, unknown, none of {categories} categories", quoted(content)),
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (at, feature) in trace.features.iter().enumerate() {
        let FeatureSource::Text { text: of, category: only } = &feature.source else { continue };
        if *of != text {
            continue;
        }
        // Features of other categories are told in a few words.
        match only {
            Some(only) if category.is_none() || only != content => others.push(feature.value),
            _ => own.push((at, feature.value)),
        }
    }
    let mut told: Vec<String> = own
        .iter()
        .take(NAMED)
        .map(|&(at, value)| format!("feature {at} = {}", number(value, trace.precision)))
        .collect();
    if own.len() > NAMED {
        told.push("…".to_owned());
    }
    match others.as_slice() {
        [] => {}
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            let noun = if rest.is_empty() { "other" } else { "others" };
            let value = number(*first, trace.precision);
            told.push(format!("{} {noun} = {value}", others.len()));
        }
        _ => told.push(format!("{} others", others.len())),
    }
    format!("{found}: {}", told.join(", "))
}
