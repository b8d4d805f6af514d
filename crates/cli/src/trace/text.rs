//! A traced row for a person to read.

mod features;

use std::{
    io::{self, Write},
    ops::Range,
};

use hotplate::{Covers, DType, DataView, RowTrace, Task, TracedAggregate, TracedScore, Value};

use super::{
    REASONS, Traced,
    cell::{self, addend, number},
    trees,
};
use crate::{
    arguments::Trace,
    layout::{section, table},
};

/// The most lines that columns, features or scores get.
const LINES: usize = 60;

/// The most elements of an output that are shown.
const ELEMENTS: usize = 10;

/// Writes all there is, a heading and its lines for each step.
pub(super) fn write(
    traced: &Traced<'_>,
    arguments: &Trace,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{}, {}", traced.engine.name(), traced.row.name())?;
    section(out, "columns", shortened(columns(traced)))?;
    match &traced.trace {
        Ok(trace) => write_trace(traced, trace, arguments, out)?,
        Err(error) => {
            let mut lines = vec![format!("not traced: {error}"), "runs step by step:".to_owned()];
            lines.extend(traced.engine.plan().steps());
            section(out, "steps", shortened(lines))?;
        }
    }
    section(out, "prediction", prediction(traced))?;
    section(out, "reasons", reasons(traced))
}

fn write_trace(
    traced: &Traced<'_>,
    trace: &RowTrace,
    arguments: &Trace,
    out: &mut impl Write,
) -> io::Result<()> {
    section(out, "features", shortened(features::lines(traced, trace)))?;
    match &trace.trees {
        Some(trees) => section(out, "trees", trees::lines(traced, trace, trees, arguments))?,
        None => section(out, "trees", ["not shown one by one: a million nodes or more"])?,
    }
    section(out, "margin", shortened(margins(traced, trace)))?;
    let transform = match trace.transform.as_str() {
        "" => "none: the margin is the prediction",
        transform => transform,
    };
    section(out, "transform", [transform])
}

/// What a score is called: after its class, else by its number.
pub(super) fn score_name(traced: &Traced<'_>, trace: &RowTrace, score: usize) -> String {
    match traced.class(trace.scores.get(score).and_then(|score| score.class)) {
        none if none.is_empty() => format!("score {score}"),
        class => format!("class {class}"),
    }
}

/// Each column with its type and its value; the inputs alone where rows are no cells.
fn columns(traced: &Traced<'_>) -> Vec<String> {
    let columns = &traced.row.columns;
    let schema = columns.schema();
    if !schema.is_table() {
        let inputs = schema.inputs().iter().enumerate();
        return table(inputs.map(|(input, spec)| {
            let shape = columns.row_shape(input);
            let data = columns.data(input);
            (&spec.name, format!("{} {shape}  {}", spec.dtype, elements(data, 0..data.len())))
        }));
    }
    let dtypes = schema.columns().iter().map(|column| column.dtype.to_string());
    let width = dtypes.clone().map(|dtype| dtype.len()).max().unwrap_or_default();
    let cells = schema.columns().iter().zip(dtypes).enumerate().map(|(at, (column, dtype))| {
        let value = cell::shown(cell::of_column(columns, at), column.dtype);
        (&column.name, format!("{dtype:width$}  {value}"))
    });
    table(cells)
}

/// For each score, what it is the sum of.
fn margins(traced: &Traced<'_>, trace: &RowTrace) -> Vec<String> {
    let line = |(at, score): (usize, &TracedScore)| {
        let margin = number(score.margin, trace.precision);
        let of = match score.class {
            None if trace.scores.len() == 1 => String::new(),
            _ => format!(" for {}", score_name(traced, trace, at)),
        };
        let Some(sum) = sum(trace, at) else { return format!("{margin}{of}") };
        let base = number(score.base, trace.precision);
        match trace.aggregate {
            TracedAggregate::Least => format!("{margin}{of}, the least of the trees', base {base}"),
            TracedAggregate::Greatest => {
                format!("{margin}{of}, the greatest of the trees', base {base}")
            }
            TracedAggregate::Sum | TracedAggregate::Average => {
                // Rounding aside, this fails for base values that are not simply added.
                let sums_up = (score.base + sum - score.margin).abs() <= 1e-3 * sum.abs().max(1.0);
                let rule = match sums_up {
                    true => "",
                    false => ", which do not sum up to it: ONNX Runtime has its own rule here",
                };
                format!("{margin}{of}: base {base}, trees {}{rule}", addend(sum))
            }
        }
    };
    trace.scores.iter().enumerate().map(line).collect()
}

