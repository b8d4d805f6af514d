/// What a request says before its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// What stands behind the path's question mark.
    pub query: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<&'a str>,
    /// `X-Amzn-SageMaker-Enable-Explanations`.
    pub enable_explanations: Option<&'a str>,
    /// `X-Amzn-SageMaker-Inference-Id`, or `X-Request-Id`.
    pub inference_id: Option<&'a str>,
    /// `X-Amzn-SageMaker-Session-Id`.
    pub session_id: Option<&'a str>,
    /// `X-Amzn-SageMaker-Target-Model`.
    pub target_model: Option<&'a str>,
    /// `X-Amzn-SageMaker-Target-Variant`.
    pub target_variant: Option<&'a str>,
}
