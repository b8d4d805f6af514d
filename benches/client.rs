//! A client of the server, for benches: one connection, one request at a time.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Where predictions are asked for.
pub const PATH: &str = "/invocations";

/// A request with this body, as its bytes.
pub fn request(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The first score of a reply, which is all that is looked at: a bench of the server must not
/// become one of a JSON parser.
pub fn score(body: &[u8]) -> f64 {
    const KEY: &str = "\"score\":";
    let text = std::str::from_utf8(body).unwrap();
    let behind = &text[text.find(KEY).expect("a score") + KEY.len()..];
    let end = behind.find([',', '}']).unwrap();
    behind[..end].parse().unwrap()
}

/// A client that keeps its connection and waits for each reply.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    reply: Vec<u8>,
    /// How much of it is the head of the last reply.
    head: usize,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, reply: vec![0; 16 << 10], head: 0 }
    }

    /// Sends a request and returns the body of its reply.
    pub fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).unwrap();
        let mut len = 0;
        loop {
            let read = self.stream.read(&mut self.reply[len..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            len += read;
            if let Some(body) = body_len(&self.reply[..len]) {
                self.head = len - body;
                return &self.reply[self.head..len];
            }
        }
    }

    /// A header of the last reply; its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(std::str::from_utf8(&self.reply[..self.head]).unwrap(), name)
    }
}

/// The length of a reply's body, once all of it is there.
fn body_len(reply: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(reply).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
    let length: usize = header(head, "content-length").expect("a length").parse().unwrap();
    (body.len() == length).then_some(length)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
