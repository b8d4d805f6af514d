//! A running server, and a client that sends exactly the bytes that a test writes.
#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use hotplate::{OpenOptions, Registry};
use hotplate_server::{Serve, Server, Settings};
use serde_json::Value;

pub(crate) fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// A server on a free port of loopback that is not ready yet.
pub(crate) fn bound(settings: impl Into<Settings>) -> Server {
    let mut settings = settings.into();
    settings.serve.host = Some("127.0.0.1".into());
    settings.serve.port = Some(0);
    Server::bind(&settings.into_config().unwrap()).unwrap()
}

/// A server of whatever lies at `path`.
pub(crate) fn serving(path: &Path, options: &OpenOptions) -> Server {
    let server = bound(Serve { threads: Some(2), ..Serve::default() });
    server.install(Registry::open(path, options).unwrap());
    server
}

pub(crate) fn churn() -> Server {
    serving(&models().join("churn"), &OpenOptions::new())
}

pub(crate) fn housing() -> Server {
    serving(&models().join("housing"), &OpenOptions::new())
}

/// A connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends what the server may stop to read.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.get_mut().write_all(bytes).is_ok()
    }

    pub(crate) fn receive(&mut self) -> Response {
        let mut response = self.receive_head();
        if let Some(length) = response.header("content-length") {
            response.body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut response.body).unwrap();
        } else if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                response.body.extend(chunk);
            }
        }
        response
    }

    /// The next chunk of a body, which is not the last.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut chunk = vec![0; usize::from_str_radix(&self.line(), 16).unwrap()];
        self.stream.read_exact(&mut chunk).unwrap();
        assert_eq!(self.line(), "");
        (!chunk.is_empty()).then_some(chunk)
    }

    /// Everything up to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is broken has an end, too.
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }

    /// A response without its body, as the one to HEAD is.
    pub(crate) fn receive_head(&mut self) -> Response {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Response { status, headers, body: Vec::new() }
    }

    pub(crate) fn post(&mut self, path: &str, headers: &str, body: impl AsRef<[u8]>) -> Response {
        let body = body.as_ref();
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        self.send(&[head.as_bytes(), body].concat());
        self.receive()
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.ask("GET", path)
    }

    /// Sends a request without a body.
    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Response {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes());
        self.receive()
    }

    /// Whether a reply has begun to come, without waiting for one.
    pub(crate) fn has_reply(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let has = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).unwrap();
        has
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]) | Err(_))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the connection was closed");
        line.trim_end().to_owned()
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

/// A churn row by name, with some of its cells replaced.
pub(crate) fn churn_row(changes: &[(&str, Value)]) -> Value {
    let rows: Value =
        serde_json::from_slice(&std::fs::read(models().join("churn/rows.json")).unwrap()).unwrap();
    let mut row = rows["instances"][0].clone();
    for (name, value) in changes {
        row[*name] = value.clone();
    }
    row
}
