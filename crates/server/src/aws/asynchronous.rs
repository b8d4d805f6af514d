//! `InvokeEndpointAsync`: requests that wait in line, whose answers become files.

use std::{
    fs,
    io::{self, Write as _},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, Request, Response,
    body::Incoming,
    header::{HeaderName, HeaderValue},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    constraints,
    fault::{Fault, document},
    invoke,
    s3::Folder,
};
use crate::{
    handler::{Handler, Scratch},
    head::Head,
    http::{Outgoing, Shared},
    reply::Reply,
};

/// The longest inline body, as the API has it.
const LONGEST_INLINE: usize = 128_000;

/// The longest object that is read.
const LONGEST_INPUT: u64 = 1 << 30;

/// How long a request waits and is answered where it does not say.
const DEFAULT_TTL: Duration = Duration::from_hours(6);
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(15);

/// The bucket that answers go to.
const OUTPUT_BUCKET: &str = "async-output";

/// The line of requests, and the thread that answers them.
#[derive(Debug)]
pub(super) struct Line {
    /// Taken only when the line ends.
    jobs: Option<SyncSender<Job>>,
    worker: JoinHandle<()>,
    /// How long the last jobs may take when the server ends.
    drain: Duration,
    s3: Folder,
}

#[derive(Debug)]
struct Job {
    /// The container's path.
    path: String,
    headers: HeaderMap,
    input: Input,
    output: String,
    failure: String,
    /// When it has waited for too long.
    expires: Instant,
    timeout: Duration,
}

#[derive(Debug)]
enum Input {
    Inline(Bytes),
    Object(String),
}

impl Line {
    pub(super) fn start(
        s3: Folder,
        longest: usize,
        handler: &Arc<Handler>,
        drain: Duration,
    ) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(longest);
        let worker = {
            let (handler, s3) = (Arc::clone(handler), s3.clone());
            let name = "hotplate-async".to_owned();
            thread::Builder::new().name(name).spawn(move || work(&waiting, &handler, &s3))?
        };
        Ok(Self { jobs: Some(jobs), worker, drain, s3 })
    }
}

