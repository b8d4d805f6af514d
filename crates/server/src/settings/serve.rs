//! The keys of `[serve]`.

use std::time::Duration;

use hotplate::config::{Bytes, Count, Kind, Port, Text, Time, Truth, Whole, Written};
use hotplate_codec::Format;

use crate::profile::Container;

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
        /// How long a request may wait for its model, and a reply may take to begin.
        request_timeout: Time = Duration::from_secs(60), also [
            "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS" in "s",
            "SAGEMAKER_MODEL_SERVER_TIMEOUT" in "s",
        ];
        /// Serve SageMaker's multi-model API: models come and go through /models.
        multi_model: Truth = false, also ["SAGEMAKER_MULTI_MODEL"];
        /// Memory that models may take that come through /models, which are refused beyond it.
        model_memory: Bytes, otherwise "what the container or the machine has left",
            like "\"4GiB\"";
        /// How many times the size of its files a model is expected to take while it is loaded.
        model_memory_factor: Count = 2;
        /// Answer a line that is no row with a placeholder, so that a batch does not fail as a whole.
        batch: Truth = false, also ["SAGEMAKER_BATCH"];
        /// Keep ids for clients that ask for stateful sessions.
        sessions: Truth = true, also ["SAGEMAKER_ENABLE_STATEFUL_SESSIONS"];
        /// How long a session may be used.
        session_time: Time = Duration::from_secs(1200), also [
            "SAGEMAKER_SESSIONS_EXPIRATION" in "s",
        ];
        /// The most sessions at once.
        max_sessions: Count = 10_000;
        /// Answer as one of SageMaker's containers does, byte by byte: `xgboost` or `sklearn`.
        profile: ProfileName, otherwise "as the documentation says", like "\"xgboost\"";
        /// Under the profile `xgboost`: the keys of each answer, between commas.
        inference_output: Text, otherwise "the prediction alone",
            like "\"predicted_label,probabilities\"", also ["SAGEMAKER_INFERENCE_OUTPUT"];
        /// Under the profile `xgboost`: let all model files of a folder answer as one; else
        /// the first by name answers alone.
        inference_ensemble: Truth = true, also ["SAGEMAKER_INFERENCE_ENSEMBLE"];
    }
}

/// The media type of a format that replies have.
#[derive(Debug)]
pub struct MediaType;

impl Kind for MediaType {
    type Value = Format;
    const PLACEHOLDER: &'static str = "TYPE";

    fn of_text(text: &str) -> Result<Format, &'static str> {
        Format::from_media_type(text).filter(|format| format.is_written()).ok_or(
            "application/json, text/csv, application/jsonlines, application/x-npy or \
             application/x-recordio-protobuf",
        )
    }
}

impl Written for MediaType {
    fn write(format: &Format) -> String {
        format!("{:?}", format.media_type())
    }
}

/// The name of a container.
#[derive(Debug)]
pub struct ProfileName;

impl Kind for ProfileName {
    type Value = Container;
    const PLACEHOLDER: &'static str = "PROFILE";

    fn of_text(text: &str) -> Result<Container, &'static str> {
        match text {
            "xgboost" => Ok(Container::Xgboost),
            "sklearn" => Ok(Container::Sklearn),
            _ => Err("xgboost or sklearn"),
        }
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
