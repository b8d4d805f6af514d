//! The keys of `[aws]`.

use hotplate::config::{FilePath, Port, Text, Whole};

hotplate::settings! {
    /// The AWS front door: SageMaker's own runtime API on loopback, for local work.
    pub struct Aws = "aws" {
        /// Port of 127.0.0.1 on which boto3 and other AWS clients are answered, 0 for a free one;
        /// no such port unless it is said.
        endpoint: Port, otherwise "none", like "8081";
        /// What clients may call the endpoint beside its models' names.
        endpoint_name: Text, otherwise "the models' names", like "\"churn-production\"";
        /// Folder that stands for S3: s3://BUCKET/KEY is the file BUCKET/KEY in it. Without it,
        /// asynchronous invocations are refused.
        s3_folder: FilePath, otherwise "none", like "\"s3\"";
        /// The most asynchronous invocations that wait; further ones are refused.
        async_queue: Whole = 1000;
    }
}
