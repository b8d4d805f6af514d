//! The keys of `[serve]`.

use hotplate::config::{Bytes, Count, Kind, Port, Text, Truth, Whole, Written};
use hotplate_codec::Format;

hotplate::settings! {
    /// How to serve; in the folder that is served.
    pub struct Serve = "serve" {
        /// Address or host name to listen on.
        host: Text, otherwise "127.0.0.1; in a SageMaker container 0.0.0.0",
            like "\"127.0.0.1\"";
        /// Port to listen on, 0 for a free one.
        port: Port = 8080, also ["SAGEMAKER_BIND_TO_PORT"];
        /// Threads that answer connections.
        threads: Count, otherwise "one per core", like "2",
            also ["SAGEMAKER_MODEL_SERVER_WORKERS"];
        /// Longest request body, as a number of bytes or with KiB, MiB or GiB; 0 for no limit.
        max_body_bytes: Bytes = 25 << 20, also [
            "SAGEMAKER_MAX_REQUEST_SIZE",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB" in "MiB",
            "MAX_CONTENT_LENGTH",
        ];
        /// How many seconds requests may go on after SIGTERM, which SageMaker allows 30.
        drain_seconds: Whole = 25;
        /// Log each model and each request on standard output, one line of JSON, without features.
        log_requests: Truth = false;
        /// Media type of replies to clients that accept any.
        default_accept: MediaType = Format::Json, also ["SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"];
        /// What the endpoint is called in CloudWatch's metrics and in captured data.
        endpoint_name: EndpointName, otherwise "the model's name", like "\"churn-prod\"";
        /// Keep the models from being swapped out, where the system allows it.
        lock_memory: Truth = true;
    }
}

/// The media type of a format that replies have.
#[derive(Debug)]
pub struct MediaType;

impl Kind for MediaType {
    type Value = Format;
    const PLACEHOLDER: &'static str = "TYPE";

    fn of_text(text: &str) -> Result<Format, &'static str> {
        Format::from_media_type(text).ok_or("application/json, text/csv or application/jsonlines")
    }
}

impl Written for MediaType {
    fn write(format: &Format) -> String {
        format!("{:?}", format.media_type())
    }
}

/// A name as SageMaker's endpoints have it.
#[derive(Debug)]
pub struct EndpointName;

impl Kind for EndpointName {
    type Value = String;
    const PLACEHOLDER: &'static str = "NAME";

    fn of_text(text: &str) -> Result<String, &'static str> {
        const LONGEST: usize = 63;
        let allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let fits = (1..=LONGEST).contains(&text.len());
        let expected = "a name of up to 63 letters, digits and hyphens";
        if allowed && fits { Ok(text.to_owned()) } else { Err(expected) }
    }
}
