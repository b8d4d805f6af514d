//! The AWS front door: SageMaker's runtime API on loopback, for local work with the clients that
//! talk to endpoints.
//!
//! | Operation | Route |
//! |---|---|
//! | `InvokeEndpoint` | `POST /endpoints/NAME/invocations` |
//! | `InvokeEndpointWithResponseStream` | `POST /endpoints/NAME/invocations-response-stream` |
//! | `InvokeEndpointAsync` | `POST /endpoints/NAME/async-invocations` |
//! | `DescribeEndpoint` | `POST /` with `X-Amz-Target: SageMaker.DescribeEndpoint` |
//!
//! NAME is a model's name, or the configured `endpoint_name`: with that, `TargetModel` chooses among
//! several models. Signatures are not verified: the door is on loopback.

mod asynchronous;
mod constraints;
mod describe;
pub(crate) mod event_stream;
mod fault;
mod invoke;
mod operation;
mod s3;

use std::{
    io,
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hyper::{Request, Response, body::Incoming, header::HeaderValue};
use uuid::Uuid;

use self::{asynchronous::Line, fault::Fault, operation::Operation, s3::Folder};
use crate::{
    handler::Handler,
    http::{Local, Outgoing, Pace, Shared},
    settings::Aws,
};

/// The media type of the control plane.
const JSON_1_1: &str = "application/x-amz-json-1.1";

/// What the front door knows beside the models.
#[derive(Debug)]
pub(crate) struct FrontDoor {
    endpoint_name: Option<String>,
    /// When the server started, since the epoch.
    since: Duration,
    line: Option<Line>,
}

impl FrontDoor {
    /// # Errors
    ///
    /// When the thread of asynchronous invocations does not start.
    pub(crate) fn new(settings: &Aws, handler: &Arc<Handler>, drain: Duration) -> io::Result<Self> {
        let longest = usize::try_from(settings.async_queue()).unwrap_or(usize::MAX);
        let folder = settings.s3_folder.clone().filter(|_| settings.endpoint.is_some());
        let line = folder.map(|folder| Line::start(Folder::at(folder), longest, handler, drain));
        Ok(Self {
            endpoint_name: settings.endpoint_name.clone(),
            since: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            line: line.transpose()?,
        })
    }

    /// Whether this is what the server is called, beside its models' own names.
    fn is_called(&self, name: &str) -> bool {
        self.endpoint_name.as_deref() == Some(name)
    }
}

/// Answers one request of an AWS client.
pub(crate) async fn respond(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Response<Outgoing> {
    let (parts, body) = request.into_parts();
    let operation = Operation::of(&parts);
    let request = Request::from_parts(parts, body);
    let mut response = match operation {
        Err(fault) => fault.of_runtime(),
        Ok(Operation::Invoke(endpoint)) => {
            of_runtime(invoke::whole(endpoint, request, shared, local, pace).await)
        }
        Ok(Operation::InvokeWithStream(endpoint)) => {
            of_runtime(invoke::streamed(endpoint, request, shared, local, pace).await)
        }
        Ok(Operation::InvokeAsync(endpoint)) => {
            of_runtime(asynchronous::enqueue(&endpoint, request, shared).await)
        }
        Ok(Operation::DescribeEndpoint) => {
            let described = describe::endpoint(request.into_body(), shared).await;
            described.unwrap_or_else(|fault| fault.of_control())
        }
        Ok(Operation::Unknown(target)) => {
            let message = format!("no operation {target:?}; there is SageMaker.DescribeEndpoint");
            Fault::ValidationError(message).of_control()
        }
    };
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn of_runtime(result: Result<Response<Outgoing>, Fault>) -> Response<Outgoing> {
    result.unwrap_or_else(|fault| fault.of_runtime())
}
