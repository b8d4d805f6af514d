//! The same under the names that CloudWatch has for endpoints, so that dashboards and alarms keep
//! their words. Times are in microseconds, as there.

use std::{sync::Arc, time::Duration};

use hotplate::Endpoints;

use super::{super::series::Series, Family, Kind, Value};

pub(super) fn families(
    shown: &[Arc<Series>],
    endpoints: Option<&Endpoints>,
    models_come_and_go: bool,
) -> Vec<Family> {
    let mut invocations =
        Family::new("Invocations", Kind::Counter, "Requests for predictions that were replied to.");
    let mut errors_4xx =
        Family::new("Invocation4XXErrors", Kind::Counter, "Those with a status from 400 to 499.");
    let mut errors_5xx =
        Family::new("Invocation5XXErrors", Kind::Counter, "Those with a status from 500 to 599.");
    let mut model_errors =
        Family::new("InvocationModelErrors", Kind::Counter, "Those with a status other than 2xx.");
    let mut model_latency = Family::new(
        "ModelLatency",
        Kind::Summary,
        "Microseconds from a request's head to its reply, of requests that a model was asked.",
    );
    let mut overhead = Family::new(
        "OverheadLatency",
        Kind::Summary,
        "Microseconds of these that were spent neither parsing nor queueing, computing or \
         encoding, where phases are timed.",
    );
    let mut concurrent = Family::new(
        "ConcurrentRequestsPerModel",
        Kind::Gauge,
        "Requests that are being answered, or wait for a slot of their model.",
    );
    for series in shown {
        let labels =
            [("EndpointName", series.model.as_str()), ("VariantName", series.variant.as_str())];
        let Errors { client, server } = Errors::of(series);
        let sums = series.sums();
        invocations.push(&labels, Value::of(sums.answered + client + server));
        errors_4xx.push(&labels, Value::of(client));
        errors_5xx.push(&labels, Value::of(server));
        model_errors.push(&labels, Value::of(client + server));
        if series.model.is_empty() {
            continue;
        }
        model_latency.push(&labels, micros(sums.total.count(), sums.total.seconds()));
        let timed = sums.phases[0].count();
        if timed > 0 {
            let sum = Duration::from_nanos(sums.overhead).as_secs_f64();
            overhead.push(&labels, micros(timed, sum));
        }
        concurrent.push(&labels, Value::of(sums.begun.saturating_sub(sums.ended)));
    }

    let mut loading = Family::new(
        "ModelLoadingTime",
        Kind::Gauge,
        "Microseconds that it took to open a model, until it was warm.",
    );
    for endpoint in endpoints.into_iter().flat_map(|endpoints| endpoints.iter()) {
        for variant in endpoint.variants() {
            let labels = [("EndpointName", endpoint.name()), ("VariantName", variant.name())];
            let opened_in = variant.engine().opened_in().as_secs_f64() * 1e6;
            loading.push(&labels, Value::Number(opened_in));
        }
    }
    let mut loaded = Family::new("LoadedModelCount", Kind::Gauge, "Models that are loaded.");
    let count = endpoints.map_or(0, |endpoints| endpoints.len());
    loaded.push(&[], Value::of(count as u64));
    let mut families = vec![
        invocations,
        errors_4xx,
        errors_5xx,
        model_errors,
        model_latency,
        overhead,
        concurrent,
        loading,
        loaded,
    ];
    if models_come_and_go {
        families.extend(of_loads(shown));
    }
    families
}

/// What there is where models come and go through `/models`.
#[expect(clippy::cast_precision_loss, reason = "the formats have floats only")]
fn of_loads(shown: &[Arc<Series>]) -> [Family; 2] {
    let mut unloading = Family::new(
        "ModelUnloadingTime",
        Kind::Summary,
        "Microseconds that it took to remove a model, until its memory was free.",
    );
    let mut hits = Family::new(
        "ModelCacheHit",
        Kind::Summary,
        "Requests for a model, and in the sum those for one that was loaded already: all but the \
         first since it came.",
    );
    for series in shown {
        let labels =
            [("EndpointName", series.model.as_str()), ("VariantName", series.variant.as_str())];
        let loads = *series.loads();
        if let Some(loads) = loads {
            let asked = series.asked();
            hits.push(&labels, Value::Sum { count: asked, sum: loads.hits(asked) as f64 });
            unloading.push(&labels, micros(loads.unloading.count, loads.unloading.seconds()));
        } else if series.model.is_empty() {
            let count = not_loaded(series);
            hits.push(&labels, Value::Sum { count, sum: 0.0 });
        }
    }
    [unloading, hits]
}

/// The requests for models that there were none of.
fn not_loaded(series: &Series) -> u64 {
    let failures = series.failures();
    let missing = failures.iter().filter(|((_, reason), _)| *reason == "unknown_model");
    missing.map(|(_, count)| count).sum()
}

/// Failures by whose fault they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::observe) struct Errors {
    /// With a status from 400 to 499.
    pub(in crate::observe) client: u64,
    /// With a status from 500 to 599.
    pub(in crate::observe) server: u64,
}

impl Errors {
    pub(in crate::observe) fn of(series: &Series) -> Self {
        let mut errors = Self::default();
        for ((status, _), count) in series.failures() {
            match status {
                400..500 => errors.client += count,
                _ => errors.server += count,
            }
        }
        errors
    }
}

const fn micros(count: u64, seconds: f64) -> Value {
    Value::Sum { count, sum: seconds * 1e6 }
}
