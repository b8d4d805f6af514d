//! A target behind a URL, asked in HTTP/1.1 over one connection per caller.
//!
//! Requests are made before anything is timed. A caller does what a client must (write, wait, read
//! the head and the whole body) and nothing more, because it often runs on the processor of the
//! server that it measures.

mod connection;
mod io;
mod url;

use std::{fmt, time::Duration};

use bytes::Bytes;
use hyper::{
    Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT},
};

use self::connection::Connection;
pub use self::url::Url;
use crate::{Caller, Error, ErrorKind, Outcome, Target};

/// How long an answer is waited for, unless it is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of the body of a reply is told when it is no answer.
const TOLD_CHARS: usize = 200;

/// A server that is asked with bodies that are all made before.
#[derive(Clone)]
pub struct HttpTarget {
    url: Url,
    head: Request<()>,
    bodies: Vec<Bytes>,
    patience: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
}

impl HttpTarget {
    /// A target that is posted `bodies` of this media type, one after the other and round again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Settings`] when there are no bodies, or a header cannot be one.
    pub fn new(
        url: Url,
        content_type: &str,
        bodies: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Self, Error> {
        let bodies: Vec<Bytes> = bodies.into_iter().map(Bytes::from).collect();
        if bodies.is_empty() {
            return Err(Error::new(ErrorKind::Settings, "nothing to send"));
        }
        let mut head = head(Method::POST, &url)?;
        let content_type = HeaderValue::from_str(content_type).map_err(|_| {
            Error::new(ErrorKind::Settings, format!("{content_type:?} is no media type"))
        })?;
        head.headers_mut().insert(CONTENT_TYPE, content_type);
        Ok(Self { url, head, bodies, patience: PATIENCE })
    }

    /// How long an answer is waited for; ten seconds unless it is said.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The number of bodies.
    pub const fn bodies(&self) -> usize {
        self.bodies.len()
    }

    /// Sends the request of that number on a connection of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreachable`] when nothing comes back.
    pub fn ask(&self, request: usize) -> Result<Reply, Error> {
        let unreachable = |told| unreachable(&self.url, told);
        let mut connection = Connection::open(&self.url, self.patience).map_err(unreachable)?;
        connection.ask(self.request(request)).map_err(unreachable)
    }

    fn request(&self, request: usize) -> Request<Body> {
        let body = self.bodies[request % self.bodies.len()].clone();
        self.head.clone().map(|()| Body::new(body))
    }
}

type Body = http_body_util::Full<Bytes>;

/// What is at a URL.
///
/// # Errors
///
/// [`ErrorKind::Unreachable`] when nothing comes back.
pub fn get(url: &Url) -> Result<Reply, Error> {
    let unreachable = |told| unreachable(url, told);
    let request = head(Method::GET, url)?.map(|()| Body::default());
    let mut connection = Connection::open(url, PATIENCE).map_err(unreachable)?;
    connection.ask(request).map_err(unreachable)
}

fn head(method: Method, url: &Url) -> Result<Request<()>, Error> {
    let agent = concat!("hotplate-bench/", env!("CARGO_PKG_VERSION"));
    Request::builder()
        .method(method)
        .uri(url.path())
        .header(HOST, url.authority())
        .header(USER_AGENT, agent)
        .header(ACCEPT, "*/*")
        .body(())
        .map_err(|error| Error::new(ErrorKind::Url, format!("{url}: {error}")))
}

fn unreachable(url: &Url, told: String) -> Error {
    Error::unreachable(format!("{url}: {told}"))
}

impl fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTarget")
            .field("url", &self.url)
            .field("bodies", &self.bodies.len())
            .finish_non_exhaustive()
    }
}

impl Target for HttpTarget {
    type Caller = HttpCaller;

    fn caller(&self) -> Result<HttpCaller, Error> {
        let connection = Connection::open(&self.url, self.patience);
        let connection = connection.map_err(|told| unreachable(&self.url, told))?;
        Ok(HttpCaller { target: self.clone(), connection: Some(connection) })
    }
}

/// One connection, which is opened again when the server has closed it.
#[derive(Debug)]
pub struct HttpCaller {
    target: HttpTarget,
    connection: Option<Connection>,
}

impl HttpCaller {
    fn ask(&mut self, request: usize) -> Result<Reply, String> {
        // A server may close a connection that was idle, just while it is used again: what every
        // client does then is to ask on a new one.
        if let Some(connection) = self.connection.as_mut().filter(|open| !open.is_closed()) {
            match connection.ask(self.target.request(request)) {
                Err(_) if connection.is_closed() && connection.has_answered() => {}
                outcome => return outcome,
            }
        }
        let opened = Connection::open(&self.target.url, self.target.patience)?;
        self.connection.insert(opened).ask(self.target.request(request))
    }
}

impl Caller for HttpCaller {
    fn call(&mut self, request: usize) -> Outcome {
        match self.ask(request) {
            Ok(reply) => outcome(&reply),
            Err(told) => {
                self.connection = None;
                Outcome::Failed(told)
            }
        }
    }
}

fn outcome(reply: &Reply) -> Outcome {
    match StatusCode::from_u16(reply.status) {
        Ok(status) if status.is_success() => Outcome::Answered,
        Ok(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => Outcome::Refused,
        _ => Outcome::Failed(reply.told()),
    }
}

impl Reply {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The status and how the body begins, for a message.
    pub fn told(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let beginning: String = text.trim().chars().take(TOLD_CHARS).collect();
        format!("status {}: {beginning}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_decides_the_outcome() {
        let reply = |status| Reply { status, body: Bytes::from_static(b" {\"error\": \"no\"}\n") };
        assert_eq!(outcome(&reply(200)), Outcome::Answered);
        assert_eq!(outcome(&reply(503)), Outcome::Refused);
        assert_eq!(outcome(&reply(429)), Outcome::Refused);
        let told = "status 400: {\"error\": \"no\"}".to_owned();
        assert_eq!(outcome(&reply(400)), Outcome::Failed(told));
    }

    #[test]
    fn target_needs_bodies_and_a_media_type() {
        let url: Url = "http://127.0.0.1:1".parse().unwrap();
        let kind = |made: Result<HttpTarget, Error>| made.unwrap_err().kind();
        assert_eq!(kind(HttpTarget::new(url.clone(), "text/csv", [])), ErrorKind::Settings);
        assert_eq!(kind(HttpTarget::new(url, "a\nb", [vec![1]])), ErrorKind::Settings);
    }
}
