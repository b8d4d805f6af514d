use std::{
    borrow::Cow,
    convert::Infallible,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use bytes::Bytes;
use hotplate::ErrorKind;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
    http::request::Parts,
};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};

use super::{
    admin::administer,
    body::{self, Begun},
    budget::Share,
    door::Door,
    outgoing::Outgoing,
    pace::Pace,
    shared::{Local, Shared},
};
use crate::{
    aws,
    handler::{Admitted, Handler, Pieces, Scratch},
    head::Head,
    log::Asked,
    problem::Problem,
    reply::Reply,
    status::Reason,
};

/// Bodies from here on are answered on a thread of their own, so that the other connections of
/// this one do not wait for them: about forty rows of named JSON, or a few hundred of CSV.
const LARGE_BODY_BYTES: usize = 16 << 10;

/// What clients call a request.
const REQUEST_IDS: [HeaderName; 2] = [
    HeaderName::from_static("x-amzn-sagemaker-inference-id"),
    HeaderName::from_static("x-request-id"),
];

/// What a client calls the model, where the platform calls it otherwise.
const TARGET_MODEL: HeaderName = HeaderName::from_static("x-amzn-sagemaker-target-model");

/// Answers one request that came in at `door`.
///
/// hyper moves this future about, so that what few requests need is boxed.
pub(super) async fn respond(
    request: Request<Incoming>,
    door: Door,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Result<Response<Outgoing>, Infallible> {
    let _at_hand = pace.begin();
    match door {
        Door::Container => Ok(invoke(request, door, shared, local, pace).await),
        Door::Admin => Ok(Box::pin(administer(request, shared)).await),
        Door::Aws => Ok(Box::pin(aws::respond(request, shared, local, pace)).await),
    }
}

/// Who answered, for those who want to know.
#[derive(Clone, Debug)]
pub(crate) struct AnsweredBy {
    pub(crate) endpoint: String,
    pub(crate) variant: Option<String>,
}

/// Answers one request to the container. At the door of AWS, the response's extensions have
/// [`AnsweredBy`].
pub(crate) async fn invoke(
    request: Request<Incoming>,
    door: Door,
    shared: &Arc<Shared>,
    local: &Local,
    pace: &Rc<Pace>,
) -> Response<Outgoing> {
    let start = shared.log.is_some().then(Instant::now);
    let (parts, mut incoming) = request.into_parts();
    // Held until the answer is written into memory of its own.
    let mut share = Share::of(&shared.budget);
    let (admission, waits) = {
        let accept = list(&parts.headers, &ACCEPT);
        let (head, waits) = head(&parts, accept.as_deref());
        (shared.handler.admit(&head), waits)
    };
    let mut admitted = match admission {
        Ok(admitted) => admitted,
        Err(problem) => {
            Box::pin(body::discard(&mut incoming, waits)).await;
            return fail(shared, parts, None, &problem, start);
        }
    };
    let wanted = start.is_some() || door == Door::Aws;
    let by = admitted.endpoint().filter(|_| wanted).map(|endpoint| AnsweredBy {
        endpoint: endpoint.to_owned(),
        variant: admitted.variant().map(str::to_owned),
    });
    let body = match body::begin(&mut incoming, shared.max_body_bytes, waits).await {
        Ok(Begun::Whole(body)) => Ok(body),
        Ok(Begun::Part(first)) => {
            admitted = admitted.keep();
            let max_bytes = shared.max_body_bytes;
            Box::pin(body::read_on(first, incoming, max_bytes, &mut share)).await
        }
        Err(problem) => Err(problem),
    };
    let body = match body {
        Ok(body) => body,
        Err(problem) => {
            shared.handler.not_answered(Some(&admitted), &problem);
            return fail(shared, parts, by, &problem, start);
        }
    };
    if admitted.is_long() {
        let task = Box::pin(on_other_thread(shared, move |handler, reply| {
            handler.answer(&admitted.keep(), &body, &mut Scratch::default(), reply);
        }));
        let (mut reply, ()) = task.await;
        let bytes = Outgoing::whole(std::mem::take(&mut reply.body).into());
        return finish(shared, parts, by, &reply, bytes, start);
    }
    if body.len() >= LARGE_BODY_BYTES {
        let (mut reply, pieces) = Box::pin(answer_apart(shared, admitted.keep(), body)).await;
        let first = std::mem::take(&mut reply.body).into();
        let body = match pieces {
            Some(mut pieces) => {
                if let Some(start) = start {
                    log_at_end(shared, &parts, by.as_ref(), &mut pieces, start);
                }
                Outgoing::stream(first, Box::new(pieces), shared, pace, share.keep(shared))
            }
            None => Outgoing::whole(first),
        };
        return finish(shared, parts, by, &reply, body, start);
    }
    if admitted.is_attended() {
        let (admitted, scratch, mut reply) = (admitted.keep(), &local.scratch, Reply::default());
        let answer = shared.handler.answer_in_task(&admitted, &body, scratch, &mut reply);
        // A lane lets go of what waits for too long when it next takes a batch. Should a run never
        // end, it takes none; the request is given up when its future is dropped.
        if timeout(shared.request_timeout, Box::pin(answer)).await.is_err() {
            let problem = late(shared);
            shared.handler.not_answered(Some(&admitted), &problem);
            problem.answer(&mut reply);
        }
        let bytes = Outgoing::whole(std::mem::take(&mut reply.body).into());
        return finish(shared, parts, by, &reply, bytes, start);
    }
    let mut reply = local.reply.borrow_mut();
    let mut scratch = local.scratch.borrow_mut();
    shared.handler.answer(&admitted, &body, &mut scratch, &mut reply);
    let bytes = Outgoing::whole(Bytes::copy_from_slice(&reply.body));
    finish(shared, parts, by, &reply, bytes, start)
}

/// Answers on a thread where nobody else waits: wholly, or with the first of many rows. Only so many
/// do that at once that a core is left for everybody else.
async fn answer_apart(
    shared: &Arc<Shared>,
    admitted: Admitted,
    body: Bytes,
) -> (Reply, Option<Pieces>) {
    let end = Instant::now() + shared.request_timeout;
    let refused = |problem: Problem| {
        let mut reply = Reply::default();
        shared.handler.not_answered(None, &problem);
        problem.answer(&mut reply);
        (reply, None)
    };
    let Ok(Ok(permit)) = timeout_at(end, Arc::clone(&shared.large).acquire_owned()).await else {
        let message = "too many large requests at once; try again in a moment";
        return refused(Problem::new(Reason::Overloaded, message));
    };
    let task = on_other_thread(shared, move |handler, reply| {
        let _permit = permit;
        handler.answer_in_pieces(admitted, &body, reply)
    });
    timeout_at(end, task).await.unwrap_or_else(|_| refused(late(shared)))
}

/// Lets a thread that has no connections answer.
async fn on_other_thread<T: Default + Send + 'static>(
    shared: &Arc<Shared>,
    answer: impl FnOnce(&Handler, &mut Reply) -> T + Send + 'static,
) -> (Reply, T) {
    let task = {
        let shared = Arc::clone(shared);
        spawn_blocking(move || {
            let mut reply = Reply::default();
            let more = answer(&shared.handler, &mut reply);
            (reply, more)
        })
    };
    task.await.unwrap_or_else(|_| {
        let mut reply = Reply::default();
        let problem = Problem::new(Reason::Internal, "the server failed on this request");
        shared.handler.not_answered(None, &problem);
        problem.answer(&mut reply);
        (reply, T::default())
    })
}