/// What all trees add to a score, where they are known.
pub(super) fn sum(trace: &RowTrace, score: usize) -> Option<f64> {
    let adds = trace.trees.as_ref()?.iter().flat_map(|tree| &tree.adds);
    Some(adds.filter(|&&(to, _)| to == score).map(|(_, value)| value).sum())
}

fn prediction(traced: &Traced<'_>) -> Vec<String> {
    let answer = &traced.answer;
    let Task::Classifier { probabilities, classes, .. } = traced.engine.signature().task() else {
        let outputs = answer.outputs().iter().zip(traced.engine.signature().outputs());
        return table(outputs.map(|(output, spec)| {
            let data = output.data();
            (&spec.name, elements(data, 0..data.len()))
        }));
    };
    let label = answer.label(0).map_or_else(String::new, |label| label.to_string());
    let mut lines = vec![match traced.engine.threshold() {
        Some(threshold) => format!("{label}, by the threshold {threshold} of hotplate.toml"),
        None => label,
    }];
    let data = answer.outputs()[*probabilities].data();
    if data.len() == classes.len() {
        let each = (0..data.len())
            .map(|class| (traced.class(Some(class)), elements(data, class..class + 1)));
        lines.extend(shortened(table(each)));
    }
    lines
}

/// Elements of a tensor, the first where there are many.
fn elements(data: DataView<'_>, all: Range<usize>) -> String {
    let dtype = match data {
        DataView::F32(_) => DType::F32,
        _ => DType::F64,
    };
    let shown = all.clone().take(ELEMENTS).map(|at| match cell::value(data, at) {
        Value::Missing => "missing".to_owned(),
        value => cell::shown(value, dtype),
    });
    let mut shown: Vec<String> = shown.collect();
    if all.len() > ELEMENTS {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

fn reasons(traced: &Traced<'_>) -> Vec<String> {
    let reasons = match &traced.reasons {
        Ok(reasons) => reasons,
        Err(error) => return vec![format!("none: {error}")],
    };
    let columns = &traced.row.columns;
    let covers = match reasons.covers() {
        Covers::Training => "to the rows of training",
        Covers::Background => "to the golden rows",
        Covers::Leaves => "to leaves that are all as likely, for nothing is known of rows",
    };
    let mut lines = vec![format!("what columns add to the margin, by TreeSHAP, relative {covers}")];
    for score in 0..reasons.scores() {
        let of =
            reasons.class(score).map_or_else(String::new, |class| format!(" for class {class}"));
        let expected = reasons.expected(score);
        lines.push(format!("{}{of} is expected of any row", addend(expected)));
        let top = reasons.top(0, score, REASONS);
        let shown = top.iter().map(|&(name, adds)| {
            let column = columns.schema().column_index(name);
            let value = column.map_or_else(String::new, |column| {
                let dtype = columns.schema().columns()[column].dtype;
                cell::shown(cell::of_column(columns, column), dtype)
            });
            (format!("{} {name}", addend(adds)), value)
        });
        lines.extend(table(shown));
        let all = columns.schema().columns().len();
        if all > top.len() {
            let told: f64 = top.iter().map(|(_, adds)| adds).sum();
            let rest = reasons.score(0, score) - expected - told;
            lines.push(format!("{} {} other columns", addend(rest), all - top.len()));
        }
    }
    shortened(lines)
}

/// The lines, of many the first and the last.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES {
        let left_out = lines.len() - LINES + 1;
        let more = format!("… {left_out} more, which --json has");
        lines.splice(LINES / 2..LINES / 2 + left_out, [more]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_are_shortened_in_the_middle() {
        let lines = |count: usize| (0..count).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(shortened(lines(LINES)), lines(LINES));
        let short = shortened(lines(1000));
        assert_eq!(short.len(), LINES);
        assert_eq!(short[LINES / 2], "… 941 more, which --json has");
        assert_eq!((short[0].as_str(), short[LINES - 1].as_str()), ("0", "999"));
    }
}
