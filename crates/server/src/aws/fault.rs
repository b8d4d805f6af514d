//! Errors as AWS's clients read them.

use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Map, Value, json};

use crate::http::Outgoing;

/// How much of a container's reply an error repeats.
const MOST_REPEATED: usize = 4096;

/// Why an operation did not succeed. Each becomes the exception of the same name in boto3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A parameter is wrong, or there is no such endpoint.
    ValidationError(String),
    /// The container answered with an error.
    ModelError {
        /// Its status.
        status: u16,
        /// Its body.
        body: String,
        /// The endpoint that was asked.
        endpoint: String,
    },
    /// The models are still being loaded.
    ModelNotReady(String),
    /// The server takes no more requests.
    ServiceUnavailable(String),
    /// The front door itself failed.
    InternalFailure(String),
    /// What stands in for S3 failed.
    InternalDependency(String),
}

impl Fault {
    /// The HTTP status and the exception's name, as the service model has them.
    const fn on_the_wire(&self) -> (u16, &'static str) {
        match self {
            Self::ValidationError(_) => (400, "ValidationError"),
            Self::ModelError { .. } => (424, "ModelError"),
            Self::ModelNotReady(_) => (429, "ModelNotReadyException"),
            Self::InternalFailure(_) => (500, "InternalFailure"),
            Self::ServiceUnavailable(_) => (503, "ServiceUnavailable"),
            Self::InternalDependency(_) => (530, "InternalDependencyException"),
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::ModelError { status, body, endpoint } => {
                let side = if *status < 500 { "client" } else { "server" };
                let (repeated, rest) = match body.floor_char_boundary(MOST_REPEATED) {
                    end if end < body.len() => {
                        (&body[..end], " and could not load the entire response body")
                    }
                    _ => (body.trim_end(), ""),
                };
                json!({
                    "Message": format!(
                        "Received {side} error ({status}) from primary with message \
                         \"{repeated}\"{rest}. See the server's own log for more information."
                    ),
                    "OriginalStatusCode": status,
                    "OriginalMessage": repeated,
                    "LogStreamArn": format!(
                        "arn:aws:logs:local:000000000000:log-group:/aws/sagemaker/Endpoints/\
                         {endpoint}"
                    ),
                })
            }
            Self::ValidationError(message)
            | Self::ModelNotReady(message)
            | Self::ServiceUnavailable(message)
            | Self::InternalFailure(message)
            | Self::InternalDependency(message) => json!({ "Message": message }),
        }
    }

    /// As an operation of the runtime service answers.
    pub(super) fn of_runtime(&self) -> Response<Outgoing> {
        let (status, name) = self.on_the_wire();
        let mut response = document(status, "application/json", &self.body());
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
        response
    }

    /// As an operation of the control plane answers: `json 1.1`, which has no such header, and
    /// whose only client error is `ValidationException`.
    pub(super) fn of_control(&self) -> Response<Outgoing> {
        let (status, name) = match self {
            Self::ValidationError(_) => (400, "ValidationException"),
            _ => self.on_the_wire(),
        };
        let mut body = Map::new();
        body.insert("__type".to_owned(), name.into());
        if let Some(message) = self.body().get("Message") {
            body.insert("message".to_owned(), message.clone());
        }
        document(status, super::JSON_1_1, &Value::Object(body))
    }
}

/// A reply that is one JSON object.
pub(super) fn document(
    status: u16,
    content_type: &'static str,
    body: &Value,
) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(body.to_string().into()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_replies_of_the_container_are_cut() {
        let fault = |body: &str| Fault::ModelError {
            status: 400,
            body: body.to_owned(),
            endpoint: "churn".to_owned(),
        };
        let message = |fault: Fault| fault.body()["Message"].as_str().unwrap().to_owned();
        let short = message(fault("{\"error\":\"no\"}\n"));
        assert!(
            short.contains(r#"client error (400) from primary with message "{"error":"no"}"."#)
        );
        let long = message(fault(&"ü".repeat(MOST_REPEATED)));
        assert!(long.contains("could not load the entire response body"), "{long}");
        assert!(long.len() < MOST_REPEATED + 200);
    }
}
