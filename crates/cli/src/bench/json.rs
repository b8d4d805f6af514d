//! A measurement for programs.

use std::time::Duration;

use hotplate_load::{Latencies, Measured};
use serde_json::{Value, json};

use super::{
    runs::{Mode, Report},
    subject::Kind,
};
use crate::arguments::Spread;

/// Buckets of the histogram for each doubling of the latency.
const PER_DOUBLING: u32 = 8;

pub(super) fn document(report: &Report) -> Value {
    let subject = &report.subject;
    let settings = &report.settings;
    let machine = &report.machine;
    let content_type = match &subject.kind {
        Kind::Model(_) => None,
        Kind::Url(server) => Some(server.content_type),
    };
    let arrivals = match (&settings.mode, settings.arrivals) {
        (Mode::Concurrency, _) => None,
        (_, Spread::Poisson) => Some("poisson"),
        (_, Spread::Constant) => Some("constant"),
    };
    json!({
        "hotplate": env!("CARGO_PKG_VERSION"),
        "command": report.command,
        "started_at": report.started_at,
        "target": target(report),
        "machine": {
            "cpu": machine.cpu,
            "cores": machine.cores,
            "quota_cores": machine.quota,
            "memory_bytes": machine.memory_bytes,
            "os": machine.os,
            "kernel": machine.kernel,
        },
        "rows": {
            "source": subject.source,
            "requests": subject.requests,
            "rows_per_request": subject.rows,
            "content_type": content_type,
        },
        "checked": subject.checked,
        "settings": {
            "arrivals": arrivals,
            "seed": settings.seed,
            "callers": settings.callers,
            "duration_seconds": settings.duration.as_secs_f64(),
            "warm_up_seconds": settings.warm_up.as_secs_f64(),
        },
        "limits": report.limits.map(|limits| json!({
            "achieved": limits.achieved,
            "quantile": limits.quantile,
            "latency_ns": nanoseconds(limits.latency),
            "asked_for": settings.slo.is_some(),
        })),
        "capacity": report.capacity.as_ref().map(|capacity| run(report, capacity)),
        "runs": report.runs.iter().map(|measured| run(report, measured)).collect::<Vec<_>>(),
        "knee": report.knee().map(|knee| json!({
            "run": knee,
            "requests_per_second": report.runs[knee].rate(),
            "predictions_per_second": report.predictions_per_second(),
            "cost_per_million_predictions": report.cost_per_million(),
        })),
    })
}

fn target(report: &Report) -> Value {
    let name = report.subject.name();
    match &report.subject.kind {
        Kind::Model(model) => json!({
            "kind": "model",
            "name": name,
            "file": model.file,
            "sha256": model.sha256,
            "backend": model.engine.backend(),
            "device": model.engine.placement().device.to_string(),
            "instances": model.engine.instances(),
            "golden_rows": model.engine.golden_rows(),
        }),
        Kind::Url(server) => json!({
            "kind": "url",
            "name": name,
            "is_local": server.url.is_local(),
            "server": server.facts,
        }),
    }
}

fn run(report: &Report, measured: &Measured) -> Value {
    let limits = report.limits.as_ref().filter(|_| measured.requested.is_some());
    let broken = limits.and_then(|limits| limits.broken(measured));
    let failures = measured.failures.iter();
    let slices = measured.slices.iter();
    let buckets = measured.latency.buckets(PER_DOUBLING).into_iter();
    json!({
        "requested_per_second": measured.requested,
        "answered_per_second": measured.rate(),
        "held": limits.map(|_| broken.is_none()),
        "broken": broken.map(|broken| format!("{broken:?}").to_ascii_lowercase()),
        "answered": measured.answered,
        "refused": measured.refused,
        "failed": measured.failed,
        "unsent": measured.unsent,
        "failures": failures.map(|failure| json!({
            "reason": failure.reason,
            "count": failure.count,
        })).collect::<Vec<_>>(),
        "latency": latencies(&measured.latency),
        "late": latencies(&measured.late),
        "histogram": buckets.map(|bucket| json!({
            "from_ns": nanoseconds(bucket.from),
            "to_ns": nanoseconds(bucket.to),
            "count": bucket.count,
        })).collect::<Vec<_>>(),
        "slices": slices.map(|slice| json!({
            "from_seconds": slice.from.as_secs_f64(),
            "seconds": slice.length.as_secs_f64(),
            "count": slice.latency.count(),
            "p50_ns": nanoseconds(slice.latency.quantile(0.5)),
            "p99_ns": nanoseconds(slice.latency.quantile(0.99)),
            "max_ns": nanoseconds(slice.latency.max()),
        })).collect::<Vec<_>>(),
    })
}

fn latencies(latencies: &Latencies) -> Value {
    let at = |quantile| nanoseconds(latencies.quantile(quantile));
    json!({
        "count": latencies.count(),
        "mean_ns": nanoseconds(latencies.mean()),
        "min_ns": nanoseconds(latencies.min()),
        "p50_ns": at(0.5),
        "p90_ns": at(0.9),
        "p99_ns": at(0.99),
        "p99_9_ns": at(0.999),
        "max_ns": nanoseconds(latencies.max()),
    })
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
