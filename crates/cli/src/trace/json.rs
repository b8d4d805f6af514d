//! A traced row for programs.

use anyhow::Result;
use hotplate::{
    ArithmeticOperation, Explanations, FeatureSource, RowTrace, TracedAggregate, TracedArithmetic,
    TracedFeature, TracedText, TracedTree, Value as Cell,
};
use hotplate_codec::{Encoder, Format};
use serde_json::{Value, json};

use super::{REASONS, Traced, cell, text};

/// The document; keys of a trace that the plan cannot tell are null.
pub(super) fn document(traced: &Traced<'_>) -> Result<Value> {
    let Traced { engine, row, trace, reasons, .. } = traced;
    let trace_or_none = trace.as_ref().ok();
    Ok(json!({
        "name": engine.name(),
        "backend": engine.backend(),
        "row": row.file.as_ref().map(|file| json!({ "file": file, "number": row.number })),
        "columns": columns(traced),
        "features": trace_or_none.map(|trace| features(traced, trace)),
        "texts": trace_or_none.map(|trace| -> Vec<Value> {
            trace.texts.iter().map(|text| of_text(traced, text)).collect()
        }),
        "trees": trace_or_none.and_then(|trace| trace.trees.as_deref()).map(trees),
        "aggregate": trace_or_none.map(|trace| aggregate(trace.aggregate)),
        "scores": trace_or_none.map(|trace| scores(traced, trace)),
        "transform": trace_or_none.map(|trace| &trace.transform),
        "prediction": prediction(traced)?,
        "threshold": engine.threshold(),
        "reasons": reasons.as_ref().ok().map(of_reasons),
        "not_traced": trace.as_ref().err().map(ToString::to_string),
        "not_explained": reasons.as_ref().err().map(ToString::to_string),
        "steps": engine.plan().steps(),
    }))
}

fn columns(traced: &Traced<'_>) -> Vec<Value> {
    let columns = &traced.row.columns;
    let all = columns.schema().columns().iter().enumerate();
    all.map(|(at, column)| {
        let value = cell::of_column(columns, at);
        json!({
            "name": column.name,
            "dtype": column.dtype.to_string(),
            "value": of_cell(value),
            "missing": value == Cell::Missing,
        })
    })
    .collect()
}

fn of_cell(value: Cell<'_>) -> Value {
    match value {
        Cell::Missing => Value::Null,
        Cell::Number(number) => json!(number),
        Cell::Integer(integer) => json!(integer),
        Cell::Bool(truth) => json!(truth),
        Cell::Text(text) => json!(text),
    }
}

fn features(traced: &Traced<'_>, trace: &RowTrace) -> Vec<Value> {
    let all = trace.features.iter().enumerate();
    all.map(|(at, TracedFeature { column, source, value })| {
        let column = traced.column(*column);
        match source {
            FeatureSource::Number(steps) => {
                let steps: Vec<Value> = steps.iter().map(step).collect();
                json!({ "feature": at, "column": column, "value": value, "steps": steps })
            }
            FeatureSource::Text { category, .. } => {
                json!({ "feature": at, "column": column, "value": value, "category": category })
            }
        }
    })
    .collect()
}

fn step(TracedArithmetic { operation, value }: &TracedArithmetic) -> Value {
    match operation {
        ArithmeticOperation::Impute { with, replaced, is_replaced } => json!({
            "operation": "impute",
            "with": with,
            "replaced": replaced,
            "is_replaced": is_replaced,
            "value": value,
        }),
        ArithmeticOperation::Scale { offset, scale } => {
            json!({ "operation": "scale", "offset": offset, "scale": scale, "value": value })
        }
    }
}

fn of_text(traced: &Traced<'_>, found: &TracedText) -> Value {
    json!({
        "column": traced.column(found.column),
        "text": found.text,
        "category": found.category,
        "categories": found.categories,
    })
}

fn trees(trees: &[TracedTree]) -> Vec<Value> {
    let all = trees.iter().enumerate();
    all.map(|(at, TracedTree { depth, path, leaf, adds })| {
        let adds = adds.iter().map(|(score, value)| json!({ "score": score, "value": value }));
        let path = path.iter().map(|branch| {
            json!({
                "feature": branch.feature,
                "value": branch.value,
                "above": branch.above,
                "at_most": branch.at_most,
                "is_true": branch.is_true,
            })
        });
        json!({
            "tree": at,
            "depth": depth,
            "leaf": leaf,
            "adds": adds.collect::<Vec<_>>(),
            "path": path.collect::<Vec<_>>(),
        })
    })
    .collect()
}

const fn aggregate(aggregate: TracedAggregate) -> &'static str {
    match aggregate {
        TracedAggregate::Sum => "sum",
        TracedAggregate::Average => "average",
        TracedAggregate::Least => "least",
        TracedAggregate::Greatest => "greatest",
    }
}

fn scores(traced: &Traced<'_>, trace: &RowTrace) -> Vec<Value> {
    let all = trace.scores.iter().enumerate();
    all.map(|(at, score)| {
        json!({
            "class": score.class.map(|class| traced.class(Some(class))),
            "base": score.base,
            "trees": text::sum(trace, at),
            "margin": score.margin,
        })
    })
    .collect()
}

/// The answer as `predict` writes it.
fn prediction(traced: &Traced<'_>) -> Result<Value> {
    let (mut line, mut tensors) = (Vec::new(), Vec::new());
    let mut encoder = Encoder::new(Format::JsonLines, None);
    encoder.block(&traced.answer.predictions(&mut tensors), &mut line);
    encoder.finish(&mut line);
    Ok(serde_json::from_slice(&line)?)
}

fn of_reasons(reasons: &Explanations) -> Value {
    let scores = (0..reasons.scores()).map(|score| {
        let top = reasons.top(0, score, REASONS);
        let top = top.iter().map(|(column, adds)| json!({ "column": column, "value": adds }));
        json!({
            "class": reasons.class(score).map(|class| class.to_string()),
            "expected": reasons.expected(score),
            "score": reasons.score(0, score),
            "top": top.collect::<Vec<_>>(),
        })
    });
    json!({ "covers": reasons.covers().to_string(), "scores": scores.collect::<Vec<_>>() })
}
