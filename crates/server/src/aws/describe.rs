//! `DescribeEndpoint`, which clients poll until an endpoint is in service.

use hotplate::Variant;
use http_body_util::{BodyExt as _, Limited};
use hyper::{Response, body::Incoming};
use serde_json::{Value, json};

use super::{
    JSON_1_1,
    fault::{Fault, document},
};
use crate::http::{Outgoing, Shared};

/// The longest request.
const LONGEST_BODY: usize = 16 << 10;

pub(super) async fn endpoint(body: Incoming, shared: &Shared) -> Result<Response<Outgoing>, Fault> {
    let body = Limited::new(body, LONGEST_BODY).collect().await;
    let body = body.map_err(|error| Fault::ValidationError(error.to_string()))?.to_bytes();
    let request: Value = serde_json::from_slice(&body)
        .map_err(|error| Fault::ValidationError(format!("the body is no JSON: {error}")))?;
    let Some(name) = request["EndpointName"].as_str() else {
        return Err(Fault::ValidationError("EndpointName must be a text".to_owned()));
    };
    let since = shared.aws.since.as_secs_f64();
    let mut description = json!({
        "EndpointName": name,
        "EndpointArn": format!("arn:aws:sagemaker:local:000000000000:endpoint/{name}"),
        "EndpointConfigName": name,
        "CreationTime": since,
        "LastModifiedTime": since,
    });
    // Until the models are there, nobody knows which names they have.
    let Some(registry) = shared.handler.registry() else {
        description["EndpointStatus"] = "Creating".into();
        return Ok(document(200, JSON_1_1, &description));
    };
    let endpoints = registry.load();
    let found = match endpoints.get(name) {
        Some(endpoint) => Some(endpoint),
        None if shared.aws.is_called(name) => endpoints.only(),
        None => {
            return Err(Fault::ValidationError(format!("Could not find endpoint \"{name}\".")));
        }
    };
    if let Some(endpoint) = found {
        description["ProductionVariants"] = endpoint.variants().iter().map(variant).collect();
        if let Some(shadow) = endpoint.shadow() {
            description["ShadowProductionVariants"] = json!([variant(shadow.variant())]);
        }
    }
    description["EndpointStatus"] = "InService".into();
    Ok(document(200, JSON_1_1, &description))
}

fn variant(variant: &Variant) -> Value {
    json!({
        "VariantName": variant.name(),
        "CurrentWeight": variant.weight(),
        "DesiredWeight": variant.weight(),
        "CurrentInstanceCount": 1,
        "DesiredInstanceCount": 1,
    })
}
