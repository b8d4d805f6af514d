use std::sync::Arc;

use super::super::{
    capture::Figures,
    series::Series,
    shard::{PHASES, Spread},
};

/// Samples of one name.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Summary,
    Histogram,
}

#[derive(Debug)]
pub(super) struct Sample {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a summary without quantiles.
    Sum { count: u64, sum: f64 },
    /// Of a histogram, in seconds.
    Times(Box<Spread>),
}

impl Family {
    pub(super) const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, help, samples: Vec::new() }
    }

    pub(super) fn push(&mut self, labels: &[(&'static str, &str)], value: Value) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { labels, value });
    }
}

impl Value {
    /// Counts are exact up to 2^53.
    #[expect(clippy::cast_precision_loss, reason = "the formats have floats only")]
    pub(super) const fn of(count: u64) -> Self {
        Self::Number(count as f64)
    }
}

/// What is counted of requests.
pub(super) fn of_requests(shown: &[Arc<Series>]) -> Vec<Family> {
    let mut requests = Family::new(
        "hotplate_requests_total",
        Kind::Counter,
        "Requests for predictions that were replied to, by status and, where they failed, reason.",
    );
    let mut in_flight = Family::new(
        "hotplate_requests_in_flight",
        Kind::Gauge,
        "Requests that are being answered, or wait for a slot of their model.",
    );
    let mut rows = Family::new("hotplate_rows_total", Kind::Counter, "Rows that were answered.");
    let mut request_bytes = Family::new(
        "hotplate_request_bytes_total",
        Kind::Counter,
        "Bytes of the bodies of requests that were answered.",
    );
    let mut reply_bytes = Family::new(
        "hotplate_reply_bytes_total",
        Kind::Counter,
        "Bytes of the bodies of their replies.",
    );
    let mut total = Family::new(
        "hotplate_request_seconds",
        Kind::Histogram,
        "Time from a request's head to its reply, of requests that a model was asked.",
    );
    let mut phases = Family::new(
        "hotplate_phase_seconds",
        Kind::Histogram,
        "Time that a request took to parse, in the queue of its model, to compute and to encode.",
    );
    for series in shown {
        let labels = [("model", series.model.as_str()), ("variant", series.variant.as_str())];
        let [model, variant] = labels;
        if !series.model.is_empty() {
            let sums = series.sums();
            let ok = [model, variant, ("status", "200"), ("reason", "")];
            requests.push(&ok, Value::of(sums.answered));
            in_flight.push(&labels, Value::of(sums.begun.saturating_sub(sums.ended)));
            rows.push(&labels, Value::of(sums.rows));
            request_bytes.push(&labels, Value::of(sums.request_bytes));
            reply_bytes.push(&labels, Value::of(sums.reply_bytes));
            total.push(&labels, Value::Times(Box::new(sums.total)));
            let spreads = PHASES.into_iter().zip(sums.phases);
            for (phase, spread) in spreads.filter(|(_, spread)| spread.count() > 0) {
                let labels = [model, variant, ("phase", phase)];
                phases.push(&labels, Value::Times(Box::new(spread)));
            }
        }
        for ((status, reason), count) in series.failures() {
            let labels = [model, variant, ("status", &status.to_string()), ("reason", reason)];
            requests.push(&labels, Value::of(count));
        }
    }
    vec![requests, in_flight, rows, request_bytes, reply_bytes, total, phases]
}

/// What is counted of captured data.
pub(super) fn of_capture(figures: &Figures) -> Vec<Family> {
    let mut records = Family::new(
        "hotplate_capture_records_total",
        Kind::Counter,
        "Requests that were written to the folder of captured data.",
    );
    records.push(&[], Value::of(figures.written));
    let mut bytes = Family::new(
        "hotplate_capture_bytes_total",
        Kind::Counter,
        "Bytes that were written to that folder.",
    );
    bytes.push(&[], Value::of(figures.bytes));
    let mut dropped = Family::new(
        "hotplate_capture_dropped_total",
        Kind::Counter,
        "Requests that were sampled and not written: because the disk was slow, because no more \
         of it may be used, or because it failed.",
    );
    let counts = [("slow", figures.slow), ("full", figures.full), ("failed", figures.failed)];
    for (reason, count) in counts {
        dropped.push(&[("reason", reason)], Value::of(count));
    }
    vec![records, bytes, dropped]
}
