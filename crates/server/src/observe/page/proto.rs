//! Prometheus' protocol buffers, each message behind its length.
//!
//! The messages are those of `io.prometheus.client` as far as they are used here. Its file says
//! proto2, in which repeated numbers are not packed unless that is said.

use prost::Message;

use super::{
    super::buckets::{CELL, CLASSIC, SCHEMA, zero_threshold},
    super::shard::Spread,
    Family, Kind, Sample, Value,
};

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "4")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

/// A counter or a gauge, which look alike.
#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

/// A page of families; those without samples, which this format has no use for, are left out.
pub(super) fn write(families: &[Family]) -> Vec<u8> {
    let mut page = Vec::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let message = MetricFamily {
            name: Some(family.name.to_owned()),
            help: Some(family.help.to_owned()),
            kind: Some(number_of(family.kind)),
            metric: family.samples.iter().map(|sample| metric(family.kind, sample)).collect(),
        };
        page.extend(message.encode_length_delimited_to_vec());
    }
    page
}

const fn number_of(kind: Kind) -> i32 {
    match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Summary => 2,
        Kind::Histogram => 4,
    }
}

fn metric(kind: Kind, sample: &Sample) -> Metric {
    let label = |(name, value): &(&str, String)| LabelPair {
        name: Some((*name).to_owned()),
        value: Some(value.clone()),
    };
    let mut metric =
        Metric { label: sample.labels.iter().map(label).collect(), ..Metric::default() };
    match &sample.value {
        Value::Number(number) => {
            let number = Some(Number { value: Some(*number) });
            match kind {
                Kind::Counter => metric.counter = number,
                _ => metric.gauge = number,
            }
        }
        Value::Sum { count, sum } => {
            metric.summary = Some(Summary { sample_count: Some(*count), sample_sum: Some(*sum) });
        }
        Value::Times(spread) => metric.histogram = Some(histogram(spread)),
    }
    metric
}

/// Both kinds of buckets; whoever collects them takes those that it knows.
fn histogram(spread: &Spread) -> Histogram {
    let counts = CELL.classic(&spread.counts);
    let bucket =
        |(bound, count)| Bucket { cumulative_count: Some(count), upper_bound: Some(bound) };
    let (zero, native) = CELL.native(&spread.counts);
    let mut spans: Vec<BucketSpan> = Vec::new();
    let mut deltas = Vec::with_capacity(native.len());
    let (mut next, mut last) = (0, 0);
    for (index, count) in native {
        match spans.last_mut() {
            Some(span) if index == next => span.length = span.length.map(|length| length + 1),
            _ => spans.push(BucketSpan { offset: Some(index - next), length: Some(1) }),
        }
        next = index + 1;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        deltas.push(count - std::mem::replace(&mut last, count));
    }
    Histogram {
        sample_count: Some(spread.count()),
        sample_sum: Some(spread.seconds()),
        bucket: CLASSIC.into_iter().zip(counts).map(bucket).collect(),
        schema: Some(SCHEMA),
        zero_threshold: Some(zero_threshold()),
        zero_count: Some(zero),
        positive_span: spans,
        positive_delta: deltas,
    }
}