#[cold]
fn late(shared: &Shared) -> Problem {
    let message = format!("the model did not answer within {:?}", shared.request_timeout);
    Problem::new(Reason::Engine(ErrorKind::DeadlineExceeded), message)
}

/// What a request says before its body, and whether it waits to be asked for that.
///
/// One walk over the headers, of which there are few: looking each name up would hash it.
fn head<'p>(parts: &'p Parts, accept: Option<&'p str>) -> (Head<'p>, bool) {
    let mut head = Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        accept,
        ..Head::default()
    };
    let mut waits = false;
    for (name, value) in &parts.headers {
        let field = match name.as_str() {
            "content-type" => &mut head.content_type,
            "content-encoding" => &mut head.content_encoding,
            "x-amzn-sagemaker-enable-explanations" => &mut head.enable_explanations,
            "x-amzn-sagemaker-custom-attributes" => &mut head.custom_attributes,
            "x-amzn-sagemaker-inference-id" | "x-request-id" => &mut head.inference_id,
            "x-amzn-sagemaker-session-id" => &mut head.session_id,
            "x-amzn-sagemaker-target-model" => &mut head.target_model,
            "x-amzn-sagemaker-target-variant" => &mut head.target_variant,
            "expect" => {
                waits = true;
                continue;
            }
            _ => continue,
        };
        // Of several lines, the first counts.
        field.get_or_insert_with(|| text(value));
    }
    (head, waits)
}

