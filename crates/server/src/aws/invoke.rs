//! `InvokeEndpoint`, with and without a stream: the container is asked, and what it says is told as
//! SageMaker tells it.

use std::{rc::Rc, sync::Arc};

use http_body_util::{BodyExt as _, Collected};
use hyper::{
    HeaderMap, Request, Response, Uri,
    body::Incoming,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{constraints, event_stream, fault::Fault};
use crate::http::{AnsweredBy, Door, Local, Outgoing, Pace, Shared, invoke};

const VARIANT: HeaderName = HeaderName::from_static("x-amzn-invoked-production-variant");
const SESSION: HeaderName = HeaderName::from_static("x-amzn-sagemaker-session-id");
const STREAM_ACCEPT: HeaderName = HeaderName::from_static("x-amzn-sagemaker-accept");
const STREAM_CONTENT_TYPE: HeaderName = HeaderName::from_static("x-amzn-sagemaker-content-type");
pub(super) const TARGET_MODEL: HeaderName =
    HeaderName::from_static("x-amzn-sagemaker-target-model");

/// `InvokeEndpoint`.
pub(super) async fn whole(
    endpoint: String,
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Result<Response<Outgoing>, Fault> {
    ask(endpoint, request, shared, local, pace).await
}

/// `InvokeEndpointWithResponseStream`.
pub(super) async fn streamed(
    endpoint: String,
    mut request: Request<Incoming>,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Result<Response<Outgoing>, Fault> {
    // What `Accept` says is about the stream's own form here.
    let headers = request.headers_mut();
    match headers.remove(STREAM_ACCEPT) {
        Some(accept) => headers.insert(ACCEPT, accept),
        None => headers.remove(ACCEPT),
    };
    let (mut parts, body) = ask(endpoint, request, shared, local, pace).await?.into_parts();
    let media_type = HeaderValue::from_static(event_stream::MEDIA_TYPE);
    if let Some(content_type) = parts.headers.insert(CONTENT_TYPE, media_type) {
        parts.headers.insert(STREAM_CONTENT_TYPE, content_type);
    }
    Ok(Response::from_parts(parts, body.in_frames()))
}

async fn ask(
    endpoint: String,
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Result<Response<Outgoing>, Fault> {
    let (mut parts, incoming) = request.into_parts();
    constraints::check(&parts.headers)?;
    parts.uri = Uri::try_from(path(&endpoint, &parts.headers, shared)?)
        .map_err(|error| Fault::InternalFailure(error.to_string()))?;
    let request = Request::from_parts(parts, incoming);
    let mut response = invoke(request, Door::Aws, shared, local, pace).await;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        // Errors are whole; one that were not would be told as far as it came.
        let body = response.into_body().collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        return Err(of_container(endpoint, status, &body));
    }
    let variant = response.extensions_mut().remove::<AnsweredBy>().and_then(|by| by.variant);
    if let Some(variant) = variant.and_then(|name| HeaderValue::from_str(&name).ok()) {
        response.headers_mut().insert(VARIANT, variant);
    }
    // The container says a new session's id in two headers, of which clients know one.
    response.headers_mut().remove(SESSION);
    Ok(response)
}

/// The container's path of the model that is asked for.
pub(super) fn path(endpoint: &str, headers: &HeaderMap, shared: &Shared) -> Result<String, Fault> {
    let Some(registry) = shared.handler.registry() else {
        let message = "the models are being loaded; try again in a moment";
        return Err(Fault::ModelNotReady(message.to_owned()));
    };
    let endpoints = registry.load();
    if endpoints.get(endpoint).is_some() {
        return Ok(format!("/models/{endpoint}/invoke"));
    }
    if !shared.aws.is_called(endpoint) {
        return Err(unknown(endpoint));
    }
    let Some(target) = headers.get(TARGET_MODEL).and_then(|target| target.to_str().ok()) else {
        return match endpoints.only() {
            Some(_) => Ok("/invocations".to_owned()),
            None => Err(Fault::ValidationError(format!(
                "endpoint {endpoint} has {} models; say with TargetModel which one",
                endpoints.len()
            ))),
        };
    };
    let file = target.rsplit('/').next().unwrap_or_default();
    let name = file.strip_suffix(".tar.gz").unwrap_or(file);
    match endpoints.get(name) {
        Some(_) => Ok(format!("/models/{name}/invoke")),
        None => Err(Fault::ValidationError(format!(
            "failed to download model data for target model {target}: endpoint {endpoint} has \
             none of this name"
        ))),
    }
}

/// As SageMaker words it.
pub(super) fn unknown(endpoint: &str) -> Fault {
    Fault::ValidationError(format!("Endpoint {endpoint} of account 000000000000 not found."))
}

fn of_container(endpoint: String, status: u16, body: &[u8]) -> Fault {
    let body = String::from_utf8_lossy(body);
    let reply: Value = serde_json::from_str(&body).unwrap_or_default();
    let message = || reply["error"].as_str().unwrap_or_default().to_owned();
    match reply["reason"].as_str() {
        Some("not_ready") => Fault::ModelNotReady(message()),
        Some("unknown_variant") => Fault::ValidationError(message()),
        _ => Fault::ModelError { status, body: body.into_owned(), endpoint },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_container_that_are_not_the_models_have_names_of_their_own() {
        let of = |status, body: &str| of_container("churn".to_owned(), status, body.as_bytes());
        let said = |message: &str| message.to_owned();
        assert_eq!(
            of(503, r#"{"error":"soon","reason":"not_ready"}"#),
            Fault::ModelNotReady(said("soon"))
        );
        assert_eq!(
            of(400, r#"{"error":"no green","reason":"unknown_variant"}"#),
            Fault::ValidationError(said("no green"))
        );
        for (status, body) in [(400, r#"{"error":"no","reason":"wrong_arity"}"#), (500, "no JSON")]
        {
            let (body, endpoint) = (said(body), said("churn"));
            assert_eq!(of(status, &body), Fault::ModelError { status, body, endpoint });
        }
    }
}
