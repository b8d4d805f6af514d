//! What the API's model allows in headers. boto3 itself checks little of it.

use hyper::HeaderMap;

use super::fault::Fault;

/// A header of an operation, what the API calls it, and how long it may be.
struct Parameter {
    header: &'static str,
    name: &'static str,
    lengths: std::ops::RangeInclusive<usize>,
    /// Refuses other text.
    allows: fn(&str) -> bool,
}

const fn text(header: &'static str, name: &'static str, min: usize, max: usize) -> Parameter {
    Parameter { header, name, lengths: min..=max, allows: |_| true }
}

const PARAMETERS: [Parameter; 13] = [
    text("content-type", "contentType", 0, 1024),
    text("accept", "accept", 0, 1024),
    text("x-amzn-sagemaker-content-type", "contentType", 0, 1024),
    text("x-amzn-sagemaker-accept", "accept", 0, 1024),
    text("x-amzn-sagemaker-custom-attributes", "customAttributes", 0, 1024),
    text("x-amzn-sagemaker-target-model", "targetModel", 1, 1024),
    Parameter {
        header: "x-amzn-sagemaker-target-variant",
        name: "targetVariant",
        lengths: 0..=63,
        allows: is_name,
    },
    text("x-amzn-sagemaker-target-container-hostname", "targetContainerHostname", 0, 63),
    Parameter {
        header: "x-amzn-sagemaker-inference-id",
        name: "inferenceId",
        lengths: 1..=64,
        allows: |id| !id.starts_with(' '),
    },
    text("x-amzn-sagemaker-inference-component", "inferenceComponentName", 0, 63),
    Parameter {
        header: "x-amzn-sagemaker-session-id",
        name: "sessionId",
        lengths: 0..=256,
        allows: |id| id == "NEW_SESSION" || is_name(id),
    },
    text("x-amzn-sagemaker-enable-explanations", "enableExplanations", 1, 64),
    text("x-amzn-sagemaker-prefix-aware-id", "prefixAwareId", 1, 64),
];

/// # Errors
///
/// For the first header that the API's model does not allow.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Fault> {
    for Parameter { header, name, lengths, allows } in &PARAMETERS {
        let Some(value) = headers.get(*header) else { continue };
        let problem = match value.to_str() {
            Err(_) => "printable ASCII".to_owned(),
            Ok(text) if !lengths.contains(&text.len()) => {
                format!("length from {} to {}", lengths.start(), lengths.end())
            }
            Ok(text) if !allows(text) => "regular expression pattern of its kind".to_owned(),
            Ok(_) => continue,
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        return Err(Fault::ValidationError(format!(
            "1 validation error detected: Value '{value}' at '{name}' failed to satisfy \
             constraint: Member must satisfy {problem}"
        )));
    }
    Ok(())
}

/// `[a-zA-Z0-9](-*[a-zA-Z0-9])*`
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn checked(header: &'static str, value: &str) -> Result<(), Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(header, HeaderValue::from_str(value).unwrap());
        check(&headers)
    }

    #[test]
    fn each_parameter_has_its_bounds() {
        for Parameter { header, lengths, .. } in &PARAMETERS {
            assert!(checked(header, &"a".repeat(*lengths.end())).is_ok(), "{header}");
            assert!(checked(header, &"a".repeat(lengths.end() + 1)).is_err(), "{header}");
            assert_eq!(
                checked(header, "").is_ok(),
                *lengths.start() == 0 && header_takes_empty(header)
            );
        }
    }

    fn header_takes_empty(header: &str) -> bool {
        PARAMETERS.iter().any(|parameter| parameter.header == header && (parameter.allows)(""))
    }

    #[test]
    fn sessions_and_variants_have_patterns() {
        assert!(checked("x-amzn-sagemaker-session-id", "NEW_SESSION").is_ok());
        assert!(checked("x-amzn-sagemaker-session-id", "a--b").is_ok());
        assert!(checked("x-amzn-sagemaker-session-id", "a_b").is_err());
        assert!(checked("x-amzn-sagemaker-target-variant", "-a").is_err());
        assert!(checked("x-amzn-sagemaker-inference-id", " a").is_err());
    }
}