impl Drop for Line {
    /// Waits for the requests that were taken, and not for ever.
    fn drop(&mut self) {
        drop(self.jobs.take());
        let start = Instant::now();
        while !self.worker.is_finished() && start.elapsed() < self.drain {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Puts a request in line.
pub(super) async fn enqueue(
    endpoint: &str,
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Outgoing>, Fault> {
    let (parts, body) = request.into_parts();
    constraints::check(&parts.headers)?;
    let path = invoke::path(endpoint, &parts.headers, shared)?;
    let Some(Line { jobs: Some(jobs), s3, .. }) = &shared.aws.line else {
        let message = "asynchronous invocations need a folder in S3's place: --aws-s3-folder";
        return Err(Fault::ValidationError(message.to_owned()));
    };
    let text = |name| parts.headers.get::<&str>(name).and_then(|value| value.to_str().ok());
    let body = Limited::new(body, LONGEST_INLINE).collect().await;
    let body = body.map_err(|error| Fault::ValidationError(error.to_string()))?.to_bytes();
    let input = match text("x-amzn-sagemaker-inputlocation") {
        Some(location) if s3.file(location).is_none() => {
            return Err(Fault::ValidationError(format!(
                "InputLocation is {location:?}; expected s3://BUCKET/KEY"
            )));
        }
        Some(location) if body.is_empty() => Input::Object(location.to_owned()),
        None if !body.is_empty() => Input::Inline(body),
        _ => {
            let message = "exactly one of InputLocation and Body must be there";
            return Err(Fault::ValidationError(message.to_owned()));
        }
    };
    let seconds = |name, range: std::ops::RangeInclusive<u64>, default| match text(name) {
        None => Ok(default),
        Some(got) => match got.parse() {
            Ok(seconds) if range.contains(&seconds) => Ok(Duration::from_secs(seconds)),
            _ => Err(Fault::ValidationError(format!(
                "{name} is {got:?}; expected {} to {} seconds",
                range.start(),
                range.end()
            ))),
        },
    };
    let ttl = seconds("x-amzn-sagemaker-requestttlseconds", 60..=21_600, DEFAULT_TTL)?;
    let timeout = seconds("x-amzn-sagemaker-invocationtimeoutseconds", 1..=3600, DEFAULT_TIMEOUT)?;
    let id = match text("x-amzn-sagemaker-inference-id") {
        Some(id) => id.to_owned(),
        None => Uuid::new_v4().to_string(),
    };
    let file = Uuid::new_v4();
    let extension = match text("x-amzn-sagemaker-s3outputpathextension") {
        Some(extension) => format!("{}/", extension.trim_matches('/')),
        None => String::new(),
    };
    let name =
        text("x-amzn-sagemaker-filename").map_or_else(|| format!("{file}.out"), str::to_owned);
    let output = format!("s3://{OUTPUT_BUCKET}/{endpoint}/{extension}{name}");
    let failure = format!("s3://{OUTPUT_BUCKET}/{endpoint}/failures/{file}-error.out");
    if s3.file(&output).is_none() {
        let message = format!("answers cannot be written to {output}");
        return Err(Fault::ValidationError(message));
    }
    for location in [&output, &failure] {
        s3.prepare(location).map_err(|error| {
            Fault::InternalDependency(format!("{location} cannot be written: {error}"))
        })?;
    }
    let job = Job {
        path,
        headers: parts.headers.clone(),
        input,
        output: output.clone(),
        failure: failure.clone(),
        expires: Instant::now() + ttl,
        timeout,
    };
    match jobs.try_send(job) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => {
            let message = "so many requests wait that no more may; try again later";
            return Err(Fault::ServiceUnavailable(message.to_owned()));
        }
        Err(TrySendError::Disconnected(_)) => {
            let message = "answers to asynchronous invocations can neither be written nor told of";
            return Err(Fault::InternalFailure(message.to_owned()));
        }
    }
    let mut response = document(202, "application/json", &json!({ "InferenceId": id }));
    for (name, location) in
        [("x-amzn-sagemaker-outputlocation", output), ("x-amzn-sagemaker-failurelocation", failure)]
    {
        let location = HeaderValue::from_str(&location)
            .map_err(|error| Fault::ValidationError(error.to_string()))?;
        response.headers_mut().insert(HeaderName::from_static(name), location);
    }
    Ok(response)
}

fn work(waiting: &Receiver<Job>, handler: &Handler, s3: &Folder) {
    let (mut scratch, mut reply) = (Scratch::default(), Reply::default());
    while let Ok(job) = waiting.recv() {
        let written = match job.answer(handler, s3, &mut scratch, &mut reply) {
            Ok(()) => s3.put(&job.output, &reply.body),
            Err(failure) => s3.put(&job.failure, failure.as_bytes()),
        };
        let Err(error) = written else { continue };
        let lost = format!("the answer to an asynchronous invocation is lost: {error}\n");
        // Where not even that can be told, no more answers are promised.
        if io::stderr().write_all(lost.as_bytes()).is_err() {
            break;
        }
    }
}

impl Job {
    /// Answers into `reply`, or says why not.
    fn answer(
        &self,
        handler: &Handler,
        s3: &Folder,
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) -> Result<(), String> {
        if Instant::now() >= self.expires {
            return Err("the request waited longer than RequestTTLSeconds\n".to_owned());
        }
        let body = match &self.input {
            Input::Inline(body) => body.clone(),
            Input::Object(location) => {
                read(s3, location).map_err(|error| format!("{location}: {error}\n"))?.into()
            }
        };
        let text = |name| self.headers.get::<&str>(name).and_then(|value| value.to_str().ok());
        // The lane knows of the time that is left.
        let deadline = format!("deadline_ms={}", self.timeout.as_millis());
        let attributes = match text("x-amzn-sagemaker-custom-attributes") {
            Some(attributes) => format!("{attributes}; {deadline}"),
            None => deadline,
        };
        let head = Head {
            method: "POST",
            path: &self.path,
            content_type: text("x-amzn-sagemaker-content-type"),
            accept: text("x-amzn-sagemaker-accept"),
            custom_attributes: Some(&attributes),
            inference_id: text("x-amzn-sagemaker-inference-id"),
            ..Head::default()
        };
        match handler.admit(&head) {
            Ok(admitted) => handler.answer(&admitted.keep(), &body, scratch, reply),
            Err(problem) => problem.answer(reply),
        }
        match reply.status {
            200..300 => Ok(()),
            status => {
                let body = String::from_utf8_lossy(&reply.body);
                Err(format!("Received error ({status}) from primary with message {body}"))
            }
        }
    }
}

fn read(s3: &Folder, location: &str) -> io::Result<Vec<u8>> {
    let file = s3.file(location).ok_or(io::ErrorKind::NotFound)?;
    if fs::metadata(&file)?.len() > LONGEST_INPUT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(file)
}
