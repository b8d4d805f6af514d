//! What an AWS client asks for.

use hyper::http::request::Parts;

use super::fault::Fault;

/// The longest name of an endpoint.
const LONGEST_NAME: usize = 63;

/// An operation of SageMaker's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `InvokeEndpoint`, of the endpoint of this name.
    Invoke(String),
    /// `InvokeEndpointWithResponseStream`.
    InvokeWithStream(String),
    /// `InvokeEndpointAsync`.
    InvokeAsync(String),
    /// `DescribeEndpoint` of the control plane, whose endpoint stands in the body.
    DescribeEndpoint,
    /// Another operation of the control plane.
    Unknown(String),
}

impl Operation {
    /// # Errors
    ///
    /// When no operation of the runtime is asked for in this way, or the endpoint's name is none.
    pub(super) fn of(parts: &Parts) -> Result<Self, Fault> {
        let path = parts.uri.path();
        if parts.method != "POST" {
            let message = format!("{path} takes POST, not {}", parts.method);
            return Err(Fault::ValidationError(message));
        }
        if path == "/" {
            let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
            return match target.and_then(|target| target.strip_prefix("SageMaker.")) {
                Some("DescribeEndpoint") => Ok(Self::DescribeEndpoint),
                _ => Ok(Self::Unknown(target.unwrap_or_default().to_owned())),
            };
        }
        let runtime = path.strip_prefix("/endpoints/").and_then(|rest| rest.split_once('/'));
        let (name, operation): (_, fn(String) -> Self) = match runtime {
            Some((name, "invocations")) => (name, Self::Invoke),
            Some((name, "invocations-response-stream")) => (name, Self::InvokeWithStream),
            Some((name, "async-invocations")) => (name, Self::InvokeAsync),
            _ => {
                return Err(Fault::ValidationError(format!(
                    "there is no operation at {path}; there are POST /endpoints/NAME/invocations, \
                     /endpoints/NAME/invocations-response-stream and \
                     /endpoints/NAME/async-invocations"
                )));
            }
        };
        if !is_endpoint_name(name) {
            return Err(Fault::ValidationError(format!(
                "1 validation error detected: Value '{name}' at 'endpointName' failed to satisfy \
                 constraint: letters, digits and hyphens, at most {LONGEST_NAME} of them"
            )));
        }
        Ok(operation(name.to_owned()))
    }
}

/// `[a-zA-Z0-9](-*[a-zA-Z0-9])*` and the characters that names of models have beside.
fn is_endpoint_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn operation(method: &str, path: &str, target: &str) -> Result<Operation, Fault> {
        let request = Request::builder().method(method).uri(path).header("X-Amz-Target", target);
        Operation::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn operations_are_told_by_path_and_target() {
        let of_path = |path| operation("POST", path, "");
        let churn = || "churn".to_owned();
        assert_eq!(of_path("/endpoints/churn/invocations"), Ok(Operation::Invoke(churn())));
        assert_eq!(
            of_path("/endpoints/churn/invocations-response-stream"),
            Ok(Operation::InvokeWithStream(churn()))
        );
        assert_eq!(
            of_path("/endpoints/churn/async-invocations"),
            Ok(Operation::InvokeAsync(churn()))
        );
        let target = operation("POST", "/", "SageMaker.DescribeEndpoint");
        assert_eq!(target, Ok(Operation::DescribeEndpoint));
        let unknown = operation("POST", "/", "SageMaker.CreateModel");
        assert_eq!(unknown, Ok(Operation::Unknown("SageMaker.CreateModel".to_owned())));
        for path in ["/invocations", "/endpoints/a%2Fb/invocations", "/endpoints//invocations"] {
            assert!(of_path(path).is_err(), "{path}");
        }
        assert!(operation("GET", "/endpoints/churn/invocations", "").is_err());
    }
}
