//! Requests for the admin API.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{AUTHORIZATION, EXPECT},
};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    body,
    outgoing::Outgoing,
    respond::{fail, finish},
    shared::Shared,
};
use crate::{problem::Problem, reply::Reply, status::Reason};

/// The longest body: changes are a line.
const MOST_BYTES: usize = 64 << 10;

/// How long it may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Answers one request for the admin API, on a thread of its own: it may open a model.
pub(super) async fn administer(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
) -> Response<Outgoing> {
    let (parts, mut incoming) = request.into_parts();
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admitted = match &shared.admin {
        Some(admin) => admin.admit(authorization),
        None => Err(Problem::new(Reason::NotFound, "there is no admin API")),
    };
    if let Err(problem) = admitted {
        body::discard(&mut incoming, parts.headers.contains_key(EXPECT)).await;
        return fail(shared, parts, None, &problem, None);
    }
    let body = match timeout(BODY_TIME, Limited::new(incoming, MOST_BYTES).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            let message = format!("expected a whole body of at most {MOST_BYTES} bytes");
            let problem = Problem::new(Reason::BodyTooLarge, message);
            return fail(shared, parts, None, &problem, None);
        }
        Err(_) => {
            let problem = Problem::new(Reason::BodyTimeout, "the body did not arrive in time");
            return fail(shared, parts, None, &problem, None);
        }
    };
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let shared_with_task = Arc::clone(shared);
    let task = spawn_blocking(move || {
        let Shared { admin, handler, .. } = &*shared_with_task;
        let mut reply = Reply::default();
        if let Some(admin) = admin {
            admin.answer(handler.registry(), method.as_str(), &path, &body, &mut reply);
        }
        reply
    });
    let mut reply = task.await.unwrap_or_else(|_| {
        let mut reply = Reply::default();
        Problem::new(Reason::Internal, "the server failed on this request").answer(&mut reply);
        reply
    });
    let bytes = Outgoing::whole(std::mem::take(&mut reply.body).into());
    finish(shared, parts, None, &reply, bytes, None)
}
