//! What is served, as JSON.

use std::time::UNIX_EPOCH;

use hotplate::{
    Endpoint, Endpoints, Engine, ErrorKind, Event, Probation, ProbationTerms, Shadow, Variant,
    Version,
};
use serde_json::{Map, Value, json};

use crate::{problem::Problem, status::Reason};

pub(super) fn all(endpoints: &Endpoints) -> Value {
    let all: Vec<Value> = endpoints.iter().map(|endpoint| of(endpoint)).collect();
    json!({ "endpoints": all })
}

pub(super) fn one(endpoints: &Endpoints, name: &str) -> Result<Value, Problem> {
    endpoints.get(name).map(|endpoint| of(endpoint)).ok_or_else(|| {
        let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name()).collect();
        let message = format!("no endpoint is called {name:?}; there is {}", names.join(" or "));
        Problem::new(Reason::ChangeRefused(ErrorKind::UnknownEndpoint), message)
    })
}

fn of(endpoint: &Endpoint) -> Value {
    let variants: Vec<Value> =
        endpoint.variants().iter().map(|one| variant(endpoint, one)).collect();
    let events: Vec<Value> = endpoint.history().events().iter().map(event).collect();
    let ProbationTerms { answers, max_failures } = endpoint.probation();
    json!({
        "name": endpoint.name(),
        "variants": variants,
        "shadow": endpoint.shadow().map(|one| shadow(one)),
        "probation": { "answers": answers, "max_failures": max_failures },
        "events": events,
    })
}

fn variant(endpoint: &Endpoint, variant: &Variant) -> Value {
    let mut members = model(variant.name(), variant.version());
    members.insert("weight".to_owned(), variant.weight().into());
    members.insert("share".to_owned(), endpoint.share(variant).into());
    if let Some(trial) = variant.probation() {
        members.insert("probation".to_owned(), probation(trial));
    }
    members.into()
}

fn model(name: &str, version: &Version) -> Map<String, Value> {
    let engine: &Engine = version.engine();
    let mut members = Map::new();
    let mut put = |key: &str, value: Value| members.insert(key.to_owned(), value);
    put("name", name.into());
    put("model", path(version));
    put("backend", engine.backend().into());
    put("device", engine.placement().device.to_string().into());
    put("golden_rows", engine.golden_rows().into());
    put("runs", engine.figures().requests.into());
    members
}

fn path(version: &Version) -> Value {
    version.model().map_or(Value::Null, |path| path.display().to_string().into())
}

fn probation(trial: &Probation) -> Value {
    let ProbationTerms { answers, max_failures } = trial.terms();
    json!({
        "answers": trial.answers(),
        "of": answers,
        "failures": trial.failures(),
        "max_failures": max_failures,
        "before": trial.before().map(path),
    })
}

fn shadow(shadow: &Shadow) -> Value {
    let mut members = model(shadow.variant().name(), shadow.variant().version());
    let (terms, figures) = (shadow.terms(), shadow.figures());
    let mut put = |key: &str, value: Value| members.insert(key.to_owned(), value);
    put("sample", terms.sample.into());
    put("tolerance", terms.tolerance.into());
    put("requests", figures.requests.into());
    put("dropped", figures.dropped.into());
    put("failed", figures.failed.into());
    put("rows", figures.rows.into());
    put("beyond_tolerance", figures.beyond_tolerance.into());
    put("label_flips", figures.label_flips.into());
    put("largest_difference", figures.largest_difference.into());
    members.into()
}

fn event(event: &Event) -> Value {
    let since = event.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "time_ms": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        "event": event.change.name(),
        "variant": event.variant,
        "problem": event.problem,
    })
}