/// A header's text. One that is no text at all reads as one that names nothing.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("?")
}

/// The text of a header that may stand in several lines, which mean one list.
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    let mut lines = headers.get_all(name).iter().map(text);
    let first = Cow::Borrowed(lines.next()?);
    Some(lines.fold(first, |list, line| Cow::Owned(format!("{list}, {line}"))))
}

pub(super) fn fail(
    shared: &Shared,
    parts: Parts,
    by: Option<AnsweredBy>,
    problem: &Problem,
    start: Option<Instant>,
) -> Response<Outgoing> {
    let mut reply = Reply::default();
    problem.answer(&mut reply);
    let bytes = Outgoing::whole(std::mem::take(&mut reply.body).into());
    finish(shared, parts, by, &reply, bytes, start)
}

/// Logs a reply that goes out in pieces, when it is at its end.
fn log_at_end(
    shared: &Arc<Shared>,
    parts: &Parts,
    by: Option<&AnsweredBy>,
    pieces: &mut Pieces,
    start: Instant,
) {
    let Asked { id, path, model, target_model } = asked(parts, by);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let (id, model, target_model) = (owned(id), owned(model), owned(target_model));
    let (path, shared) = (path.to_owned(), Arc::clone(shared));
    pieces.at_end(move |reply, bytes| {
        let (id, model, target_model) = (id.as_deref(), model.as_deref(), target_model.as_deref());
        let asked = Asked { id, path: &path, model, target_model };
        if let Some(log) = &shared.log {
            log.write(asked, reply, bytes as u64, start.elapsed());
        }
    });
}

/// What the log says of a request.
fn asked<'p>(parts: &'p Parts, by: Option<&'p AnsweredBy>) -> Asked<'p> {
    Asked {
        id: REQUEST_IDS.iter().find_map(|name| parts.headers.get(name)).map(text),
        path: parts.uri.path(),
        model: by.map(|by| by.endpoint.as_str()),
        target_model: parts.headers.get(&TARGET_MODEL).map(text),
    }
}

/// Makes the response, and logs it when asked for.
pub(super) fn finish(
    shared: &Shared,
    parts: Parts,
    by: Option<AnsweredBy>,
    reply: &Reply,
    body: Outgoing,
    start: Option<Instant>,
) -> Response<Outgoing> {
    // One that is on its way is logged when it is at its end.
    if let (Some(log), Some(start), Some(bytes)) = (&shared.log, start, body.bytes()) {
        log.write(asked(&parts, by.as_ref()), reply, bytes, start.elapsed());
    }
    // The request's map becomes the reply's, whose memory hyper keeps for the next request.
    let mut headers = parts.headers;
    headers.clear();
    if !reply.content_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(allow) = reply.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    if reply.status == 503 {
        // In whole seconds, of which zero would be no advice.
        let seconds = reply.retry_after.unwrap_or_default().as_millis().div_ceil(1000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    // After 408 and 413, what is left of the body cannot be told from a next request.
    if matches!(reply.status, 408 | 413) || shared.stopping.load(Relaxed) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    if let Some(by) = by {
        response.extensions_mut().insert(by);
    }
    response
}
