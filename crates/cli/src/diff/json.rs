//! A comparison as one JSON document. `hotplate diff --help` says what its keys are.

use serde_json::{Map, Value, json};

use crate::diff::{
    compared::{Compared, Kind},
    report::{BINS, MIDDLE, PERCENTS, Report, SIZES, Spread},
    row::Moved,
    side::Side,
};

pub(super) fn document(report: &Report, compared: &Compared, sides: &[Side<'_>; 2]) -> Value {
    let [old, new] = sides;
    let decided = |index: usize| &compared.decisions[index];
    json!({
        "old": side(old, new, compared),
        "new": side(new, old, compared),
        "kind": match compared.kind {
            Kind::TwoClasses => "two_classes",
            Kind::Classes(_) => "classes",
            Kind::Regressors => "regressors",
        },
        "decisions_between": compared.decisions,
        "rows": report.rows,
        "identical": report.identical,
        "not_finite": report.not_finite,
        "change": spread(&report.change),
        "relative_change": report.relative_change.as_ref().map(spread),
        "moved": SIZES.iter().zip(report.moved()).map(|(size, rows)| json!({
            "by_more_than": size,
            "rows": rows,
            "share": report.share(rows),
        })).collect::<Vec<Value>>(),
        "histogram": histogram(report),
        "flips": compared.has_decisions().then(|| report.flips()),
        "flip_share": compared.has_decisions().then(|| report.share(report.flips())),
        "decisions": report.decisions.iter().map(|(&[old, new], &rows)| json!({
            "old": decided(old),
            "new": decided(new),
            "rows": rows,
            "share": report.share(rows),
        })).collect::<Vec<Value>>(),
        "moved_most": report.moved_most.iter().map(|row| moved(row, compared)).collect::<Vec<_>>(),
    })
}

fn side(own: &Side<'_>, other: &Side<'_>, compared: &Compared) -> Value {
    let engine = own.engine;
    json!({
        "name": engine.name(),
        "path": own.path.to_string_lossy(),
        "backend": engine.backend(),
        "device": engine.placement().device.to_string(),
        "threshold": compared.threshold.or(engine.threshold()),
        "columns_of_its_own": own.columns_beyond(other),
        "unknown_categories": own.unknown_categories().into_iter()
            .map(|(column, rows)| (column.to_owned(), json!(rows)))
            .collect::<Map<String, Value>>(),
    })
}

fn spread(spread: &Spread) -> Value {
    let quantiles = PERCENTS.iter().zip(spread.quantiles);
    let quantiles: Map<String, Value> =
        quantiles.map(|(percent, value)| (format!("p{percent}"), json!(value))).collect();
    json!({
        "mean": spread.mean,
        "mean_absolute": spread.mean_absolute,
        "largest_absolute": spread.largest_absolute,
        "quantiles": quantiles,
    })
}

fn histogram(report: &Report) -> Vec<Value> {
    let bins = (0..BINS).map(|bin| {
        let edge = |side: usize, sign: f64| SIZES.get(side).map(|size| sign * size);
        let (from, to) = match bin {
            MIDDLE => (edge(0, -1.0), edge(0, 1.0)),
            bin if bin < MIDDLE => (edge(MIDDLE - bin, -1.0), edge(MIDDLE - bin - 1, -1.0)),
            bin => (edge(bin - MIDDLE - 1, 1.0), edge(bin - MIDDLE, 1.0)),
        };
        json!({ "from": from, "to": to, "rows": report.bins[bin] })
    });
    bins.collect()
}

fn moved(moved: &Moved, compared: &Compared) -> Value {
    let decided = |index: usize| &compared.decisions[index];
    let class = match compared.kind {
        Kind::TwoClasses => Some(decided(1)),
        Kind::Classes(_) => Some(decided(moved.class)),
        Kind::Regressors => None,
    };
    json!({
        "row": moved.row,
        "class": class,
        "old": moved.old,
        "new": moved.new,
        "change": moved.change(),
        "old_decision": moved.decisions.map(|[old, _]| decided(old)),
        "new_decision": moved.decisions.map(|[_, new]| decided(new)),
    })
}
