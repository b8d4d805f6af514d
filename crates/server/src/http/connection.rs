use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ACCEPT, ALLOW, CONNECTION, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, RETRY_AFTER,
    },
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{acceptor::stopped, body};
use crate::{
    handler::{Admitted, Handler, Head, Reply, Scratch},
    log::RequestLog,
    problem::Problem,
    status::Reason,
};

/// How long a client may take to send a head, the idle time before it included.
const HEAD_TIME: Duration = Duration::from_secs(75);

/// Bodies from here on are answered on a thread of their own, so that the other connections of
/// this one do not wait for them: about a hundred rows of JSON.
const LARGE_BODY_BYTES: usize = 64 << 10;

/// What clients call a request.
const REQUEST_IDS: [HeaderName; 2] = [
    HeaderName::from_static("x-amzn-sagemaker-inference-id"),
    HeaderName::from_static("x-request-id"),
];

/// What the connections of all threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) handler: Handler,
    pub(super) max_body_bytes: usize,
    pub(super) log: Option<RequestLog>,
}

/// What the connections of one thread share.
#[derive(Debug, Default)]
pub(super) struct Local {
    scratch: RefCell<Scratch>,
    reply: RefCell<Reply>,
}

/// How long a connection without a request is kept once the server was told to stop: its request
/// may be on the way.
const FIRST_REQUEST_TIME: Duration = Duration::from_secs(1);

/// Serves one connection to its end; once `stop` says so, to the end of the request at hand.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    local: Rc<Local>,
    mut stop: watch::Receiver<bool>,
) {
    let has_asked = Cell::new(false);
    let service = service_fn(|request| {
        has_asked.set(true);
        let (shared, local) = (Arc::clone(&shared), Rc::clone(&local));
        async move { Ok::<_, Infallible>(respond(request, shared, local).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // A connection that breaks is its client's affair; whatever it was owed is gone with it.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(FIRST_REQUEST_TIME) => {}
    }
    if has_asked.get() {
        let _ = connection.await;
    }
}

async fn respond(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    local: Rc<Local>,
) -> Response<Full<Bytes>> {
    let start = shared.log.is_some().then(Instant::now);
    let (parts, incoming) = request.into_parts();
    let waits = parts.headers.contains_key(EXPECT);
    let admitted = shared.handler.admit(&head(&parts));
    let body = match admitted {
        Ok(admitted) => {
            body::read(incoming, shared.max_body_bytes, waits).await.map(|body| (admitted, body))
        }
        Err(problem) => {
            body::discard(incoming, waits).await;
            Err(problem)
        }
    };
    match body {
        Ok((admitted, body)) if body.len() >= LARGE_BODY_BYTES => {
            let reply = answer_apart(&shared, admitted, body).await;
            finish(&shared, &parts, &reply, start)
        }
        Ok((admitted, body)) => {
            let mut reply = local.reply.borrow_mut();
            let mut scratch = local.scratch.borrow_mut();
            shared.handler.answer(&admitted, &body, &mut scratch, &mut reply);
            finish(&shared, &parts, &reply, start)
        }
        Err(problem) => {
            let mut reply = local.reply.borrow_mut();
            problem.answer(&mut reply);
            finish(&shared, &parts, &reply, start)
        }
    }
}

/// Answers on a thread where nobody else waits.
async fn answer_apart(shared: &Arc<Shared>, admitted: Admitted, body: Bytes) -> Reply {
    let task = {
        let shared = Arc::clone(shared);
        spawn_blocking(move || {
            let mut reply = Reply::default();
            shared.handler.answer(&admitted, &body, &mut Scratch::default(), &mut reply);
            reply
        })
    };
    task.await.unwrap_or_else(|_| {
        let mut reply = Reply::default();
        Problem::new(Reason::Internal, "the server failed on this request").answer(&mut reply);
        reply
    })
}

fn head(parts: &Parts) -> Head<'_> {
    Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        content_type: text(&parts.headers, &CONTENT_TYPE),
        accept: text(&parts.headers, &ACCEPT),
    }
}

/// A header's text. One that is no text at all reads as one that names nothing.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Makes the response, and logs it when asked for.
fn finish(
    shared: &Shared,
    parts: &Parts,
    reply: &Reply,
    start: Option<Instant>,
) -> Response<Full<Bytes>> {
    if let (Some(log), Some(start)) = (&shared.log, start) {
        let id = REQUEST_IDS.iter().find_map(|name| text(&parts.headers, name));
        log.write(id, parts.uri.path(), reply, start.elapsed());
    }
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(&reply.body)));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    if let Some(allow) = reply.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    match reply.status {
        503 => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // What is left of the body cannot be told from a next request.
        408 | 413 => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}
