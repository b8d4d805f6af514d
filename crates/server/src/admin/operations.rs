//! Changes, one after the other as they are asked for.

use std::{path::Path, sync::Arc};

use hotplate::{
    Change, Endpoint, Error, ErrorKind, Registry, Shadow, ShadowTerms, Variant, Version,
};

use super::{
    Admin,
    body::{Body, bad},
};
use crate::{log, problem::Problem, status::Reason};

/// What a shadow is called that nobody gave a name.
const SHADOW: &str = "shadow";

impl Admin {
    /// Opens a model, and gives it to a variant once it is warm and right.
    pub(super) fn swap(
        &self,
        registry: &Registry,
        endpoint: &str,
        variant: &str,
        body: &[u8],
    ) -> Result<(), Problem> {
        let body = Body::with_keys(body, &["model", "weight"])?;
        let (model, weight) = (model(&body)?, body.number("weight")?);
        check_endpoint(registry, endpoint)?;
        let version = self.open(registry, endpoint, variant, model)?;
        if let Some(profile) = &self.profile {
            profile.check(version.engine()).map_err(|problem| {
                let kind = ErrorKind::Unsupported;
                refused(registry, endpoint, Some(variant), kind, problem.to_owned())
            })?;
        }
        change(registry, endpoint, Change::Swapped, Some(variant), |endpoint| {
            endpoint.with_version(variant, version, weight)
        })
    }

    /// Opens a model, and lets it watch.
    pub(super) fn shadow(
        &self,
        registry: &Registry,
        endpoint: &str,
        body: &[u8],
    ) -> Result<(), Problem> {
        let body = Body::with_keys(body, &["model", "name", "sample", "tolerance"])?;
        let (model, name) = (model(&body)?, body.text("name")?.unwrap_or(SHADOW));
        let sample = body.number("sample")?.unwrap_or(ShadowTerms::default().sample);
        if sample > 1.0 {
            return Err(bad(format!("sample: expected a fraction from 0 to 1, got {sample}")));
        }
        let terms = ShadowTerms { sample, tolerance: body.number("tolerance")? };
        check_endpoint(registry, endpoint)?;
        let version = self.open(registry, endpoint, name, model)?;
        change(registry, endpoint, Change::Shadowed, Some(name), |endpoint| {
            let shadow = Shadow::start(Variant::new(name, version)?, terms)?;
            endpoint.with_shadow(Some(Arc::new(shadow)))
        })
    }

    fn open(
        &self,
        registry: &Registry,
        endpoint: &str,
        variant: &str,
        model: &str,
    ) -> Result<Version, Problem> {
        let Ok(_alone) = self.opening.try_lock() else {
            let message = "a model is being opened for another change; try again when it is warm";
            return Err(Problem::new(Reason::ChangeRunning, message));
        };
        registry
            .open_version(Path::new(model))
            .map_err(|error| failed(registry, endpoint, Some(variant), &error))
    }
}

pub(super) fn weigh<'n>(
    registry: &Registry,
    endpoint: &'n str,
    body: &[u8],
) -> Result<&'n str, Problem> {
    let body = Body::read(body)?;
    let weights = body.numbers()?;
    change(registry, endpoint, Change::Weighted, None, |endpoint| endpoint.with_weights(weights))?;
    Ok(endpoint)
}

pub(super) fn remove<'n>(
    registry: &Registry,
    endpoint: &'n str,
    variant: &str,
) -> Result<&'n str, Problem> {
    change(registry, endpoint, Change::Removed, Some(variant), |endpoint| {
        endpoint.without_variant(variant)
    })?;
    Ok(endpoint)
}

pub(super) fn unshadow<'n>(registry: &Registry, endpoint: &'n str) -> Result<&'n str, Problem> {
    change(registry, endpoint, Change::Shadowed, None, |endpoint| endpoint.with_shadow(None))?;
    Ok(endpoint)
}

/// Goes back to the version before, of one variant or of all that are on probation.
pub(super) fn roll_back<'n>(
    registry: &Registry,
    endpoint: &'n str,
    body: &[u8],
) -> Result<&'n str, Problem> {
    let body = Body::with_keys(body, &["variant"])?;
    let variant = body.text("variant")?;
    change(registry, endpoint, Change::RolledBack, variant, |endpoint| match variant {
        Some(variant) => endpoint.rolled_back(variant),
        None => {
            let on_probation = |variant: &&Variant| variant.probation().is_some();
            let mut tried = endpoint.variants().iter().filter(on_probation).map(Variant::name);
            // Where there is none, the first says so.
            let first = tried.next().unwrap_or(endpoint.variants()[0].name());
            tried.try_fold(endpoint.rolled_back(first)?, |next, name| next.rolled_back(name))
        }
    })?;
    Ok(endpoint)
}

/// Makes a change, and tells of it.
fn change(
    registry: &Registry,
    endpoint: &str,
    what: Change,
    variant: Option<&str>,
    change: impl FnOnce(&Endpoint) -> Result<Endpoint, Error>,
) -> Result<(), Problem> {
    match registry.update(endpoint, change) {
        Ok(()) => {
            log::event(endpoint, &registry.note(endpoint, what, variant, None));
            Ok(())
        }
        Err(error) => Err(failed(registry, endpoint, variant, &error)),
    }
}

/// Tells of a change that was refused. Its caller may know everything, paths included.
fn failed(registry: &Registry, endpoint: &str, variant: Option<&str>, error: &Error) -> Problem {
    refused(registry, endpoint, variant, error.kind(), error.to_string())
}

fn refused(
    registry: &Registry,
    endpoint: &str,
    variant: Option<&str>,
    kind: ErrorKind,
    problem: String,
) -> Problem {
    log::event(endpoint, &registry.note(endpoint, Change::Refused, variant, Some(problem.clone())));
    Problem::new(Reason::ChangeRefused(kind), problem)
}

/// Refuses a name before a model is opened for it.
fn check_endpoint(registry: &Registry, endpoint: &str) -> Result<(), Problem> {
    super::state::one(&registry.load(), endpoint).map(drop)
}

fn model(body: &Body) -> Result<&str, Problem> {
    body.text("model")?.ok_or_else(|| bad("model: expected the path of a model".to_owned()))
}
